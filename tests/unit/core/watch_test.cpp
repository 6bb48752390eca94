// What gosv looks at while a service runs, at the edges: times of zero and without end, full
// counters, answers that nobody waits for.
#include <doctest/doctest.h>

#include <algorithm>

#include "gosv/core/supervisor.hpp"
#include "support/machine.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Health;
using core::Phase;
using core::ReportKind;
using core::ReportReason;
using core::Task;
using test::Machine;

namespace {

constexpr ServiceId kWeb{0};
constexpr Signal kTerm{15};

constexpr MonotonicTime at(Duration time) {
    return MonotonicTime{time};
}

core::ServicePolicy probed(Duration interval = 10s) {
    core::ServicePolicy policy = test::default_policy();
    policy.health.probes = true;
    policy.health.start_period = 0s;
    policy.health.interval = interval;
    return policy;
}

core::ServicePolicy notifying() {
    core::ServicePolicy policy = test::default_policy();
    policy.notifies = true;
    return policy;
}

Machine running(const core::ServicePolicy& policy, const core::SupervisorPolicy& whole = {}) {
    Machine machine({policy}, whole);
    machine.feed(core::Booted{}, at(0s));
    machine.feed(core::Started{kWeb}, at(0s));
    return machine;
}

template <class Order>
std::size_t count(std::span<const core::Action> actions) {
    return static_cast<std::size_t>(std::count_if(
        actions.begin(), actions.end(),
        [](const core::Action& action) { return std::holds_alternative<Order>(action); }));
}

// The first report of that kind; one of another kind when there is none.
core::Report report(std::span<const core::Action> actions, ReportKind kind) {
    for (const core::Action& action : actions) {
        const auto* found = std::get_if<core::Report>(&action);
        if (found != nullptr && found->kind == kind) {
            return *found;
        }
    }
    return {.kind = ReportKind::end};
}

core::TaskEnded probe_ended(bool ok) {
    return {kWeb, Task::probe, ok};
}

}  // namespace

TEST_CASE("a pause of zero between probes is not taken at its word") {
    Machine machine = running(probed(0s));
    CHECK(machine.next_deadline() == at(10ms));
    machine.feed(core::DeadlineReached{}, at(10ms));
    machine.feed(probe_ended(false), at(10ms));
    CHECK(machine.next_deadline() == at(20ms));
}

TEST_CASE("a probe without time fails at once and does not turn the loop for ever") {
    core::ServicePolicy policy = probed(1s);
    policy.health.timeout = 0s;
    Machine machine = running(policy);
    machine.feed(core::DeadlineReached{}, at(1s));
    CHECK(machine.next_deadline() == at(1s));
    CHECK(count<core::KillTask>(machine.feed(core::DeadlineReached{}, at(1s))) == 1);
    CHECK(machine.probes[0].probe_failures == 1);
    CHECK(machine.next_deadline() == at(2s));
}

TEST_CASE("times without end of a watch never come round into the past") {
    core::ServicePolicy policy = probed(Duration::max());
    policy.notifies = true;
    policy.start_timeout = Duration::max();
    policy.watchdog = Duration::max();
    policy.health.start_period = Duration::max();
    policy.health.start_interval = Duration::max();
    Machine machine({policy});
    machine.feed(core::Booted{}, at(1h));
    machine.feed(core::Started{kWeb}, at(1h));
    CHECK(machine.next_deadline() == kNever);
    machine.feed(core::NotifiedReady{kWeb}, at(1h));
    CHECK(machine.next_deadline() == kNever);
    CHECK(machine.feed(core::TimeExtended{kWeb, Duration::max()}, at(2h)).empty());
    CHECK(machine.next_deadline() == kNever);
}

TEST_CASE("more time without end is time without end") {
    core::ServicePolicy policy = notifying();
    policy.start_timeout = 5s;
    Machine machine = running(policy);
    machine.feed(core::TimeExtended{kWeb, Duration::max()}, at(1s));
    CHECK(machine.next_deadline() == kNever);
    machine.feed(core::StopRequested{kTerm}, at(2s));
    machine.feed(core::TimeExtended{kWeb, Duration::max()}, at(3s));
    CHECK(machine.states[0].deadline == kNever);
    CHECK(machine.next_deadline() == at(11s));  // the shutdown's time is not the service's
}

TEST_CASE("failures in a row are counted until the counters are full") {
    core::ServicePolicy policy = probed(1s);
    policy.health.on_unhealthy = core::UnhealthyAction::none;
    Machine machine = running(policy);
    machine.probes[0].probe_failures = UINT32_MAX;
    machine.probes[0].counted_failures = UINT32_MAX;
    machine.feed(core::DeadlineReached{}, at(1s));
    machine.feed(probe_ended(false), at(1s));
    CHECK(machine.probes[0].probe_failures == UINT32_MAX);
    CHECK(machine.probes[0].counted_failures == UINT32_MAX);
    machine.feed(core::DeadlineReached{}, at(2s));
    const auto told = report(machine.feed(probe_ended(true), at(2s)), ReportKind::healthy);
    CHECK(told.attempt == UINT32_MAX);
    CHECK(machine.probes[0].probe_failures == 0);
}

