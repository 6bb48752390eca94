#include "gosv/core/names.hpp"

namespace gosv::core {

std::string_view name(Phase phase) noexcept {
    switch (phase) {
        case Phase::pending:
            return "pending";
        case Phase::starting:
            return "starting";
        case Phase::running:
            return "running";
        case Phase::stopping:
            return "stopping";
        case Phase::killing:
            return "killing";
        case Phase::draining:
            return "draining";
        case Phase::backoff:
            return "backoff";
        case Phase::completed:
            return "completed";
        case Phase::failed:
            return "failed";
        case Phase::stopped:
            return "stopped";
    }
    return "?";
}

std::string_view name(Stage stage) noexcept {
    switch (stage) {
        case Stage::supervising:
            return "supervising";
        case Stage::stopping:
            return "stopping";
        case Stage::sweeping:
            return "sweeping";
        case Stage::killing:
            return "killing";
        case Stage::finished:
            return "finished";
    }
    return "?";
}

std::string_view name(ReportKind kind) noexcept {
    switch (kind) {
        case ReportKind::started:
            return "started";
        case ReportKind::exited:
            return "exited";
        case ReportKind::restarting:
            return "restarting";
        case ReportKind::stable:
            return "stable";
        case ReportKind::failed:
            return "failed";
        case ReportKind::completed:
            return "completed";
        case ReportKind::stopping:
            return "stopping";
        case ReportKind::killing:
            return "killing";
        case ReportKind::draining:
            return "draining";
        case ReportKind::stopped:
            return "stopped";
        case ReportKind::forwarded:
            return "forwarded";
        case ReportKind::shutdown:
            return "shutdown";
        case ReportKind::hurried:
            return "hurried";
        case ReportKind::abandoned:
            return "abandoned";
        case ReportKind::ready:
            return "ready";
        case ReportKind::healthy:
            return "healthy";
        case ReportKind::unhealthy:
            return "unhealthy";
        case ReportKind::waiting:
            return "waiting";
        case ReportKind::end:
            return "end";
        case ReportKind::unexpected:
            return "unexpected";
    }
    return "?";
}

std::string_view name(ReportReason reason) noexcept {
    switch (reason) {
        case ReportReason::none:
            return "none";
        case ReportReason::stop_signal:
            return "stop_signal";
        case ReportReason::service_failed:
            return "service_failed";
        case ReportReason::service_completed:
            return "service_completed";
        case ReportReason::nothing_left:
            return "nothing_left";
        case ReportReason::gave_up:
            return "gave_up";
        case ReportReason::not_restarted:
            return "not_restarted";
        case ReportReason::cannot_exec:
            return "cannot_exec";
        case ReportReason::no_process:
            return "no_process";
        case ReportReason::grace_over:
            return "grace_over";
        case ReportReason::hurry:
            return "hurry";
        case ReportReason::shutdown_timeout:
            return "shutdown_timeout";
        case ReportReason::main_exited:
            return "main_exited";
        case ReportReason::dependency_failed:
            return "dependency_failed";
        case ReportReason::dependency_restarts:
            return "dependency_restarts";
        case ReportReason::not_ready_in_time:
            return "not_ready_in_time";
        case ReportReason::unhealthy:
            return "unhealthy";
        case ReportReason::watchdog:
            return "watchdog";
        case ReportReason::out_of_memory:
            return "out_of_memory";
    }
    return "?";
}

std::string_view name(Condition condition) noexcept {
    switch (condition) {
        case Condition::started:
            return "started";
        case Condition::ready:
            return "ready";
        case Condition::healthy:
            return "healthy";
        case Condition::completed:
            return "completed";
    }
    return "?";
}

std::string_view name(Health health) noexcept {
    switch (health) {
        case Health::none:
            return "none";
        case Health::starting:
            return "starting";
        case Health::healthy:
            return "healthy";
        case Health::unhealthy:
            return "unhealthy";
    }
    return "?";
}

std::string_view name(Task task) noexcept {
    switch (task) {
        case Task::probe:
            return "probe";
        case Task::stop_command:
            return "stop_command";
    }
    return "?";
}

}  // namespace gosv::core
