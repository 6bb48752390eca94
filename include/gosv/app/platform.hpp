#pragma once
// The port: all that the runtime needs from the operating system. LinuxPlatform implements it with
// os/; tests/support/fake_platform.hpp plays a kernel of its own. Everything here is called from
// the loop, never blocks (wait() excepted), never throws and never allocates.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gosv/app/snapshot.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/base/time.hpp"
#include "gosv/core/event.hpp"
#include "gosv/os/cgroup.hpp"
#include "gosv/os/descendants.hpp"
#include "gosv/os/reaper.hpp"
#include "gosv/os/signals.hpp"
#include "gosv/os/spawn.hpp"

namespace gosv::app {

// What a task leaves behind when it is dead.
struct TaskEnd {
    os::ExecStatus exec{};    // failed: its program has never run
    std::string_view said{};  // the first line that a probe wrote, made plain
};

// What a service says of itself in one message, or what is wrong with that message.
struct Notice {
    enum class Complaint : std::uint8_t {
        none,
        stranger,  // whoever sent it is no process of the service
        gone,      // whoever sent it has ended, so that nobody can tell whose it was
        too_long,
        refused,   // part of it: see `what`
        silenced,  // every process has closed notify_fd, and no newline has come
    };
    bool ready = false;                        // READY=1, or the newline on notify_fd
    bool stopping = false;                     // STOPPING=1
    bool alive = false;                        // WATCHDOG=1
    bool trouble = false;                      // WATCHDOG=trigger
    std::optional<Duration> extend{};          // EXTEND_TIMEOUT_USEC
    std::optional<std::string_view> status{};  // STATUS; any bytes, valid until the next call
    Complaint complaint = Complaint::none;
    std::string_view what{};  // refused: "MAINPID=12"; as status
    std::string_view why{};   // refused; static storage
    Pid sender{};
};

class Platform {
  public:
    virtual ~Platform() = default;

    virtual MonotonicTime now() noexcept = 0;

    // Sleeps until something is ready or the deadline has come; kNever: until something is ready;
    // MonotonicTime{}: does not sleep.
    // Room in `full_log`, if that is open, counts as ready. Services whose exec status can be read
    // are then in exec_ready() until the next wait.
    virtual void wait(MonotonicTime deadline, BorrowedFd full_log) noexcept = 0;
    virtual std::span<const ServiceId> exec_ready() const noexcept = 0;

    // All but SIGCHLD.
    virtual std::optional<os::SignalInfo> next_signal() noexcept = 0;

    // SIGCHLD has come and is not yet taken. Until it is, no further one ends a wait; after it,
    // each death does: so it is to be taken before the look that is to be the last one.
    virtual bool child_signalled() const noexcept = 0;
    virtual Status take_child_signal() noexcept = 0;

    virtual os::Peek peek_dead_child() noexcept = 0;
    virtual Status reap(Pid pid) noexcept = 0;

    // Starts the service's process, in its cgroup leaf where there is one; does not wait for its
    // exec.
    virtual Result<Pid> spawn(ServiceId service) noexcept = 0;
    // Why the service can never be started: "memory.max: cannot write '12': Invalid argument".
    // Empty: nothing is known against it.
    virtual std::string_view refusal(ServiceId service) const noexcept = 0;
    // What is known of that exec. Once it is decided the answer stays until the next spawn().
    virtual os::ExecStatus exec_status(ServiceId service) noexcept = 0;

    // Main processes and groups are only ever signalled while their leader is not yet reaped.
    virtual Status signal_process(Pid pid, Signal signal) noexcept = 0;
    virtual Status signal_group(Pid leader, Signal signal) noexcept = 0;
    // All of the service: its cgroup leaf, where there is one, else the group.
    virtual Status signal_tree(ServiceId service, Pid leader, Signal signal) noexcept = 0;

    // A tree that may outlive its main process: hold_tree() comes before that is reaped, the others
    // between that and release_tree(). tree_outlives() looks only whether there is anybody and is
    // cheap; tree_has_living() also looks whether they are more than zombies.
    virtual void hold_tree(ServiceId service, Pid leader) noexcept = 0;
    virtual bool tree_outlives(ServiceId service) noexcept = 0;
    virtual bool tree_has_living(ServiceId service) noexcept = 0;
    virtual Status signal_held_tree(ServiceId service, Signal signal) noexcept = 0;
    virtual void release_tree(ServiceId service) noexcept = 0;
    // Who is left of it, in a few words; "" when that is not known.
    virtual std::string_view describe_tree(ServiceId service, std::span<char> buffer) noexcept = 0;

    // Tasks: what gosv runs beside a service's own processes, each the leader of a group of its
    // own. start_task() does not wait for the exec. kill_task() ends one with all that it has
    // started. end_task() comes when the leader is dead and not yet reaped: it ends what is left of
    // the group and closes what gosv had open for it; what it answers is valid until the next
    // start_task().
    virtual Result<Pid> start_task(ServiceId service, core::Task task) noexcept = 0;
    virtual void kill_task(Pid leader) noexcept = 0;
    virtual TaskEnd end_task(ServiceId service, core::Task task, Pid leader) noexcept = 0;

    // Services that have said something since the wait before (notify socket, notify_fd);
    // next_notice() is what, one message at a time. spawn() forgets what an earlier run has said.
    virtual std::span<const ServiceId> notices() const noexcept = 0;
    virtual std::optional<Notice> next_notice(ServiceId service, Pid main) noexcept = 0;

    // To whoever supervises gosv itself, in the words of sd_notify(3): "READY=1".
    virtual Status announce(std::string_view message) noexcept = 0;

    // Services whose leaf had news since the wait before: it is empty, or the kernel has killed for
    // memory in it. take_oom_kills() answers each kill once.
    virtual std::span<const ServiceId> tree_news() const noexcept = 0;
    virtual std::optional<os::OomKills> take_oom_kills(ServiceId service) noexcept = 0;

    // Descendants that belong to no service; `except` are gosv's own helpers.
    virtual os::SweepResult sweep(Signal signal, std::span<const Pid> except) noexcept = 0;

    // Forks the child that writes the snapshot. In the child this does not return.
    virtual Result<Pid> start_snapshot(const SnapshotInput& input) noexcept = 0;

    // Memory whose content is not needed any more: sys::give_back().
    virtual void give_back(std::span<std::byte> memory) noexcept = 0;

    // The terminal of a service that owns it (`tty: true`, or CMD of `gosv -- CMD`).
    virtual std::optional<Signal> take_stop(Pid pid) noexcept = 0;
    virtual void give_terminal(Pid group) noexcept = 0;  // Pid{}: back to gosv's own group
    // True when somebody waits for gosv's own job to stop: a job-control shell.
    virtual bool has_job_control_parent() noexcept = 0;
    virtual void stop_self() noexcept = 0;  // SIGSTOP; returns when continued
};

}  // namespace gosv::app
