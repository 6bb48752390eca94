"""The examples with programs that everybody knows: started in order, asked from outside, crashed, stopped."""

import hashlib

import pytest

from support.deadline import PATIENCE, until
from support.gosv import TALKATIVE

WEB = "http://127.0.0.1:8080"


@pytest.fixture
def started(containers, example):
    """started("NAME"): the example as it is, but for gosv's own lines as JSON."""

    def start(name, options=()):
        return containers.run(example(name), *TALKATIVE, "/etc/gosv.yaml",
                              options=["--entrypoint", "/sbin/gosv", *options])

    return start


def stops_by_itself(run):
    """docker stop: everything ends in order and in time, and nothing is killed."""
    run.wait_without_zombies()
    assert run.stop() < 5.0 * PATIENCE
    assert run.wait() == 0
    run.wait_event("end", code=0)
    return not run.events("killing")


# --- postgres-web -------------------------------------------------------------------------------------


@pytest.fixture
def shop(started):
    run = started("postgres-web")
    run.wait_event("ready", service="web")
    return run


def test_the_web_service_starts_when_the_database_is_ready_and_has_its_tables(shop):
    assert shop.told_in_order(
        ("completed", "init"), ("started", "db"), ("ready", "db"), ("started", "migrate"),
        ("completed", "migrate"), ("started", "web"), ("ready", "web"))
    assert shop.get(f"{WEB}/") == (200, "visit 1\n")
    assert shop.get(f"{WEB}/") == (200, "visit 2\n")
    assert stops_by_itself(shop)
    assert shop.told_in_order(("stopping", "web"), ("stopped", "web"), ("stopping", "db"), ("stopped", "db"))
    shop.stderr.wait_text("database system is shut down")


def test_a_database_that_crashes_is_restarted_while_the_web_service_goes_on(shop):
    assert shop.get(f"{WEB}/") == (200, "visit 1\n")
    web = shop.main_pid("web")
    shop.crash("db")
    until(lambda: shop.get(f"{WEB}/") == (200, "visit 2\n"), "it counts on from what there was before")
    assert shop.main_pid("web") == web and not shop.events("exited", service="web")
    assert len(shop.events("started", service="migrate")) == 1
    assert stops_by_itself(shop)


def test_a_web_service_that_crashes_is_restarted_while_the_database_goes_on(shop):
    assert shop.get(f"{WEB}/") == (200, "visit 1\n")
    shop.crash("web")
    shop.stderr.wait_objects(2, event="ready", service="web")
    assert shop.get(f"{WEB}/") == (200, "visit 2\n")
    assert len(shop.events("started", service="db")) == 1
    assert stops_by_itself(shop)


def test_a_database_that_is_there_already_is_used(shop):
    assert shop.get(f"{WEB}/") == (200, "visit 1\n")
    shop.restart()
    until(lambda: len(shop.events("ready", service="web")) == 2, "it is ready again")
    assert shop.get(f"{WEB}/") == (200, "visit 2\n")
    assert len(shop.events("end", code=0)) == 1, "the first run was stopped in order"


# --- nginx-php ----------------------------------------------------------------------------------------


@pytest.fixture
def site(started):
    run = started("nginx-php")
    run.wait_event("ready", service="nginx")
    return run


def says_hello(run):
    code, text = run.get(f"{WEB}/")
    return code == 200 and text.startswith("hello from PHP")


def test_nginx_starts_when_php_has_said_that_it_is_ready(site):
    assert site.told_in_order(("started", "php"), ("ready", "php"), ("started", "nginx"), ("ready", "nginx"))
    assert says_hello(site)
    assert stops_by_itself(site)
    # php-fpm says more than that it is ready; nothing of it is news to gosv, or wrong.
    warnings = [told for told in site.stderr.objects() if told.get("level") == "warn"]
    assert [told for told in warnings if told["event"] != "waiting"] == []
    assert site.told_in_order(("stopped", "nginx"), ("stopping", "php"), ("stopped", "php"))
    assert [told["signal"] for told in site.events("stopping") if "service" in told] == ["SIGQUIT"] * 2


