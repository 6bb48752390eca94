#include "app/runtime.hpp"

#include <algorithm>
#include <utility>

namespace gosv::app {

namespace {

// A step that orders more is one for all of very many services.
constexpr std::size_t kFewActions = 64;

std::size_t find_terminal_service(const manifest::Plan& plan) noexcept {
    if (plan.supervisor.command_mode) {
        return 0;  // CMD, if there is a terminal: the platform knows
    }
    const auto owner = std::find_if(plan.execs.begin(), plan.execs.end(),
                                    [](const manifest::Exec& exec) { return exec.settings->tty; });
    return static_cast<std::size_t>(owner - plan.execs.begin());
}

bool has_healthcheck(const manifest::Plan& plan) noexcept {
    return std::any_of(plan.distinct_policies.begin(), plan.distinct_policies.end(),
                       [](const core::ServicePolicy& policy) { return policy.health.probes; });
}

}  // namespace

Runtime::Runtime(const manifest::Plan& plan, Platform& platform, Log& log)
    : plan_(plan),
      platform_(platform),
      log_(log),
      states_(plan.execs.size()),
      probes_(has_healthcheck(plan) ? plan.execs.size() : 0),
      supervisor_{self_, states_, probes_, plan.supervisor, plan.policies},
      handles_(plan.execs.size()),
      past_(plan.execs.size()),
      pids_(plan.execs.size()),
      tasks_(plan.execs.size()),
      remarks_(plan.execs.size()),
      actions_(core::action_capacity(plan.execs.size())),
      events_(4 * plan.execs.size() + 16),
      snapshot_(platform, log),
      snapshot_services_(plan.execs.size()),
      terminal_service_(find_terminal_service(plan)) {}

void Runtime::boot() noexcept {
    now_ = platform_.now();
    booted_at_ = now_;
    feed(core::Booted{});
    log_.flush();
}

int Runtime::run() noexcept {
    while (iterate()) {
    }
    return exit_code_;
}

bool Runtime::iterate() noexcept {
    if (finished_) {
        return false;
    }
    const BorrowedFd full_log = log_.flush() ? BorrowedFd() : log_.writable_fd();
    platform_.wait(look_again_ ? MonotonicTime{} : next_deadline(), full_log);
    look_again_ = false;
    now_ = platform_.now();

    // What has come of a service before what is asked of it: one that runs and is ready when the
    // stop signal comes is stopped as one that runs, its stop command included.
    reap_children();
    for (const ServiceId service : platform_.exec_ready()) {
        learn_exec_status(service);
    }
    read_notices();
    read_signals();
    reap_unannounced();
    read_tree_news();
    if (std::exchange(tree_check_due_, false) && tree_check_at_ != kNever) {
        check_held_trees(false);
    }
    if (now_ >= core_deadline()) {
        feed(core::DeadlineReached{});
    }
    run_own_deadlines();
    return !finished_;
}

// Every service has deadlines: with a thousand of them this is not for nothing.
MonotonicTime Runtime::core_deadline() noexcept {
    if (!core_deadline_) {
        core_deadline_ = core::next_deadline(supervisor_);
    }
    return *core_deadline_;
}

MonotonicTime Runtime::next_deadline() noexcept {
    return std::min({core_deadline(), next_look(), tree_check_at_, silence_check_at_,
                     snapshot_.next_deadline()});
}

void Runtime::feed(const core::Event& event) noexcept {
    // Actions put the events that they cause at the end of the queue; the queue cannot overflow,
    // since a step starts each service and each of its tasks at most once, and what could not be
    // started waits before it is tried again.
    (void)events_.push(event);
    std::size_t most = 0;
    core_deadline_.reset();
    // NOLINTNEXTLINE(modernize-loop-convert): the queue grows while it is read
    for (std::size_t i = 0; i < events_.size(); ++i) {
        const core::Event next = events_[i];
        actions_.clear();
        core::step(supervisor_, next, now_, actions_);
        most = std::max(most, actions_.size());
        for (const core::Action& action : actions_.view()) {
            carry_out(action);
        }
    }
    events_.clear();
    if (most > kFewActions) {
        // They start or stop, which will not come again soon.
        actions_.clear();
        platform_.give_back(actions_.spare());
    }
}

void Runtime::run_own_deadlines() noexcept {
    if (now_ >= tree_check_at_) {
        check_held_trees(true);
    }
    if (now_ >= silence_check_at_) {
        check_silenced();
    }
    snapshot_.run_deadlines(now_);
    // recheck_at_ needs nothing: reap_children() looks at it.
}

}  // namespace gosv::app
