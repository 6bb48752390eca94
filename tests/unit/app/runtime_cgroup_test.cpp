// What the loop does with news of a service's leaf.
#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using test::Fixture;
using test::plan_of;
using test::Sent;

TEST_CASE("an OOM kill is told, and the exit says 137 and why") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.oom_kills[0] = os::OomKills{2, true, 16777216, 16777000};
    f.platform.die(f.pid(), ExitStatus::killed_by(Signal{9}));
    f.turn_until(core::Phase::backoff);
    CHECK(f.has_logged("\"event\":\"oom\""));
    CHECK(
        f.has_logged("\"count\":2,\"memory_limit\":16777216,\"memory_peak\":16777000,"
                     "\"reason\":\"memory limit of the service\""));
    CHECK(f.has_logged("\"code\":137,\"signal\":\"SIGKILL\""));
    CHECK(f.has_logged("\"reason\":\"out of memory\""));
}

TEST_CASE(
    "a service that ends by itself after a child was killed for memory is not out of memory") {
    test::PlanSpec plan = plan_of(1);
    plan.policies[0].oom_action = core::FinalAction::exit;
    Fixture f(plan);
    f.start();
    f.platform.oom_kills[0] = os::OomKills{1, false, {}, {}};
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn_until(core::Phase::backoff);
    CHECK(f.has_logged("\"reason\":\"memory limit of the container\""));
    CHECK_FALSE(f.has_logged("\"reason\":\"out of memory\""));
}

TEST_CASE("a kill that the main process survives is told at once") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.oom_kills[0] = os::OomKills{1, true, 4096, {}};
    f.platform.news.push(test::kFirst);
    f.turn();
    CHECK(f.has_logged("\"event\":\"oom\""));
    CHECK(f.phase() == core::Phase::running);
}

TEST_CASE("a service whose limit was refused fails at once and is not tried again") {
    test::PlanSpec plan = plan_of(2);
    plan.policies[0].failure_action = core::FinalAction::none;
    Fixture f(plan);
    f.platform.refusals[0] = "pids.max: cannot write '99': Invalid argument";
    f.start();
    CHECK(f.phase(0) == core::Phase::failed);
    CHECK(f.phase(1) == core::Phase::running);
    CHECK(f.has_logged("\"reason\":\"pids.max: cannot write '99': Invalid argument\""));
}

TEST_CASE("the news that a leaf is empty lets the restart begin, and who was left is named") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.tree_left[0] = true;
    f.platform.left_of_tree = "1 left behind: 42 daemon";
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn_until(core::Phase::draining);
    CHECK(f.has_logged("1 left behind: 42 daemon"));
    CHECK(f.was_sent(Pid{100}, 15, Sent::How::held_tree));
    f.platform.tree_left[0] = false;
    f.platform.news.push(test::kFirst);
    f.turn();
    CHECK(f.phase() == core::Phase::backoff);
}
