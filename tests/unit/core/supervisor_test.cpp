// Transitions at the edges of the machine: zero and endless times, full counters, no service, very
// many, events in an order that the scenarios do not tell.
#include "gosv/core/supervisor.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/core_text.hpp"
#include "support/machine.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Phase;
using core::ReportKind;
using core::Stage;
using test::Machine;

namespace {

constexpr ServiceId kFirst{0};
constexpr ServiceId kSecond{1};
constexpr Signal kTerm{15};

constexpr MonotonicTime at(Duration time) {
    return MonotonicTime{time};
}

// A machine of services like this one, all of them running.
Machine running(std::size_t services, const core::ServicePolicy& policy = test::default_policy(),
                const core::SupervisorPolicy& whole = {}) {
    Machine machine(std::vector<core::ServicePolicy>(services, policy), whole);
    machine.feed(core::Booted{}, at(0s));
    for (std::size_t i = 0; i < services; ++i) {
        machine.feed(core::Started{static_cast<ServiceId>(i)}, at(0s));
    }
    return machine;
}

template <class Order>
std::vector<Order> only(std::span<const core::Action> actions) {
    std::vector<Order> found;
    for (const core::Action& action : actions) {
        if (const auto* order = std::get_if<Order>(&action)) {
            found.push_back(*order);
        }
    }
    return found;
}

std::size_t reports(std::span<const core::Action> actions, ReportKind kind) {
    const auto all = only<core::Report>(actions);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(),
                      [kind](const core::Report& report) { return report.kind == kind; }));
}

}  // namespace

TEST_CASE("a plan without services ends at once, with 0") {
    Machine machine({});
    const auto sweeps = only<core::SweepStragglers>(machine.feed(core::Booted{}, at(0s)));
    CHECK(sweeps.size() == 1);
    const auto ends = only<core::Finish>(machine.feed(core::StragglersGone{}, at(0s)));
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].code == 0);
}

TEST_CASE("a stop before the boot starts nothing") {
    Machine machine({test::default_policy(), test::default_policy()});
    CHECK(only<core::Spawn>(machine.feed(core::StopRequested{kTerm}, at(0s))).empty());
    CHECK(machine.states[0].phase == Phase::stopped);
    CHECK(machine.feed(core::Booted{}, at(0s)).empty());
    CHECK(only<core::Finish>(machine.feed(core::StragglersGone{}, at(0s))).size() == 1);
}

TEST_CASE("a second boot starts nothing twice") {
    Machine machine = running(2);
    CHECK(machine.feed(core::Booted{}, at(1s)).empty());
}

TEST_CASE("an exec that is told twice is told once") {
    Machine machine = running(1);
    const auto actions = machine.feed(core::Started{kFirst}, at(5s));
    CHECK(actions.size() == 1);
    CHECK(reports(actions, ReportKind::unexpected) == 1);
    CHECK(machine.states[0].since == at(0s));
}

TEST_CASE("a deadline event that comes early changes nothing") {
    Machine machine = running(2);
    machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1s));
    CHECK(machine.next_deadline() == at(2s));
    CHECK(machine.feed(core::DeadlineReached{}, at(1999ms)).empty());
    CHECK(machine.next_deadline() == at(2s));
    CHECK(only<core::Spawn>(machine.feed(core::DeadlineReached{}, at(2s))).size() == 1);
}

TEST_CASE("a deadline that is met late is met all the same, and all that are due at once") {
    Machine machine = running(2);
    machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1s));
    machine.feed(core::Exited{kSecond, ExitStatus::code(1)}, at(2s));
    CHECK(only<core::Spawn>(machine.feed(core::DeadlineReached{}, at(1h))).size() == 2);
}

TEST_CASE("without a grace period the stop signal is followed by KILL at once, but not before it") {
    core::ServicePolicy policy = test::default_policy();
    policy.stop_grace_period = 0s;
    Machine machine = running(1, policy);
    const auto asked = only<core::SendSignal>(machine.feed(core::StopRequested{kTerm}, at(1s)));
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].signal == kTerm);
    CHECK(machine.next_deadline() == at(1s));
    const auto killed = only<core::SendSignal>(machine.feed(core::DeadlineReached{}, at(1s)));
    REQUIRE(killed.size() == 1);
    CHECK(killed[0].signal == kSigKill);
    CHECK(machine.next_deadline() > at(1s));
}

