// What the container ends with: one function, one table in the tests.
#include "gosv/core/supervisor.hpp"

namespace gosv::core {

namespace {

constexpr std::uint8_t kSomethingWasKilled = 137;

}  // namespace

std::uint8_t exit_code(const SupervisorState& self, const SupervisorPolicy& policy,
                       std::span<const ServiceState> services) noexcept {
    if (policy.exit_code_from) {
        const ServiceState& chosen = services[index(*policy.exit_code_from)];
        if (chosen.has_run) {
            return static_cast<std::uint8_t>(chosen.last_status.as_exit_code());
        }
    }
    switch (self.why) {
        case ReportReason::stop_signal:
            return self.something_killed ? kSomethingWasKilled : 0;
        case ReportReason::service_failed:
        case ReportReason::unhealthy:
            return self.failure_code;
        case ReportReason::service_completed:
            return 0;
        case ReportReason::none:
        case ReportReason::nothing_left:
        case ReportReason::gave_up:
        case ReportReason::not_restarted:
        case ReportReason::cannot_exec:
        case ReportReason::no_process:
        case ReportReason::grace_over:
        case ReportReason::hurry:
        case ReportReason::shutdown_timeout:
        case ReportReason::main_exited:
        case ReportReason::out_of_memory:
        case ReportReason::dependency_failed:
        case ReportReason::dependency_restarts:
        case ReportReason::not_ready_in_time:
        case ReportReason::watchdog:
            break;
    }
    return self.has_failure ? self.failure_code : std::uint8_t{0};
}

}  // namespace gosv::core
