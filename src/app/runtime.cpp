#include "gosv/app/runtime.hpp"

#include <algorithm>
#include <cerrno>

#include "gosv/core/names.hpp"

namespace gosv::app {

namespace {

using namespace std::chrono_literals;

// Budgets an iteration: enough to drain a storm quickly, little enough that a stop signal is seen
// within a millisecond or two.
constexpr int kReapBudget = 256;
constexpr int kSignalBudget = 64;

// After a wait(2) that failed or denied children that are there: look again after this long,
// doubled up to a second. Never a busy loop, never a death missed for good.
constexpr Duration kRecheckFirst = 20ms;
constexpr Duration kRecheckMost = 1s;

// Members of a dead service's group that are nobody's children of ours end without a SIGCHLD to us.
constexpr Duration kTreeCheckInterval = 250ms;

// A snapshot child that has not ended by then hangs in /proc or on stderr and is killed; at a
// shutdown it gets less.
constexpr Duration kSnapshotLimit = 10s;
constexpr Duration kSnapshotLimitInShutdown = 1s;
// Log lines are kept back while a snapshot is written to the same stream, but not for long.
constexpr Duration kLogHoldLimit = 2s;

constexpr Signal kSigCont{18};
constexpr Signal kSigKill{9};
constexpr Signal kSigChld{17};
constexpr Signal kSigTstp{20};
constexpr Signal kSigTtin{21};
constexpr Signal kSigTtou{22};

bool is_job_control(Signal signal) noexcept {
    return signal == kSigTstp || signal == kSigTtin || signal == kSigTtou;
}

std::size_t find_terminal_service(const manifest::Plan& plan) noexcept {
    if (plan.supervisor.command_mode) {
        return 0;  // CMD, if there is a terminal: the platform knows
    }
    const auto owner = std::find_if(plan.execs.begin(), plan.execs.end(),
                                    [](const manifest::ExecSpec& exec) { return exec.tty; });
    return static_cast<std::size_t>(owner - plan.execs.begin());
}

}  // namespace

Runtime::Runtime(const manifest::Plan& plan, Platform& platform, Log& log)
    : plan_(plan),
      platform_(platform),
      log_(log),
      states_(plan.execs.size()),
      supervisor_{self_, states_, plan.supervisor, plan.policies},
      handles_(plan.execs.size()),
      pids_(plan.execs.size()),
      actions_(core::action_capacity(plan.execs.size())),
      events_(2 * plan.execs.size() + 16),
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
    const bool log_blocked = !log_.flush();
    platform_.wait(look_again_ ? MonotonicTime{} : next_deadline(), log_blocked);
    look_again_ = false;
    now_ = platform_.now();

    reap_children();
    read_signals();
    for (const ServiceId service : platform_.exec_ready()) {
        learn_exec_status(service);
    }
    read_tree_news();
    if (tree_check_due_) {
        tree_check_due_ = false;
        check_held_trees(false);
    }
    if (now_ >= core::next_deadline(supervisor_)) {
        feed(core::DeadlineReached{});
    }
    run_own_deadlines();
    return !finished_;
}

MonotonicTime Runtime::next_deadline() const noexcept {
    return std::min({core::next_deadline(supervisor_), recheck_at_, tree_check_at_,
                     snapshot_deadline_, log_release_at_});
}

void Runtime::feed(const core::Event& event) noexcept {
    // Actions put the events that they cause at the end of the queue; the queue cannot overflow,
    // since a step spawns each service at most once and a failed spawn waits for its back-off.
    (void)events_.push(event);
    // NOLINTNEXTLINE(modernize-loop-convert): the queue grows while it is read
    for (std::size_t i = 0; i < events_.size(); ++i) {
        const core::Event next = events_[i];
        actions_.clear();
        core::step(supervisor_, next, now_, actions_);
        for (const core::Action& action : actions_.view()) {
            carry_out(action);
        }
    }
    events_.clear();
}

// --- 3: reaping ---------------------------------------------------------------------------------

std::size_t Runtime::service_of(Pid pid) const noexcept {
    return static_cast<std::size_t>(std::find(pids_.begin(), pids_.end(), pid) - pids_.begin());
}

