#pragma once
// Orders, in the imperative: what the core wants done. The shell executes them in order; what comes
// of them comes back as further events, never as a return value.
#include <cstdint>
#include <variant>

#include "gosv/base/bounded.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"
#include "gosv/core/event.hpp"
#include "gosv/core/policy.hpp"

namespace gosv::core {

struct Spawn {
    ServiceId service;
};

enum class SignalScope : std::uint8_t {
    main,   // the main process alone
    group,  // its process group: what is forwarded goes there, as from a terminal
    tree,   // all of the service: the cgroup leaf, where there is one, else the process group
};

// Send a signal to what is alive of a service.
struct SendSignal {
    ServiceId service;
    Signal signal;
    SignalScope scope = SignalScope::tree;
    bool then_continue = false;  // followed by CONT, so that a stopped process can act on it
};

// Signal all descendants that belong to no service (TERM then CONT, or KILL); answered by
// StragglersGone as soon as there are none.
struct SweepStragglers {
    Signal signal;
};

// Answered by TaskEnded. At most one of a kind and service is under way.
struct StartTask {
    ServiceId service;
    Task task = Task::probe;
};

// KILL to all of it; its TaskEnded follows all the same.
struct KillTask {
    ServiceId service;
    Task task = Task::probe;
};

// To whoever supervises gosv (sd_notify). Only with SupervisorPolicy::announces, each once.
struct Announce {
    enum class What : std::uint8_t {
        ready,     // every service is ready, or has ended for good without ending the whole
        stopping,  // the shutdown has begun
    };
    What what = What::ready;
};

// What happened, for the log; src/app/runtime_report.cpp makes events of src/app/README.md of it.
enum class ReportKind : std::uint8_t {
    started,
    exited,      // status, uptime
    restarting,  // delay, attempt, max
    stable,      // counters start afresh
    failed,      // for good; code
    completed,   // ended well for good
    stopping,    // stop signal sent; signal (none: its stop command runs first); reason, other
    killing,     // KILL sent after the grace period or in a hurry
    draining,    // main process gone, what is left of its tree is ended first
    stopped,     // ended because it was asked to
    forwarded,   // signal
    shutdown,    // begins; see reason
    hurried,     // second stop signal
    abandoned,   // something could not be killed (state D) before the deadline
    ready,       // it defines a readiness, and that has come; uptime
    healthy,     // uptime; attempt: probes that it took
    unhealthy,   // attempt: failures in a row; reason none unless on_unhealthy does something
    waiting,     // other, condition, attempt (its failed probes in a row), uptime: for so long
    end,         // code
    unexpected,  // an event that this state cannot have; ignored, told once each
};

enum class ReportReason : std::uint8_t {
    none,
    stop_signal,          // shutdown: a stop signal
    service_failed,       // shutdown: failure_action exit
    service_completed,    // shutdown: success_action exit
    nothing_left,         // shutdown: nothing left to run
    gave_up,              // failed: max_restarts reached
    not_restarted,        // failed: the restart policy does not restart this end
    cannot_exec,          // failed: 126 or 127
    no_process,           // restarting: no process to be had
    grace_over,           // killing
    hurry,                // killing: second stop signal
    shutdown_timeout,     // killing
    main_exited,          // killing, draining: the main process has ended
    dependency_failed,    // failed: other can never be what this one needs
    dependency_restarts,  // stopping, restarting: with other
    not_ready_in_time,    // stopping, restarting, failed: start_timeout
    unhealthy,            // stopping, restarting, failed; shutdown: on_unhealthy exit
    watchdog,             // stopping, restarting, failed: not a word in time, or it said so itself
    out_of_memory,        // exited: OOM-killed; failed: and oom_action is exit
};

struct Report {
    ReportKind kind;
    ServiceId service{};  // meaningless for shutdown, hurried, end
    ReportReason reason = ReportReason::none;
    ExitStatus status{};                       // exited, failed, completed, stopped
    Signal signal{};                           // stopping, killing, forwarded, shutdown
    ServiceId other{};                         // whom it waits for, or what it ends with
    Condition condition = Condition::started;  // waiting, failed with dependency_failed
    Duration uptime{};                         // exited, ready, healthy; waiting: for so long
    Duration delay{};                          // restarting
    std::uint32_t attempt = 0;                 // restarting: which restart in a row this will be
    std::uint8_t code = 0;                     // end, failed
};

// The last action of all; nothing follows.
struct Finish {
    std::uint8_t code = 0;
};

using Action =
    std::variant<Spawn, SendSignal, SweepStragglers, StartTask, KillTask, Announce, Report, Finish>;

// Fixed capacity, see action_capacity() in core/supervisor.hpp: large enough for any one step.
using ActionSink = BoundedVector<Action>;

}  // namespace gosv::core
