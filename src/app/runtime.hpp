#pragma once
// The loop: what the kernel says becomes events, the core decides, its actions are carried out. The
// runtime decides nothing itself; it keeps the handles (pids) that go with the core's states.
//
// One iteration, in this order (each source has a budget, so that a storm on one cannot starve the
// others):
//   1 wait            the only place that sleeps
//   2 read the clock  once
//   3 reap            before anything that could signal or restart; after a SIGCHLD, or in a storm
//   4 exec status     pipes of services that are starting
//   5 notices         what services say of themselves
//   6 signals         what is asked of services comes after what is known of them; then a look for
//                     the dead if there was none for a second, as a precaution
//   7 trees           news of them; those that have drained after their main process
//   8 deadlines       the core's, then the runtime's own (snapshot, re-checks)
//   9 flush the log   without blocking
// Of one service the order is always: exec status, notices, death. A death that is found first
// (3) makes the runtime look at the other two before it tells it.
// Actions are carried out at once after each event; their results come back as further events
// before the next source is looked at.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "app/remarks.hpp"
#include "app/running_tasks.hpp"
#include "app/snapshot_child.hpp"
#include "gosv/app/log.hpp"
#include "gosv/app/platform.hpp"
#include "gosv/base/bounded.hpp"
#include "gosv/base/zeroed.hpp"
#include "gosv/core/supervisor.hpp"
#include "gosv/manifest/plan.hpp"

namespace gosv::app {

class Runtime {
  public:
    // Allocates everything it will ever need; the plan, the platform and the log outlive it.
    Runtime(const manifest::Plan& plan, Platform& platform, Log& log);

    // Starts the first services (event Booted). The point of no return: from here on nothing exits,
    // throws or allocates.
    void boot() noexcept;

    // Runs until everything has ended; the container's exit code.
    int run() noexcept;

    // One iteration; false when finished. run() without the loop, for tests.
    bool iterate() noexcept;

    const core::ServiceState& state(ServiceId service) const noexcept {
        return states_[index(service)];
    }

    // In a row; 0 without a healthcheck.
    std::uint32_t probe_failures(ServiceId service) const noexcept {
        return probes_.empty() ? 0 : probes_[index(service)].probe_failures;
    }

  private:
    static constexpr std::size_t kMostReasonText = 512;

    // What the kernel knows a service by. Parallel to the core's states.
    struct Handle {
        bool exec_pending = false;    // the status pipe has not spoken yet
        bool exec_failed = false;     // it has; acted on when the child is reaped
        bool tree_held = false;       // the main process is gone, its group is not
        bool silenced = false;        // notify_fd is closed, and no newline has come
        core::ReportReason ending{};  // why gosv has ended the present run; none: it has not
    };

    // What has become of earlier starts and runs, for log and snapshot. Not written to before there
    // is something to be told: then it need not be resident.
    struct Past {
        Pid pid;                               // of the run that ended last
        core::ReportReason ended;              // why gosv has ended that; none: it has not
        std::optional<ServiceId> failed_with;  // the dependency that has failed before it
        std::optional<SysError> spawn_error;   // why the last clone failed
        os::ExecStatus exec_failure;           // why the last exec failed

        void forget_spawn_error() noexcept {
            if (spawn_error) {
                spawn_error.reset();
            }
        }

        void forget_exec_failure() noexcept {
            if (exec_failure.state != os::ExecState::pending) {
                exec_failure = {};
            }
        }
    };

    void feed(const core::Event& event) noexcept;
    void carry_out(const core::Action& action) noexcept;
    void carry_out(const core::Spawn& order) noexcept;
    void carry_out(const core::SendSignal& order) noexcept;
    void carry_out(const core::SweepStragglers& order) noexcept;
    void carry_out(const core::StartTask& order) noexcept;
    void carry_out(const core::KillTask& order) noexcept;
    void carry_out(const core::Announce& order) noexcept;
    void carry_out(const core::Report& report) noexcept;
    void carry_out(const core::Finish& order) noexcept;
    void send(ServiceId service, Signal signal, core::SignalScope scope) noexcept;

