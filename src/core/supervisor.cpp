#include "gosv/core/supervisor.hpp"

#include <algorithm>

#include "service.hpp"
#include "shutdown.hpp"
#include "step.hpp"

namespace gosv::core {

namespace {

void handle(const Step& step, const Booted&) noexcept {
    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
        if (step.supervisor.services[i].phase == Phase::pending) {
            start(step, static_cast<ServiceId>(i));
        }
    }
    advance(step);
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

void handle(const Step& step, const DeadlineReached&) noexcept {
    // The whole first: when its time is up, a service's own deadline in the same instant starts
    // nothing any more.
    if (step.now >= step.self().deadline) {
        on_global_deadline(step);
    }
    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
        if (step.self().stage != Stage::finished &&
            step.now >= step.supervisor.services[i].deadline) {
            on_deadline(step, static_cast<ServiceId>(i));
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

void handle(const Step&, const NotifiedReady&) noexcept {}

void handle(const Step&, const NotifiedAlive&) noexcept {}

void handle(const Step&, const NotifiedTrouble&) noexcept {}

void handle(const Step&, const TimeExtended&) noexcept {}

void handle(const Step&, const TaskEnded&) noexcept {}

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
    dispatch(Step{supervisor, now, actions}, event);
}

MonotonicTime next_deadline(const Supervisor& supervisor) noexcept {
    if (supervisor.self.stage == Stage::finished) {
        return kNever;  // what was abandoned may still own a deadline
    }
    MonotonicTime earliest = supervisor.self.deadline;
    for (const ServiceState& state : supervisor.services) {
        earliest = std::min(earliest, state.deadline);
    }
    return earliest;
}

}  // namespace gosv::core
