#include "service.hpp"

#include "ending.hpp"
#include "order.hpp"
#include "outcome.hpp"
#include "shutdown.hpp"
#include "watch.hpp"

namespace gosv::core {

namespace {

// Ran long enough for its troubles to count as past. Also asked at the end of a run: the deadline
// event may be behind.
bool ran_stable(const Step& step, ServiceId id) noexcept {
    return step.now >= saturating_add(step.state(id).since, step.policy(id).stable_after);
}

}  // namespace

void start(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    step.set_phase(id, Phase::starting);
    state.main_alive = true;
    state.out_of_memory = false;
    state.tree_asked = false;
    state.drain_held = false;
    state.since = step.now;
    state.waiting_deadline = kNever;
    expect_readiness(step, id);
    step.order(Spawn{id});
}

void on_started(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    if (!state.main_alive || state.phase == Phase::running) {
        step.unexpected(id);
        return;
    }
    state.since = step.now;
    state.spawn_failures = 0;
    step.order(Report{.kind = ReportKind::started, .service = id});
    if (state.phase != Phase::starting) {
        return;
    }
    // Only who has something to be forgiven waits for it: an idle gosv has no deadline.
    const bool forgivable = step.supervising() && state.restarts_in_row > 0;
    step.set_phase(id, Phase::running,
                   forgivable ? step.after(step.policy(id).stable_after) : kNever);
    if (step.supervising() && state.ending == ReportReason::none) {
        watch(step, id);  // else it is about to end, as soon as what depends on it has
    }
}

void on_spawn_failed(const Step& step, const SpawnFailed& event) noexcept {
    ServiceState& state = step.state(event.service);
    if (!state.main_alive) {
        step.unexpected(event.service);
        return;
    }
    state.main_alive = false;
    unwatch(step, event.service);
    const bool supervising = step.supervising();
    const bool tried = event.failure != SpawnFailure::no_process;
    if (!tried && supervising && step.policy(event.service).retry_spawn) {
        // Nothing was tried, so nothing counts.
        retry_spawn(step, event.service);
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
}

void on_exited(const Step& step, const Exited& event) noexcept {
    ServiceState& state = step.state(event.service);
    // A death is believed in any phase, also when the exec was never told: a service that stayed
    // `starting` without a process would wait for ever.
    if (!state.main_alive) {
        step.unexpected(event.service);
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
    unwatch(step, event.service);
    if (!is_alive(state)) {
        decide(step, event.service, ReportReason::not_restarted);
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
        step.unexpected(id);
        return;
    }
    state.tree_populated = false;
    if (!is_alive(state)) {
        decide(step, id, ReportReason::not_restarted);
    }
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
            if (has_order(step)) {
                await_dependencies(step, id);  // it starts at the end of this step, if it may
            } else {
                start(step, id);
            }
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
            step.unexpected(id);
            return;
    }
}

}  // namespace gosv::core
