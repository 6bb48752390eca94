// What the loop knows of its services, for a snapshot. The rest is read from /proc by the child
// that writes it.
#include <algorithm>

#include "app/runtime.hpp"
#include "app/waiting_text.hpp"
#include "gosv/core/names.hpp"

namespace gosv::app {

namespace {

std::optional<Duration> time_until(MonotonicTime deadline, MonotonicTime now) noexcept {
    return deadline == kNever ? std::nullopt : std::optional(std::max(Duration{}, deadline - now));
}

SnapshotTask show(const RunningTasks::Entry& entry, MonotonicTime now) noexcept {
    return {entry.pid, entry.pid.exists() ? now - entry.since : Duration{}};
}

}  // namespace

SnapshotService Runtime::show(ServiceId service) const noexcept {
    const std::size_t i = index(service);
    const core::ServiceState& state = states_[i];
    const Handle& handle = handles_[i];
    const Past& past = past_[i];
    SnapshotService shown;
    shown.name = plan_.execs[i].name;
    shown.state = core::name(state.phase);
    shown.pid = pids_[i];
    shown.group = pids_[i].exists() ? pids_[i] : handle.tree_held ? past.pid : Pid{};
    if (pids_[i].exists() && !handle.exec_pending) {
        shown.uptime = now_ - state.since;
    }
    shown.restarts = state.restarts_total;
    shown.program = plan_.execs[i].argv.empty() ? "" : plan_.execs[i].argv[0];
    if (past.spawn_error) {
        shown.failed_start = *past.spawn_error;
    } else if (past.exec_failure.state == os::ExecState::failed) {
        shown.failed_stage = past.exec_failure.stage;
        shown.failed_start = SysError{past.exec_failure.err};
    }
    if (state.has_run) {
        shown.last_exit = state.last_status;
        shown.last_ended =
            past.ended == core::ReportReason::none ? std::string_view() : core::name(past.ended);
    }
    if (past.failed_with) {
        shown.failed_with = plan_.execs[index(*past.failed_with)].name;
    }
    if (state.phase == core::Phase::backoff) {
        shown.next_start = time_until(state.deadline, now_);
    }
    show_readiness(service, shown);
    return shown;
}

void Runtime::show_readiness(ServiceId service, SnapshotService& shown) const noexcept {
    const std::size_t i = index(service);
    const core::ServiceState& state = states_[i];
    const core::ServicePolicy& policy = plan_.policies[i];
    const Remarks& remarks = remarks_[i];
    shown.probe_reason = remarks.probe.view();
    shown.status = remarks.status.view();
    shown.says_stopping = remarks.stopping;
    shown.probe = app::show(tasks_.of(service, core::Task::probe), now_);
    shown.stop_command = app::show(tasks_.of(service, core::Task::stop_command), now_);
    if (pids_[i].exists()) {
        shown.has_readiness = policy.notifies || policy.health.probes;
        shown.ready = state.ready;
        shown.health = policy.health.probes ? core::name(state.health) : std::string_view();
        shown.probe_failures = probe_failures(service);
        shown.start_timeout = time_until(state.start_deadline, now_);
        shown.watchdog = time_until(state.watchdog_deadline, now_);
        shown.ending = state.ending == core::ReportReason::none ? std::string_view()
                                                                : core::name(state.ending);
    }
    if (const core::Dependency* dependency = core::waits_for(supervisor_, service)) {
        shown.waits_for = plan_.execs[index(dependency->on)].name;
        shown.wish = wish(dependency->condition);
        shown.condition = core::name(dependency->condition);
        shown.waiting = std::max(Duration{}, now_ - state.since);
    }
}

void Runtime::start_snapshot() noexcept {
    snapshot_services_.clear();
    for (std::size_t i = 0; i < states_.size(); ++i) {
        (void)snapshot_services_.push(show(static_cast<ServiceId>(i)));
    }
    SnapshotInput input;
    input.stage = core::name(self_.stage);
    input.uptime = now_ - booted_at_;
    input.services = snapshot_services_.view();
    input.log_lines_dropped = log_.dropped();
    input.orphans_reaped = orphans_reaped_;
    input.json = plan_.snapshot_json;
    input.maps = plan_.snapshot_maps;
    snapshot_.start(input, now_);
}

}  // namespace gosv::app
