"""healthcheck: the four kinds of probes, when they come, and what comes of them."""

import pytest

from support.services import QUICK, moment, probe, start, stop, wait_started

from .test_start_order import place

NET = {"words": ["--net"]}
OFTEN = {"interval": "50ms", "start_interval": "50ms"}
# Nothing counts as a start: the first failures do.
AT_ONCE = {"interval": "50ms", "start_period": "0s", "retries": 2}
URL = "http://127.0.0.1:8080/health"


def web(gosv, answers, **keys):
    return probe(gosv, "serve", "127.0.0.1", 8080, answers, **keys)


def test_a_dependent_starts_when_the_service_is_healthy(gosv, tmp_path):
    run = start(gosv, {
        "db": probe(gosv, "say", "up", "pause", healthcheck={
            "test": [gosv.probe, "exists", str(tmp_path / "ok")], **OFTEN}),
        "web": probe(gosv, "pause", depends_on=["db"]),
    })
    run.say(say="up")
    assert not run.events("started", service="web")
    (tmp_path / "ok").touch()
    wait_started(run, "web")
    assert place(run, "healthy", "db") < place(run, "started", "web")
    assert stop(run) == 0


@pytest.mark.parametrize("kind", ["http", "http6", "localhost", "tcp", "tcp6", "port", "file", "exec",
                                  "shell", "string"])
def test_every_kind_of_probe_finds_a_service_healthy(gosv_pid1, kind, tmp_path):
    gosv = gosv_pid1
    file = str(tmp_path / "there")
    (tmp_path / "there").touch()
    six = kind.endswith("6")
    check = {
        "http": {"http": URL},
        "http6": {"http": "http://[::1]:8080/health"},
        "localhost": {"http": "http://localhost:8080/"},
        "tcp": {"tcp": "127.0.0.1:8080"},
        "tcp6": {"tcp": "[::1]:8080"},
        "port": {"tcp": 8080},
        "file": {"file": file},
        "exec": {"test": ["CMD", gosv.probe, "exists", file]},
        "shell": {"test": ["CMD-SHELL", f"test -e {file} && exit 0"]},
        "string": {"test": f"test -e {file} && exit 0"},
    }[kind]
    run = start(gosv, {"web": probe(gosv, "serve", "::1" if six else "127.0.0.1", 8080, "200",
                                    healthcheck={**check, **OFTEN})}, run=NET)
    run.wait_event("healthy", service="web")
    run.wait_event("ready", service="web")
    assert stop(run) == 0


def test_what_an_http_probe_asks(gosv_pid1):
    run = start(gosv_pid1, {"web": web(gosv_pid1, "204", healthcheck={"http": URL + "?deep=1", **OFTEN})},
                run=NET)
    request = run.say(request=...)["request"]
    assert request.startswith("GET /health?deep=1 HTTP/1.")
    assert "\r\nHost: 127.0.0.1:8080\r\n" in request and request.endswith("\r\n\r\n")
    assert "User-Agent: gosv/" in request and "Connection: close" in request
    run.wait_event("healthy", service="web")
    assert stop(run) == 0


@pytest.mark.parametrize(("answers", "reason"), [
    ("503", "503"),
    ("hang", "no answer"),
    ("half", "no whole answer"),
    ("drip", "no whole answer"),
    ("cut", "closed"),
    ("close", "before answering"),
    ("garbage", "not an HTTP answer"),
])
def test_a_bad_answer_is_unhealthy_and_says_why(gosv_pid1, answers, reason):
    run = start(gosv_pid1, {"web": web(gosv_pid1, answers, healthcheck={
        "http": URL, "timeout": "300ms", "on_unhealthy": "none", **AT_ONCE})}, run=NET)
    assert reason in run.wait_event("unhealthy", service="web")["reason"]
    assert stop(run) == 0


def test_an_endless_answer_is_read_to_its_first_line_only(gosv_pid1):
    run = start(gosv_pid1, {"web": web(gosv_pid1, "huge", healthcheck={"http": URL, **OFTEN})}, run=NET)
    run.wait_event("healthy", service="web")
    assert stop(run) == 0


def test_a_port_that_nobody_has_is_refused(gosv):
    run = start(gosv, {"web": probe(gosv, "pause", healthcheck={
        "tcp": 9, "on_unhealthy": "none", **AT_ONCE})}, run=NET)
    assert "refused" in run.wait_event("unhealthy", service="web")["reason"]
    assert stop(run) == 0


def test_a_probes_own_words_are_the_reason(gosv):
    run = start(gosv, {"web": probe(gosv, "pause", healthcheck={
        "test": [gosv.probe, "exists", "/no/such/file"], "on_unhealthy": "none", **AT_ONCE})})
    assert "/no/such/file is not there" in run.wait_event("unhealthy", service="web")["reason"]
    assert stop(run) == 0


def test_a_probe_that_is_not_there_says_so(gosv):
    run = start(gosv, {"web": probe(gosv, "pause", healthcheck={
        "test": ["/no/such/probe"], "on_unhealthy": "none", **AT_ONCE})})
    assert "No such file" in run.wait_event("unhealthy", service="web")["reason"]
    assert stop(run) == 0


def test_a_probe_that_talks_without_end_is_no_harm(gosv_pid1):
    run = start(gosv_pid1, {"web": probe(gosv_pid1, "pause", healthcheck={
        "test": ["CMD-SHELL", "yes | head -c 3000000"], **OFTEN})})
    run.wait_event("healthy", service="web")
    assert "y\ny" not in run.stdout.text() + run.stderr.text()
    assert stop(run) == 0


