#include <algorithm>

#include "ending.hpp"
#include "shutdown.hpp"
#include "watch.hpp"

namespace gosv::core {

namespace {

// Whatever the manifest says, probes do not follow each other faster than this.
constexpr Duration kShortestPause = std::chrono::milliseconds(10);

bool in_start_period(const Step& step, ServiceId id) noexcept {
    return step.now < step.probe(id).start_period_end;
}

void schedule_probe(const Step& step, ServiceId id) noexcept {
    const HealthPolicy& policy = step.policy(id).health;
    const Duration pause = in_start_period(step, id) ? policy.start_interval : policy.interval;
    step.probe(id).probe_deadline = step.after(std::max(pause, kShortestPause));
}

void become_healthy(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    state.health = Health::healthy;
    step.probe(id).been_healthy = true;
    step.changed = true;
    step.order(Report{.kind = ReportKind::healthy,
                      .service = id,
                      .uptime = step.now - state.since,
                      .attempt = saturating_increment(step.probe(id).probe_failures)});
}

void become_unhealthy(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    const UnhealthyAction action = step.policy(id).health.on_unhealthy;
    const bool matters = action != UnhealthyAction::none;
    state.health = Health::unhealthy;
    step.changed = true;
    step.order(Report{.kind = ReportKind::unhealthy,
                      .service = id,
                      .reason = matters ? ReportReason::unhealthy : ReportReason::none,
                      .attempt = step.probe(id).probe_failures});
    switch (action) {
        case UnhealthyAction::none:
            return;
        case UnhealthyAction::restart:
            end_run(step, id, ReportReason::unhealthy);
            return;
        case UnhealthyAction::exit:
            note_unhealthy(step);
            return;
    }
}

void count_failure(const Step& step, ServiceId id, bool forgiven) noexcept {
    ProbeState& probe = step.probe(id);
    probe.probe_failures = saturating_increment(probe.probe_failures);
    if (!forgiven) {
        probe.counted_failures = saturating_increment(probe.counted_failures);
    }
    schedule_probe(step, id);
    if (probe.counted_failures >= step.policy(id).health.retries &&
        step.state(id).health != Health::unhealthy) {
        become_unhealthy(step, id);
    }
}

// Its answer, should one still come, is nothing.
void give_up_probe(const Step& step, ServiceId id) noexcept {
    step.probe(id).probe_stale = true;
    step.order(KillTask{id, Task::probe});
}

}  // namespace

void begin_probes(const Step& step, ServiceId id) noexcept {
    const HealthPolicy& policy = step.policy(id).health;
    if (policy.probes) {
        step.state(id).health = Health::starting;
        step.probe(id).start_period_end = step.after(policy.start_period);
        schedule_probe(step, id);
    }
}

void end_probes(const Step& step, ServiceId id) noexcept {
    if (!step.policy(id).health.probes) {
        return;
    }
    ProbeState& probe = step.probe(id);
    step.state(id).health = Health::none;
    probe.probe_deadline = kNever;
    if (step.state(id).probe_alive && !probe.probe_stale) {
        give_up_probe(step, id);
    }
}

void on_probe_deadline(const Step& step, ServiceId id) noexcept {
    ServiceState& state = step.state(id);
    ProbeState& probe = step.probe(id);
    if (!state.probe_alive) {
        state.probe_alive = true;
        probe.probe_forgiven = in_start_period(step, id);
        probe.probe_deadline = step.after(step.policy(id).health.timeout);
        step.order(StartTask{id, Task::probe});
    } else if (probe.probe_stale) {
        // One that was killed still lives (state D), perhaps of an earlier run: no second beside
        // it.
        count_failure(step, id, in_start_period(step, id));
    } else {
        give_up_probe(step, id);
        count_failure(step, id, probe.probe_forgiven);
    }
}

void on_probe_ended(const Step& step, ServiceId id, bool ok) noexcept {
    ServiceState& state = step.state(id);
    if (!state.probe_alive) {
        step.unexpected(id);
        return;
    }
    ProbeState& probe = step.probe(id);
    state.probe_alive = false;
    if (probe.probe_stale) {
        probe.probe_stale = false;
        release_drain(step, id);
        return;
    }
    if (!ok) {
        count_failure(step, id, probe.probe_forgiven);
        return;
    }
    if (state.health != Health::healthy) {
        become_healthy(step, id);
    }
    probe.probe_failures = 0;
    probe.counted_failures = 0;
    probe.start_period_end = step.now;  // the first success ends it
    schedule_probe(step, id);
    update_readiness(step, id);
}

}  // namespace gosv::core
