// Whether an order may be given in this world, and what it changes there.
#include <algorithm>

#include "explore/judge.hpp"

namespace gosv::explore {

namespace {

constexpr std::uint8_t kSomethingWasKilled = 137;
constexpr Signal kAbort{6};
constexpr Signal kTerm{15};

MonotonicTime later(MonotonicTime at, Duration delta) {
    return saturating_add(at, delta);
}

}  // namespace

void Judge::see(std::span<const core::Action> actions) {
    expect(actions.size() <= core::action_capacity(services()), "I6: more orders than fit");
    for (const core::Action& action : actions) {
        expect(!world_.finished, "I3: an order after Finish");
        std::visit([this](const auto& each) { order(each); }, action);
    }
}

void Judge::order(const core::Spawn& order) {
    const std::size_t i = index(order.service);
    Run& run = world_.runs[i];
    expect(!world_.shutting_down, "I1: a spawn in a shutdown", i);
    expect(!run.main_alive, "I2: a second main process", i);
    expect(!run.populated, "I2: a spawn beside what is left of the last run", i);
    expect(!run.command, "I2: a spawn beside the stop command of the last run", i);
    expect(has_edges() ? run.waiting : run.start_at <= now_, "a spawn that is not due", i);
    expect(missing(i) == nullptr, "I8: a spawn though a condition does not hold", i);
    const Duration limit = plan_.policies[i].start_timeout;
    run.main_alive = true;
    run.exec_told = run.asked = run.signalled = run.tree_asked = run.killed = false;
    run.notified = run.been_healthy = false;
    run.failures = run.counted = 0;
    run.ready_by = limit > Duration{} ? later(now_, limit) : kNever;
    run.waiting = false;
    run.since = now_;
    run.start_at = run.tell_at = kNever;
}

void Judge::order(const core::SendSignal& order) {
    const std::size_t i = index(order.service);
    const Run& run = world_.runs[i];
    expect(run.alive(), "a signal to nobody", i);
    expect(order.scope == core::SignalScope::tree || run.main_alive,
           "a signal to a main process that is gone", i);
    if (forwarding_) {
        order_forward(i, order);
    } else if (order.signal == kSigKill) {
        order_kill(i, order);
    } else {
        order_stop(i, order);
    }
}

void Judge::order_kill(std::size_t i, const core::SendSignal& order) {
    const Run& run = world_.runs[i];
    const bool as_wished = plan_.policies[i].kill_mode == core::KillMode::mixed &&
                           (died_ == i || let_go_ == i) && !run.main_alive && run.populated &&
                           !run.task() && !run.killed;
    expect(order.scope == core::SignalScope::tree, "KILL to the main process alone", i);
    note_kill(i, as_wished);
}

void Judge::note_kill(std::size_t i, bool as_wished) {
    Run& run = world_.runs[i];
    const bool grace_over = (run.asked || !run.main_alive) && now_ >= run.grace_until;
    expect(as_wished || grace_over || world_.hurry || run.killed, "KILL before its time", i);
    run.killed = true;
    // One that was due in the same step before the shutdown began is not the shutdown's.
    const bool before = began_now_ && !told_shutdown_;
    if (world_.shutting_down && !before && !as_wished) {
        world_.killed_in_shutdown = true;
    }
}

// A stop of the whole service begins, in whatever way.
void Judge::begin_stop(std::size_t i) {
    Run& run = world_.runs[i];
    expect(world_.shutting_down || run.ending != core::ReportReason::none,
           "a stop that nobody asked for", i);
    expect(may_stop(i),
           world_.shutting_down ? "I10: a stop before its turn" : "I12: an end before its turn", i);
    expect(!run.asked && !run.killed, "asked to stop twice", i);
    run.asked = true;
    run.grace_until = later(now_, plan_.policies[i].stop_grace_period);
}

// Its stop begins with its stop command.
bool Judge::needs_command(std::size_t i) const {
    const Run& run = world_.runs[i];
    return plan_.policies[i].stop_command && run.exec_told && !run.asked &&
           run.ending != core::ReportReason::watchdog;
}

void Judge::order_stop(std::size_t i, const core::SendSignal& order) {
    Run& run = world_.runs[i];
    const core::ServicePolicy& policy = plan_.policies[i];
    const bool hangs = run.main_alive && run.ending == core::ReportReason::watchdog;
    const bool whole = (policy.kill_mode == core::KillMode::group && !hangs) || !run.main_alive;
    expect(order.signal == (hangs ? kAbort : policy.stop_signal),
           "a stop by another signal than its own", i);
    expect(order.then_continue, "a stop signal that a stopped process never sees", i);
    expect((order.scope == core::SignalScope::tree) == whole, "a stop for others than wished", i);
    expect(!run.killed && !(whole ? run.tree_asked : run.signalled), "signalled to stop twice", i);
    if (run.main_alive) {
        expect(!needs_command(i), "a stop signal before the stop command", i);
        expect(!run.command, "a stop signal while the stop command runs", i);
        if (!run.asked) {
            begin_stop(i);
        }
        run.signalled = true;
    } else {
        expect(!run.task(), "leftovers asked to end while gosv's own task is among them", i);
    }
    run.tree_asked = run.tree_asked || whole;
}

void Judge::order(const core::StartTask& order) {
    const std::size_t i = index(order.service);
    Run& run = world_.runs[i];
    if (order.task == core::Task::stop_command) {
        expect(run.main_alive && needs_command(i), "a stop command out of place", i);
        expect(!run.command, "a second stop command", i);
        begin_stop(i);
        run.command = true;
        return;
    }
    expect(probe_due_[i], "I11: a probe that is not due", i);
    expect(!run.probe, "I11: a second probe", i);
    run.probe = true;
    run.probe_killed = false;
    run.probe_answers = is_watched(run);  // else it is killed in this very step
    run.probe_forgiven = now_ < run.forgiven_until;
    run.probe_until = later(now_, plan_.policies[i].health.timeout);
    run.probe_at = kNever;
    probe_due_[i] = false;
}

void Judge::order(const core::KillTask& order) {
    const std::size_t i = index(order.service);
    Run& run = world_.runs[i];
    if (order.task == core::Task::stop_command) {
        expect(run.command, "KILL to a stop command that does not run", i);
        note_kill(i, false);
        run.command_killed = true;
        return;
    }
    expect(run.probe && !run.probe_killed, "KILL to a probe that does not run, or twice", i);
    run.probe_killed = true;
}

void Judge::order(const core::Announce& order) {
    if (order.what == core::Announce::What::ready) {
        expect(to_announce_, "not everything is ready, or it was announced before");
        to_announce_ = false;
        world_.announced = true;
    } else {
        expect(plan_.whole.announces && began_now_ && !told_stopping_, "no shutdown to announce");
        told_stopping_ = true;
    }
}

void Judge::order_forward(std::size_t i, const core::SendSignal& order) {
    const core::ServicePolicy& policy = plan_.policies[i];
    const bool whole = policy.kill_mode != core::KillMode::process;
    expect(order.signal.number == policy.signals[to_forward_.number], "forwarded as another", i);
    expect(!order.then_continue, "CONT after a forwarded signal", i);
    expect((order.scope == core::SignalScope::group) == whole, "forwarded to the wrong ones", i);
    ++forwarded_[i];
}

void Judge::order(const core::SweepStragglers& order) {
    expect(world_.shutting_down, "a sweep while services are supervised");
    const bool kills = order.signal == kSigKill;
    if (kills) {
        const bool grace_over =
            world_.sweep_open && now_ >= later(world_.sweep_at, plan_.whole.straggler_grace);
        expect(world_.hurry || grace_over, "stragglers killed before their time");
        if (world_.sweep_open && !world_.sweep_kills) {
            world_.killed_in_shutdown = true;
            world_.last_call = now_;
        }
    } else {
        expect(order.signal == kTerm, "stragglers get TERM or KILL");
        expect(!world_.sweep_open && !world_.hurry, "stragglers asked when it is too late");
        world_.sweep_at = now_;
    }
    for (std::size_t i = 0; i < services(); ++i) {
        expect(!world_.runs[i].alive() || abandoned_[i], "stragglers swept before the services", i);
    }
    world_.sweep_open = true;
    world_.sweep_kills = kills;
}

void Judge::order(const core::Report& report) {
    using core::ReportKind;
    const std::size_t i = std::min(index(report.service), services() - 1);
    switch (report.kind) {
        case ReportKind::started:
            ++seen_[i].started;
            return;
        case ReportKind::exited:
            ++seen_[i].exited;
            expect(report.uptime == now_ - world_.runs[i].since, "a wrong uptime", i);
            return;
        case ReportKind::stable:
            ++seen_[i].stable;
            return;
        case ReportKind::restarting:
            ++seen_[i].restarting;
            if (report.reason == core::ReportReason::dependency_restarts) {
                expect(expected_[i].restarting == 1 &&
                           index(report.other) == world_.runs[i].ending_with,
                       "it does not start anew with that one", i);
            } else {
                expect(world_.runs[i].start_at == later(now_, report.delay), "a wrong delay", i);
            }
            return;
        case ReportKind::completed:
            ++seen_[i].completed;
            return;
        case ReportKind::failed:
            ++seen_[i].failed;
            expect(report.status == world_.runs[i].last, "failed by another end", i);
            expect(report.code == world_.runs[i].failure_code, "failed with another code", i);
            return;
        case ReportKind::stopped:
            ++seen_[i].stopped;
            return;
        case ReportKind::shutdown:
            expect(began_now_ && !told_shutdown_, "a shutdown told that does not begin");
            expect(report.reason == world_.cause, "a shutdown for another reason");
            told_shutdown_ = true;
            return;
        case ReportKind::hurried:
            told_hurry_ = true;
            return;
        case ReportKind::abandoned:
            expect(world_.runs[i].alive(), "nobody to abandon", i);
            abandoned_[i] = true;
            return;
        case ReportKind::end:
            told_end_ = true;
            expect(report.code == expected_code(), "the end is told with another code");
            return;
        case ReportKind::unexpected:
            expect(false, "an event that can happen is unexpected", i);
            return;
        case ReportKind::ready:
            ++seen_[i].ready;
            return;
        case ReportKind::healthy:
            ++seen_[i].healthy;
            expect(report.attempt == tries_[i], "healthy after other tries", i);
            return;
        case ReportKind::unhealthy:
            ++seen_[i].unhealthy;
            expect(report.attempt == world_.runs[i].failures, "unhealthy after other tries", i);
            return;
        case ReportKind::waiting:
            ++seen_[i].waiting;
            order_waiting(report);
            return;
        case ReportKind::stopping:
            expect(report.reason == world_.runs[i].ending, "stopping for another reason", i);
            return;
        case ReportKind::killing:
        case ReportKind::draining:
        case ReportKind::forwarded:
            return;  // their signals are looked at
    }
}

void Judge::order(const core::Finish& order) {
    const bool time_up = deadline_ && (world_.hurry || world_.sweep_kills) &&
                         now_ >= later(world_.last_call, plan_.whole.abandon_after) &&
                         !kill_everything_;
    expect(gone_ || time_up, "I3: Finish while stragglers are waited for");
    for (std::size_t i = 0; i < services(); ++i) {
        expect(!world_.runs[i].alive() || (time_up && abandoned_[i]),
               "I3: Finish while something lives", i);
    }
    expect(told_end_, "Finish without a word");
    expect(order.code == expected_code(), "a wrong exit code");
    world_.finished = true;
    world_.final_code = order.code;
}

// README.md, "Exit codes".
std::uint8_t Judge::expected_code() const {
    if (plan_.whole.exit_code_from) {
        const Run& run = world_.runs[index(*plan_.whole.exit_code_from)];
        if (run.has_run) {
            return static_cast<std::uint8_t>(run.last.as_exit_code());
        }
    }
    switch (world_.cause) {
        case core::ReportReason::stop_signal:
            return world_.killed_in_shutdown ? kSomethingWasKilled : 0;
        case core::ReportReason::service_completed:
            return 0;
        default:  // service_failed, unhealthy, nothing_left
            return world_.has_failure ? world_.failure_code : 0;
    }
}

}  // namespace gosv::explore
