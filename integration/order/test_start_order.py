"""depends_on: who starts when, and what becomes of those whose dependency fails."""

from support.services import QUICK, moment, oneshot, probe, start, stop, wait_started


def first(run, event, service):
    """When gosv first told this of the service."""
    return moment(run.wait_event(event, service=service))


def of(run, event):
    """The services that gosv told this of, in that order."""
    return [entry["service"] for entry in run.events(event)]


def place(run, event, service, nth=0):
    """Where in the log this stands for the nth time."""
    lines = [(entry["event"], entry.get("service")) for entry in run.events()]
    return [i for i, line in enumerate(lines) if line == (event, service)][nth]


def test_a_chain_starts_in_its_order_whatever_the_order_of_the_manifest(gosv):
    run = start(gosv, {
        "web": probe(gosv, "pause", depends_on=["app"]),
        "app": probe(gosv, "pause", depends_on=["db"]),
        "db": probe(gosv, "pause"),
    })
    wait_started(run, "web")
    assert of(run, "started") == ["db", "app", "web"]
    assert stop(run) == 0
    assert of(run, "stopped") == ["web", "app", "db"]


def test_who_does_not_depend_on_each_other_starts_side_by_side(gosv, tmp_path):
    run = start(gosv, {
        "base": oneshot(probe(gosv, "exit", 0)),
        "slow": oneshot(probe(gosv, "await", tmp_path / "go", "exit", 0), depends_on=["base"]),
        "quick": probe(gosv, "pause", depends_on=["base"]),
        "last": probe(gosv, "pause", depends_on=["slow", "quick"]),
    })
    wait_started(run, "slow", "quick")
    assert not run.events("started", service="last")
    (tmp_path / "go").touch()
    wait_started(run, "last")
    assert stop(run) == 0


def test_a_one_shot_is_over_when_it_has_completed(gosv, tmp_path):
    run = start(gosv, {
        "migrate": oneshot(probe(gosv, "await", tmp_path / "go", "exit", 0)),
        "web": probe(gosv, "pause", depends_on=["migrate"]),
    })
    wait_started(run, "migrate")
    assert not run.events("started", service="web")
    (tmp_path / "go").touch()
    wait_started(run, "web")
    assert first(run, "completed", "migrate") <= first(run, "started", "web")
    assert stop(run) == 0


def test_service_started_does_not_wait_for_its_end(gosv_pid1, tmp_path):
    run = start(gosv_pid1, {
        "migrate": oneshot(probe(gosv_pid1, "await", tmp_path / "go", "exit", 0)),
        "web": probe(gosv_pid1, "pause", depends_on={"migrate": {"condition": "service_started"}}),
    })
    wait_started(run, "migrate", "web")
    assert not run.events("completed")
    assert stop(run) == 0


def test_a_one_shot_that_fails_ends_the_container_with_its_code(gosv):
    run = start(gosv, {
        "migrate": oneshot(probe(gosv, "exit", 3)),
        "web": probe(gosv, "pause", depends_on=["migrate"]),
    })
    assert run.wait() == 3
    assert not run.events("started", service="web")
    assert run.events("failed", service="migrate", code=3)


def test_a_one_shot_that_may_fail_fails_who_needs_it(gosv):
    run = start(gosv, {
        "migrate": oneshot(probe(gosv, "exit", 3), failure_action="none"),
        "web": probe(gosv, "pause", depends_on=["migrate"], failure_action="none"),
        "worker": probe(gosv, "pause", depends_on=["web"], failure_action="none"),
        "other": probe(gosv, "pause"),
    })
    wait_started(run, "other")
    for name in ("migrate", "web", "worker"):
        run.wait_event("failed", service=name)
    for name, on in (("web", "migrate"), ("worker", "web")):
        assert run.events("failed", service=name)[0]["reason"] == f"{on} has failed"
        assert not run.events("started", service=name)
    assert stop(run) == 0