    void reap_children() noexcept;
    void reap_unannounced() noexcept;
    void look_for_the_dead() noexcept;
    os::Peek reap_the_dead() noexcept;
    void notice_storm(std::uint64_t orphans) noexcept;
    MonotonicTime next_look() const noexcept;
    void child_died(const os::DeadChild& child) noexcept;
    void main_process_died(ServiceId service, const os::DeadChild& child) noexcept;
    void read_signals() noexcept;
    void handle_signal(const os::SignalInfo& info) noexcept;
    void learn_exec_status(ServiceId service) noexcept;
    void doubt(const os::Peek& peek, bool some_live) noexcept;
    bool has_live_children() const noexcept;
    // When the main process has been reaped: false, and let go, when nothing is left of its tree.
    bool keep_tree_if_populated(ServiceId service) noexcept;
    void let_go_if_empty(ServiceId service) noexcept;
    void let_go(ServiceId service) noexcept;
    void check_held_trees(bool thoroughly) noexcept;
    void read_tree_news() noexcept;
    bool tell_oom_kills(ServiceId service) noexcept;  // true: there were some
    void read_notices() noexcept;
    void hear_last_words(ServiceId service) noexcept;
    void hear(ServiceId service, int budget) noexcept;
    void heed(ServiceId service, const Notice& notice) noexcept;
    void check_silenced() noexcept;
    void complain(ServiceId service, const Notice& notice) noexcept;
    void task_died(const RunningTasks::Found& which, const os::DeadChild& child) noexcept;
    void tell_task_failure(ServiceId service, core::Task task, Pid pid,
                           std::string_view why) noexcept;
    // A probe whose time is up and that is still there has failed for want of an answer.
    void note_silent_probe(ServiceId service) noexcept;
    void check_terminal() noexcept;
    void run_own_deadlines() noexcept;
    MonotonicTime core_deadline() noexcept;
    MonotonicTime next_deadline() noexcept;

    void start_snapshot() noexcept;
    SnapshotService show(ServiceId service) const noexcept;
    void show_readiness(ServiceId service, SnapshotService& shown) const noexcept;

    std::size_t service_of(Pid pid) noexcept;  // plan_.execs.size(): none
    // Phrases for the log, in `buffer` or static; "": there is nothing to say.
    std::string_view describe_reason(const core::Report& report,
                                     std::span<char> buffer) const noexcept;
    bool is_as_wished(const core::Report& report) const noexcept;
    // Why gosv ends, or has ended, a run: "unhealthy: connection refused".
    std::string_view describe_ending(ServiceId service, core::ReportReason reason,
                                     std::span<char> buffer) const noexcept;
    // "cannot start '/bin/x': exec: No such file or directory"; "" when the last start succeeded.
    std::string_view describe_failed_start(ServiceId service,
                                           std::span<char> buffer) const noexcept;
    std::string_view describe_giving_up(ServiceId service, std::span<char> buffer) const noexcept;
    std::string_view describe_last_run(ServiceId service, std::span<char> buffer) const noexcept;
    std::string_view describe_obstacle_of(ServiceId service, core::Condition condition,
                                          std::span<char> buffer) const noexcept;

    const manifest::Plan& plan_;
    Platform& platform_;
    Log& log_;
    std::vector<core::ServiceState> states_;
    std::vector<core::ProbeState> probes_;  // empty: no service has a healthcheck
    core::SupervisorState self_;
    core::Supervisor supervisor_;
    std::vector<Handle> handles_;
    ZeroedArray<Past> past_;
    std::vector<Pid> pids_;        // apart from the handles: every death searches it
    std::size_t next_to_die_ = 0;  // where that search begins
    RunningTasks tasks_;
    ZeroedArray<Remarks> remarks_;
    core::ActionSink actions_;
    BoundedVector<core::Event> events_;
    SnapshotChild snapshot_;
    BoundedVector<SnapshotService> snapshot_services_;

    MonotonicTime now_{};
    MonotonicTime booted_at_{};
    std::optional<MonotonicTime> core_deadline_;  // not known since an event changed something
    bool finished_ = false;
    std::uint8_t exit_code_ = 0;
    bool look_again_ = false;  // a budget ran out: do not sleep, more is waiting
    bool tree_check_due_ = false;
    bool look_for_dead_ = true;  // although no SIGCHLD tells: the first time, or a budget ran out
    bool storm_ = false;         // of orphans: they are reaped by the clock, see notice_storm()
    bool sweeping_ = false;
    Signal sweep_signal_{};
    std::size_t terminal_service_;  // owns the terminal; execs.size(): none
    std::uint64_t orphans_reaped_ = 0;
    MonotonicTime looked_at_{};          // for the dead
    MonotonicTime orphans_at_{};         // when a look has found some
    MonotonicTime recheck_at_ = kNever;  // look for the dead again: a wait failed
    Duration recheck_delay_{};
    MonotonicTime silence_check_at_ = kNever;  // services with a closed notify_fd
    MonotonicTime tree_check_at_ = kNever;     // members that are nobody's child of ours
};

}  // namespace gosv::app