void Runtime::reap_children() noexcept {
    std::uint64_t orphans = 0;
    os::Peek peek;
    int left = kReapBudget;
    for (; left > 0; --left) {
        peek = platform_.peek_dead_child();
        if (peek.outcome != os::PeekOutcome::found) {
            break;
        }
        const std::size_t service = service_of(peek.child.pid);
        if (service < pids_.size()) {
            main_process_died(static_cast<ServiceId>(service), peek.child);
        } else {
            (void)platform_.reap(peek.child.pid);  // it was just seen dead: cannot fail
            if (peek.child.pid == snapshot_pid_) {
                snapshot_ended(peek.child.status);
            } else {
                ++orphans;
            }
        }
        tree_check_due_ = true;
    }
    if (left == 0) {
        look_again_ = true;
    }

    // ECHILD although a service lives, or an error: wait(2) is not to be believed this time.
    const bool some_live =
        std::any_of(pids_.begin(), pids_.end(), [](Pid pid) { return pid.exists(); });
    if (peek.outcome == os::PeekOutcome::failed ||
        (peek.outcome == os::PeekOutcome::no_children && some_live)) {
        if (recheck_delay_ == Duration{}) {  // told once, however long it lasts
            log_.write({.event = LogEvent::internal,
                        .level = LogLevel::warn,
                        .reason = errno_name(peek.err == 0 ? ECHILD : peek.err),
                        .msg = "cannot look for dead children; will try again"});
        }
        recheck_delay_ = recheck_delay_ == Duration{} ? kRecheckFirst
                                                      : std::min(recheck_delay_ * 2, kRecheckMost);
        recheck_at_ = saturating_add(now_, recheck_delay_);
    } else {
        recheck_delay_ = Duration{};
        recheck_at_ = kNever;
    }

    if (orphans > 0) {
        orphans_reaped_ += orphans;
        log_.write({.event = LogEvent::orphans,
                    .level = LogLevel::debug,
                    .attempt = static_cast<std::uint32_t>(orphans)});
    }
    if (sweeping_ && sweep_signal_ == kSigKill && orphans > 0) {
        // Somebody may have been born between the last look and its parent's death.
        const Pid except[] = {snapshot_pid_};
        (void)platform_.sweep(kSigKill, except);
    }
    // Whoever is left and lives is below a child of ours: no child, no straggler.
    if (sweeping_ && peek.outcome == os::PeekOutcome::no_children && !some_live) {
        sweeping_ = false;
        feed(core::StragglersGone{});
    }
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

    if (handle.exec_failure.state == os::ExecState::failed) {
        handle.last_failure = handle.exec_failure;
        handle.exec_failure = {};
        (void)platform_.reap(child.pid);
        pids_[index(service)] = Pid{};
        const bool transient = os::is_transient(handle.last_failure.err);
        feed(core::SpawnFailed{
            service, transient ? core::SpawnFailure::transient : core::SpawnFailure::permanent,
            static_cast<std::uint8_t>(
                os::exec_failure_code(handle.last_failure.stage, handle.last_failure.err))});
        return;
    }

    // A group's number is the dead leader's pid: get hold of the tree while it is still reserved.
    platform_.hold_tree(service, child.pid);
    (void)platform_.reap(child.pid);
    handle.last_pid = child.pid;
    pids_[index(service)] = Pid{};
    handle.tree_held = platform_.tree_outlives(service);
    if (handle.tree_held) {
        tree_check_at_ = std::min(tree_check_at_, saturating_add(now_, kTreeCheckInterval));
    } else {
        platform_.release_tree(service);
    }
    // The kernel counts the kill before it tells the death.
    const bool killed = child.status == ExitStatus::killed_by(kSigKill);
    const bool out_of_memory = tell_oom_kills(service) && killed;
    feed(core::Exited{service, child.status, handle.tree_held, out_of_memory});
}