def test_who_needs_it_ends_the_container_when_that_is_its_failure_action(gosv_pid1):
    run = start(gosv_pid1, {
        "migrate": oneshot(probe(gosv_pid1, "exit", 3), failure_action="none"),
        "web": probe(gosv_pid1, "pause", depends_on=["migrate"]),
    })
    assert run.wait() == 3
    assert run.events("failed", service="web")


def test_who_does_not_require_it_goes_on(gosv):
    run = start(gosv, {
        "migrate": oneshot(probe(gosv, "exit", 3), failure_action="none"),
        "web": probe(gosv, "pause", depends_on={"migrate": {"required": False}}),
    })
    wait_started(run, "web")
    assert first(run, "failed", "migrate") <= first(run, "started", "web")
    assert stop(run) == 0


def test_a_one_shot_is_tried_again_and_waited_for(gosv, tmp_path):
    tried = tmp_path / "tried"
    run = start(gosv, {
        "migrate": oneshot({"command": ["/bin/sh", "-c", f"test -e {tried} || {{ touch {tried}; exit 1; }}"]},
                           restart="on-failure", **QUICK),
        "web": probe(gosv, "pause", depends_on=["migrate"]),
    })
    wait_started(run, "web")
    assert len(run.events("started", service="migrate")) == 2
    assert stop(run) == 0


def test_a_disabled_dependency_that_is_not_required_is_absent(gosv_pid1):
    run = start(gosv_pid1, {
        "cache": probe(gosv_pid1, "pause", enabled=False),
        "web": probe(gosv_pid1, "pause", depends_on={"cache": {"required": False}}),
    })
    wait_started(run, "web")
    assert stop(run) == 0


def test_a_dependency_that_dies_while_its_dependent_backs_off_is_waited_for(gosv, tmp_path):
    run = start(gosv, {
        "db": probe(gosv, "pause", restart_delay="600ms", max_restarts="unlimited"),
        "web": probe(gosv, "await", tmp_path / "crash", "exit", 1, depends_on=["db"],
                     restart_delay="10ms", restart_max_delay="10ms", max_restarts="unlimited"),
    })
    db, _ = wait_started(run, "db", "web")
    run.kill_inside(db, 9)
    run.wait_event("restarting", service="db")
    (tmp_path / "crash").touch()
    run.wait_events(2, "started", service="web")
    assert of(run, "started")[:4] == ["db", "web", "db", "web"]
    assert stop(run) == 0


def test_a_restart_takes_along_who_asked_for_it(gosv):
    run = start(gosv, {
        "db": probe(gosv, "pause", **QUICK),
        "web": probe(gosv, "pause", depends_on={"db": {"restart": True}}),
        "worker": probe(gosv, "pause", depends_on={"web": {"restart": True}}),
        "other": probe(gosv, "pause", depends_on=["db"]),
    })
    db = wait_started(run, "db", "web", "worker", "other")[0]
    run.kill_inside(db, 9)
    run.wait_events(2, "started", service="worker")
    # They end before what they depend on, and start after it.
    assert place(run, "exited", "worker") < place(run, "stopping", "web")
    assert place(run, "exited", "db") < place(run, "stopping", "worker")
    again = [place(run, "started", name, 1) for name in ("db", "web", "worker")]
    assert again == sorted(again)
    # Not their own fault: nothing is counted, nothing delayed.
    assert {e.get("attempt", 0) for e in run.events("restarting") if e["service"] != "db"} <= {0}
    assert len(run.events("started", service="other")) == 1
    assert stop(run) == 0


def test_the_end_of_a_dependency_stops_nobody_by_itself(gosv_pid1):
    run = start(gosv_pid1, {
        "db": probe(gosv_pid1, "sleep", 100, "exit", 1, restart="no", failure_action="none"),
        "web": probe(gosv_pid1, "pause", depends_on=["db"]),
    })
    wait_started(run, "web")
    run.wait_event("failed", service="db")
    assert stop(run) == 0
    assert len(run.events("started", service="web")) == 1
