#include "service.hpp"

#include <algorithm>

#include "gosv/core/backoff.hpp"
#include "shutdown.hpp"

namespace gosv::core {

namespace {

constexpr Signal kKill{9};

// A KILL is repeated this often: the first may have hit while the tree still forked.
constexpr Duration kKillAgain = std::chrono::seconds(5);

// Where there is no room for a process it is not asked for more often than this, however short the
// service's own delay: these tries are without number.
constexpr Duration kNoProcessDelay = std::chrono::milliseconds(100);

constexpr std::uint32_t saturating_increment(std::uint32_t n) noexcept {
    return n == UINT32_MAX ? n : n + 1;
}

void set_phase(ServiceState& state, Phase phase, MonotonicTime deadline = kNever) noexcept {
    state.phase = phase;
    state.deadline = deadline;
}

void unexpected(const Step& step, ServiceId id) noexcept {
    step.order(Report{.kind = ReportKind::unexpected, .service = id});
}

// Ran long enough for its troubles to count as past. Also asked at the end of a run: the deadline
// event may be behind.
bool ran_stable(const Step& step, ServiceId id) noexcept {
    return step.now >= saturating_add(step.state(id).since, step.policy(id).stable_after);
}

void settle(const Step& step, ServiceId id, Phase phase) noexcept {
    set_phase(step.state(id), phase);
}

void fail(const Step& step, ServiceId id, ReportReason reason) noexcept {
    ServiceState& state = step.state(id);
    settle(step, id, Phase::failed);
    step.order(Report{.kind = ReportKind::failed,
                      .service = id,
                      .reason = reason,
                      .status = state.last_status,
                      .attempt = state.restarts_in_row,
                      .code = failure_code(state)});
    note_failure(step, id);
}

void schedule_restart(const Step& step, ServiceId id, std::uint32_t nth,
                      ReportReason reason) noexcept {
    ServiceState& state = step.state(id);
    const Duration shortest = reason == ReportReason::no_process ? kNoProcessDelay : Duration{};
    const Duration delay = std::max(restart_delay(step.policy(id).backoff, nth), shortest);
    set_phase(state, Phase::backoff, step.after(delay));
    step.order(Report{.kind = ReportKind::restarting,
                      .service = id,
                      .reason = reason,
                      .status = state.last_status,
                      .delay = delay,
                      .attempt = nth});
}

// A run is over and nothing of it is left: what becomes of the service.
void decide(const Step& step, ServiceId id, ReportReason failure) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    if (step.self().stage != Stage::supervising) {
        settle(step, id, Phase::stopped);
        step.order(Report{.kind = ReportKind::stopped, .service = id, .status = state.last_status});
        return;
    }
    if (state.out_of_memory && policy.oom_action == FinalAction::exit) {
        fail(step, id, ReportReason::out_of_memory);
        return;
    }
    const bool good = policy.success.contains(state.last_status);
    const bool again = policy.restart == RestartPolicy::always ||
                       (policy.restart == RestartPolicy::on_failure && !good);
    if (!again) {
        if (!good) {
            fail(step, id, failure);
            return;
        }
        settle(step, id, Phase::completed);
        step.order(
            Report{.kind = ReportKind::completed, .service = id, .status = state.last_status});
        note_completion(step, id);
        return;
    }
    if (policy.max_restarts != kUnlimited && state.restarts_in_row >= policy.max_restarts) {
        fail(step, id, ReportReason::gave_up);
        return;
    }
    state.restarts_in_row = saturating_increment(state.restarts_in_row);
    state.restarts_total = saturating_increment(state.restarts_total);
    schedule_restart(step, id, state.restarts_in_row,
                     failure == ReportReason::cannot_exec ? failure : ReportReason::none);
}

// The main process is gone, its tree is not: end that before anything else.
void drain(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    const bool was_stopping = state.phase == Phase::stopping;
    if (policy.kill_mode == KillMode::mixed) {
        kill(step, id, ReportReason::main_exited);
        return;
    }
    // A stop in group mode has signalled all of them already: they have the rest of its grace.
    const bool signalled = was_stopping && policy.kill_mode == KillMode::group;
    const MonotonicTime deadline =
        was_stopping ? state.deadline : step.after(policy.stop_grace_period);
    set_phase(state, Phase::draining, deadline);
    step.order(Report{.kind = ReportKind::draining,
                      .service = id,
                      .reason = ReportReason::main_exited,
                      .signal = policy.stop_signal});
    if (!signalled) {
        step.order(SendSignal{id, policy.stop_signal, SignalScope::tree, true});
    }
}

}  // namespace

void start(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    set_phase(state, Phase::starting);
    state.main_alive = true;
    state.out_of_memory = false;
    state.since = step.now;
    step.order(Spawn{id});
}

