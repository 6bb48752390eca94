#include "gosv/core/policy.hpp"

#include <doctest/doctest.h>

using namespace gosv;
using namespace std::chrono_literals;

TEST_CASE("the defaults of a service are those of the manifest reference") {
    const core::ServicePolicy policy;
    CHECK(policy.restart == core::RestartPolicy::always);
    CHECK(policy.max_restarts == 3);
    CHECK(policy.backoff.first == 1s);
    CHECK(policy.backoff.multiplier == 2.0);
    CHECK(policy.backoff.cap == 30s);
    CHECK(policy.stable_after == 60s);
    CHECK(policy.failure_action == core::FinalAction::exit);
    CHECK(policy.success_action == core::FinalAction::none);
    CHECK(policy.stop_signal == Signal{15});
    CHECK(policy.stop_grace_period == 8s);
    CHECK(policy.kill_mode == core::KillMode::group);
    CHECK(policy.signals == core::identity_signal_map());
    CHECK(policy.retry_spawn);
    CHECK(policy.start_timeout == 0s);
    CHECK(policy.watchdog == 0s);
    CHECK_FALSE(policy.stop_command);
}

TEST_CASE("the defaults of a healthcheck are those of the manifest reference") {
    const core::HealthPolicy policy;
    CHECK_FALSE(policy.probes);
    CHECK(policy.interval == 10s);
    CHECK(policy.start_interval == 500ms);
    CHECK(policy.timeout == 3s);
    CHECK(policy.start_period == 60s);
    CHECK(policy.retries == 3);
    CHECK(policy.on_unhealthy == core::UnhealthyAction::restart);
}

TEST_CASE("a dependency is required, and restarts nobody, unless it says so") {
    const core::Dependency dependency{ServiceId{3}};
    CHECK(dependency.condition == core::Condition::started);
    CHECK(dependency.required);
    CHECK_FALSE(dependency.restart);
}

TEST_CASE("the defaults of the whole leave Docker's ten seconds a second of room") {
    const core::SupervisorPolicy policy;
    CHECK(policy.shutdown_timeout == 9s);
    CHECK(policy.shutdown_timeout + policy.abandon_after < 10s);
    CHECK(policy.straggler_grace < policy.shutdown_timeout);
    CHECK_FALSE(policy.exit_code_from.has_value());
    CHECK_FALSE(policy.command_mode);
    CHECK(policy.first_waiting == 5s);
    CHECK(policy.next_waiting == 10s);
    CHECK_FALSE(policy.announces);
    CHECK(policy.graph.empty());
}

TEST_CASE("a code and a signal of the same number are different ends") {
    core::SuccessSet success;
    success.codes.set(0);
    success.codes.set(15);
    success.codes.set(255);
    success.signals.set(9);
    success.signals.set(64);

    struct Row {
        ExitStatus status;
        bool good;
    };

    const Row rows[] = {
        {ExitStatus::code(0), true},
        {ExitStatus::code(15), true},
        {ExitStatus::code(255), true},
        {ExitStatus::code(9), false},
        {ExitStatus::code(64), false},
        {ExitStatus::code(1), false},
        {ExitStatus::killed_by(Signal{9}), true},
        {ExitStatus::killed_by(Signal{64}), true},
        {ExitStatus::killed_by(Signal{9}, true), true},
        {ExitStatus::killed_by(Signal{15}), false},
        {ExitStatus::killed_by(Signal{1}), false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.status.as_exit_code());
        CHECK(success.contains(row.status) == row.good);
    }
}

TEST_CASE("by default a signal is forwarded as itself, and there is no signal 0") {
    const core::SignalMap map = core::identity_signal_map();
    for (std::size_t n = 0; n <= kMaxSignal; ++n) {
        CHECK(map[n] == n);
    }
    CHECK(Signal{map[0]}.is_none());
}