TEST_CASE("a shutdown that may take no time kills what is left in its first instant, and ends") {
    core::SupervisorPolicy whole;
    whole.shutdown_timeout = 0s;
    whole.abandon_after = 0s;
    Machine machine = running(2, test::default_policy(), whole);
    machine.feed(core::StopRequested{kTerm}, at(1s));
    CHECK(only<core::SendSignal>(machine.feed(core::DeadlineReached{}, at(1s))).size() == 2);
    const auto last = machine.feed(core::DeadlineReached{}, at(1s));
    CHECK(reports(last, ReportKind::abandoned) == 2);
    REQUIRE(only<core::Finish>(last).size() == 1);
    CHECK(only<core::Finish>(last)[0].code == 137);
}

TEST_CASE("times without end never come round into the past") {
    core::ServicePolicy policy = test::default_policy();
    policy.stop_grace_period = Duration::max();
    policy.stable_after = Duration::max();
    policy.backoff = {Duration::max(), 2.0, Duration::max()};
    core::SupervisorPolicy whole;
    whole.shutdown_timeout = Duration::max();
    Machine machine = running(2, policy, whole);
    machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1h));
    CHECK(machine.states[0].phase == Phase::backoff);
    CHECK(machine.next_deadline() == kNever);
    machine.feed(core::StopRequested{kTerm}, at(2h));
    CHECK(machine.states[1].phase == Phase::stopping);
    CHECK(machine.next_deadline() == kNever);
}

TEST_CASE("restarts without limit go on when their counters are full") {
    core::ServicePolicy policy = test::default_policy();
    policy.max_restarts = core::kUnlimited;
    Machine machine = running(1, policy);
    machine.states[0].restarts_in_row = UINT32_MAX;
    machine.states[0].restarts_total = UINT32_MAX;
    machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1s));
    CHECK(machine.states[0].phase == Phase::backoff);
    CHECK(machine.states[0].restarts_in_row == UINT32_MAX);
    CHECK(machine.states[0].restarts_total == UINT32_MAX);
    CHECK(machine.next_deadline() == at(31s));
}

TEST_CASE("a clone that never succeeds is tried for ever, also when its counter is full") {
    Machine machine({test::default_policy()});
    machine.feed(core::Booted{}, at(0s));
    machine.states[0].spawn_failures = UINT32_MAX;
    machine.feed(core::SpawnFailed{kFirst, core::SpawnFailure::no_process, 126}, at(1s));
    CHECK(machine.states[0].phase == Phase::backoff);
    CHECK(machine.states[0].spawn_failures == UINT32_MAX);
    CHECK(machine.next_deadline() == at(31s));
}

TEST_CASE("with max_restarts 0 the first end is the last") {
    core::ServicePolicy policy = test::default_policy();
    policy.max_restarts = 0;
    Machine machine = running(1, policy);
    const auto actions = machine.feed(core::Exited{kFirst, ExitStatus::code(3)}, at(1s));
    CHECK(reports(actions, ReportKind::failed) == 1);
    CHECK(machine.self.why == core::ReportReason::service_failed);
}

TEST_CASE("stable_after 0 forgives every run, so that nothing is ever given up") {
    core::ServicePolicy policy = test::default_policy();
    policy.stable_after = 0s;
    policy.max_restarts = 1;
    Machine machine = running(1, policy);
    MonotonicTime now = at(0s);
    for (int i = 0; i < 10; ++i) {
        machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, now);
        REQUIRE(machine.states[0].phase == Phase::backoff);
        now = machine.next_deadline();
        machine.feed(core::DeadlineReached{}, now);
        machine.feed(core::Started{kFirst}, now);
    }
    CHECK(machine.states[0].restarts_total == 10);
}

TEST_CASE("uptime counts from the exec, not from the clone") {
    Machine machine({test::default_policy()});
    machine.feed(core::Booted{}, at(0s));
    machine.feed(core::Started{kFirst}, at(10s));
    const auto all =
        only<core::Report>(machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(12s)));
    REQUIRE_FALSE(all.empty());
    CHECK(all[0].kind == ReportKind::exited);
    CHECK(all[0].uptime == 2s);
}

TEST_CASE("a slow exec is no stable run") {
    core::ServicePolicy policy = test::default_policy();
    policy.max_restarts = 1;
    policy.failure_action = core::FinalAction::none;
    Machine machine = running(1, policy);
    machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1s));
    machine.feed(core::DeadlineReached{}, at(2s));
    machine.feed(core::Started{kFirst}, at(2s + 100s));
    machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(2s + 101s));
    CHECK(machine.states[0].phase == Phase::failed);
}

TEST_CASE("two that fail in one instant: the first to be heard gives the code") {
    core::ServicePolicy policy = test::default_policy();
    policy.restart = core::RestartPolicy::never;
    Machine machine = running(2, policy);
    machine.feed(core::Exited{kSecond, ExitStatus::code(22)}, at(1s));
    machine.feed(core::Exited{kFirst, ExitStatus::code(11)}, at(1s));
    CHECK(machine.states[0].phase == Phase::stopped);
    const auto ends = only<core::Finish>(machine.feed(core::StragglersGone{}, at(1s)));
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].code == 22);
}

