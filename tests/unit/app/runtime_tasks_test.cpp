// Probes and stop commands, as the loop sees them: children that are no services and no orphans.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Health;
using core::Phase;
using core::Task;
using test::add_probe;
using test::Fixture;
using test::kFirst;
using test::plan_of;
using test::Sent;

namespace {

test::PlanSpec probed_plan() {
    test::PlanSpec plan = plan_of(1);
    add_probe(plan, 0);
    return plan;
}

test::PlanSpec plan_with_stop_command() {
    test::PlanSpec plan = plan_of(1);
    plan.policies[0].stop_command = true;
    plan.execs[0].stop_command = {manifest::StringBlock({"/bin/stopper"}),
                                  manifest::StringBlock({"/bin/stopper"})};
    return plan;
}

}  // namespace

TEST_CASE("a probe is a child of its own, and its success makes the service ready") {
    Fixture f(probed_plan());
    f.start();
    const test::StartedTask probe = f.turn_until_task(1);
    CHECK(probe.task == Task::probe);
    CHECK(probe.pid != f.pid());
    CHECK_FALSE(f.runtime.state(kFirst).ready);
    f.end_task(ExitStatus::code(0));
    CHECK(f.runtime.state(kFirst).health == Health::healthy);
    CHECK(f.runtime.state(kFirst).ready);
    CHECK(f.has_logged_in_order({"\"event\":\"healthy\"", "\"event\":\"ready\""}));
    CHECK(f.platform.reaped_orphans == 0);
    CHECK(f.phase() == Phase::running);
}

TEST_CASE("an unhealthy service is told with what its last probe has said") {
    Fixture f(probed_plan());
    f.start();
    f.turn_until_task(1);
    f.end_task(ExitStatus::code(2), "no response");
    CHECK_FALSE(f.has_logged("unhealthy"));
    f.turn_until_task(2);
    f.end_task(ExitStatus::code(2), "no response");
    CHECK(
        f.has_logged("\"event\":\"unhealthy\",\"msg\":\"exit code 2: no response, 2 failures in a "
                     "row\""));
    CHECK(f.has_logged("\"reason\":\"unhealthy: exit code 2: no response\""));
    CHECK(f.phase() == Phase::stopping);
}

TEST_CASE("a probe that does not answer in time is killed, and that is its reason") {
    Fixture f(probed_plan());
    f.start();
    const Pid first = f.turn_until_task(1).pid;
    f.turn_while([&] { return !f.was_sent(first, 9, Sent::How::task); });
    f.end_task(ExitStatus::killed_by(Signal{9}));
    const Pid second = f.turn_until_task(2).pid;
    f.turn_while([&] { return !f.was_sent(second, 9, Sent::How::task); });
    CHECK(f.has_logged("\"reason\":\"no answer within 3s\""));
}

TEST_CASE("a probe's own words are its reason, however it then ends by our hand") {
    test::PlanSpec plan = probed_plan();
    plan.execs[0].probe = manifest::TcpProbe{};
    plan.execs[0].probe_command = {};
    Fixture f(plan);
    f.start();
    for (std::size_t count = 1; count <= 2; ++count) {
        f.turn_until_task(count);
        f.end_task(ExitStatus::code(1), "connection refused");
    }
    CHECK(f.has_logged("\"reason\":\"connection refused\""));
}

TEST_CASE("a probe for which there is no process has failed, and says why") {
    Fixture f(probed_plan());
    f.platform.task_error = SysError{EAGAIN, "clone3"};
    f.start();
    f.turn_while([&] {
        return f.runtime.state(kFirst).health != Health::unhealthy && f.phase() == Phase::running;
    });
    CHECK(f.platform.tasks.empty());
    CHECK(f.has_logged("no process to be had: clone3: Resource temporarily unavailable"));
}

TEST_CASE("a probe whose program is missing has failed, and says which") {
    Fixture f(probed_plan());
    f.platform.task_end.exec = {os::ExecState::failed, os::Stage::exec, ENOENT};
    f.start();
    for (std::size_t count = 1; count <= 2; ++count) {
        f.turn_until_task(count);
        f.end_task(ExitStatus::code(127));
    }
    CHECK(f.has_logged("cannot start 'pg_isready': exec: No such file or directory"));
}