void on_started(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    if (!state.main_alive || state.phase == Phase::running) {
        unexpected(step, id);
        return;
    }
    state.since = step.now;
    state.spawn_failures = 0;
    step.order(Report{.kind = ReportKind::started, .service = id});
    if (state.phase == Phase::starting) {
        // Only who has something to be forgiven waits for it: an idle gosv has no deadline.
        set_phase(state, Phase::running,
                  state.restarts_in_row > 0 ? step.after(step.policy(id).stable_after) : kNever);
    }
}

void on_spawn_failed(const Step& step, const SpawnFailed& event) noexcept {
    ServiceState& state = step.state(event.service);
    if (!state.main_alive) {
        unexpected(step, event.service);
        return;
    }
    state.main_alive = false;
    const bool supervising = step.self().stage == Stage::supervising;
    const bool tried = event.failure != SpawnFailure::no_process;
    if (!tried && supervising && step.policy(event.service).retry_spawn) {
        // Nothing was tried, so nothing counts; but ever more slowly, there may be no room for
        // long.
        state.spawn_failures = saturating_increment(state.spawn_failures);
        schedule_restart(step, event.service, state.spawn_failures, ReportReason::no_process);
        return;
    }
    if (tried || supervising) {
        state.has_run = true;
        state.last_status = ExitStatus::code(event.exit_code);
    }
    if (event.failure == SpawnFailure::transient || !supervising) {
        decide(step, event.service, ReportReason::cannot_exec);
    } else {
        fail(step, event.service, tried ? ReportReason::cannot_exec : ReportReason::no_process);
    }
    advance(step);
}

void on_exited(const Step& step, const Exited& event) noexcept {
    ServiceState& state = step.state(event.service);
    // A death is believed in any phase, also when the exec was never told: a service that stayed
    // `starting` without a process would wait for ever.
    if (!state.main_alive) {
        unexpected(step, event.service);
        return;
    }
    state.main_alive = false;
    state.tree_populated = event.tree_populated;
    state.has_run = true;
    state.out_of_memory = event.out_of_memory;
    state.last_status = event.status;
    if (ran_stable(step, event.service)) {
        state.restarts_in_row = 0;
    }
    step.order(
        Report{.kind = ReportKind::exited,
               .service = event.service,
               .reason = event.out_of_memory ? ReportReason::out_of_memory : ReportReason::none,
               .status = event.status,
               .uptime = step.now - state.since});
    if (!event.tree_populated) {
        decide(step, event.service, ReportReason::not_restarted);
        advance(step);
        return;
    }
    if (state.phase != Phase::killing) {
        drain(step, event.service);
    }
    if (step.supervisor.policy.command_mode) {
        // The end of CMD is the end of all: from now on the global deadline runs, so that what
        // cannot be killed (state D) does not keep gosv either.
        begin_shutdown(step, ReportReason::main_exited);
    }
}

void on_tree_emptied(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    if (!state.tree_populated) {
        unexpected(step, id);
        return;
    }
    state.tree_populated = false;
    decide(step, id, ReportReason::not_restarted);
    advance(step);
}

void stop(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    switch (state.phase) {
        case Phase::pending:
        case Phase::backoff:
            settle(step, id, Phase::stopped);
            step.order(
                Report{.kind = ReportKind::stopped, .service = id, .status = state.last_status});
            return;
        case Phase::starting:
        case Phase::running: {
            set_phase(state, Phase::stopping, step.after(policy.stop_grace_period));
            step.order(
                Report{.kind = ReportKind::stopping, .service = id, .signal = policy.stop_signal});
            const SignalScope scope =
                policy.kill_mode == KillMode::group ? SignalScope::tree : SignalScope::main;
            step.order(SendSignal{id, policy.stop_signal, scope, true});
            return;
        }
        case Phase::stopping:
        case Phase::killing:
        case Phase::draining:
        case Phase::completed:
        case Phase::failed:
        case Phase::stopped:
            return;
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
    set_phase(state, Phase::killing, step.after(kKillAgain));
    // In mixed mode the KILL after the main process's end is how the service wants to be stopped,
    // not a sign that something went wrong.
    if (step.self().stage != Stage::supervising && reason != ReportReason::main_exited) {
        step.self().something_killed = true;
    }
    step.order(SendSignal{id, kKill, SignalScope::tree, false});
}

void on_deadline(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    switch (state.phase) {
        case Phase::running:
            state.restarts_in_row = 0;
            state.deadline = kNever;
            step.order(Report{.kind = ReportKind::stable, .service = id});
            return;
        case Phase::backoff:
            start(step, id);
            return;
        case Phase::stopping:
        case Phase::draining:
        case Phase::killing:
            kill(step, id, ReportReason::grace_over);
            return;
        case Phase::pending:
        case Phase::starting:
        case Phase::completed:
        case Phase::failed:
        case Phase::stopped:
            state.deadline = kNever;
            unexpected(step, id);
            return;
    }
}

}  // namespace gosv::core
