#pragma once
// The port: all that the runtime needs from the operating system. LinuxPlatform implements it with
// os/; tests/support/fake_platform.hpp plays a kernel of its own. Everything here is called from
// the loop, never blocks (wait() excepted), never throws and never allocates.
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "gosv/app/snapshot.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/base/time.hpp"
#include "gosv/os/cgroup.hpp"
#include "gosv/os/descendants.hpp"
#include "gosv/os/reaper.hpp"
#include "gosv/os/signals.hpp"
#include "gosv/os/spawn.hpp"

namespace gosv::app {

class Platform {
  public:
    virtual ~Platform() = default;

    virtual MonotonicTime now() noexcept = 0;

    // Sleeps until something is ready or the deadline has come; kNever: until something is ready.
    // With watch_log, room in the log's stream counts as ready. Services whose exec status can be
    // read are then in exec_ready() until the next wait.
    virtual void wait(MonotonicTime deadline, bool watch_log) noexcept = 0;
    virtual std::span<const ServiceId> exec_ready() const noexcept = 0;

    virtual std::optional<os::SignalInfo> next_signal() noexcept = 0;

    virtual os::Peek peek_dead_child() noexcept = 0;
    virtual Status reap(Pid pid) noexcept = 0;

    // Starts the service's process, in its cgroup leaf where there is one; does not wait for its
    // exec.
    virtual Result<Pid> spawn(ServiceId service) noexcept = 0;
    // Why the service can never be started: "memory.max: cannot write '12': Invalid argument".
    // Empty: nothing is known against it.
    virtual std::string_view refusal(ServiceId service) const noexcept = 0;
    // What is known of that exec. Decided states are told once and close the status pipe.
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

    // Services whose leaf had news since the wait before: it is empty, or the kernel has killed for
    // memory in it. take_oom_kills() answers each kill once.
    virtual std::span<const ServiceId> tree_news() const noexcept = 0;
    virtual std::optional<os::OomKills> take_oom_kills(ServiceId service) noexcept = 0;

    // Descendants that belong to no service; `except` are gosv's own helpers.
    virtual os::SweepResult sweep(Signal signal, std::span<const Pid> except) noexcept = 0;

    // Forks the child that writes the snapshot. In the child this does not return.
    virtual Result<Pid> start_snapshot(const SnapshotInput& input) noexcept = 0;

    // The terminal of a service that owns it (`tty: true`, or CMD of `gosv -- CMD`).
    virtual std::optional<Signal> take_stop(Pid pid) noexcept = 0;
    virtual void give_terminal(Pid group) noexcept = 0;  // Pid{}: back to gosv's own group
    // True when somebody waits for gosv's own job to stop: a job-control shell.
    virtual bool has_job_control_parent() noexcept = 0;
    virtual void stop_self() noexcept = 0;  // SIGSTOP; returns when continued
};

}  // namespace gosv::app
