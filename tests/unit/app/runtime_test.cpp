// The loop against a kernel that the test plays: starting, stopping, the order of looking.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using core::Phase;
using test::command_plan;
using test::FakePlatform;
using test::Fixture;
using test::plan_of;
using test::Sent;

TEST_CASE("what a step for very many services took is given back, and needed again by none") {
    Fixture f(plan_of(64));
    f.start();
    f.platform.die(f.pid(7), ExitStatus::code(1));
    f.turn_while([&] { return f.phase(7) != Phase::backoff; });
    CHECK(f.platform.given_back == 0);
    f.platform.signal(15);
    f.turn();
    CHECK(f.platform.given_back > 128 * sizeof(core::Action));
    CHECK(f.was_sent(f.pid(63), 15, Sent::How::tree));
    for (std::size_t i = 8; i < 64; ++i) {
        f.platform.die(f.pid(i), ExitStatus::code(0));
    }
    f.turn_while([&] { return f.phase(63) != Phase::stopped; });
    CHECK(f.has_logged("\"service\":\"s63\""));
}

TEST_CASE("boot starts every service, and the exec makes it running") {
    Fixture f(plan_of(3));
    f.runtime.boot();
    CHECK(f.platform.spawned.size() == 3);
    CHECK(f.phase() == Phase::starting);
    f.turn();
    CHECK(f.phase() == Phase::running);
}

TEST_CASE("an idle runtime waits for ever") {
    Fixture f(plan_of(2));
    f.runtime.boot();
    f.turn(2);
    CHECK(f.platform.last_deadline == kNever);
}

TEST_CASE("what is left of a group is ended before the restart") {
    Fixture f(plan_of(1));
    f.start();
    const Pid first = f.pid();
    f.platform.tree_left[0] = true;
    f.platform.die(first, ExitStatus::code(1));
    f.turn();
    CHECK(f.phase() == Phase::draining);
    CHECK(f.was_sent(first, 15, Sent::How::held_tree));
    CHECK_FALSE(f.was_sent(first, 15, Sent::How::group));
    f.turn(3);
    CHECK(f.platform.spawned.size() == 1);
    f.platform.tree_left[0] = false;
    f.platform.die(Pid{FakePlatform::kFirstOrphan}, ExitStatus::code(0));
    f.turn(3);
    CHECK(f.platform.spawned.size() == 2);
}

TEST_CASE("a stop signals every service and ends with 0 when all end in time") {
    Fixture f(plan_of(2));
    f.start();
    f.platform.signal(15);
    f.turn();
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(f.was_sent(f.pid(i), 15, Sent::How::tree));
        CHECK(f.was_sent(f.pid(i), 18, Sent::How::tree));
        f.platform.die(f.pid(i), ExitStatus::killed_by(Signal{15}));
    }
    CHECK(f.runtime.run() == 0);
}

TEST_CASE("stragglers are swept and waited for before the end") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.stragglers = 1;
    f.platform.signal(15);
    f.turn();
    f.platform.die(f.pid(), ExitStatus::code(0));
    f.turn();
    REQUIRE(f.platform.sweeps.size() == 1);
    CHECK(f.platform.sweeps[0].number == 15);
    f.platform.stragglers = 0;
    f.platform.die(Pid{FakePlatform::kFirstOrphan}, ExitStatus::killed_by(Signal{15}));
    CHECK(f.runtime.run() == 0);
}

TEST_CASE("stragglers that stay are killed, and the exit code says so") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.stragglers = 1;
    f.platform.signal(15);
    f.turn();
    f.platform.die(f.pid(), ExitStatus::code(0));
    CHECK(f.runtime.run() == 137);
    CHECK(f.platform.sweeps[f.platform.sweeps.size() - 1].number == 9);
}

TEST_CASE("a signal of our own, such as the SIGPIPE of a log write, is not forwarded") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.signal_from_gosv(13);
    f.turn();
    CHECK(f.platform.sent.empty());
    f.platform.signal(13);
    f.turn();
    CHECK(f.was_sent(f.pid(), 13, Sent::How::group));
}

TEST_CASE("after a storm of signals the runtime does not sleep before it has read them all") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn(2);
    for (int i = 0; i < 200; ++i) {
        f.platform.signal(34);
    }
    f.platform.signal(15);
    while (!f.platform.signals.empty()) {
        f.turn();
        if (!f.platform.signals.empty()) {
            // The kernel's queue may be empty by now and the rest in the platform's batch: nothing
            // would wake us.
            f.turn();
            CHECK(f.platform.last_deadline == MonotonicTime{});
        }
    }
    CHECK(f.was_sent(f.pid(), 15, Sent::How::tree));
}

TEST_CASE("who dies just after the last look is found by the next one") {
    // A SIGCHLD that comes while one is pending leaves no trace: had it been taken after the look,
    // this death would be told by none.
    Fixture f(plan_of(1));
    f.start();
    f.platform.dies_after_empty_look.push({f.pid(), ExitStatus::code(1)});
    f.platform.signal(17);  // somebody was stopped, say
    f.turn();
    CHECK(f.phase() == Phase::running);
    f.turn();
    CHECK(f.phase() == Phase::backoff);
}

TEST_CASE("a SIGCHLD is one look, and then gosv sleeps") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.time += std::chrono::seconds(20);  // stable
    f.turn();
    f.platform.signal(17);
    f.turn();
    CHECK(f.platform.last_deadline == kNever);
    f.platform.signal(17);
    f.turn();
    CHECK(f.platform.last_deadline == kNever);
}

TEST_CASE("in command mode TERM is forwarded and the exit code is the command's") {
    Fixture f(command_plan());
    f.start();
    f.platform.signal(15);
    f.turn();
    CHECK(f.was_sent(f.pid(), 15, Sent::How::group));
    CHECK(f.phase() == Phase::running);
    f.platform.die(f.pid(), ExitStatus::killed_by(Signal{15}));
    CHECK(f.runtime.run() == 143);
}
