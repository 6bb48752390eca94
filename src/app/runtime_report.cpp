// What the core reports, as log lines. Every event of the contract is written here or not at all,
// and each failure once.
#include "app/line_writer.hpp"
#include "app/runtime.hpp"
#include "app/start_failure.hpp"
#include "gosv/core/names.hpp"

namespace gosv::app {

namespace {

using core::Report;
using core::ReportKind;
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
            return "what it depends on has failed";
        case ReportReason::dependency_restarts:
            return "what it depends on restarts";
        case ReportReason::not_ready_in_time:
            return "not ready within start_timeout";
        case ReportReason::unhealthy:
            return "unhealthy";
        case ReportReason::watchdog:
            return "watchdog";
    }
    return "";
}

bool is_about_service(ReportKind kind) noexcept {
    switch (kind) {
        case ReportKind::started:
        case ReportKind::exited:
        case ReportKind::restarting:
        case ReportKind::stable:
        case ReportKind::failed:
        case ReportKind::completed:
        case ReportKind::stopping:
        case ReportKind::killing:
        case ReportKind::draining:
        case ReportKind::stopped:
        case ReportKind::abandoned:
        case ReportKind::ready:
        case ReportKind::healthy:
        case ReportKind::unhealthy:
        case ReportKind::waiting:
            return true;
        case ReportKind::forwarded:
        case ReportKind::shutdown:
        case ReportKind::hurried:
        case ReportKind::end:
        case ReportKind::unexpected:
            return false;
    }
    return false;
}

void set_status(LogLine& line, ExitStatus status) noexcept {
    if (status.kind == ExitStatus::Kind::exited) {
        line.code = status.number;
    } else {
        line.signal = Signal{status.number};
    }
}

}  // namespace

std::string_view Runtime::describe_failed_start(ServiceId service,
                                                std::span<char> buffer) const noexcept {
    const Handle& handle = handles_[index(service)];
    if (const std::string_view refusal = platform_.refusal(service); !refusal.empty()) {
        LineWriter out(buffer);
        out.put(refusal);
        return out.view();
    }
    if (handle.spawn_error.err != 0) {
        return app::describe_failed_start({}, os::Stage::none, handle.spawn_error, buffer);
    }
    if (handle.last_failure.state == os::ExecState::failed) {
        const manifest::ExecSpec& exec = plan_.execs[index(service)];
        return app::describe_failed_start(exec.argv.size() > 0 ? exec.argv[0] : "",
                                          handle.last_failure.stage,
                                          SysError{handle.last_failure.err}, buffer);
    }
    return {};
}

// A start that failed is told with its stage and errno, and never as an exit; also when it was the
// last of several.
std::string_view Runtime::name_failed_start(const Report& report, std::string_view reason,
                                            std::span<char> buffer) const noexcept {
    const bool gave_up = report.reason == ReportReason::gave_up;
    if (!gave_up && report.reason != ReportReason::cannot_exec &&
        report.reason != ReportReason::no_process) {
        return reason;
    }
    std::size_t used = 0;
    if (gave_up) {
        for (const std::string_view part : {reason, std::string_view(": ")}) {
            used += part.copy(buffer.data() + used, buffer.size() - used);
        }
    }
    const std::string_view why = describe_failed_start(report.service, buffer.subspan(used));
    return why.empty() ? reason : std::string_view(buffer.data(), used + why.size());
}

void Runtime::carry_out(const core::Report& report) noexcept {
    const bool about_service = is_about_service(report.kind);
    const std::size_t i = index(report.service);
    char buffer[512];
    LogLine line{.event = LogEvent::internal};
    line.reason = phrase(report.reason);
    if (about_service) {
        line.service = plan_.execs[i].name;
        line.pid = pids_[i];
    }
    switch (report.kind) {
        case ReportKind::started:
            line.event = LogEvent::started;
            break;
        case ReportKind::exited:
            line.event = LogEvent::exited;
            line.pid = handles_[i].last_pid;
            line.level = plan_.supervisor.command_mode ||
                                 plan_.policies[i].success.contains(report.status) ||
                                 self_.stage != core::Stage::supervising
                             ? LogLevel::info
                             : LogLevel::warn;
            set_status(line, report.status);
            if (report.reason == ReportReason::out_of_memory) {
                line.code = report.status.as_exit_code();
            }
            line.uptime = report.uptime;
            break;
        case ReportKind::restarting:
            line.event = LogEvent::restarting;
            line.delay = report.delay;
            line.attempt = report.attempt;
            if (plan_.policies[i].max_restarts != core::kUnlimited &&
                report.reason != ReportReason::no_process) {
                line.max_restarts = plan_.policies[i].max_restarts;
            }
            break;
        case ReportKind::stable:
            line.event = LogEvent::stable;
            break;
        case ReportKind::failed:
            line.event = LogEvent::failed;
            // How CMD of `gosv -- CMD` ends is between it and whoever called it: no word from us.
            line.level =
                plan_.supervisor.command_mode && report.reason == ReportReason::not_restarted
                    ? LogLevel::info
                    : LogLevel::error;
            set_status(line, report.status);
            break;
        case ReportKind::completed:
            line.event = LogEvent::completed;
            set_status(line, report.status);
            break;
        case ReportKind::stopping:
            line.event = LogEvent::stopping;
            line.signal = report.signal;
            break;
        case ReportKind::draining:
            line.event = LogEvent::stopping;
            line.signal = report.signal;
            line.pid = handles_[i].last_pid;
            // Who would otherwise be a second instance beside the next.
            line.msg = platform_.describe_tree(report.service, buffer);
            break;
        case ReportKind::killing:
            line.event = LogEvent::killing;
            line.level = LogLevel::warn;
            line.signal = Signal{9};
            break;
        case ReportKind::stopped:
            line.event = LogEvent::stopped;
            if (states_[i].has_run) {
                set_status(line, report.status);
            }
            break;
        case ReportKind::forwarded:
            line.event = LogEvent::forwarded;
            line.signal = report.signal;
            break;
        case ReportKind::shutdown:
            line.event = LogEvent::shutdown;
            line.signal = report.signal;
            break;
        case ReportKind::hurried:
            line.event = LogEvent::shutdown;
            line.level = LogLevel::warn;
            line.reason = "second stop signal";
            break;
        case ReportKind::abandoned:
            line.event = LogEvent::killing;
            line.level = LogLevel::error;
            line.msg = "could not be killed in time; left to the kernel";
            break;
        case ReportKind::ready:
            line.event = LogEvent::ready;
            line.uptime = report.uptime;
            break;
        case ReportKind::healthy:
            line.event = LogEvent::healthy;
            line.attempt = report.attempt;
            break;
        case ReportKind::unhealthy:
            line.event = LogEvent::unhealthy;
            line.level = LogLevel::warn;
            line.attempt = report.attempt;
            break;
        case ReportKind::waiting:
            line.event = LogEvent::waiting;
            line.level = LogLevel::warn;
            line.reason = plan_.execs[index(report.other)].name;
            line.uptime = report.uptime;
            break;
        case ReportKind::end:
            line.event = LogEvent::end;
            line.code = report.code;
            break;
        case ReportKind::unexpected:
            line.event = LogEvent::internal;
            line.level = LogLevel::warn;
            line.msg = "an event that this state cannot have; ignored";
            break;
    }
    if (about_service) {
        line.reason = name_failed_start(report, line.reason, buffer);
    }
    log_.write(line);
}

}  // namespace gosv::app
