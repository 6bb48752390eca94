// What the log says of services that depend on each other.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Condition;
using core::Phase;
using test::add_notify;
using test::add_probe;
using test::Fixture;
using test::kFirst;
using test::link;
using test::plan_of;
using test::Sent;

namespace {

// s1 waits for s0.
test::PlanSpec pair_of(Condition condition, bool restart = false) {
    test::PlanSpec plan = plan_of(2);
    link(plan, {{1, 0, condition, restart}});
    return plan;
}

}  // namespace

TEST_CASE("a service that waits has no process, and starts in the turn in which it may") {
    Fixture f([] {
        test::PlanSpec plan = pair_of(Condition::ready);
        add_notify(plan, 0);
        return plan;
    }());
    f.start();
    CHECK(f.platform.spawned.size() == 1);
    CHECK(f.phase(1) == Phase::pending);
    f.platform.say(kFirst, {.ready = true});
    f.turn();
    CHECK(f.phase(1) == Phase::starting);
}

TEST_CASE("who waits says for whom, for how long and why, after 5 s and then every 10") {
    test::PlanSpec plan = pair_of(Condition::healthy);
    add_probe(plan, 0);
    plan.policies[0].health.interval = 1s;
    plan.policies[0].health.retries = 100;
    Fixture f(std::move(plan));
    f.start();
    for (std::size_t count = 1; count <= 4; ++count) {
        f.turn_until_task(count);
        f.end_task(ExitStatus::code(1), "connection refused");
    }
    f.turn_while([&] { return !f.has_logged("\"event\":\"waiting\""); });
    CHECK(
        f.has_logged("\"msg\":\"for s0 to be healthy, 5s so far (healthcheck: exit code 1: "
                     "connection refused, 4 tries)\",\"service\":\"s1\""));
    CHECK(f.has_logged("\"dependency\":\"s0\",\"waiting_ms\":5000"));
    f.turn_while([&] { return f.times_logged("\"event\":\"waiting\"") < 2; });
    CHECK(f.has_logged("\"waiting_ms\":15000"));
}

TEST_CASE("who waits for a service in its back-off says when that starts again, and why it ended") {
    test::PlanSpec plan = pair_of(Condition::completed);
    plan.policies[0].oneshot = true;
    plan.policies[0].restart = core::RestartPolicy::on_failure;
    plan.policies[0].backoff = {8s, 1.0, 8s};
    Fixture f(std::move(plan));
    f.start();
    f.platform.die(f.pid(), ExitStatus::code(9));
    f.turn_while([&] { return !f.has_logged("\"event\":\"waiting\""); });
    CHECK(f.has_logged("for s0 to complete, 5s so far (restarts in 3s, last run: exit code 9)"));
}

TEST_CASE("who waits for a word tells the status of who has not said it") {
    Fixture f([] {
        test::PlanSpec plan = pair_of(Condition::ready);
        add_notify(plan, 0);
        return plan;
    }());
    f.start();
    f.platform.say(kFirst, {.status = "loading\x1b[31m 40%\nand more"});
    f.turn_while([&] { return !f.has_logged("\"event\":\"waiting\""); });
    CHECK(f.has_logged("(it has not said that it is ready, status: loading?[31m 40%)"));
}

TEST_CASE("who fails with a dependency says with which") {
    test::PlanSpec plan = pair_of(Condition::completed);
    plan.policies[0].oneshot = true;
    plan.policies[0].restart = core::RestartPolicy::never;
    plan.policies[0].failure_action = core::FinalAction::none;
    plan.policies[1].failure_action = core::FinalAction::none;
    Fixture f(std::move(plan));
    f.start();
    f.platform.die(f.pid(), ExitStatus::code(4));
    CHECK(f.runtime.run() == 4);
    CHECK(f.phase(1) == Phase::failed);
    CHECK(f.has_logged("\"dependency\":\"s0\",\"reason\":\"s0 has failed\""));
}

TEST_CASE("who restarts with a dependency says with which") {
    Fixture f(pair_of(Condition::started, true));
    f.start();
    f.turn();
    REQUIRE(f.phase(1) == Phase::running);
    f.platform.die(f.pid(0), ExitStatus::code(1));
    f.turn();
    CHECK(f.phase(1) == Phase::stopping);
    CHECK(f.has_logged("\"dependency\":\"s0\",\"reason\":\"s0 restarts\""));
    f.platform.die(f.pid(1), ExitStatus::killed_by(Signal{15}));
    f.turn();
    CHECK(f.has_logged("\"level\":\"info\",\"event\":\"exited\",\"msg\":\"killed by SIGTERM"));
    CHECK(
        f.has_logged("\"event\":\"restarting\",\"msg\":\"with s0\",\"service\":\"s1\","
                     "\"dependency\":\"s0\""));
}

TEST_CASE("a start that takes too long is told with the time that it had") {
    test::PlanSpec plan = plan_of(1);
    add_notify(plan, 0);
    plan.policies[0].start_timeout = 30s;
    Fixture f(std::move(plan));
    f.start();
    f.turn_until(Phase::stopping);
    CHECK(f.has_logged("\"reason\":\"not ready within 30s\""));
}

TEST_CASE("what waits is stopped at once, and stops go in the order of dependents first") {
    Fixture f(pair_of(Condition::started));
    f.start();
    f.turn();
    REQUIRE(f.phase(1) == Phase::running);
    f.platform.signal(15);
    f.turn();
    CHECK(f.was_sent(f.pid(1), 15, Sent::How::tree));
    CHECK_FALSE(f.was_sent(f.pid(0), 15, Sent::How::tree));
    f.platform.die(f.pid(1), ExitStatus::code(0));
    f.turn();
    CHECK(f.was_sent(f.pid(0), 15, Sent::How::tree));
    f.platform.die(f.pid(0), ExitStatus::code(0));
    CHECK(f.runtime.run() == 0);
}

TEST_CASE("an idle runtime with services that are ready and have no probes waits for ever") {
    Fixture f([] {
        test::PlanSpec plan = pair_of(Condition::ready);
        add_notify(plan, 0);
        return plan;
    }());
    f.start();
    f.platform.say(kFirst, {.ready = true});
    f.turn(4);
    REQUIRE(f.phase(1) == Phase::running);
    CHECK(f.platform.last_deadline == kNever);
}
