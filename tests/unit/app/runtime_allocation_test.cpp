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
