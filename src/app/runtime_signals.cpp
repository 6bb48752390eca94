// Signals to gosv, and what a stop of the service that owns the terminal means.
#include <algorithm>

#include "app/runtime.hpp"

namespace gosv::app {

namespace {

// A budget an iteration: a storm of signals does not hold up reaping.
constexpr int kSignalBudget = 64;

constexpr Signal kSigTstp{20};
constexpr Signal kSigTtin{21};
constexpr Signal kSigTtou{22};

bool is_job_control(Signal signal) noexcept {
    return signal == kSigTstp || signal == kSigTtin || signal == kSigTtou;
}

}  // namespace

void Runtime::read_signals() noexcept {
    for (int left = kSignalBudget; left > 0 && !finished_; --left) {
        const std::optional<os::SignalInfo> info = platform_.next_signal();
        if (!info) {
            return;
        }
        handle_signal(*info);
    }
    // What was read in a batch with the last one is in no descriptor any more: to sleep now would
    // be to sleep on it.
    look_again_ = true;
}

void Runtime::handle_signal(const os::SignalInfo& info) noexcept {
    if (info.from_gosv) {
        return;  // SIGPIPE of our own log write must not reach the services
    }
    if (plan_.snapshot_signal == info.signal) {
        if (snapshot_.request()) {
            start_snapshot();
        }
        return;
    }
    if (plan_.supervisor.command_mode) {
        feed(core::SignalReceived{info.signal});
        return;
    }
    const auto& stops = plan_.stop_signals;
    if (std::find(stops.begin(), stops.end(), info.signal) != stops.end()) {
        log_.write({.event = LogEvent::signal, .pid = info.sender, .signal = info.signal});
        feed(core::StopRequested{info.signal});
        return;
    }
    if (is_job_control(info.signal)) {
        return;  // blocked, so it stops neither gosv nor, forwarded, the services
    }
    feed(core::SignalReceived{info.signal});
}

void Runtime::check_terminal() noexcept {
    if (terminal_service_ >= pids_.size() || !pids_[terminal_service_].exists()) {
        return;
    }
    const Pid pid = pids_[terminal_service_];
    const std::optional<Signal> stop = platform_.take_stop(pid);
    if (!stop || !is_job_control(*stop)) {
        return;
    }
    if (plan_.supervisor.command_mode && platform_.has_job_control_parent()) {
        // A shell waits for its job to stop: hand the terminal back and stop like the command did.
        platform_.give_terminal(Pid{});
        platform_.stop_self();
        platform_.give_terminal(pid);
    }
    // Nobody else could ever resume it: under PID 1 a stopped terminal would stay frozen.
    (void)platform_.signal_group(pid, kSigCont);
}

}  // namespace gosv::app
