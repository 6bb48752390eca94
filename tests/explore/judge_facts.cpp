// What a fact changes in the world, and what the core is then expected to do.
#include <algorithm>

#include "explore/judge.hpp"
#include "gosv/core/backoff.hpp"

namespace gosv::explore {

namespace {

constexpr Duration kNoProcessDelay = std::chrono::milliseconds(100);

MonotonicTime later(MonotonicTime at, Duration delta) {
    return saturating_add(at, delta);
}

}  // namespace

void Judge::expect(bool condition, const char* what, std::size_t service) {
    if (!condition && complaint_.empty()) {
        complaint_ = what;
        if (service < services()) {
            complaint_ += " (" + plan_.names[service] + ")";
        }
    }
}

void Judge::hear(const core::Event& event) {
    std::visit([this](const auto& fact) { on(fact); }, event);
    spread_failures();
    spread_restarts();
    for (std::size_t i = 0; i < services(); ++i) {
        Run& run = world_.runs[i];
        const bool goes_on = run.main_alive && !run.asked && !world_.shutting_down &&
                             run.ending == core::ReportReason::none;
        if (run.fate == Fate::going && !goes_on) {
            end_watch(run);
        }
    }
    if (!world_.booted || world_.shutting_down) {
        return;
    }
    to_announce_ = plan_.whole.announces && !world_.announced;
    expect_waiting();
    for (std::size_t i = 0; i < services(); ++i) {
        to_announce_ =
            to_announce_ && (world_.runs[i].ready || world_.runs[i].fate == Fate::failed);
    }
    for (std::size_t i = 0; i < services(); ++i) {
        if (world_.runs[i].fate == Fate::going) {
            return;
        }
    }
    shut_down(core::ReportReason::nothing_left);
}

// Who still waits when all that was due has happened, and has for long enough.
void Judge::expect_waiting() {
    for (std::size_t i = 0; i < services(); ++i) {
        Run& run = world_.runs[i];
        if (deadline_ && run.waiting && missing(i) != nullptr && now_ >= run.tell_at) {
            run.tell_at = later(now_, plan_.whole.next_waiting);
            ++expected_[i].waiting;
        }
    }
}

void Judge::on(const core::Booted&) {
    world_.booted = true;
    for (std::size_t i = 0; i < services() && !world_.shutting_down; ++i) {
        world_.runs[i].start_at = now_;
        wait_for_dependencies(i);
    }
}

void Judge::on(const core::Started& event) {
    Run& run = world_.runs[index(event.service)];
    run.exec_told = true;
    run.since = now_;
    run.no_process = 0;
    ++expected_[index(event.service)].started;
    if (is_watched(run)) {
        begin_watch(index(event.service));
    }
}

void Judge::on(const core::SpawnFailed& event) {
    const std::size_t i = index(event.service);
    Run& run = world_.runs[i];
    const bool tried = event.failure != core::SpawnFailure::no_process;
    run.main_alive = false;
    run.out_of_memory = false;
    if (!tried && !world_.shutting_down && plan_.policies[i].retry_spawn) {
        if (run.ending == core::ReportReason::dependency_restarts) {
            run_over(i);
            return;
        }
        run.ending = core::ReportReason::none;
        restart(i, ++run.no_process);
        run.start_at = std::max(run.start_at, later(now_, kNoProcessDelay));
        return;
    }
    if (tried || !world_.shutting_down) {
        run.has_run = true;
        run.last = ExitStatus::code(event.exit_code);
    }
    if (world_.shutting_down || event.failure == core::SpawnFailure::transient) {
        run_over(i);
    } else {
        fail(i);
    }
}

void Judge::on(const core::Exited& event) {
    const std::size_t i = index(event.service);
    Run& run = world_.runs[i];
    died_ = i;
    run.main_alive = false;
    run.populated = event.tree_populated;
    run.has_run = true;
    run.last = event.status;
    run.out_of_memory = event.out_of_memory;
    if (!run.asked) {
        run.grace_until = later(now_, plan_.policies[i].stop_grace_period);
    }
    if (now_ >= later(run.since, plan_.policies[i].stable_after)) {
        run.in_row = 0;
    }
    ++expected_[i].exited;
    if (!run.alive()) {
        run_over(i);
    } else if (plan_.whole.command_mode) {
        shut_down(core::ReportReason::main_exited);
    }
}

void Judge::on(const core::TreeEmptied& event) {
    world_.runs[index(event.service)].populated = false;
    if (!world_.runs[index(event.service)].alive()) {
        run_over(index(event.service));
    }
}

void Judge::on(const core::DeadlineReached&) {
    deadline_ = true;
    for (std::size_t i = 0; i < services() && !world_.shutting_down; ++i) {
        Run& run = world_.runs[i];
        if (run.main_alive && run.exec_told && !run.asked && run.in_row > 0 &&
            now_ >= later(run.since, plan_.policies[i].stable_after)) {
            run.in_row = 0;
            ++expected_[i].stable;
        }
        if (run.start_at <= now_) {
            wait_for_dependencies(i);
        }
        meet_watch_deadlines(i);
    }
    if (world_.shutting_down && !world_.hurry && !world_.sweep_kills &&
        now_ >= later(world_.began_at, plan_.whole.shutdown_timeout)) {
        call_last();
    }
}

void Judge::on(const core::StopRequested& event) {
    if (plan_.whole.command_mode) {
        on(core::SignalReceived{event.signal});
        return;
    }
    if (world_.stops == 0) {
        world_.stops = 1;
        shut_down(core::ReportReason::stop_signal);
        return;
    }
    world_.stops = 2;
    if (!world_.hurry && !world_.sweep_kills) {
        hurried_now_ = true;
        call_last();
    }
}

void Judge::on(const core::SignalReceived& event) {
    forwarding_ = !world_.shutting_down;
    to_forward_ = event.signal;
}

void Judge::on(const core::StragglersGone&) {
    gone_ = true;
    world_.sweep_open = false;
}

// The run of a service is over and nothing of it is left.
void Judge::run_over(std::size_t i) {
    Run& run = world_.runs[i];
    const core::ServicePolicy& policy = plan_.policies[i];
    if (world_.shutting_down) {
        settle(i, Fate::stopped);
        return;
    }
    const core::ReportReason ending = run.ending;
    run.ending = core::ReportReason::none;
    const bool good = policy.success.contains(run.last) && ending == core::ReportReason::none;
    if (run.out_of_memory && policy.oom_action == core::FinalAction::exit) {
        fail(i);
    } else if (ending == core::ReportReason::dependency_restarts) {
        run.start_at = now_;
        wait_for_dependencies(i);
        ++expected_[i].restarting;
    } else if (policy.restart == core::RestartPolicy::never ||
               (policy.restart == core::RestartPolicy::on_failure && good)) {
        good ? complete(i) : fail(i);
    } else if (policy.max_restarts != core::kUnlimited && run.in_row >= policy.max_restarts) {
        fail(i);
    } else {
        restart(i, ++run.in_row);
    }
}

void Judge::restart(std::size_t i, std::uint32_t nth) {
    world_.runs[i].start_at = later(now_, core::restart_delay(plan_.policies[i].backoff, nth));
    ++expected_[i].restarting;
    restarted_[i] = true;
}

void Judge::complete(std::size_t i) {
    settle(i, Fate::completed);
    world_.runs[i].ready = true;
    if (plan_.policies[i].success_action == core::FinalAction::exit) {
        shut_down(core::ReportReason::service_completed);
    }
}

void Judge::fail(std::size_t i) {
    const int code = world_.runs[i].last.as_exit_code();
    fail(i, static_cast<std::uint8_t>(code == 0 ? 1 : code));
}

void Judge::fail(std::size_t i, std::uint8_t code) {
    settle(i, Fate::failed);
    world_.runs[i].failure_code = code;
    const bool ends_all =
        plan_.policies[i].failure_action == core::FinalAction::exit ||
        (world_.runs[i].out_of_memory && plan_.policies[i].oom_action == core::FinalAction::exit);
    if (ends_all || !world_.has_failure) {
        world_.has_failure = true;
        world_.failure_code = code;
    }
    if (ends_all) {
        shut_down(core::ReportReason::service_failed);
    }
}

void Judge::settle(std::size_t i, Fate fate) {
    Run& run = world_.runs[i];
    end_watch(run);
    run.fate = fate;
    run.start_at = run.tell_at = kNever;
    run.waiting = false;
    run.ending = core::ReportReason::none;
    Reports& reports = expected_[i];
    ++(fate == Fate::completed ? reports.completed
       : fate == Fate::failed  ? reports.failed
                               : reports.stopped);
}

void Judge::shut_down(core::ReportReason cause) {
    if (world_.shutting_down) {
        return;
    }
    world_.shutting_down = true;
    world_.cause = cause;
    world_.began_at = now_;
    began_now_ = true;
    for (std::size_t i = 0; i < services(); ++i) {
        Run& run = world_.runs[i];
        if (run.fate == Fate::going && !run.alive()) {
            settle(i, Fate::stopped);
        } else if (run.main_alive && !run.asked) {
            run.ending = core::ReportReason::none;
        }
    }
}

// From here on nobody is asked any more, everything is killed.
void Judge::call_last() {
    world_.hurry = true;
    world_.last_call = now_;
    kill_everything_ = true;
}

}  // namespace gosv::explore