bool Runtime::tell_oom_kills(ServiceId service) noexcept {
    const std::optional<os::OomKills> kills = platform_.take_oom_kills(service);
    if (!kills) {
        return false;
    }
    log_.write(
        {.event = LogEvent::oom,
         .level = LogLevel::warn,
         .service = plan_.execs[index(service)].name,
         .pid = pids_[index(service)].exists() ? pids_[index(service)]
                                               : handles_[index(service)].last_pid,
         .attempt = static_cast<std::uint32_t>(std::min<std::uint64_t>(kills->count, UINT32_MAX)),
         .memory_limit = kills->limit,
         .memory_peak = kills->peak,
         .reason =
             kills->own_limit ? "memory limit of the service" : "memory limit of the container"});
    return true;
}

void Runtime::read_tree_news() noexcept {
    for (const ServiceId service : platform_.tree_news()) {
        tree_check_due_ = true;
        // Of a service whose main process is dead or dying the death tells.
        if (pids_[index(service)].exists()) {
            (void)tell_oom_kills(service);
        }
    }
}

void Runtime::check_held_trees(bool thoroughly) noexcept {
    bool some_held = false;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
        if (!handles_[i].tree_held) {
            continue;
        }
        const auto service = static_cast<ServiceId>(i);
        // A member that is dead but not waited for by its own parent keeps a group's number in use
        // for ever; it holds no port and no file, so it does not hold up the restart either.
        if (platform_.tree_outlives(service) &&
            (!thoroughly || platform_.tree_has_living(service))) {
            some_held = true;
            continue;
        }
        handles_[i].tree_held = false;
        platform_.release_tree(service);
        feed(core::TreeEmptied{service});
    }
    // A quick look does not put off the thorough one: where children end all the time, there would
    // never be one.
    const MonotonicTime next = saturating_add(now_, kTreeCheckInterval);
    tree_check_at_ = !some_held ? kNever : thoroughly ? next : std::min(tree_check_at_, next);
}

// --- 4: signals ---------------------------------------------------------------------------------

void Runtime::read_signals() noexcept {
    for (int left = kSignalBudget; left > 0 && !finished_; --left) {
        const std::optional<os::SignalInfo> info = platform_.next_signal();
        if (!info) {
            return;
        }
        handle_signal(*info);
    }
    // What was read in a batch with the last one is in no descriptor any more: to sleep now would
    // be to sleep on it.
    look_again_ = true;
}

void Runtime::handle_signal(const os::SignalInfo& info) noexcept {
    if (info.signal == kSigChld) {
        // The dead are found by looking, which every iteration does before it reads signals. This
        // one may be of somebody who died in between, and nothing else would wake us.
        look_again_ = true;
        check_terminal();
        return;
    }
    if (info.from_gosv) {
        return;  // SIGPIPE of our own log write must not reach the services
    }
    if (plan_.snapshot_signal == info.signal) {
        request_snapshot();
        return;
    }
    if (plan_.supervisor.command_mode) {
        feed(core::SignalReceived{info.signal});
        return;
    }
    const auto& stops = plan_.stop_signals;
    if (std::find(stops.begin(), stops.end(), info.signal) != stops.end()) {
        log_.write({.event = LogEvent::signal, .pid = info.sender, .signal = info.signal});
        feed(core::StopRequested{info.signal});
        return;
    }
    if (is_job_control(info.signal)) {
        return;  // blocked, so it stops neither gosv nor, forwarded, the services
    }
    feed(core::SignalReceived{info.signal});
}

// --- 5: exec status -----------------------------------------------------------------------------

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
            handle.exec_failure = status;
            return;
        case os::ExecState::succeeded:
            handle.exec_pending = false;
            handle.last_failure = {};
            feed(core::Started{service});
            return;
    }
}

// --- the terminal -------------------------------------------------------------------------------

void Runtime::check_terminal() noexcept {
    if (terminal_service_ >= pids_.size() || !pids_[terminal_service_].exists()) {
        return;
    }
    const Pid pid = pids_[terminal_service_];
    const std::optional<Signal> stop = platform_.take_stop(pid);
    if (!stop || !is_job_control(*stop)) {
        return;
    }
    if (plan_.supervisor.command_mode && platform_.has_job_control_parent()) {
        // A shell waits for its job to stop: hand the terminal back and stop like the command did.
        platform_.give_terminal(Pid{});
        platform_.stop_self();
        platform_.give_terminal(pid);
    }
    // Nobody else could ever resume it: under PID 1 a stopped terminal would stay frozen.
    (void)platform_.signal_group(pid, kSigCont);
}