TEST_CASE("a failure beside a success that ends all: whichever was first") {
    core::ServicePolicy fails = test::default_policy();
    fails.restart = core::RestartPolicy::never;
    core::ServicePolicy completes = fails;
    completes.success_action = core::FinalAction::exit;
    for (const bool failure_first : {true, false}) {
        CAPTURE(failure_first);
        Machine machine({fails, completes});
        machine.feed(core::Booted{}, at(0s));
        machine.feed(core::Started{kFirst}, at(0s));
        machine.feed(core::Started{kSecond}, at(0s));
        const core::Exited failure{kFirst, ExitStatus::code(3)};
        const core::Exited success{kSecond, ExitStatus::code(0)};
        machine.feed(failure_first ? failure : success, at(1s));
        machine.feed(failure_first ? success : failure, at(1s));
        const auto ends = only<core::Finish>(machine.feed(core::StragglersGone{}, at(1s)));
        REQUIRE(ends.size() == 1);
        CHECK(ends[0].code == (failure_first ? 3 : 0));
    }
}

TEST_CASE("the stop signal is the service's own, whatever signal asked gosv") {
    core::ServicePolicy policy = test::default_policy();
    policy.stop_signal = Signal{3};
    Machine machine = running(1, policy);
    const auto sent = only<core::SendSignal>(machine.feed(core::StopRequested{Signal{2}}, at(1s)));
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].signal == Signal{3});
    CHECK(sent[0].then_continue);
}

TEST_CASE("a forwarded signal is not followed by CONT, and one that there is not goes nowhere") {
    Machine machine = running(1);
    const auto sent = only<core::SendSignal>(machine.feed(core::SignalReceived{Signal{1}}, at(1s)));
    REQUIRE(sent.size() == 1);
    CHECK_FALSE(sent[0].then_continue);
    CHECK(machine.feed(core::SignalReceived{Signal{0}}, at(1s)).empty());
    CHECK(machine.feed(core::SignalReceived{Signal{65}}, at(1s)).empty());
    CHECK(only<core::SendSignal>(machine.feed(core::SignalReceived{Signal{64}}, at(1s))).size() ==
          1);
}

TEST_CASE("a signal reaches a service whose exec is not yet told, and none that only drains") {
    Machine machine({test::default_policy()});
    machine.feed(core::Booted{}, at(0s));
    CHECK(only<core::SendSignal>(machine.feed(core::SignalReceived{Signal{1}}, at(1s))).size() ==
          1);
    machine.feed(core::Started{kFirst}, at(1s));
    machine.feed(core::Exited{kFirst, ExitStatus::code(1), true}, at(2s));
    CHECK(machine.states[0].phase == Phase::draining);
    CHECK(machine.feed(core::SignalReceived{Signal{1}}, at(3s)).empty());
}

TEST_CASE("as many services as a plan may have fit the sink in every step that concerns them all") {
    core::ServicePolicy policy = test::default_policy();
    policy.kill_mode = core::KillMode::mixed;
    Machine machine(std::vector<core::ServicePolicy>(kMaxServices, policy));
    const std::size_t capacity = core::action_capacity(kMaxServices);
    CHECK(machine.feed(core::Booted{}, at(0s)).size() == kMaxServices);
    CHECK(machine.feed(core::SignalReceived{Signal{1}}, at(1s)).size() <= capacity);
    CHECK(machine.feed(core::StopRequested{kTerm}, at(1s)).size() <= capacity);
    CHECK(machine.feed(core::StopRequested{kTerm}, at(2s)).size() <= capacity);
    const auto last = machine.feed(core::DeadlineReached{}, at(100s));
    CHECK(last.size() <= capacity);
    CHECK(reports(last, ReportKind::abandoned) == kMaxServices);
    CHECK(machine.self.stage == Stage::finished);
}

TEST_CASE("the same events at the same times order the same actions") {
    const auto play = [] {
        Machine machine = running(3);
        machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1s));
        machine.feed(core::DeadlineReached{}, at(2s));
        machine.feed(core::StopRequested{kTerm}, at(3s));
        std::vector<std::string> said;
        const std::string names[] = {"a", "b", "c"};
        for (const core::Action& action : machine.feed(core::DeadlineReached{}, at(20s))) {
            said.push_back(test::to_text(action, names));
        }
        return said;
    };
    CHECK_FALSE(play().empty());
    CHECK(play() == play());
}
