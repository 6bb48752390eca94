#include "ending.hpp"

#include "outcome.hpp"
#include "watch.hpp"

namespace gosv::core {

namespace {

constexpr Signal kAbort{6};

// A KILL is repeated this often: the first may have hit while the tree still forked.
constexpr Duration kKillAgain = std::chrono::seconds(5);

void send_stop_signal(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    const bool hangs = state.ending == ReportReason::watchdog;
    const Signal signal = hangs ? kAbort : policy.stop_signal;
    const SignalScope scope =
        policy.kill_mode == KillMode::group && !hangs ? SignalScope::tree : SignalScope::main;
    state.tree_asked = scope == SignalScope::tree;
    step.order(Report{.kind = ReportKind::stopping,
                      .service = id,
                      .reason = state.ending,
                      .signal = signal,
                      .other = state.ending_with});
    step.order(SendSignal{id, signal, scope, true});
}

void begin_stop(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    const bool runs = state.phase == Phase::running;
    unwatch(step, id);
    step.set_phase(id, Phase::stopping, step.after(policy.stop_grace_period));
    if (!policy.stop_command || !runs || state.ending == ReportReason::watchdog) {
        send_stop_signal(step, id);
        return;
    }
    state.stop_command_alive = true;
    step.order(Report{.kind = ReportKind::stopping,
                      .service = id,
                      .reason = state.ending,
                      .other = state.ending_with});
    step.order(StartTask{id, Task::stop_command});
}

// What the main process has left of its tree gets the stop signal and the rest of the grace period.
void ask_leftovers(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    if (policy.kill_mode == KillMode::mixed) {
        kill(step, id, ReportReason::main_exited);
        return;
    }
    step.order(Report{.kind = ReportKind::draining,
                      .service = id,
                      .reason = ReportReason::main_exited,
                      .signal = policy.stop_signal});
    // A stop in group mode has signalled all of them already.
    if (!state.tree_asked) {
        state.tree_asked = true;
        step.order(SendSignal{id, policy.stop_signal, SignalScope::tree, true});
    }
}

}  // namespace

void stop(const Step& step, ServiceId id) noexcept {
    switch (step.state(id).phase) {
        case Phase::pending:
        case Phase::backoff:
            settle_stopped(step, id);
            return;
        case Phase::starting:
        case Phase::running:
            begin_stop(step, id);
            return;
        case Phase::stopping:
        case Phase::killing:
        case Phase::draining:
        case Phase::completed:
        case Phase::failed:
        case Phase::stopped:
            return;
    }
}

void end_run(const Step& step, ServiceId id, ReportReason reason) noexcept {
    step.state(id).ending = reason;
    stop(step, id);
}

void drain(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const MonotonicTime deadline = state.phase == Phase::stopping
                                       ? state.deadline
                                       : step.after(step.policy(id).stop_grace_period);
    step.set_phase(id, Phase::draining, deadline);
    state.drain_held = state.probe_alive || state.stop_command_alive;
    if (!state.drain_held) {
        ask_leftovers(step, id);
    }
}

void kill(const Step& step, ServiceId id, ReportReason reason) noexcept {
    ServiceState& state = step.state(id);
    if (!is_alive(state)) {
        return;
    }
    if (state.phase != Phase::killing) {
        step.order(Report{.kind = ReportKind::killing, .service = id, .reason = reason});
    }
    step.set_phase(id, Phase::killing, step.after(kKillAgain));
    // In mixed mode the KILL after the main process's end is how the service wants to be stopped,
    // not a sign that something went wrong.
    if (!step.supervising() && reason != ReportReason::main_exited) {
        step.self().something_killed = true;
    }
    if (state.main_alive || state.tree_populated) {
        step.order(SendSignal{id, kSigKill, SignalScope::tree, false});
    }
    if (state.stop_command_alive) {
        step.order(KillTask{id, Task::stop_command});
    }
}

void on_stop_command_ended(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    if (!state.stop_command_alive) {
        step.unexpected(id);
        return;
    }
    state.stop_command_alive = false;
    if (!is_alive(state)) {
        decide(step, id, ReportReason::not_restarted);
    } else if (state.phase == Phase::stopping) {
        send_stop_signal(step, id);
    } else {
        release_drain(step, id);
    }
}

void release_drain(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    if (state.phase == Phase::draining && state.drain_held && !state.probe_alive &&
        !state.stop_command_alive) {
        state.drain_held = false;
        ask_leftovers(step, id);
    }
}

}  // namespace gosv::core
