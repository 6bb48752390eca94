#include <algorithm>

#include "ending.hpp"
#include "watch.hpp"

namespace gosv::core {

namespace {

// There is something that it has to reach after its exec.
bool defines_readiness(const ServicePolicy& policy) noexcept {
    return policy.notifies || policy.health.probes;
}

// Whether the present run can have notified at all: its exec was told and its death was not.
bool can_notify(const Step& step, ServiceId id) noexcept {
    const ServiceState& state = step.state(id);
    return step.policy(id).notifies && state.main_alive && state.phase != Phase::starting;
}

// It runs and nothing ends it, or is about to.
bool goes_on(const Step& step, ServiceId id) noexcept {
    const ServiceState& state = step.state(id);
    return step.supervising() && state.phase == Phase::running &&
           state.ending == ReportReason::none;
}

}  // namespace

void expect_readiness(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    state.notified = false;
    if (step.policy(id).health.probes) {
        ProbeState& probe = step.probe(id);
        probe.been_healthy = false;
        probe.probe_failures = 0;
        probe.counted_failures = 0;
    }
    const Duration limit = step.policy(id).start_timeout;
    state.start_deadline = limit > Duration{} ? step.after(limit) : kNever;
}

void watch(const Step& step, ServiceId id) noexcept {
    begin_probes(step, id);
    update_readiness(step, id);
}

void unwatch(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    state.ready = false;
    state.start_deadline = kNever;
    state.watchdog_deadline = kNever;
    end_probes(step, id);
    step.changed = true;
}

void update_readiness(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const ServicePolicy& policy = step.policy(id);
    // A one-shot is ready when it has completed.
    if (state.ready || policy.oneshot || !goes_on(step, id) ||
        (policy.notifies && !state.notified) ||
        (policy.health.probes && !step.probe(id).been_healthy)) {
        return;
    }
    state.ready = true;
    step.changed = true;
    state.start_deadline = kNever;
    if (policy.watchdog > Duration{}) {
        state.watchdog_deadline = step.after(policy.watchdog);
    }
    if (defines_readiness(policy)) {
        step.order(
            Report{.kind = ReportKind::ready, .service = id, .uptime = step.now - state.since});
    }
}

void announce_readiness(const Step& step) noexcept {
    SupervisorState& self = step.self();
    if (!step.supervisor.policy.announces || self.announced || !step.supervising()) {
        return;
    }
    const auto services = step.supervisor.services;
    self.announced = std::all_of(services.begin(), services.end(), [](const ServiceState& state) {
        return state.ready || state.phase == Phase::failed;
    });
    if (self.announced) {
        step.order(Announce{Announce::What::ready});
    }
}

void on_notified_ready(const Step& step, ServiceId id) noexcept {
    if (!can_notify(step, id)) {
        step.unexpected(id);
        return;
    }
    step.state(id).notified = true;
    update_readiness(step, id);
}

void on_notified_alive(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    if (!can_notify(step, id)) {
        step.unexpected(id);
    } else if (state.watchdog_deadline != kNever) {
        state.watchdog_deadline = step.after(step.policy(id).watchdog);
    }
}

void on_notified_trouble(const Step& step, ServiceId id) noexcept {
    if (!can_notify(step, id)) {
        step.unexpected(id);
    } else if (goes_on(step, id)) {
        end_run(step, id, ReportReason::watchdog);
    }
}

// Where there is no time that runs there is none to extend; the shutdown's own is not the
// service's.
void on_time_extended(const Step& step, const TimeExtended& event) noexcept {
    ServiceState& state = step.state(event.service);
    const MonotonicTime until = step.after(event.by);
    if (!can_notify(step, event.service)) {
        step.unexpected(event.service);
    } else if (state.phase == Phase::stopping) {
        state.deadline = std::max(state.deadline, until);
    } else {
        state.start_deadline = std::max(state.start_deadline, until);
    }
}

void on_start_timeout(const Step& step, ServiceId id) noexcept {
    end_run(step, id, ReportReason::not_ready_in_time);
}

void on_watchdog_missed(const Step& step, ServiceId id) noexcept {
    end_run(step, id, ReportReason::watchdog);
}

}  // namespace gosv::core
