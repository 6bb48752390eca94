"""gosv within gosv, and below other inits (case 84)."""

from support.run import PID1
from support.services import TALKATIVE, probe, start, start_traced, stop, stop_traced


def inner_manifest(gosv):
    return gosv.write_manifest({"services": {"main": probe(
        gosv, "say", "innermost", "listen-until", "TERM", "exit", 0)}}, name="inner.yaml")


def test_one_term_is_one_stop_for_gosv_below_gosv(gosv):
    run = start(gosv, {"inner": {"command": [gosv.binary, *TALKATIVE, inner_manifest(gosv)]}})
    run.say(listening=True)
    assert stop(run) == 0
    terms = [e for e in run.stdout.objects() if e.get("signal") == 15]
    assert len(terms) == 1
    assert not run.events("killing")
    assert len(run.events("shutdown")) == 2


def test_gosv_as_the_command_of_gosv_ends_with_its_code(gosv):
    run = gosv("--", gosv.binary, *TALKATIVE, inner_manifest(gosv))
    run.say(listening=True)
    assert stop(run) == 0
    assert len([e for e in run.stdout.objects() if e.get("signal") == 15]) == 1


def test_the_inner_gosvs_orphans_are_its_own(gosv):
    services = {"main": probe(gosv, "fork", "setsid", "fork", "say", "orphan", "pause", "end", "end",
                              "say", "main", "pause")}
    path = gosv.write_manifest({"services": services}, name="inner.yaml")
    run = start(gosv, {"inner": {"command": [gosv.binary, *TALKATIVE, path]}})
    orphan = run.say(say="orphan")["pid"]
    run.say(say="main")
    inner = run.wait_event("started", service="inner")["pid"]
    run.until(lambda r: [p.ppid for p in r.alive() if p.pid == orphan] == [inner], "adopted by it")
    assert stop(run) == 0
    if gosv.place != PID1:
        assert run.processes() == []


def test_bystanders_are_left_alone(gosv_beneath):
    gosv = gosv_beneath
    run = start(gosv, {"deaf": probe(gosv, "ignore", "TERM", "fork", "setsid", "ignore", "TERM", "say",
                                     "deaf", "pause", "end", "pause", stop_grace_period="50ms")})
    run.say(say="deaf")
    bystander = run.in_namespace("sleep", "1000")
    run.until(lambda r: "sleep" in [p.comm for p in r.alive()], "the bystander")
    assert stop(run) == 137
    assert [p.comm for p in run.processes()] == ["sleep"]
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_without_the_right_to_adopt_orphans_it_warns_and_runs(gosv_beneath):
    gosv = gosv_beneath
    run = start_traced(gosv, {"main": probe(gosv, "say", "up", "pause")},
                       "-e", "inject=prctl:error=EINVAL")
    run.say(say="up")
    assert run.wait_event("internal", level="warn")["reason"] == "EINVAL"
    assert stop_traced(run) == 0
