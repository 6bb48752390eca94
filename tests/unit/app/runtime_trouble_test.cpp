// The loop when the kernel says no, says it late, or says too much at once.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Phase;
using test::FakePlatform;
using test::Fixture;
using test::kFirst;
using test::plan_of;
using test::Sent;

TEST_CASE("a death that is seen before the exec status is told after it") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    // Both are ready in the same iteration; reaping comes first in the loop.
    f.platform.die(f.pid(), ExitStatus::code(3));
    f.turn();
    CHECK(f.phase() == Phase::backoff);
    CHECK(f.runtime.state(kFirst).last_status == ExitStatus::code(3));
}

TEST_CASE("a failed exec is no exit: the service has failed with 127") {
    Fixture f(plan_of(1));
    f.platform.next_exec = {os::ExecState::failed, os::Stage::exec, ENOENT};
    f.start();
    CHECK(f.phase() == Phase::starting);  // not before it is reaped
    f.platform.die(f.pid(), ExitStatus::code(127));
    CHECK(f.runtime.run() == 127);
    CHECK(f.platform.spawned.size() == 1);
}

TEST_CASE("a group of zombies that nobody waits for does not hold up a restart") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.tree_left[0] = true;
    f.platform.tree_only_zombies[0] = true;
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn(6);
    CHECK(f.platform.spawned.size() == 2);
}

TEST_CASE("a wait that denies its children is asked again, without spinning") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.die(f.pid(), ExitStatus::code(7));
    f.platform.wait_fails = true;
    const MonotonicTime before = f.platform.time;
    f.turn(10);
    CHECK(f.platform.time - before > 1s);
    CHECK(f.phase() == Phase::running);
    f.platform.wait_fails = false;
    f.turn();
    CHECK(f.phase() == Phase::backoff);
}

TEST_CASE("a clone that fails is tried less and less often, until there is room") {
    Fixture f(plan_of(1));
    f.platform.spawn_error = SysError{EAGAIN, "clone3"};
    f.runtime.boot();
    const MonotonicTime begin = f.platform.time;
    for (const Duration seen : {1s, 3s, 7s, 15s, 31s, 61s, 91s}) {
        f.turn();
        CHECK(f.platform.time - begin == seen);
    }
    CHECK(f.has_logged("clone3"));
    f.platform.spawn_error.reset();
    f.turn(2);
    CHECK(f.phase() == Phase::running);
    CHECK(f.runtime.state(kFirst).restarts_total == 0);
}

TEST_CASE("a clone that fails is not tried at full speed, whatever the service's delay") {
    test::PlanSpec plan = plan_of(1);
    plan.policies[0].backoff.first = 0s;
    Fixture f(std::move(plan));
    f.platform.spawn_error = SysError{EAGAIN, "clone3"};
    f.runtime.boot();
    const MonotonicTime begin = f.platform.time;
    f.turn(100);
    CHECK(f.platform.time - begin >= 5s);
}

TEST_CASE("a wait that fails is tried again, without spinning") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.wait_fails = true;
    f.platform.wait_error = EINVAL;
    f.platform.die(f.pid(), ExitStatus::code(7));
    const MonotonicTime before = f.platform.time;
    f.turn(12);
    CHECK(f.platform.time - before > 1s);
    CHECK(f.times_logged("cannot look for dead children") == 1);
    CHECK(f.has_logged("EINVAL"));
    f.platform.wait_fails = false;
    f.turn();
    CHECK(f.phase() == Phase::backoff);
    f.turn(2);
    CHECK(f.platform.last_deadline > f.platform.time + 10s);  // nothing is looked for any more
}

TEST_CASE("a death of which no SIGCHLD tells is found by whatever wakes gosv a second later") {
    Fixture f(plan_of(2));
    f.start();
    f.platform.dead.push({f.pid(0), ExitStatus::code(1)});
    f.platform.signal(1);
    f.turn();
    CHECK(f.phase(0) == Phase::running);  // nobody has looked
    f.platform.time += 1s;
    f.platform.signal(1);
    f.turn();
    CHECK(f.phase(0) == Phase::backoff);
    CHECK(f.times_sent(f.pid(1), 1, Sent::How::group) == 2);
}

TEST_CASE("a death is found before a signal is passed on: only who lives gets it") {
    Fixture f(plan_of(2));
    f.start();
    f.platform.signal(1);
    f.platform.die(f.pid(0), ExitStatus::code(1));
    f.turn();
    CHECK(f.phase(0) == Phase::backoff);
    CHECK_FALSE(f.was_sent(f.pid(0), 1, Sent::How::group));
    CHECK(f.was_sent(f.pid(1), 1, Sent::How::group));
}

TEST_CASE("a SIGCHLD that cannot be read is no busy loop and hides no death") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.child_signal_error = SysError{EIO, "read"};
    f.platform.signal(17);
    const MonotonicTime before = f.platform.time;
    f.turn(6);
    CHECK(f.platform.time - before >= 300ms);
    f.platform.die(f.pid(), ExitStatus::code(1));  // wakes nobody: one is pending
    f.turn();
    CHECK(f.phase() == Phase::backoff);
    CHECK(f.times_logged("cannot look for dead children") == 1);
    CHECK(f.has_logged("EIO"));
    f.platform.child_signal_error.reset();
    f.turn(4);
    CHECK(f.platform.last_deadline > f.platform.time + 5s);
}

