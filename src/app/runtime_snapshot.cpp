// What the loop knows of its services, for a snapshot. The rest is read from /proc by the child
// that writes it.
#include <algorithm>

#include "app/runtime.hpp"
#include "gosv/core/names.hpp"

namespace gosv::app {

void Runtime::start_snapshot() noexcept {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        const core::ServiceState& state = states_[i];
        SnapshotService& shown = snapshot_services_[i];
        shown = {};
        shown.name = plan_.execs[i].name;
        shown.state = core::name(state.phase);
        shown.pid = pids_[i];
        shown.group = pids_[i].exists()       ? pids_[i]
                      : handles_[i].tree_held ? handles_[i].last_pid
                                              : Pid{};
        if (pids_[i].exists() && !handles_[i].exec_pending) {
            shown.uptime = now_ - state.since;
        }
        shown.restarts = state.restarts_total;
        shown.program = plan_.execs[i].argv.size() > 0 ? plan_.execs[i].argv[0] : "";
        if (handles_[i].spawn_error.err != 0) {
            shown.failed_start = handles_[i].spawn_error;
        } else if (handles_[i].last_failure.state == os::ExecState::failed) {
            shown.failed_stage = handles_[i].last_failure.stage;
            shown.failed_start = SysError{handles_[i].last_failure.err};
        }
        if (state.has_run) {
            shown.last_exit = state.last_status;
        }
        if (state.phase == core::Phase::backoff) {
            shown.next_start = std::max(Duration{}, state.deadline - now_);
        }
    }
    SnapshotInput input;
    input.stage = core::name(self_.stage);
    input.uptime = now_ - booted_at_;
    input.services = snapshot_services_;
    input.log_lines_dropped = log_.dropped();
    input.orphans_reaped = orphans_reaped_;
    input.json = plan_.snapshot_json;
    input.maps = plan_.snapshot_maps;
    snapshot_.start(input, now_);
}

}  // namespace gosv::app
