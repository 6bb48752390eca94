"""A manifest as users write them, with a real PostgreSQL, a migration, a web service and a worker."""

import pathlib

import pytest

from support.deadline import PATIENCE, until
from support.gosv import TREE

HERE = pathlib.Path(__file__).parent
MANIFEST = (TREE / "tests/data/good/database_and_jobs.yaml").read_text()
WEB = "http://127.0.0.1:8080"


@pytest.fixture
def run(containers, engine, example):
    example("postgres-web")  # its image is where ours comes from
    image = engine.build("database-and-jobs", HERE / "database_and_jobs")
    run = containers.manifest(image, MANIFEST, options=["--entrypoint", "/sbin/gosv"])
    run.wait_event("ready", service="web")
    run.wait_event("started", service="worker")
    run.stdout.wait_text("working")
    return run


def test_the_manifest_runs_as_it_is_written(run):
    assert run.told_in_order(
        ("started", "db"), ("ready", "db"), ("started", "migrate"), ("completed", "migrate"),
        ("started", "web"), ("ready", "web"))
    assert run.told_in_order(("completed", "migrate"), ("started", "worker"))
    assert run.get(f"{WEB}/health") == (200, "healthy\n")
    assert run.get(f"{WEB}/add") == (200, "1\n")
    until(lambda: run.get(f"{WEB}/done") == (200, "1\n"), "the worker has done the job")

    # The engine has mounted the cgroups read-only, if there are any: one line says what that means.
    warnings = run.events("cgroup", level="warn")
    assert len(warnings) == 1 and "limits" in warnings[0]["msg"]

    before = {service: run.main_pid(service) for service in ("db", "web", "worker")}
    run.crash("worker")
    run.stdout.wait_for(lambda lines: lines.text().count("working") == 2, "the worker works again")
    assert run.get(f"{WEB}/add") == (200, "2\n")
    until(lambda: run.get(f"{WEB}/done") == (200, "2\n"), "the worker has done the next job")
    assert run.main_pid("db") == before["db"] and run.main_pid("web") == before["web"]

    run.wait_without_zombies()
    assert run.stop() < 5.0 * PATIENCE
    assert run.wait() == 0
    assert not run.events("killing")
    for dependent in ("web", "worker"):
        assert run.told_in_order(("stopped", dependent), ("stopping", "db"), ("stopped", "db"))
    assert run.wait_event("stopping", service="db")["signal"] == "SIGINT"