def test_a_probe_that_hangs_is_killed_with_all_its_children(gosv):
    run = start(gosv, {"web": probe(gosv, "pause", healthcheck={
        "test": [gosv.probe, "ignore", "TERM", "fork", "pause", "end", "pause"], "timeout": "200ms",
        "on_unhealthy": "none", "interval": "3s", "start_period": "0s", "retries": 1})})
    run.wait_event("unhealthy", service="web")
    run.until(lambda r: [p.comm for p in r.alive()] == ["probe"], "the service is alone again")
    assert stop(run) == 0


def test_a_probe_has_the_services_user_and_environment(gosv_pid1, public):
    program = public.add(gosv_pid1.probe)
    run = start(gosv_pid1, {"web": {
        "command": [program, "pause"], "user": "65534:65534", "environment": {"COLOUR": "green"},
        "healthcheck": {"test": ["CMD-SHELL", "echo $$(id -u) $$COLOUR; exit 1"], "on_unhealthy": "none",
                        **AT_ONCE}}})
    assert "65534 green" in run.wait_event("unhealthy", service="web")["reason"]
    assert stop(run) == 0


# --- what comes of it -----------------------------------------------------------------------------


def test_an_unhealthy_service_is_restarted_by_the_back_off_and_given_up(gosv):
    run = start(gosv, {"web": probe(gosv, "pause", max_restarts=1, **QUICK,
                                    healthcheck={"test": "exit 1", **AT_ONCE})})
    assert run.wait() == 143
    assert len(run.events("started", service="web")) == 2
    assert len(run.events("unhealthy", service="web")) == 2
    assert all("unhealthy" in e["reason"] for e in run.events("stopping", service="web"))


def test_on_unhealthy_exit_ends_the_container(gosv):
    run = start(gosv, {"web": probe(gosv, "pause", healthcheck={"test": "exit 1", "on_unhealthy": "exit",
                                                                **AT_ONCE}),
                       "other": probe(gosv, "pause")})
    assert run.wait() == 1
    assert run.events("shutdown")[0]["reason"] == "a service is unhealthy"


def test_on_unhealthy_none_tells_and_goes_on(gosv_pid1):
    run = start(gosv_pid1, {"web": web(gosv_pid1, "200,503,503,503,200", healthcheck={
        "http": URL, "on_unhealthy": "none", **AT_ONCE})}, run=NET)
    run.wait_events(2, "healthy", service="web")
    events = [e["event"] for e in run.events(service="web") if "health" in e["event"]]
    assert events[:3] == ["healthy", "unhealthy", "healthy"]
    assert len(run.events("started", service="web")) == 1
    assert stop(run) == 0


def test_one_failure_among_successes_is_none(gosv_pid1):
    run = start(gosv_pid1, {"web": web(gosv_pid1, "200,503,200,503,200,503,200", healthcheck={
        "http": URL, **AT_ONCE})}, run=NET)
    run.stdout.wait_objects(8, request=...)
    assert not run.events("unhealthy")
    assert stop(run) == 0


def test_in_the_start_period_a_failure_does_not_count(gosv_pid1):
    run = start(gosv_pid1, {"web": web(gosv_pid1, "503,503,503,503,503,503,200", healthcheck={
        "http": URL, "start_interval": "20ms", "start_period": "60s", "interval": "60s", "retries": 1})},
                run=NET)
    run.wait_event("healthy", service="web")
    assert not run.events("unhealthy")
    assert stop(run) == 0


def test_the_first_success_ends_the_start_period(gosv_pid1):
    run = start(gosv_pid1, {"web": web(gosv_pid1, "200,503", healthcheck={
        "http": URL, "start_interval": "20ms", "start_period": "60s", "interval": "20ms", "retries": 2,
        "on_unhealthy": "none"})}, run=NET)
    run.wait_event("unhealthy", service="web")
    assert stop(run) == 0


def test_the_first_probe_comes_after_the_first_interval(gosv_pid1):
    run = start(gosv_pid1, {"web": web(gosv_pid1, "200", healthcheck={
        "http": URL, "start_interval": "700ms"})}, run=NET)
    run.wait_event("healthy", service="web")
    assert moment(run.events("healthy")[0]) - moment(run.events("started")[0]) >= 0.69
    assert stop(run) == 0


# --- waiting --------------------------------------------------------------------------------------


def test_waiting_names_the_dependency_and_the_last_reason(gosv_pid1):
    run = start(gosv_pid1, {
        "db": probe(gosv_pid1, "pause", healthcheck={"tcp": 9, "start_interval": "200ms"}),
        "web": probe(gosv_pid1, "pause", depends_on=["db"]),
    }, run=NET)
    waiting = run.wait_event("waiting", service="web")
    assert 4.9 <= moment(waiting) - moment(run.events("boot")[0]) < 15
    text = waiting["reason"] + waiting.get("msg", "")
    assert "db" in text and "refused" in text
    assert moment(run.wait_events(2, "waiting", service="web")[1]) - moment(waiting) >= 9.9
    assert stop(run) == 0


def test_a_stop_does_not_wait_for_a_probe(gosv):
    run = start(gosv, {"web": probe(gosv, "pause", healthcheck={
        "test": [gosv.probe, "ignore", "TERM", "pause"],
        "timeout": "60s", **OFTEN})})
    run.wait_event("started", service="web")
    run.until(lambda r: len(r.alive()) == 2, "it is being probed")
    assert stop(run) == 0
