#include "gosv/core/supervisor.hpp"

#include <algorithm>

#include "ending.hpp"
#include "order.hpp"
#include "service.hpp"
#include "shutdown.hpp"
#include "step.hpp"
#include "watch.hpp"

namespace gosv::core {

namespace {

void handle(const Step& step, const Booted&) noexcept {
    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
        const auto id = static_cast<ServiceId>(i);
        if (step.state(id).phase != Phase::pending) {
            continue;
        }
        if (!has_order(step)) {
            start(step, id);
        } else if (step.state(id).waiting_deadline == kNever) {
            await_dependencies(step, id);
        }
    }
    step.changed = true;
}

void handle(const Step& step, const Started& event) noexcept {
    on_started(step, event.service);
}

void handle(const Step& step, const SpawnFailed& event) noexcept {
    on_spawn_failed(step, event);
}

void handle(const Step& step, const Exited& event) noexcept {
    on_exited(step, event);
}

void handle(const Step& step, const TreeEmptied& event) noexcept {
    on_tree_emptied(step, event.service);
}

// The deadlines of one service, in the order in which they matter when they fall together: what one
// of them ends has none of the others any more.
void meet_deadlines(const Step& step, ServiceId id) noexcept {
    const ServiceState& state = step.state(id);
    if (step.now >= state.deadline) {
        on_deadline(step, id);
    }
    if (step.now >= state.start_deadline) {
        on_start_timeout(step, id);
    }
    if (step.now >= state.watchdog_deadline) {
        on_watchdog_missed(step, id);
    }
    if (step.policy(id).health.probes && step.now >= step.probe(id).probe_deadline) {
        on_probe_deadline(step, id);
    }
}

void handle(const Step& step, const DeadlineReached&) noexcept {
    // The whole first: when its time is up, a service's own deadline in the same instant starts
    // nothing any more.
    if (step.now >= step.self().deadline) {
        on_global_deadline(step);
    }
    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
        if (step.self().stage != Stage::finished) {
            meet_deadlines(step, static_cast<ServiceId>(i));
        }
    }
}

// Forwarded to every service that runs, through its own map.
void handle(const Step& step, const SignalReceived& event) noexcept {
    if (step.self().stage != Stage::supervising || event.signal.number > kMaxSignal) {
        return;
    }
    bool sent = false;
    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
        const auto id = static_cast<ServiceId>(i);
        const ServicePolicy& policy = step.policy(id);
        const Signal mapped{policy.signals[event.signal.number]};
        const Phase phase = step.state(id).phase;
        if (mapped.is_none() || (phase != Phase::starting && phase != Phase::running)) {
            continue;
        }
        step.order(SendSignal{
            id, mapped,
            policy.kill_mode == KillMode::process ? SignalScope::main : SignalScope::group, false});
        sent = true;
    }
    if (sent) {
        step.order(Report{.kind = ReportKind::forwarded, .signal = event.signal});
    }
}

void handle(const Step& step, const StopRequested& event) noexcept {
    if (step.supervisor.policy.command_mode) {
        handle(step, SignalReceived{event.signal});
    } else {
        request_stop(step, event.signal);
    }
}

void handle(const Step& step, const StragglersGone&) noexcept {
    on_stragglers_gone(step);
}

void handle(const Step& step, const NotifiedReady& event) noexcept {
    on_notified_ready(step, event.service);
}

void handle(const Step& step, const NotifiedAlive& event) noexcept {
    on_notified_alive(step, event.service);
}

void handle(const Step& step, const NotifiedTrouble& event) noexcept {
    on_notified_trouble(step, event.service);
}

void handle(const Step& step, const TimeExtended& event) noexcept {
    on_time_extended(step, event);
}

void handle(const Step& step, const TaskEnded& event) noexcept {
    switch (event.task) {
        case Task::probe:
            on_probe_ended(step, event.service, event.ok);
            return;
        case Task::stop_command:
            on_stop_command_ended(step, event.service);
            return;
    }
}

// std::visit, without the abort() that it keeps for a variant that lost its value to an exception.
template <std::size_t I = 0>
void dispatch(const Step& step, const Event& event) noexcept {
    if (const auto* fact = std::get_if<I>(&event)) {
        handle(step, *fact);
    } else if constexpr (I + 1 < std::variant_size_v<Event>) {
        dispatch<I + 1>(step, event);
    }
}

}  // namespace

void step(Supervisor& supervisor, const Event& event, MonotonicTime now,
          ActionSink& actions) noexcept {
    if (supervisor.self.stage == Stage::finished) {
        return;
    }
    bool changed = false;
    const Step step{supervisor, now, actions, changed};
    dispatch(step, event);
    if (changed) {
        follow_order(step);
        announce_readiness(step);
        advance(step);
    }
    if (std::holds_alternative<DeadlineReached>(event)) {
        tell_who_waits(step);  // last: for what they wait, if they still do, is settled now
    }
}

MonotonicTime next_deadline(const Supervisor& supervisor) noexcept {
    if (supervisor.self.stage == Stage::finished) {
        return kNever;  // what was abandoned may still own a deadline
    }
    MonotonicTime earliest = supervisor.self.deadline;
    for (const ServiceState& state : supervisor.services) {
        earliest = std::min({earliest, state.deadline, state.start_deadline,
                             state.watchdog_deadline, state.waiting_deadline});
    }
    for (const ProbeState& probe : supervisor.probes) {
        earliest = std::min(earliest, probe.probe_deadline);
    }
    return earliest;
}

}  // namespace gosv::core