// --- 7: the runtime's own deadlines -------------------------------------------------------------

void Runtime::run_own_deadlines() noexcept {
    if (now_ >= tree_check_at_) {
        check_held_trees(true);
    }
    if (now_ >= snapshot_deadline_) {
        snapshot_deadline_ = kNever;
        (void)platform_.signal_process(snapshot_pid_, kSigKill);
    }
    if (now_ >= log_release_at_) {
        log_release_at_ = kNever;
        log_.hold(false);
    }
    // recheck_at_ needs nothing: waking up is enough, reaping is part of every iteration.
}

// --- snapshot -----------------------------------------------------------------------------------

void Runtime::request_snapshot() noexcept {
    if (snapshot_pid_.exists()) {
        snapshot_again_ = true;  // a burst of requests makes one more snapshot, not one each
        return;
    }
    start_snapshot();
}

void Runtime::hasten_snapshot() noexcept {
    if (snapshot_pid_.exists()) {
        snapshot_deadline_ =
            std::min(snapshot_deadline_, saturating_add(now_, kSnapshotLimitInShutdown));
    }
}

void Runtime::start_snapshot() noexcept {
    snapshot_again_ = false;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        const core::ServiceState& state = states_[i];
        SnapshotService& shown = snapshot_services_[i];
        shown = {};
        shown.name = plan_.execs[i].name;
        shown.state = core::name(state.phase);
        shown.pid = pids_[i];
        shown.group = pids_[i].exists()       ? pids_[i]
                      : handles_[i].tree_held ? handles_[i].last_pid
                                              : Pid{};
        if (pids_[i].exists() && !handles_[i].exec_pending) {
            shown.uptime = now_ - state.since;
        }
        shown.restarts = state.restarts_total;
        shown.program = plan_.execs[i].argv.size() > 0 ? plan_.execs[i].argv[0] : "";
        if (handles_[i].spawn_error.err != 0) {
            shown.failed_start = handles_[i].spawn_error;
        } else if (handles_[i].last_failure.state == os::ExecState::failed) {
            shown.failed_stage = handles_[i].last_failure.stage;
            shown.failed_start = SysError{handles_[i].last_failure.err};
        }
        if (state.has_run) {
            shown.last_exit = state.last_status;
        }
        if (state.phase == core::Phase::backoff) {
            shown.next_start = std::max(Duration{}, state.deadline - now_);
        }
    }
    SnapshotInput input;
    input.stage = core::name(self_.stage);
    input.uptime = now_ - booted_at_;
    input.services = snapshot_services_;
    input.log_lines_dropped = log_.dropped();
    input.orphans_reaped = orphans_reaped_;
    input.json = plan_.snapshot_json;
    input.maps = plan_.snapshot_maps;

    log_.flush();
    const Result<Pid> child = platform_.start_snapshot(input);
    if (!child.ok()) {
        log_.write({.event = LogEvent::snapshot,
                    .level = LogLevel::error,
                    .reason = errno_text(child.error().err),
                    .msg = "no process to be had for the snapshot"});
        return;
    }
    snapshot_pid_ = child.value();
    snapshot_deadline_ =
        saturating_add(now_, sweeping_ ? kSnapshotLimitInShutdown : kSnapshotLimit);
    log_release_at_ = saturating_add(now_, kLogHoldLimit);
    log_.hold(true);
}

void Runtime::snapshot_ended(ExitStatus status) noexcept {
    snapshot_pid_ = Pid{};
    snapshot_deadline_ = kNever;
    log_release_at_ = kNever;
    log_.hold(false);
    if (status != ExitStatus::code(0)) {
        log_.write({.event = LogEvent::snapshot,
                    .level = LogLevel::warn,
                    .msg = "the snapshot was cut short: /proc or the reader of stderr hangs"});
    }
    if (snapshot_again_ && !sweeping_) {
        start_snapshot();  // at the very end not: it would be one more child to wait for
    }
}

}  // namespace gosv::app
