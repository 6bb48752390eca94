#pragma once
// The port: all that the runtime needs from the operating system. LinuxPlatform implements it with
// os/; tests/support/fake_platform.hpp plays a kernel of its own. Everything here is called from
// the loop, never blocks (wait() excepted), never throws and never allocates.
#include <cstddef>
#include <optional>
#include <span>

#include "gosv/app/snapshot.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/base/time.hpp"
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

    // Starts the service's process; does not wait for its exec.
    virtual Result<Pid> spawn(ServiceId service) noexcept = 0;
    // What is known of that exec. Decided states are told once and close the status pipe.
    virtual os::ExecStatus exec_status(ServiceId service) noexcept = 0;

    // Main processes and groups are only ever signalled while their leader is not yet reaped.
    virtual Status signal_process(Pid pid, Signal signal) noexcept = 0;
    virtual Status signal_group(Pid leader, Signal signal) noexcept = 0;

    // A group that may outlive its leader: hold_group() comes before the leader is reaped, the
    // others between that and release_group(). group_outlives() looks only at the number of members
    // and is cheap; group_has_living() also looks whether they are more than zombies.
    virtual void hold_group(ServiceId service, Pid leader) noexcept = 0;
    virtual bool group_outlives(ServiceId service) noexcept = 0;
    virtual bool group_has_living(ServiceId service) noexcept = 0;
    virtual Status signal_held_group(ServiceId service, Signal signal) noexcept = 0;
    virtual void release_group(ServiceId service) noexcept = 0;

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
