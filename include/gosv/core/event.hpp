#pragma once
// Facts, in the past tense: what the shell tells the core. The order the shell guarantees:
//  * SpawnFailed or Started comes before Exited; SpawnFailed means that no process is left of that
//    attempt (a child that could not exec has been reaped already);
//  * Exited says whether the service's tree outlives its main process; if so, TreeEmptied follows
//    once, when nothing is left of it;
//  * what a service notifies comes between its Started and its Exited: nothing of an earlier run;
//  * every StartTask is answered by one TaskEnded, killed or not, also when there was no process to
//    be had for it. A task may outlive the run that it belongs to. Where it was the last of a
//    populated tree, TreeEmptied is told first: else what is left would be asked to end.
#include <cstdint>
#include <variant>

#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"

namespace gosv::core {

// Everything is open and allocated: start.
struct Booted {};

// The exec has happened.
struct Started {
    ServiceId service;
};

enum class SpawnFailure : std::uint8_t {
    no_process,  // clone or the status pipe: EAGAIN, ENOMEM, EMFILE. Nothing was tried.
    transient,   // the child got an error that may pass: ETXTBSY, ESTALE, ENOMEM, ...
    permanent,   // no such program, not executable, no such user: trying again changes nothing
};

struct SpawnFailed {
    ServiceId service;
    SpawnFailure failure = SpawnFailure::permanent;
    std::uint8_t exit_code = 126;  // 127 when the program or its interpreter was not found
};

struct Exited {
    ServiceId service;
    ExitStatus status;
    bool tree_populated = false;
    bool out_of_memory = false;  // OOM kills were counted in its cgroup leaf
};

struct TreeEmptied {
    ServiceId service;
};

// The time given to step() has reached next_deadline(). Harmless when it has not.
struct DeadlineReached {};

// A stop signal. The first begins the ordered shutdown, the second hurries it.
struct StopRequested {
    Signal signal;
};

// Any other signal that is to be passed on to the services.
struct SignalReceived {
    Signal signal;
};

// It says that it is ready: READY=1, or a newline on its notify_fd.
struct NotifiedReady {
    ServiceId service;
};

// WATCHDOG=1, and WATCHDOG=trigger: a deadline that it has missed by its own account.
struct NotifiedAlive {
    ServiceId service;
};

struct NotifiedTrouble {
    ServiceId service;
};

// EXTEND_TIMEOUT_USEC: what it is doing now, starting or stopping, takes this long from now.
struct TimeExtended {
    ServiceId service;
    Duration by{};
};

// What gosv runs beside a service's own processes, one of a kind at a time.
enum class Task : std::uint8_t { probe, stop_command };

struct TaskEnded {
    ServiceId service;
    Task task = Task::probe;
    bool ok = false;
};

// Answer to SweepStragglers: no descendant is left that belongs to no service.
struct StragglersGone {};

using Event = std::variant<Booted, Started, SpawnFailed, Exited, TreeEmptied, DeadlineReached,
                           StopRequested, SignalReceived, StragglersGone, NotifiedReady,
                           NotifiedAlive, NotifiedTrouble, TimeExtended, TaskEnded>;

}  // namespace gosv::core
