// Why: the core's reasons in words, with what only the shell knows of them. "" for none.
#include "app/line_writer.hpp"
#include "app/runtime.hpp"
#include "app/start_failure.hpp"
#include "app/waiting_text.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

using core::Report;
using core::ReportReason;

std::string_view phrase(ReportReason reason) noexcept {
    switch (reason) {
        case ReportReason::none:
            return "";
        case ReportReason::stop_signal:
            return "stop signal";
        case ReportReason::service_failed:
            return "a service failed for good";
        case ReportReason::service_completed:
            return "a service completed";
        case ReportReason::nothing_left:
            return "nothing left to run";
        case ReportReason::gave_up:
            return "gave up restarting";
        case ReportReason::not_restarted:
            return "not restarted";
        case ReportReason::cannot_exec:
            return "cannot be executed";
        case ReportReason::no_process:
            return "no process to be had";
        case ReportReason::grace_over:
            return "grace period over";
        case ReportReason::hurry:
            return "second stop signal";
        case ReportReason::shutdown_timeout:
            return "shutdown timeout";
        case ReportReason::main_exited:
            return "main process ended";
        case ReportReason::out_of_memory:
            return "out of memory";
        case ReportReason::dependency_failed:
            return "has failed";  // after the other's name, as the next
        case ReportReason::dependency_restarts:
            return "restarts";
        case ReportReason::not_ready_in_time:
            return "start_timeout";
        case ReportReason::unhealthy:
            return "a service is unhealthy";
        case ReportReason::watchdog:
            return "watchdog";
    }
    return "";
}

void put_status(LineWriter& out, ExitStatus status) noexcept {
    if (status.kind == ExitStatus::Kind::exited) {
        out.put("exit code ");
        out.number(status.number);
    } else {
        out.put("killed by ");
        out.put(signal_name(Signal{status.number}));
    }
}

}  // namespace

std::string_view Runtime::describe_failed_start(ServiceId service,
                                                std::span<char> buffer) const noexcept {
    const Past& past = past_[index(service)];
    if (const std::string_view refusal = platform_.refusal(service); !refusal.empty()) {
        LineWriter out(buffer);
        out.put(refusal);
        return out.view();
    }
    if (past.spawn_error) {
        return app::describe_failed_start({}, os::Stage::none, *past.spawn_error, buffer);
    }
    if (past.exec_failure.state == os::ExecState::failed) {
        const manifest::Exec& exec = plan_.execs[index(service)];
        return app::describe_failed_start(exec.argv.empty() ? "" : exec.argv[0],
                                          past.exec_failure.stage, SysError{past.exec_failure.err},
                                          buffer);
    }
    return {};
}

std::string_view Runtime::describe_last_run(ServiceId service,
                                            std::span<char> buffer) const noexcept {
    const std::string_view failure = describe_failed_start(service, buffer);
    const core::ServiceState& state = states_[index(service)];
    if (!failure.empty() || !state.has_run) {
        return failure;
    }
    const ReportReason ended = past_[index(service)].ended;
    if (const std::string_view why = describe_ending(service, ended, buffer); !why.empty()) {
        return why;
    }
    LineWriter out(buffer);
    put_status(out, state.last_status);
    return out.view();
}

std::string_view Runtime::describe_obstacle_of(ServiceId service, core::Condition condition,
                                               std::span<char> buffer) const noexcept {
    char last_run[kMostReasonText];
    const std::size_t i = index(service);
    const core::Dependency* next = core::waits_for(supervisor_, service);
    const Awaited awaited{.condition = condition,
                          .policy = plan_.policies[i],
                          .state = states_[i],
                          .probe_failures = probe_failures(service),
                          .remarks = remarks_[i],
                          .waits_for = next != nullptr ? plan_.execs[index(next->on)].name.view()
                                                       : std::string_view(),
                          .last_run = describe_last_run(service, last_run)};
    return describe_obstacle(awaited, now_, buffer);
}

std::string_view Runtime::describe_ending(ServiceId service, ReportReason reason,
                                          std::span<char> buffer) const noexcept {
    const std::size_t i = index(service);
    LineWriter out(buffer);
    switch (reason) {
        case ReportReason::not_ready_in_time:
            out.put(plan_.policies[i].oneshot ? "not completed within " : "not ready within ");
            out.duration(plan_.policies[i].start_timeout);
            break;
        case ReportReason::unhealthy:
            out.put("unhealthy");
            out.put(remarks_[i].probe.empty() ? "" : ": ");
            out.put(remarks_[i].probe.view());
            break;
        case ReportReason::watchdog:
            if (remarks_[i].trouble) {
                return "watchdog: it has reported trouble itself";
            }
            out.put("watchdog: no sign of life within ");
            out.duration(plan_.policies[i].watchdog);
            break;
        default:
            break;  // not of gosv's own accord
    }
    return out.view();
}

// A start that failed is told with its stage and errno, and never as an exit; also when it was the
// last of several. Likewise why gosv itself has ended the last run.
std::string_view Runtime::describe_giving_up(ServiceId service,
                                             std::span<char> buffer) const noexcept {
    char why[kMostReasonText];
    std::string_view last = describe_failed_start(service, why);
    if (last.empty()) {
        last = describe_ending(service, past_[index(service)].ended, why);
    }
    LineWriter out(buffer);
    out.put(phrase(ReportReason::gave_up));
    out.put(last.empty() ? "" : ": ");
    out.put(last);
    return out.view();
}

std::string_view Runtime::describe_reason(const Report& report,
                                          std::span<char> buffer) const noexcept {
    LineWriter out(buffer);
    switch (report.reason) {
        case ReportReason::gave_up:
            return describe_giving_up(report.service, buffer);
        case ReportReason::cannot_exec:
        case ReportReason::no_process: {
            const std::string_view why = describe_failed_start(report.service, buffer);
            return why.empty() ? phrase(report.reason) : why;
        }
        case ReportReason::dependency_failed:
            out.put(plan_.execs[index(report.other)].name);
            if (states_[index(report.other)].phase == core::Phase::completed) {
                out.put(" has completed: it will never come ");
                out.put(wish(report.condition));
            } else {
                out.put(" has failed");
            }
            return out.view();
        case ReportReason::dependency_restarts:
            out.put(plan_.execs[index(report.other)].name);
            out.put(" restarts");
            return out.view();
        case ReportReason::not_ready_in_time:
        case ReportReason::unhealthy:
        case ReportReason::watchdog:
            return report.kind == core::ReportKind::shutdown
                       ? phrase(report.reason)
                       : describe_ending(report.service, report.reason, buffer);
        default:
            return phrase(report.reason);
    }
}

}  // namespace gosv::app
