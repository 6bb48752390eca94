"""Five hundred services that depend on each other."""

import pytest

from support.services import moment, probe, start, stop, wait_started

MANY = 500


def after(name, i):
    """depends_on of the i-th in a chain."""
    return {"depends_on": [f"{name}{i - 1}"]} if i else {}


def chain(gosv):
    return {f"s{i}": probe(gosv, "pause", **after("s", i)) for i in range(MANY)}


def star(gosv):
    return {"s0": probe(gosv, "pause"),
            **{f"s{i}": probe(gosv, "pause", depends_on=["s0"]) for i in range(1, MANY)}}


def flat(gosv):
    return {f"s{i}": probe(gosv, "pause") for i in range(MANY)}


def up_and_down(gosv, services):
    """Seconds from the first start to the last, and from the stop signal to the end."""
    run = start(gosv, services)
    run.wait_events(MANY, "started", 120)
    assert stop(run, seconds=120) == 0
    started = [moment(entry) for entry in run.events("started")]
    return (max(started) - moment(run.events("boot")[0]),
            moment(run.events("end")[0]) - moment(run.events("shutdown")[0]), run)


@pytest.mark.parametrize("shape", [chain, star])
def test_five_hundred_services_in_order(gosv_pid1, storm, shape):
    alone_up, alone_down, _ = up_and_down(gosv_pid1, flat(gosv_pid1))
    up, down, run = up_and_down(gosv_pid1, shape(gosv_pid1))
    print(f"{shape.__name__}: up {up:.3f} s ({up / alone_up:.2f} x side by side), "
          f"down {down:.3f} s ({down / alone_down:.2f} x)")
    names = [entry["service"] for entry in run.events("started")]
    gone = [entry["service"] for entry in run.events("stopped")]
    if shape is chain:
        assert names == [f"s{i}" for i in range(MANY)] and gone == names[::-1]
    else:
        assert names[0] == "s0" and gone[-1] == "s0"
    # Waiting for each other's exec costs what it costs, and nothing above that: no polling, no pass
    # over everybody for each.
    assert up < 8 * alone_up + 1 and down < 12 * alone_down + 1


def test_a_chain_whose_first_service_fails_fails_as_a_whole(gosv_pid1):
    services = chain(gosv_pid1)
    services["s0"] = probe(gosv_pid1, "exit", 3, type="oneshot")
    for service in services.values():
        service["failure_action"] = "none"
    run = start(gosv_pid1, services)
    assert run.wait() == 3
    assert len(run.events("failed")) == MANY and len(run.events("started")) == 1


def test_ready_one_after_the_other(gosv_pid1):
    run = start(gosv_pid1, {f"n{i}": probe(gosv_pid1, "notify", "READY=1", "pause", type="notify",
                                           **after("n", i)) for i in range(50)})
    wait_started(run, "n49")
    ready = [entry["service"] for entry in run.wait_events(50, "ready")]
    assert ready == [f"n{i}" for i in range(50)]
    assert stop(run) == 0