TEST_CASE("the probe of a service that ends is killed, and its answer means nothing") {
    Fixture f(probed_plan());
    f.start();
    const Pid probe = f.turn_until_task(1).pid;
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn();
    CHECK(f.was_sent(probe, 9, Sent::How::task));
    f.end_task(ExitStatus::killed_by(Signal{9}));
    f.turn_until(Phase::running);
    CHECK(f.runtime.probe_failures(kFirst) == 0);
    CHECK(f.platform.tasks.size() == 1);
}

TEST_CASE("what only a probe held up is told as empty before the probe's end") {
    // With a leaf the probe is in it: when it was the last one nobody is left to be asked to end.
    Fixture f(probed_plan());
    f.start();
    f.turn_until_task(1);
    f.platform.tree_left[0] = true;
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn();
    REQUIRE(f.phase() == Phase::draining);
    f.platform.tree_left[0] = false;
    f.end_task(ExitStatus::killed_by(Signal{9}));
    CHECK(f.phase() == Phase::backoff);
    CHECK_FALSE(f.was_sent(Pid{100}, 15, Sent::How::held_tree));
}

TEST_CASE("a wait that denies a task is not believed") {
    Fixture f(probed_plan());
    f.start();
    f.turn_until_task(1);
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn();
    f.platform.wait_fails = true;  // ECHILD, and the probe lives
    f.turn();
    CHECK(f.has_logged("cannot look for dead children"));
}

TEST_CASE("the stop command runs first, and the stop signal follows its end") {
    Fixture f(plan_with_stop_command());
    f.start();
    f.platform.signal(15);
    f.turn();
    REQUIRE(f.platform.tasks.size() == 1);
    CHECK(f.platform.tasks[0].task == Task::stop_command);
    CHECK_FALSE(f.was_sent(f.pid(), 15, Sent::How::tree));
    CHECK(f.has_logged("\"msg\":\"stop command first\""));
    f.end_task(ExitStatus::code(0));
    CHECK(f.was_sent(f.pid(), 15, Sent::How::tree));
    CHECK_FALSE(f.has_logged("the stop command failed"));
    f.platform.die(f.pid(), ExitStatus::code(0));
    CHECK(f.runtime.run() == 0);
}

TEST_CASE(
    "a service whose exec is known only together with the stop signal is stopped as one that "
    "runs") {
    Fixture f(plan_with_stop_command());
    f.runtime.boot();
    f.platform.signal(15);
    f.turn();
    REQUIRE(f.platform.tasks.size() == 1);
    CHECK(f.platform.tasks[0].task == Task::stop_command);
    CHECK(f.has_logged_in_order({"\"event\":\"started\"", "\"event\":\"stopping\""}));
}

TEST_CASE("a stop command that fails is told once, and the stop goes on") {
    Fixture f(plan_with_stop_command());
    f.start();
    f.platform.signal(15);
    f.turn();
    f.end_task(ExitStatus::code(3));
    CHECK(f.times_logged("the stop command failed") == 1);
    CHECK(f.has_logged("exit code 3"));
    CHECK(f.was_sent(f.pid(), 15, Sent::How::tree));
}

TEST_CASE("a stop command that cannot be started costs no time") {
    Fixture f(plan_with_stop_command());
    f.platform.task_error = SysError{ENOMEM, "clone3"};
    f.start();
    const MonotonicTime begin = f.platform.time;
    f.platform.signal(15);
    f.turn();
    CHECK(f.was_sent(f.pid(), 15, Sent::How::tree));
    CHECK(f.platform.time == begin);
    CHECK(f.has_logged("no process to be had: clone3: Cannot allocate memory"));
}

TEST_CASE("a stop command that hangs is killed with the rest when the grace period is over") {
    Fixture f(plan_with_stop_command());
    f.start();
    f.platform.signal(15);
    f.turn();
    const Pid command = f.turn_until_task(1).pid;
    f.turn_while([&] { return !f.was_sent(command, 9, Sent::How::task); });
    CHECK(f.was_sent(f.pid(), 9, Sent::How::tree));
    f.platform.die(f.pid(), ExitStatus::killed_by(Signal{9}));
    f.platform.end_task_with(ExitStatus::killed_by(Signal{9}));
    CHECK(f.runtime.run() == 137);
}
