// The snapshot child, as the loop sees it: one at a time, never in the way, killed when it hangs.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Phase;
using test::FakePlatform;
using test::Fixture;
using test::plan_of;
using test::Sent;

TEST_CASE("a burst of snapshot requests makes two snapshots") {
    Fixture f(plan_of(1));
    f.start();
    for (int i = 0; i < 50; ++i) {
        f.platform.signal(10);
    }
    f.turn();
    CHECK(f.platform.snapshots == 1);
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    f.turn();
    CHECK(f.platform.snapshots == 2);
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    f.turn();
    CHECK(f.platform.snapshots == 2);
    CHECK(f.phase() == Phase::running);
}

TEST_CASE("a snapshot that hangs is killed") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.signal(10);
    f.turn(5);
    CHECK(f.was_sent(f.platform.snapshot_pid, 9, Sent::How::process));
}

TEST_CASE("while a snapshot is written the log is kept back, and comes after it") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn(2);
    f.platform.signal(10);
    f.turn();
    f.platform.signal(1);
    f.platform.die(Pid{FakePlatform::kFirstOrphan}, ExitStatus::code(0));
    f.turn();
    CHECK_FALSE(f.has_logged("\"event\":\"forwarded\""));
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    f.turn(2);
    CHECK(f.has_logged("\"event\":\"forwarded\""));
    CHECK_FALSE(f.has_logged("cut short"));
}

TEST_CASE("a snapshot that takes long does not keep the log back for long") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn(2);
    f.platform.signal(10);
    f.turn();
    f.platform.signal(1);
    f.turn();
    const MonotonicTime begin = f.platform.time;
    while (!f.has_logged("\"event\":\"forwarded\"")) {
        f.turn();
        REQUIRE(f.platform.time - begin < 5s);
    }
    CHECK(f.platform.snapshot_pid.exists());
}

TEST_CASE("a snapshot that was killed is told of, and the next one is taken") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.signal(10);
    while (!f.was_sent(f.platform.snapshot_pid, 9, Sent::How::process)) {
        f.turn();
    }
    f.platform.signal(10);
    f.turn();
    CHECK(f.platform.snapshots == 1);
    f.platform.die(f.platform.snapshot_pid, ExitStatus::killed_by(Signal{9}));
    f.turn();
    CHECK(f.platform.snapshots == 2);
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    f.turn(2);
    CHECK(f.has_logged("cut short"));
    CHECK(f.phase() == Phase::running);
}

TEST_CASE("a snapshot for which there is no process is told of, and nothing waits for it") {
    Fixture f(plan_of(1));
    f.platform.snapshot_error = SysError{EAGAIN, "clone3"};
    f.start();
    f.platform.signal(10);
    f.turn(2);
    CHECK(f.has_logged("no process to be had for the snapshot"));
    CHECK(f.platform.last_deadline == kNever);
    f.platform.snapshot_error.reset();
    f.platform.signal(10);
    f.turn();
    CHECK(f.platform.snapshots == 1);
}

TEST_CASE("a snapshot that hangs does not make a good stop a bad one, nor long") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.signal(10);
    f.turn();
    const Pid snapshot = f.platform.snapshot_pid;
    f.platform.signal(15);
    f.turn();
    f.platform.die(f.pid(), ExitStatus::code(0));
    const MonotonicTime begin = f.platform.time;
    while (!f.was_sent(snapshot, 9, Sent::How::process)) {
        f.turn();
    }
    f.platform.die(snapshot, ExitStatus::killed_by(Signal{9}));
    CHECK(f.runtime.run() == 0);
    CHECK(f.platform.time - begin <= 1s);
}

TEST_CASE("at the end no snapshot follows another") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.signal(10);
    f.platform.signal(10);
    f.platform.signal(15);
    f.turn();
    CHECK(f.platform.snapshots == 1);
    f.platform.die(f.pid(), ExitStatus::code(0));
    f.turn();
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    CHECK(f.runtime.run() == 0);
    CHECK(f.platform.snapshots == 1);
}

TEST_CASE("a snapshot is no orphan and not swept with the stragglers") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.signal(10);
    f.turn();
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    f.turn();
    CHECK(f.platform.reaped_orphans == 0);
}