TEST_CASE("a failed exec and its death in one iteration are one failed start") {
    test::PlanSpec plan = plan_of(1);
    plan.execs[0].argv = manifest::StringBlock({"/no/such/program"});
    Fixture f(std::move(plan));
    f.platform.next_exec = {os::ExecState::failed, os::Stage::exec, ENOENT};
    f.runtime.boot();
    f.platform.die(f.pid(), ExitStatus::code(127));
    f.turn();
    CHECK(f.phase() == Phase::failed);
    CHECK(f.runtime.run() == 127);
    CHECK(f.has_logged("cannot start '/no/such/program'"));
    CHECK_FALSE(f.has_logged("\"event\":\"exited\""));
    CHECK_FALSE(f.has_logged("\"event\":\"started\""));
}

TEST_CASE("an exec that failed for a passing reason is tried again") {
    Fixture f(plan_of(1));
    f.platform.next_exec = {os::ExecState::failed, os::Stage::exec, ETXTBSY};
    f.runtime.boot();
    f.platform.die(f.pid(), ExitStatus::code(127));
    f.turn();
    CHECK(f.phase() == Phase::backoff);
    f.platform.next_exec = {os::ExecState::succeeded, os::Stage::none, 0};
    f.turn_until(Phase::running);
}

TEST_CASE("giving up on starts that failed says why the last one did") {
    test::PlanSpec plan = plan_of(1);
    plan.policies[0].max_restarts = 0;
    plan.execs[0].argv = manifest::StringBlock({"/srv/busy"});
    Fixture f(std::move(plan));
    f.platform.next_exec = {os::ExecState::failed, os::Stage::exec, ETXTBSY};
    f.runtime.boot();
    f.platform.die(f.pid(), ExitStatus::code(126));
    f.turn();
    CHECK(f.phase() == Phase::failed);
    CHECK(f.has_logged("gave up restarting: cannot start '/srv/busy': exec: Text file busy"));
}

TEST_CASE("a child that dies before its exec is told has started and ended") {
    Fixture f(plan_of(1));
    f.platform.next_exec = {os::ExecState::pending, os::Stage::none, 0};
    f.start();
    CHECK(f.phase() == Phase::starting);
    f.platform.die(f.pid(), ExitStatus::killed_by(Signal{9}));
    f.turn();
    CHECK(f.phase() == Phase::backoff);
    CHECK(f.runtime.state(kFirst).last_status == ExitStatus::killed_by(Signal{9}));
}

TEST_CASE("an orphan with the pid of a dead service is an orphan") {
    Fixture f(plan_of(1));
    f.start();
    const Pid first = f.pid();
    f.platform.die(first, ExitStatus::code(1));
    f.turn_until(Phase::backoff);
    f.turn_until(Phase::running);
    REQUIRE(f.pid() != first);
    f.platform.die(first, ExitStatus::code(0));
    f.turn();
    CHECK(f.platform.reaped_orphans == 1);
    CHECK(f.phase() == Phase::running);
    CHECK(f.runtime.state(kFirst).restarts_total == 1);
}

TEST_CASE("an orphan with the pid of a leader whose group lives on does not end that group") {
    Fixture f(plan_of(1));
    f.start();
    const Pid first = f.pid();
    f.platform.tree_left[0] = true;
    f.platform.die(first, ExitStatus::code(1));
    f.turn();
    f.platform.die(first, ExitStatus::code(0));
    f.turn();
    CHECK(f.platform.reaped_orphans == 1);
    CHECK(f.phase() == Phase::draining);
}

TEST_CASE("signals that came before the boot are heard after it") {
    Fixture f(plan_of(2));
    f.platform.signal(1);
    f.platform.signal(15);
    f.start();
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(f.was_sent(f.pid(i), 1, Sent::How::group));
        CHECK(f.was_sent(f.pid(i), 15, Sent::How::tree));
        f.platform.die(f.pid(i), ExitStatus::killed_by(Signal{15}));
    }
    CHECK(f.runtime.run() == 0);
}

TEST_CASE("a storm of signals is worked off in pieces, and children are reaped in between") {
    Fixture f(plan_of(1));
    f.start();
    for (int i = 0; i < 300; ++i) {
        f.platform.signal(1);
    }
    f.turn();
    CHECK(f.times_sent(f.pid(), 1, Sent::How::group) < 100);
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn();
    CHECK(f.phase() == Phase::backoff);
    const MonotonicTime begin = f.platform.time;
    while (!f.platform.signals.empty()) {
        f.turn();
    }
    CHECK(f.platform.time == begin);
}

TEST_CASE("a group of zombies does not hold up a restart, however many others die meanwhile") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.tree_left[0] = true;
    f.platform.tree_only_zombies[0] = true;
    f.platform.die(f.pid(), ExitStatus::code(1));
    for (int i = 0; i < 100 && f.platform.spawned.size() < 2; ++i) {
        f.turn();
        f.platform.time += 50ms;
        f.platform.die(Pid{FakePlatform::kFirstOrphan}, ExitStatus::code(0));
    }
    CHECK(f.platform.spawned.size() == 2);
}

TEST_CASE("a service that was stopped twice is killed, and a third time changes nothing") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.signal(15);
    f.turn();
    f.platform.time += 1s;
    f.platform.signal(15);
    f.platform.signal(15);
    f.turn();
    CHECK(f.times_sent(f.pid(), 15, Sent::How::tree) == 1);
    CHECK(f.times_sent(f.pid(), 9, Sent::How::tree) == 1);
    f.platform.die(f.pid(), ExitStatus::killed_by(Signal{9}));
    CHECK(f.runtime.run() == 137);
}

TEST_CASE("what cannot be killed is left to the kernel: the end comes all the same") {
    Fixture f(plan_of(1));
    f.start();
    const MonotonicTime begin = f.platform.time;
    f.platform.signal(15);
    CHECK(f.runtime.run() == 137);
    CHECK(f.platform.time - begin < 10s);
    CHECK(f.has_logged("could not be killed in time"));
    CHECK(f.has_logged("\"event\":\"end\""));
}
