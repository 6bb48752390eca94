#include "outcome.hpp"

#include <algorithm>

#include "gosv/core/backoff.hpp"
#include "order.hpp"
#include "shutdown.hpp"

namespace gosv::core {

namespace {

// Where there is no room for a process it is not asked for more often than this, however short the
// service's own delay: these tries are without number.
constexpr Duration kNoProcessDelay = std::chrono::milliseconds(100);

void settle(const Step& step, ServiceId id, Phase phase) noexcept {
    ServiceState& state = step.state(id);
    step.set_phase(id, phase);
    state.ending = ReportReason::none;
    state.waiting_deadline = kNever;
}

void fail(const Step& step, Report report) noexcept {
    ServiceState& state = step.state(report.service);
    settle(step, report.service, Phase::failed);
    state.failure_code = report.code;
    report.status = state.last_status;
    report.attempt = state.restarts_in_row;
    step.order(report);
    note_failure(step, report.service);
}

void schedule_restart(const Step& step, ServiceId id, std::uint32_t nth,
                      ReportReason reason) noexcept {
    ServiceState& state = step.state(id);
    const Duration shortest = reason == ReportReason::no_process ? kNoProcessDelay : Duration{};
    const Duration delay = std::max(restart_delay(step.policy(id).backoff, nth), shortest);
    step.set_phase(id, Phase::backoff, step.after(delay));
    step.order(Report{.kind = ReportKind::restarting,
                      .service = id,
                      .reason = reason,
                      .status = state.last_status,
                      .delay = delay,
                      .attempt = nth});
    restart_dependents(step, id);
}

// It ended because a dependency is restarted: that is nobody's failure and costs no restart.
void start_over(const Step& step, ServiceId id) noexcept {
    const ServiceState& state = step.state(id);
    step.order(Report{.kind = ReportKind::restarting,
                      .service = id,
                      .reason = ReportReason::dependency_restarts,
                      .status = state.last_status,
                      .other = state.ending_with});
    await_dependencies(step, id);
}

void complete(const Step& step, ServiceId id) noexcept {
    settle(step, id, Phase::completed);
    step.state(id).ready = true;
    step.order(
        Report{.kind = ReportKind::completed, .service = id, .status = step.state(id).last_status});
    note_completion(step, id);
}

}  // namespace

void decide(const Step& step, ServiceId id, ReportReason failure) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    const ReportReason ending = state.ending;
    state.ending = ReportReason::none;
    if (!step.supervising()) {
        settle_stopped(step, id);
        return;
    }
    if (state.out_of_memory && policy.oom_action == FinalAction::exit) {
        fail(step, id, ReportReason::out_of_memory);
        return;
    }
    if (ending == ReportReason::dependency_restarts) {
        start_over(step, id);
        return;
    }
    const bool ended = ending != ReportReason::none;
    const bool good = !ended && policy.success.contains(state.last_status);
    const bool again = policy.restart == RestartPolicy::always ||
                       (policy.restart == RestartPolicy::on_failure && !good);
    if (!again) {
        if (good) {
            complete(step, id);
        } else {
            fail(step, id, ended ? ending : failure);
        }
        return;
    }
    if (policy.max_restarts != kUnlimited && state.restarts_in_row >= policy.max_restarts) {
        fail(step, id, ReportReason::gave_up);
        return;
    }
    state.restarts_in_row = saturating_increment(state.restarts_in_row);
    state.restarts_total = saturating_increment(state.restarts_total);
    const bool cannot_exec = failure == ReportReason::cannot_exec;
    schedule_restart(step, id, state.restarts_in_row,
                     ended         ? ending
                     : cannot_exec ? failure
                                   : ReportReason::none);
}

void fail(const Step& step, ServiceId id, ReportReason reason) noexcept {
    fail(step, {.kind = ReportKind::failed,
                .service = id,
                .reason = reason,
                .code = code_of_failure(step.state(id).last_status)});
}

void fail_with(const Step& step, ServiceId id, const Dependency& dependency) noexcept {
    const ServiceState& other = step.state(dependency.on);
    // What it could not do without may have ended well, but not in the way that it asked for.
    const std::uint8_t code = other.phase == Phase::failed ? other.failure_code : std::uint8_t{1};
    fail(step, {.kind = ReportKind::failed,
                .service = id,
                .reason = ReportReason::dependency_failed,
                .other = dependency.on,
                .condition = dependency.condition,
                .code = code});
}

void retry_spawn(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    if (state.ending == ReportReason::dependency_restarts) {
        decide(step, id, ReportReason::no_process);
        return;
    }
    state.ending = ReportReason::none;
    state.spawn_failures = saturating_increment(state.spawn_failures);
    schedule_restart(step, id, state.spawn_failures, ReportReason::no_process);
}

void settle_stopped(const Step& step, ServiceId id) noexcept {
    settle(step, id, Phase::stopped);
    step.order(
        Report{.kind = ReportKind::stopped, .service = id, .status = step.state(id).last_status});
}

}  // namespace gosv::core
