#include "support/core_text.hpp"

#include "gosv/base/parse.hpp"
#include "gosv/core/names.hpp"

namespace gosv::test {

namespace {

using core::ReportKind;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string name_of(Signal signal) {
    return std::string(signal_name(signal));
}

bool is_about_service(ReportKind kind) {
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
        case ReportKind::unexpected:
        case ReportKind::ready:
        case ReportKind::healthy:
        case ReportKind::unhealthy:
        case ReportKind::waiting:
            return true;
        case ReportKind::forwarded:
        case ReportKind::shutdown:
        case ReportKind::hurried:
        case ReportKind::end:
            return false;
    }
    return false;
}

// "db ready"
std::string dependency_text(const core::Report& report, std::span<const std::string> names) {
    return names[index(report.other)] + " " + std::string(core::name(report.condition));
}

std::string details(const core::Report& report, std::span<const std::string> names) {
    std::string text;
    const auto add = [&text](const std::string& detail) {
        text += (text.empty() ? ": " : ", ") + detail;
    };
    if (report.reason != core::ReportReason::none) {
        add(std::string(core::name(report.reason)));
    }
    if (report.reason == core::ReportReason::dependency_failed ||
        report.kind == ReportKind::waiting) {
        add(dependency_text(report, names));
    }
    if (report.reason == core::ReportReason::dependency_restarts) {
        add("with " + names[index(report.other)]);
    }
    if (report.kind == ReportKind::exited || report.kind == ReportKind::failed ||
        report.kind == ReportKind::completed || report.kind == ReportKind::stopped) {
        add(to_text(report.status));
    }
    if (!report.signal.is_none()) {
        add(name_of(report.signal));
    }
    if (report.kind == ReportKind::stopping && report.signal.is_none()) {
        add("stop command");
    }
    if (report.kind == ReportKind::waiting) {
        add("for " + to_text(report.uptime));
    }
    if (report.kind == ReportKind::exited || report.kind == ReportKind::ready ||
        report.kind == ReportKind::healthy) {
        add("uptime " + to_text(report.uptime));
    }
    if (report.kind == ReportKind::healthy || report.kind == ReportKind::unhealthy ||
        (report.kind == ReportKind::waiting && report.attempt > 0)) {
        add(std::to_string(report.attempt) + (report.attempt == 1 ? " probe" : " probes"));
    }
    if (report.kind == ReportKind::restarting &&
        report.reason != core::ReportReason::dependency_restarts) {
        add("attempt " + std::to_string(report.attempt) + " in " + to_text(report.delay));
    }
    if (report.kind == ReportKind::failed || report.kind == ReportKind::end) {
        add("exit code " + std::to_string(report.code));
    }
    return text;
}

std::string text_of(const core::Spawn& order, std::span<const std::string> names) {
    return "spawn " + names[index(order.service)];
}

std::string text_of(const core::SendSignal& order, std::span<const std::string> names) {
    return "send " + names[index(order.service)] + " " + name_of(order.signal) +
           (order.then_continue ? " SIGCONT" : "") + " to " +
           (order.scope == core::SignalScope::main    ? "main"
            : order.scope == core::SignalScope::group ? "group"
                                                      : "tree");
}

std::string text_of(const core::SweepStragglers& order, std::span<const std::string>) {
    return "sweep stragglers " + name_of(order.signal);
}

std::string text_of(const core::Report& report, std::span<const std::string> names) {
    std::string text = "report " + std::string(core::name(report.kind));
    if (is_about_service(report.kind)) {
        text += " " + names[index(report.service)];
    }
    return text + details(report, names);
}

std::string text_of(const core::StartTask& order, std::span<const std::string> names) {
    return "start " + std::string(core::name(order.task)) + " of " + names[index(order.service)];
}

std::string text_of(const core::KillTask& order, std::span<const std::string> names) {
    return "kill " + std::string(core::name(order.task)) + " of " + names[index(order.service)];
}

std::string text_of(const core::Announce& order, std::span<const std::string>) {
    return order.what == core::Announce::What::ready ? "announce ready" : "announce stopping";
}

std::string text_of(const core::Finish& order, std::span<const std::string>) {
    return "finish " + std::to_string(order.code);
}

}  // namespace

std::string to_text(Duration duration) {
    if (duration % seconds(1) == Duration{}) {
        return std::to_string(duration_cast<seconds>(duration).count()) + "s";
    }
    if (duration % milliseconds(1) == Duration{}) {
        return std::to_string(duration_cast<milliseconds>(duration).count()) + "ms";
    }
    return std::to_string(duration.count()) + "ns";
}

std::string to_text(ExitStatus status) {
    return status.kind == ExitStatus::Kind::exited ? "code " + std::to_string(status.number)
                                                   : "signal " + name_of(Signal{status.number});
}

std::string to_text(const core::Action& action, std::span<const std::string> names) {
    return std::visit([&](const auto& order) { return text_of(order, names); }, action);
}

}  // namespace gosv::test
