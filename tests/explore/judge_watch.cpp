// The judge's model of what happens while a service runs: readiness, health, watchdog.
#include <algorithm>

#include "explore/judge.hpp"

namespace gosv::explore {

namespace {

using core::Health;
using core::ReportReason;

constexpr Duration kShortestPause = std::chrono::milliseconds(10);

MonotonicTime later(MonotonicTime at, Duration delta) {
    return saturating_add(at, delta);
}

}  // namespace

// It runs, and nobody is about to end it.
bool Judge::is_watched(const Run& run) const {
    return run.main_alive && run.exec_told && !run.asked && run.ending == ReportReason::none &&
           !world_.shutting_down;
}

void Judge::begin_watch(std::size_t i) {
    Run& run = world_.runs[i];
    const core::HealthPolicy& policy = plan_.policies[i].health;
    if (policy.probes) {
        run.health = Health::starting;
        run.forgiven_until = later(now_, policy.start_period);
        run.probe_at =
            later(now_, policy.start_period > Duration{} ? policy.start_interval : policy.interval);
    }
    get_ready(i);
}

void Judge::end_watch(Run& run) {
    run.ready = run.fate == Fate::completed;
    run.health = Health::none;
    run.ready_by = run.alive_by = run.probe_at = kNever;
    run.probe_answers = false;
}

// If that is what it now is.
void Judge::get_ready(std::size_t i) {
    Run& run = world_.runs[i];
    const core::ServicePolicy& policy = plan_.policies[i];
    if (!is_watched(run) || run.ready || policy.oneshot || (policy.notifies && !run.notified) ||
        (policy.health.probes && !run.been_healthy)) {
        return;
    }
    run.ready = true;
    run.ready_by = kNever;
    run.alive_by = policy.watchdog > Duration{} ? later(now_, policy.watchdog) : kNever;
    expected_[i].ready += policy.notifies || policy.health.probes ? 1 : 0;
}

void Judge::on(const core::NotifiedReady& event) {
    world_.runs[index(event.service)].notified = true;
    get_ready(index(event.service));
}

void Judge::on(const core::NotifiedAlive& event) {
    Run& run = world_.runs[index(event.service)];
    if (is_watched(run) && run.ready) {
        run.alive_by = later(now_, plan_.policies[index(event.service)].watchdog);
    }
}

void Judge::on(const core::NotifiedTrouble& event) {
    Run& run = world_.runs[index(event.service)];
    if (is_watched(run)) {
        run.ending = ReportReason::watchdog;
    }
}

void Judge::on(const core::TimeExtended& event) {
    Run& run = world_.runs[index(event.service)];
    const MonotonicTime until = later(now_, event.by);
    if (run.asked && !run.killed) {
        run.grace_until = std::max(run.grace_until, until);
    } else if (is_watched(run) && !run.ready && run.ready_by != kNever) {
        run.ready_by = std::max(run.ready_by, until);
    }
}

void Judge::on(const core::TaskEnded& event) {
    const std::size_t i = index(event.service);
    Run& run = world_.runs[i];
    let_go_ = i;
    if (event.task == core::Task::stop_command) {
        run.command = run.command_killed = false;
        if (!run.alive()) {
            run_over(i);
        }
        return;
    }
    const bool answers = run.probe_answers;
    run.probe = run.probe_answers = run.probe_killed = false;
    if (answers) {
        event.ok ? probe_succeeded(i) : probe_failed(i, run.probe_forgiven);
    }
}

void Judge::probe_succeeded(std::size_t i) {
    Run& run = world_.runs[i];
    expected_[i].healthy += run.health != Health::healthy ? 1 : 0;
    tries_[i] = run.failures + 1;
    run.health = Health::healthy;
    run.been_healthy = true;
    run.failures = run.counted = 0;
    run.forgiven_until = now_;
    run.probe_at = later(now_, plan_.policies[i].health.interval);
    get_ready(i);
}

void Judge::probe_failed(std::size_t i, bool forgiven) {
    Run& run = world_.runs[i];
    const core::HealthPolicy& policy = plan_.policies[i].health;
    ++run.failures;
    run.counted += forgiven ? 0 : 1;
    const bool short_pause = now_ < run.forgiven_until;
    run.probe_at = later(
        now_, std::max(short_pause ? policy.start_interval : policy.interval, kShortestPause));
    if (run.counted < policy.retries || run.health == Health::unhealthy) {
        return;
    }
    run.health = Health::unhealthy;
    ++expected_[i].unhealthy;
    if (policy.on_unhealthy == core::UnhealthyAction::restart) {
        run.ending = ReportReason::unhealthy;
    } else if (policy.on_unhealthy == core::UnhealthyAction::exit) {
        world_.has_failure = true;
        world_.failure_code = 1;
        shut_down(ReportReason::unhealthy);
    }
}

void Judge::meet_watch_deadlines(std::size_t i) {
    Run& run = world_.runs[i];
    const bool goes_on = run.main_alive && !run.asked && run.ending == ReportReason::none;
    if (goes_on && now_ >= run.ready_by) {
        run.ending = ReportReason::not_ready_in_time;
    } else if (goes_on && now_ >= run.alive_by) {
        run.ending = ReportReason::watchdog;
    } else if (is_watched(run) && run.probe_answers && now_ >= run.probe_until) {
        run.probe_answers = false;
        probe_failed(i, run.probe_forgiven);
    } else if (is_watched(run) && now_ >= run.probe_at) {
        if (run.probe) {
            probe_failed(i, now_ < run.forgiven_until);  // of state D: it was killed long ago
        } else {
            probe_due_[i] = true;
        }
    }
}

void Judge::compare_watch(std::size_t i, const core::ServiceState& state,
                          const core::ProbeState& probe) {
    const Run& run = world_.runs[i];
    const bool goes_on =
        run.main_alive && !run.asked && run.ending == ReportReason::none && !world_.shutting_down;
    expect(state.ready == run.ready, "wrong about whether it is ready", i);
    expect(state.health == run.health, "wrong about its health", i);
    expect(state.ending == run.ending, "ends, or not, for another reason", i);
    expect(state.start_deadline == (goes_on ? run.ready_by : kNever), "another start_timeout", i);
    expect(state.watchdog_deadline == run.alive_by, "another watchdog", i);
    expect(probe.probe_deadline == (run.probe_answers ? run.probe_until : run.probe_at),
           "another time for the next probe, or for this one", i);
    expect(!is_watched(run) ||
               (probe.probe_failures == run.failures && probe.counted_failures == run.counted),
           "failures of probes miscounted", i);
    expect(state.probe_alive == run.probe && state.stop_command_alive == run.command,
           "wrong about what runs beside it", i);
    expect(!run.probe || run.probe_killed == !run.probe_answers,
           "a probe whose answer is nothing goes on, or one that is wanted was killed", i);
    expect(!run.probe || probe.probe_stale == run.probe_killed, "takes a stale probe for good", i);
    expect(!run.main_alive ||
               (state.notified == run.notified && probe.been_healthy == run.been_healthy),
           "wrong about what this run has been", i);
    expect(!run.probe_answers || probe.probe_forgiven == run.probe_forgiven,
           "wrong about whether this probe counts", i);
    expect(!is_watched(run) || !plan_.policies[i].health.probes ||
               (probe.start_period_end > now_) == (run.forgiven_until > now_),
           "another start period", i);
    expect(!probe_due_[i], "a probe that was due was not started", i);
    expect(run.probe_answers || run.probe_at != kNever || !is_watched(run) ||
               !plan_.policies[i].health.probes || probe_due_[i],
           "I5: nobody looks at its health any more", i);
}

}  // namespace gosv::explore
