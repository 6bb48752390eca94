"""`gosv MANIFEST`: many services, and what an idle gosv costs."""

import time

from support.services import QUICK, probe, start, stop


def test_two_hundred_services_start_and_stop(gosv):
    services = {f"s{i}": probe(gosv, "say", f"s{i}", "pause") for i in range(200)}
    run = start(gosv, services)
    started = run.wait_events(200, "started", 60)
    assert len({e["service"] for e in started}) == 200
    assert len({p.pid for p in run.alive()}) == 200
    run.stdout.wait_object(60, say="s199")
    begun = time.monotonic()
    assert stop(run) == 0
    assert time.monotonic() - begun < 5
    assert len(run.events("stopped")) == 200


def test_many_services_that_crash_are_all_restarted(gosv):
    services = {
        f"s{i}": probe(gosv, "exit", i % 7 + 1, max_restarts=3, failure_action="none", **QUICK)
        for i in range(60)
    }
    run = start(gosv, services)
    assert run.wait(60) in range(1, 8)
    for i in range(60):
        assert len(run.events("exited", service=f"s{i}", code=i % 7 + 1)) == 4


def test_an_idle_gosv_makes_no_system_call(gosv, tmp_path):
    run = start(gosv, {
        "quiet": probe(gosv, "say", "up", "pause"),
        "once": probe(gosv, "exit", 0, type="oneshot"),
        "recovered": {"command": ["/bin/sh", "-c",
                                  f"[ -e {tmp_path}/seen ] && exec sleep 1000; touch {tmp_path}/seen; "
                                  "exit 1"], "stable_after": "50ms", **QUICK},
    })
    run.say(say="up")
    run.wait_event("stable", service="recovered")
    with run.traced() as log:
        begun = time.monotonic()
        run.until(lambda r: time.monotonic() - begun > 4, "four seconds")
        lines = log.read_text().splitlines()
    # To be attached to has woken it: it may have looked around once before it slept on.
    calls = [line.split("(")[0] for line in lines if "(" in line]
    slept = [call for call in calls if call.startswith(("epoll_wait", "epoll_pwait"))]
    assert len(slept) == 1 and len(calls) <= 4 and calls[-1] == slept[0], calls
    assert stop(run) == 0
