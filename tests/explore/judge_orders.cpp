// Whether an order may be given in this world, and what it changes there.
#include <algorithm>

#include "explore/judge.hpp"

namespace gosv::explore {

namespace {

constexpr std::uint8_t kSomethingWasKilled = 137;
constexpr Signal kTerm{15};
constexpr Signal kKill{9};

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
    expect(run.start_at <= now_, "a spawn that is not due", i);
    run.main_alive = true;
    run.exec_told = run.asked = run.tree_asked = run.killed = false;
    run.since = now_;
    run.start_at = kNever;
}

void Judge::order(const core::SendSignal& order) {
    const std::size_t i = index(order.service);
    const Run& run = world_.runs[i];
    expect(run.alive(), "a signal to nobody", i);
    expect(order.scope == core::SignalScope::tree || run.main_alive,
           "a signal to a main process that is gone", i);
    if (forwarding_) {
        order_forward(i, order);
    } else if (order.signal == kKill) {
        order_kill(i, order);
    } else {
        order_stop(i, order);
    }
}

void Judge::order_kill(std::size_t i, const core::SendSignal& order) {
    Run& run = world_.runs[i];
    const core::ServicePolicy& policy = plan_.policies[i];
    const bool as_wished =
        policy.kill_mode == core::KillMode::mixed && died_ == i && run.populated && !run.killed;
    const bool grace_over = run.asked && now_ >= later(run.asked_at, policy.stop_grace_period);
    expect(as_wished || grace_over || world_.hurry || run.killed, "KILL before its time", i);
    expect(order.scope == core::SignalScope::tree, "KILL to the main process alone", i);
    run.killed = true;
    if (world_.shutting_down && !as_wished) {
        world_.killed_in_shutdown = true;
    }
}

void Judge::order_stop(std::size_t i, const core::SendSignal& order) {
    Run& run = world_.runs[i];
    const core::ServicePolicy& policy = plan_.policies[i];
    const bool whole = policy.kill_mode == core::KillMode::group || !run.main_alive;
    expect(order.signal == policy.stop_signal, "a stop by another signal than its own", i);
    expect(order.then_continue, "a stop signal that a stopped process never sees", i);
    expect((order.scope == core::SignalScope::tree) == whole, "a stop for others than wished", i);
    expect(world_.shutting_down || run.populated, "a stop that nobody asked for", i);
    expect(!run.killed && !(whole ? run.tree_asked : run.asked), "asked to stop twice", i);
    if (!run.asked) {
        run.asked_at = now_;
    }
    run.asked = true;
    run.tree_asked = run.tree_asked || whole;
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
    const bool kills = order.signal == kKill;
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
            expect(world_.runs[i].start_at == later(now_, report.delay), "a wrong delay", i);
            return;
        case ReportKind::completed:
            ++seen_[i].completed;
            return;
        case ReportKind::failed:
            ++seen_[i].failed;
            expect(report.status == world_.runs[i].last, "failed by another end", i);
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
        case ReportKind::healthy:
        case ReportKind::unhealthy:
        case ReportKind::waiting:
        case ReportKind::stopping:
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

// The contract, section 2.
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
        default:  // service_failed, nothing_left
            return world_.has_failure ? world_.failure_code : 0;
    }
}

}  // namespace gosv::explore
