// What the core reports, as log lines: here and nowhere else, and each failure once.
#include "app/line_writer.hpp"
#include "app/runtime.hpp"
#include "app/start_failure.hpp"
#include "app/waiting_text.hpp"
#include "gosv/core/names.hpp"

namespace gosv::app {

namespace {

using core::Report;
using core::ReportKind;
using core::ReportReason;

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

// An end that nobody needs to be warned of: a good one, one that gosv was asked for, or CMD's own.
bool Runtime::is_as_wished(const Report& report) const noexcept {
    const std::size_t i = index(report.service);
    return plan_.supervisor.command_mode || self_.stage != core::Stage::supervising ||
           handles_[i].ending == ReportReason::dependency_restarts ||
           plan_.policies[i].success.contains(report.status);
}

void Runtime::carry_out(const core::Report& report) noexcept {
    const bool about_service = is_about_service(report.kind);
    const std::size_t i = index(report.service);
    char buffer[kMostReasonText];
    char who_is_left[kMostReasonText];
    LogLine line{.event = LogEvent::internal};
    line.reason = describe_reason(report, buffer);
    if (about_service) {
        line.service = plan_.execs[i].name;
        line.pid = pids_[i];
    }
    if (report.reason == ReportReason::dependency_failed ||
        report.reason == ReportReason::dependency_restarts) {
        line.dependency = plan_.execs[index(report.other)].name;
    }
    switch (report.kind) {
        case ReportKind::started:
            line.event = LogEvent::started;
            break;
        case ReportKind::exited:
            line.event = LogEvent::exited;
            past_[i].ended = handles_[i].ending;
            line.pid = past_[i].pid;
            line.level = is_as_wished(report) ? LogLevel::info : LogLevel::warn;
            set_status(line, report.status);
            if (report.reason == ReportReason::out_of_memory) {
                line.code = report.status.as_exit_code();
            }
            line.uptime = report.uptime;
            break;
        case ReportKind::restarting:
            line.event = LogEvent::restarting;
            if (report.reason == ReportReason::dependency_restarts) {
                break;  // no back-off, and it counts as nothing: it waits for the other
            }
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
            // Who fails with another has had no run of its own.
            if (report.reason != ReportReason::dependency_failed) {
                set_status(line, report.status);
            } else {
                past_[i].failed_with = report.other;
            }
            break;
        case ReportKind::completed:
            line.event = LogEvent::completed;
            set_status(line, report.status);
            break;
        case ReportKind::stopping:
            line.event = LogEvent::stopping;
            line.signal = report.signal;
            handles_[i].ending = report.reason;
            break;
        case ReportKind::draining:
            line.event = LogEvent::stopping;
            line.signal = report.signal;
            line.pid = past_[i].pid;
            // Who would otherwise be a second instance beside the next.
            line.msg = platform_.describe_tree(report.service, who_is_left);
            break;
        case ReportKind::killing:
            line.event = LogEvent::killing;
            line.level = LogLevel::warn;
            line.signal = kSigKill;
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
            line.uptime = report.uptime;
            line.attempt = report.attempt;
            break;
        case ReportKind::unhealthy:
            line.event = LogEvent::unhealthy;
            line.level = LogLevel::warn;
            line.attempt = report.attempt;
            line.reason = remarks_[i].probe.view();
            break;
        case ReportKind::waiting:
            line.event = LogEvent::waiting;
            line.level = LogLevel::warn;
            line.dependency = plan_.execs[index(report.other)].name;
            line.wish = wish(report.condition);
            line.waited = report.uptime;
            line.attempt = report.attempt > 0 ? std::optional(report.attempt) : std::nullopt;
            line.reason = describe_obstacle_of(report.other, report.condition, buffer);
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
    log_.write(line);
}

}  // namespace gosv::app
