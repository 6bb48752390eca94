// Nothing is allocated once the loop runs.
#include <doctest/doctest.h>

#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Phase;
using test::FakePlatform;
using test::Fixture;
using test::link;
using test::plan_of;

TEST_CASE(
    "nothing is allocated from boot to end: crashes, forwards, snapshots, a storm, the stop") {
    Fixture f(plan_of(8));
    {
        const test::AllocationTripwire tripwire("the loop");
        f.runtime.boot();
        f.turn();
        for (int round = 0; round < 3; ++round) {
            f.platform.signal(1);
            f.platform.signal(10);
            f.platform.die(f.platform.pid_of[static_cast<std::size_t>(round)], ExitStatus::code(9));
            for (int i = 0; i < 300; ++i) {
                f.platform.die(Pid{FakePlatform::kFirstOrphan + i}, ExitStatus::code(0));
            }
            f.turn(4);
            if (f.platform.snapshot_pid.exists()) {
                f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
            }
            f.turn(4);
        }
        // A turn each: in one more the clock would jump to the end of the grace period.
        f.platform.signal(15);
        f.turn();
        f.platform.time += 1s;
        f.platform.signal(15);
        f.turn();
        for (std::size_t i = 0; i < 8; ++i) {
            if (f.platform.live_children > 0) {
                f.platform.die(f.pid(i), ExitStatus::killed_by(Signal{9}));
            }
        }
        while (f.runtime.iterate()) {
        }
    }
    CHECK(f.platform.live_children == 0);
}

TEST_CASE("nothing is allocated, and no descriptor kept, when everything goes wrong") {
    const test::FdLeakGuard guard;
    Fixture f(plan_of(4));
    {
        const test::AllocationTripwire tripwire("the loop in trouble");
        f.platform.spawn_error = SysError{EAGAIN, "clone3"};
        f.platform.snapshot_error = SysError{ENOMEM, "clone3"};
        f.runtime.boot();
        f.platform.signal(10);
        f.turn(8);
        f.platform.spawn_error.reset();
        f.platform.next_exec = {os::ExecState::failed, os::Stage::exec, ETXTBSY};
        f.turn(6);
        for (std::size_t i = 0; i < 4; ++i) {
            if (f.phase(i) == Phase::starting) {
                f.platform.die(f.pid(i), ExitStatus::code(126));
            }
        }
        f.platform.next_exec = {os::ExecState::succeeded, os::Stage::none, 0};
        f.turn(10);
        f.platform.wait_fails = true;
        f.turn(3);
        f.platform.wait_fails = false;
        f.platform.snapshot_error.reset();
        f.platform.signal(10);
        f.platform.tree_left[0] = true;
        if (f.phase(0) == Phase::running) {
            f.platform.die(f.pid(0), ExitStatus::code(1));
        }
        f.turn(4);
        f.platform.stragglers = 3;
        f.platform.signal(15);
        while (f.runtime.iterate()) {
        }
    }
    CHECK(f.platform.snapshots == 1);
}

TEST_CASE("nothing is allocated for probes, words, waiting and what is told of them") {
    test::PlanSpec plan = plan_of(3);
    link(plan, {{1, 0, core::Condition::healthy}, {2, 1, core::Condition::started, true}});
    test::add_probe(plan, 0);
    test::add_notify(plan, 0);
    plan.policies[0].health.interval = 1s;
    plan.policies[0].stop_command = true;
    plan.execs[0].stop_command = {manifest::StringBlock({"/bin/stopper"}),
                                  manifest::StringBlock({"/bin/stopper"})};
    Fixture f(std::move(plan));
    std::size_t probes = 0;
    // Until `count` tasks have been started; the last of them then ends.
    const auto end_next = [&](ExitStatus status, std::string_view said) {
        ++probes;
        for (int turns = 0; f.platform.tasks.size() < probes && turns < 50; ++turns) {
            f.turn();
        }
        f.platform.end_task_with(status, said);
        f.turn();
    };
    {
        const test::AllocationTripwire tripwire("the loop with order and health");
        f.runtime.boot();
        f.turn(2);
        f.platform.say(test::kFirst, {.extend = 5s, .status = "loading"});
        f.turn(12);  // past the first `waiting`; a probe that is not answered is killed
        probes = f.platform.tasks.size();
        f.platform.end_task_with(ExitStatus::killed_by(Signal{9}));
        f.turn();
        end_next(ExitStatus::code(0), "");
        f.platform.say(test::kFirst, {.ready = true,
                                      .alive = true,
                                      .complaint = app::Notice::Complaint::refused,
                                      .what = "MAINPID=1",
                                      .why = "no"});
        f.turn(2);
        f.platform.signal(10);
        f.turn();
        f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
        f.turn();
        end_next(ExitStatus::code(1), "HTTP 503");
        end_next(ExitStatus::code(1), "HTTP 503");
        f.turn(2);
        f.platform.signal(15);
        while (f.runtime.iterate()) {
        }
    }
    CHECK(f.has_logged("\"event\":\"waiting\""));
    CHECK(f.has_logged("\"event\":\"unhealthy\""));
    CHECK(f.has_logged("MAINPID=1"));
    CHECK(f.platform.snapshots == 1);
}
