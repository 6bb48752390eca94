// The dead: who they were, and what the core must hear of it. And the other news of a child, that
// its exec has happened or failed.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "app/runtime.hpp"

namespace gosv::app {

namespace {

using namespace std::chrono_literals;

// A budget an iteration: enough to drain a storm quickly, little enough that a stop signal is seen
// within a millisecond or two.
constexpr int kReapBudget = 256;

// After a wait(2) that failed or denied children that are there: look again after this long,
// doubled up to a second. Never a busy loop, never a death missed for good.
constexpr Duration kRecheckFirst = 20ms;
constexpr Duration kRecheckMost = 1s;

// At most so long is an orphan left unreaped for others to come, in a storm.
constexpr Duration kStormPause = 1ms;

// After so long without a look, whatever wakes gosv makes it look.
constexpr Duration kTrustInSignals = 1s;

}  // namespace

// Begins with the one after the last that was found: in a shutdown they die in their order.
std::size_t Runtime::service_of(Pid pid) noexcept {
    const auto guess = pids_.begin() + static_cast<std::ptrdiff_t>(next_to_die_);
    auto found = std::find(guess, pids_.end(), pid);
    if (found == pids_.end()) {
        found = std::find(pids_.begin(), guess, pid);
        if (found == guess) {
            return pids_.size();
        }
    }
    const auto service = static_cast<std::size_t>(found - pids_.begin());
    next_to_die_ = service + 1;
    return service;
}

// SIGCHLD tells of every death, but not of how many: those that come while one is pending leave no
// trace. So it is taken before the look that finds nobody any more. Looks cost: where a thousand
// children live, the one that finds nobody costs as much as four reaps.
void Runtime::reap_children() noexcept {
    const bool told = platform_.child_signalled();
    if (told || look_for_dead_ || storm_ || now_ >= recheck_at_) {
        look_for_the_dead();
    }
    if (told) {
        check_terminal();
    }
}

// Nothing is known that could make the kernel forget a SIGCHLD. If something does, a death is
// found late and not never.
void Runtime::reap_unannounced() noexcept {
    if (!finished_ && now_ - looked_at_ >= kTrustInSignals) {
        look_for_the_dead();
    }
}

void Runtime::look_for_the_dead() noexcept {
    looked_at_ = now_;
    look_for_dead_ = false;
    const std::uint64_t orphans_before = orphans_reaped_;
    os::Peek peek;
    Status taken;
    do {  // at most twice: the second time it is no storm, and the signal has been taken
        const std::uint64_t orphans_so_far = orphans_reaped_;
        if (!storm_ && platform_.child_signalled()) {
            taken = platform_.take_child_signal();
        }
        peek = reap_the_dead();
        notice_storm(orphans_reaped_ - orphans_so_far);
    } while (!storm_ && platform_.child_signalled() && taken.ok());
    if (!taken.ok()) {  // no further one would wake us
        peek = {.outcome = os::PeekOutcome::failed, .err = taken.error().err};
    }
    // Asked only if it matters: it looks at every service.
    const bool some_live = peek.outcome == os::PeekOutcome::no_children && has_live_children();
    doubt(peek, some_live);

    const std::uint64_t orphans = orphans_reaped_ - orphans_before;
    if (orphans > 0) {
        log_.write({.event = LogEvent::orphans,
                    .level = LogLevel::debug,
                    .attempt = static_cast<std::uint32_t>(orphans)});
    }
    if (sweeping_ && sweep_signal_ == kSigKill && orphans > 0) {
        // Somebody may have been born between the last look and its parent's death.
        const Pid except[] = {snapshot_.pid()};
        (void)platform_.sweep(kSigKill, except);
    }
    // Whoever is left and lives is below a child of ours: no child, no straggler.
    if (sweeping_ && peek.outcome == os::PeekOutcome::no_children && !some_live) {
        sweeping_ = false;
        feed(core::StragglersGone{});
    }
}

// Reaps whoever is dead; what the last look said.
os::Peek Runtime::reap_the_dead() noexcept {
    for (int left = kReapBudget; left > 0; --left) {
        const os::Peek peek = platform_.peek_dead_child();
        if (peek.outcome != os::PeekOutcome::found) {
            return peek;
        }
        child_died(peek.child);
        tree_check_due_ = true;
    }
    look_for_dead_ = look_again_ = true;
    return {};
}

// Being woken for every single orphan costs more than reaping it. When orphans come one upon the
// other, SIGCHLD is left pending, so that it wakes nobody, and the next look is a moment later: it
// serves all that have died by then. All other sources end the pause as ever. A look that finds no
// orphan ends the storm.
void Runtime::notice_storm(std::uint64_t orphans) noexcept {
    const bool close_upon_others = storm_ || now_ - orphans_at_ < kStormPause;
    storm_ = orphans > 0 && close_upon_others && self_.stage == core::Stage::supervising;
    if (orphans > 0) {
        orphans_at_ = now_;
    }
}

MonotonicTime Runtime::next_look() const noexcept {
    return storm_ ? std::min(recheck_at_, looked_at_ + kStormPause) : recheck_at_;
}

bool Runtime::has_live_children() const noexcept {
    return tasks_.any() ||
           std::any_of(pids_.begin(), pids_.end(), [](Pid pid) { return pid.exists(); });
}

void Runtime::child_died(const os::DeadChild& child) noexcept {
    const std::size_t service = service_of(child.pid);
    if (service < pids_.size()) {
        main_process_died(static_cast<ServiceId>(service), child);
        return;
    }
    if (const std::optional<RunningTasks::Found> task = tasks_.find(child.pid)) {
        task_died(*task, child);
        return;
    }
    (void)platform_.reap(child.pid);  // it was just seen dead: cannot fail
    if (child.pid != snapshot_.pid()) {
        ++orphans_reaped_;
    } else if (snapshot_.ended(child.status)) {
        start_snapshot();
    }
}

// ECHILD although a service lives, or an error: wait(2) is not to be believed this time.
void Runtime::doubt(const os::Peek& peek, bool some_live) noexcept {
    if (peek.outcome != os::PeekOutcome::failed &&
        (peek.outcome != os::PeekOutcome::no_children || !some_live)) {
        recheck_delay_ = Duration{};
        recheck_at_ = kNever;
        return;
    }
    if (recheck_delay_ == Duration{}) {  // told once, however long it lasts
        log_.write({.event = LogEvent::internal,
                    .level = LogLevel::warn,
                    .reason = errno_name(peek.err == 0 ? ECHILD : peek.err),
                    .msg = "cannot look for dead children; will try again"});
    }
    recheck_delay_ =
        recheck_delay_ == Duration{} ? kRecheckFirst : std::min(recheck_delay_ * 2, kRecheckMost);
    recheck_at_ = saturating_add(now_, recheck_delay_);
}

void Runtime::main_process_died(ServiceId service, const os::DeadChild& child) noexcept {
    Handle& handle = handles_[index(service)];
    if (handle.exec_pending) {
        // Death can be seen before the status: the core must hear of the exec first.
        learn_exec_status(service);
    }
    if (handle.exec_pending) {
        // Still nothing, although the other end of the pipe is dead: the core hears a start before
        // an end all the same.
        handle.exec_pending = false;
        feed(core::Started{service});
    }
    if (index(service) == terminal_service_) {
        platform_.give_terminal(Pid{});
    }

    if (std::exchange(handle.exec_failed, false)) {
        const os::ExecStatus& failure = past_[index(service)].exec_failure;
        (void)platform_.reap(child.pid);
        pids_[index(service)] = Pid{};
        const bool transient = os::is_transient(failure.err);
        feed(core::SpawnFailed{
            service, transient ? core::SpawnFailure::transient : core::SpawnFailure::permanent,
            static_cast<std::uint8_t>(os::exec_failure_code(failure.stage, failure.err))});
        return;
    }

    // What it has said before it died is heard before its death is told.
    hear_last_words(service);

    // A group's number is the dead leader's pid: get hold of the tree while it is still reserved.
    platform_.hold_tree(service, child.pid);
    (void)platform_.reap(child.pid);
    past_[index(service)].pid = child.pid;
    pids_[index(service)] = Pid{};
    handle.tree_held = keep_tree_if_populated(service);
    // The kernel counts the kill before it tells the death.
    const bool killed = child.status == ExitStatus::killed_by(kSigKill);
    const bool out_of_memory = tell_oom_kills(service) && killed;
    feed(core::Exited{service, child.status, handle.tree_held, out_of_memory});
}

void Runtime::learn_exec_status(ServiceId service) noexcept {
    Handle& handle = handles_[index(service)];
    if (!handle.exec_pending) {
        return;
    }
    const os::ExecStatus status = platform_.exec_status(service);
    switch (status.state) {
        case os::ExecState::pending:
            return;
        case os::ExecState::failed:
            // Told to the core when the child has been reaped: "failed" then means that nothing of
            // the attempt is left.
            handle.exec_pending = false;
            handle.exec_failed = true;
            past_[index(service)].exec_failure = status;
            return;
        case os::ExecState::succeeded:
            handle.exec_pending = false;
            past_[index(service)].forget_exec_failure();
            feed(core::Started{service});
            return;
    }
}

}  // namespace gosv::app