TEST_CASE("an answer to no probe is unexpected, and so is the end of no stop command") {
    Machine machine = running(probed());
    for (const Task task : {Task::probe, Task::stop_command}) {
        const auto actions = machine.feed(core::TaskEnded{kWeb, task, true}, at(1s));
        CHECK(actions.size() == 1);
        CHECK(report(actions, ReportKind::unexpected).kind == ReportKind::unexpected);
    }
    CHECK(machine.states[0].health == Health::starting);
}

TEST_CASE("unhealthy tells after how many failures, and for what") {
    core::ServicePolicy policy = probed(1s);
    policy.health.retries = 2;
    for (const auto action : {core::UnhealthyAction::none, core::UnhealthyAction::restart}) {
        policy.health.on_unhealthy = action;
        Machine machine = running(policy);
        machine.feed(core::DeadlineReached{}, at(1s));
        CHECK(machine.feed(probe_ended(false), at(1s)).empty());
        machine.feed(core::DeadlineReached{}, at(2s));
        const auto actions = machine.feed(probe_ended(false), at(2s));
        const core::Report told = report(actions, ReportKind::unhealthy);
        CHECK(told.kind == ReportKind::unhealthy);
        CHECK(told.attempt == 2);
        const bool restarts = action == core::UnhealthyAction::restart;
        CHECK(told.reason == (restarts ? ReportReason::unhealthy : ReportReason::none));
        CHECK(count<core::SendSignal>(actions) == (restarts ? 1 : 0));
    }
}

TEST_CASE("ready is told once a run, with the time since the exec") {
    Machine machine = running(notifying());
    const auto told = report(machine.feed(core::NotifiedReady{kWeb}, at(3s)), ReportKind::ready);
    CHECK(told.kind == ReportKind::ready);
    CHECK(told.uptime == 3s);
    CHECK(machine.feed(core::NotifiedReady{kWeb}, at(4s)).empty());
}

TEST_CASE("who defines no readiness is ready without a word") {
    Machine machine({test::default_policy()});
    machine.feed(core::Booted{}, at(0s));
    CHECK_FALSE(machine.states[0].ready);
    const auto actions = machine.feed(core::Started{kWeb}, at(1s));
    CHECK(report(actions, ReportKind::ready).kind != ReportKind::ready);
    CHECK(machine.states[0].ready);
    machine.feed(core::Exited{kWeb, ExitStatus::code(1)}, at(2s));
    CHECK_FALSE(machine.states[0].ready);
}

TEST_CASE("a plain service's start_timeout is about its exec") {
    core::ServicePolicy policy = test::default_policy();
    policy.start_timeout = 2s;
    Machine machine({policy});
    machine.feed(core::Booted{}, at(0s));
    CHECK(machine.next_deadline() == at(2s));
    machine.feed(core::Started{kWeb}, at(1s));
    CHECK(machine.next_deadline() == kNever);
}

TEST_CASE("what ends a run is told with the stop and with what comes of it") {
    core::ServicePolicy policy = notifying();
    policy.start_timeout = 2s;
    policy.max_restarts = 0;
    Machine machine = running(policy);
    const auto stop = report(machine.feed(core::DeadlineReached{}, at(2s)), ReportKind::stopping);
    CHECK(stop.reason == ReportReason::not_ready_in_time);
    CHECK(stop.signal == kTerm);
    const auto end =
        report(machine.feed(core::Exited{kWeb, ExitStatus::code(0)}, at(3s)), ReportKind::failed);
    CHECK(end.reason == ReportReason::gave_up);
    CHECK(end.code == 1);
}

TEST_CASE("a stable run with a restart to be forgiven ends by its watchdog all the same") {
    core::ServicePolicy policy = notifying();
    policy.watchdog = 60s;
    policy.stable_after = 60s;
    Machine machine = running(policy);
    machine.states[0].restarts_in_row = 1;
    machine.states[0].deadline = at(60s);
    machine.feed(core::NotifiedReady{kWeb}, at(0s));
    const auto actions = machine.feed(core::DeadlineReached{}, at(60s));
    CHECK(report(actions, ReportKind::stable).kind == ReportKind::stable);
    CHECK(report(actions, ReportKind::stopping).signal == Signal{6});
    CHECK(machine.states[0].phase == Phase::stopping);
    CHECK(machine.next_deadline() == at(68s));
}

TEST_CASE("a probe that is due when the time to get ready is up is not begun") {
    core::ServicePolicy policy = probed(1s);
    policy.notifies = true;
    policy.start_timeout = 1s;
    Machine machine = running(policy);
    const auto actions = machine.feed(core::DeadlineReached{}, at(1s));
    CHECK(report(actions, ReportKind::stopping).reason == ReportReason::not_ready_in_time);
    CHECK(count<core::StartTask>(actions) == 0);  // nobody probes what is being stopped
}

TEST_CASE("nobody is told of readiness who did not ask for it") {
    Machine machine = running(test::default_policy());
    CHECK_FALSE(machine.self.announced);
    CHECK(count<core::Announce>(machine.feed(core::StopRequested{kTerm}, at(1s))) == 0);
}
