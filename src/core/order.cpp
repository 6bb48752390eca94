#include "order.hpp"

#include <algorithm>

#include "ending.hpp"
#include "outcome.hpp"
#include "service.hpp"
#include "watch.hpp"

namespace gosv::core {

namespace {

bool holds(const Supervisor& supervisor, const Dependency& dependency) noexcept {
    const ServiceState& on = supervisor.services[index(dependency.on)];
    const bool runs = on.phase == Phase::running && on.ending == ReportReason::none;
    switch (dependency.condition) {
        case Condition::started:
            return runs || on.phase == Phase::completed;
        case Condition::ready:
            return runs && on.ready;
        case Condition::healthy:
            return runs && on.health == Health::healthy;
        case Condition::completed:
            return on.phase == Phase::completed;
    }
    return false;
}

bool can_hold_no_more(const Supervisor& supervisor, const Dependency& dependency) noexcept {
    const Phase phase = supervisor.services[index(dependency.on)].phase;
    return phase == Phase::failed ||
           (phase == Phase::completed && (dependency.condition == Condition::ready ||
                                          dependency.condition == Condition::healthy));
}

// What it can never have any more and not do without; null while there is hope.
const Dependency* lost(const Supervisor& supervisor, ServiceId id) noexcept {
    for (const Dependency& dependency : supervisor.policy.graph.dependencies_of(id)) {
        if (dependency.required && can_hold_no_more(supervisor, dependency)) {
            return &dependency;
        }
    }
    return nullptr;
}

bool is_up(const ServiceState& state) noexcept {
    return state.phase == Phase::starting || state.phase == Phase::running;
}

bool ends_with_dependency(const ServiceState& state) noexcept {
    return state.ending == ReportReason::dependency_restarts;
}

// Forwards: what one comes to is seen by all that depend on it. A failure may end the whole.
void fail_in_order(const Step& step) noexcept {
    for (const ServiceId id : step.supervisor.policy.graph.start_order) {
        if (!step.supervising()) {
            return;
        }
        if (step.state(id).phase != Phase::pending) {
            continue;
        }
        if (const Dependency* dependency = lost(step.supervisor, id)) {
            fail_with(step, id, *dependency);
        }
    }
}

// After all failures, so that nothing is started in the step that ends the whole.
void start_in_order(const Step& step) noexcept {
    for (const ServiceId id : step.supervisor.policy.graph.start_order) {
        if (step.state(id).phase == Phase::pending && waits_for(step.supervisor, id) == nullptr) {
            start(step, id);
        }
    }
}

// Backwards: those that end with a dependency, each after all that end with it.
void end_in_order(const Step& step) noexcept {
    const auto order = step.supervisor.policy.graph.start_order;
    for (std::size_t left = order.size(); left > 0; --left) {
        const ServiceId id = order[left - 1];
        const auto dependents = step.dependents(id);
        const bool its_turn = std::none_of(
            dependents.begin(), dependents.end(),
            [&step](ServiceId dependent) { return ends_with_dependency(step.state(dependent)); });
        if (its_turn && is_up(step.state(id)) && ends_with_dependency(step.state(id))) {
            stop(step, id);
        }
    }
}

}  // namespace

const Dependency* waits_for(const Supervisor& supervisor, ServiceId service) noexcept {
    if (supervisor.services[index(service)].phase != Phase::pending) {
        return nullptr;
    }
    for (const Dependency& dependency : supervisor.policy.graph.dependencies_of(service)) {
        const bool goes_without = !dependency.required && can_hold_no_more(supervisor, dependency);
        if (!goes_without && !holds(supervisor, dependency)) {
            return &dependency;
        }
    }
    return nullptr;
}

bool has_order(const Step& step) noexcept {
    return !step.supervisor.policy.graph.start_order.empty();
}

void await_dependencies(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    step.set_phase(id, Phase::pending);
    state.since = step.now;
    state.waiting_deadline = step.after(step.supervisor.policy.first_waiting);
}

void restart_dependents(const Step& step, ServiceId id) noexcept {
    if (step.dependents(id).empty()) {
        return;
    }
    for (const ServiceId each : step.supervisor.policy.graph.start_order) {
        ServiceState& state = step.state(each);
        if (!is_up(state) || state.ending != ReportReason::none) {
            continue;
        }
        for (const Dependency& dependency : step.supervisor.policy.graph.dependencies_of(each)) {
            const bool goes =
                dependency.on == id || ends_with_dependency(step.state(dependency.on));
            if (dependency.restart && goes) {
                state.ending = ReportReason::dependency_restarts;
                state.ending_with = dependency.on;
                unwatch(step, each);
                break;
            }
        }
    }
}

void follow_order(const Step& step) noexcept {
    if (!has_order(step)) {
        return;
    }
    switch (step.self().stage) {
        case Stage::supervising:
            end_in_order(step);
            fail_in_order(step);
            start_in_order(step);
            return;
        case Stage::stopping:
            stop_in_order(step);
            return;
        case Stage::sweeping:
        case Stage::killing:
        case Stage::finished:
            return;
    }
}

void stop_in_order(const Step& step) noexcept {
    if (!has_order(step)) {
        for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
            stop(step, static_cast<ServiceId>(i));
        }
        return;
    }
    const auto order = step.supervisor.policy.graph.start_order;
    for (std::size_t left = order.size(); left > 0; --left) {
        const ServiceId id = order[left - 1];
        const auto dependents = step.dependents(id);
        // Through what has ended itself as well: who waited for a migration may well use the
        // database that the migration waited for.
        const bool its_turn =
            std::all_of(dependents.begin(), dependents.end(),
                        [&step](ServiceId dependent) { return step.state(dependent).over; });
        ServiceState& state = step.state(id);
        if (its_turn || !is_alive(state)) {
            stop(step, id);
        }
        state.over = its_turn && is_final(state.phase);
    }
}

void tell_who_waits(const Step& step) noexcept {
    for (const ServiceId id : step.supervisor.policy.graph.start_order) {
        ServiceState& state = step.state(id);
        if (step.now < state.waiting_deadline) {
            continue;
        }
        state.waiting_deadline = step.after(step.supervisor.policy.next_waiting);
        if (const Dependency* dependency = waits_for(step.supervisor, id)) {
            step.order(Report{.kind = ReportKind::waiting,
                              .service = id,
                              .other = dependency->on,
                              .condition = dependency->condition,
                              .uptime = step.now - state.since,
                              .attempt = step.policy(dependency->on).health.probes
                                             ? step.probe(dependency->on).probe_failures
                                             : 0});
        }
    }
}

}  // namespace gosv::core