def test_php_that_crashes_is_restarted_while_nginx_goes_on(site):
    nginx = site.main_pid("nginx")
    site.exec("sh", "-c", f"kill -KILL {site.main_pid('php')}")
    site.wait_event("restarting", service="php")
    assert site.get(f"{WEB}/health") == (200, "healthy\n")
    until(lambda: says_hello(site), "there is PHP again")
    assert site.main_pid("nginx") == nginx and not site.events("exited", service="nginx")
    assert stops_by_itself(site)


def test_nginx_that_crashes_is_restarted_with_nothing_left_of_it(site):
    site.crash("nginx")
    site.stderr.wait_objects(2, event="ready", service="nginx")
    assert says_hello(site)
    masters = [process for process in site.processes() if process.comm == "nginx" and process.ppid == 1]
    assert [master.pid for master in masters] == [site.main_pid("nginx")], "its old workers are gone"
    assert len(site.events("started", service="php")) == 1
    assert stops_by_itself(site)


def test_a_request_that_was_begun_is_answered_in_the_stop(site):
    asking = site.start_asking(f"{WEB}/?seconds=2")
    # Of nginx there is nothing to be seen while it waits; PHP is at work when it has the connection.
    until(lambda: "php-fpm.sock" in connected(site), "the request has reached PHP")
    assert stops_by_itself(site)
    code, text = site.finish_asking(asking)
    assert code == 200 and text.startswith("hello from PHP")


def connected(run):
    """The paths of its Unix sockets that are connected (state 03)."""
    lines = open(f"/proc/{run.init_pid()}/net/unix").read().splitlines()[1:]
    return " ".join(line.split()[-1] for line in lines if line.split()[5] == "03")


# --- redis-worker -------------------------------------------------------------------------------------


@pytest.fixture
def queue(started):
    run = started("redis-worker")
    run.wait_event("started", service="worker")
    run.stdout.wait_text("ready")
    return run


def redis(run, *words):
    return run.exec("redis-cli", "-e", *words).stdout.strip()


def is_done(run, job):
    redis(run, "rpush", "jobs", job)
    expected = hashlib.sha256(job.encode()).hexdigest()
    until(lambda: redis(run, "hget", "results", job) == expected, f"{job} is done")
    until(lambda: redis(run, "llen", "working") == "0", "nothing is being worked on")
    return True


def test_the_worker_starts_when_redis_is_healthy(queue):
    assert queue.told_in_order(("started", "redis"), ("ready", "redis"), ("started", "worker"))
    assert is_done(queue, "first")
    assert stops_by_itself(queue)
    assert queue.told_in_order(("stopped", "worker"), ("stopping", "redis"), ("stopped", "redis"))
    queue.stdout.wait_text("stopped in order")


def test_a_worker_that_crashes_is_restarted_while_redis_goes_on_and_no_job_is_lost(queue):
    redis(queue, "rpush", "working", "left")  # as by a worker that died with it
    queue.crash("worker")
    until(lambda: redis(queue, "hexists", "results", "left") == "1", "what was left is done")
    assert is_done(queue, "another")
    assert len(queue.events("started", service="redis")) == 1
    assert stops_by_itself(queue)


def test_a_worker_without_redis_is_started_again_when_redis_is_healthy(queue):
    assert is_done(queue, "before")
    queue.crash("redis")
    queue.wait_event("exited", service="worker", code=1)
    queue.stderr.wait_objects(2, event="started", service="worker")
    told = [entry for entry in queue.stderr.objects() if entry.get("event") in ("ready", "started")]
    order = [(entry["event"], entry["service"]) for entry in told]
    assert order[-2:] == [("ready", "redis"), ("started", "worker")]
    assert is_done(queue, "after")
    assert redis(queue, "hexists", "results", "before") == "1"
    assert stops_by_itself(queue)
