#pragma once
// The snapshot (USR1); for users: src/app/README.md. Taken and written by a forked child of gosv,
// which may allocate and block as it likes (/proc can hang on a process in state D, stderr can be
// full): PID 1 only forks it, reaps it, and kills it when it takes too long.
//
// What is read: stat of every process first (it never blocks), then descriptors and memory maps of
// those that are shown. Not read: command lines and environments as such, for a snapshot ends in
// logs that are kept, and passwords are passed that way. (The one variable GOSV_SERVICE is looked
// for, in orphans.)
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"
#include "gosv/os/child.hpp"
#include "gosv/os/procfs.hpp"

namespace gosv::app {

// A probe or a stop command that is running: one of the service's processes in the snapshot,
// although gosv is its parent.
struct SnapshotTask {
    Pid pid;  // and its group; 0: none
    Duration running{};
};

struct SnapshotService {
    std::string_view name;
    std::string_view state;               // core::name(Phase)
    Pid pid;                              // main process; 0: not running
    Pid group;                            // its process group, which may outlive it; 0: none
    std::optional<Duration> uptime;       // of the present run
    std::uint32_t restarts = 0;           // in all
    std::optional<ExitStatus> last_exit;  // why the last run ended
    std::string_view last_ended;          // why gosv has ended it: core::name(ReportReason)
    std::string_view failed_with;         // the dependency that has failed before it; empty: none
    std::optional<Duration> next_start;   // in back-off: until the restart
    bool has_readiness = false;           // notify, notify_fd, healthcheck
    bool ready = false;                   // only with has_readiness, and in a run
    std::string_view health;              // core::name(Health); empty: no healthcheck, or no run
    std::uint32_t probe_failures = 0;     // in a row
    std::string_view probe_reason;        // of the last one; empty: it was good, or none has ended
    std::string_view status;              // STATUS=
    bool says_stopping = false;           // STOPPING=1
    std::string_view waits_for;           // pending: the service that it waits for; empty: none
    std::string_view wish;                // "to be healthy"
    std::string_view condition;           // core::name(Condition)
    Duration waiting{};                   // for so long
    std::optional<Duration> start_timeout;  // until it must be ready
    std::optional<Duration> watchdog;       // until it must have said that it is alive
    std::string_view ending;                // why gosv ends this run: core::name(ReportReason)
    SnapshotTask probe;
    SnapshotTask stop_command;
    // When the last start failed: at which stage, with which errno, or that there was no process.
    os::Stage failed_stage = os::Stage::none;
    SysError failed_start{};
    std::string_view program;  // argv[0]
    std::string_view leaf;     // of its cgroup, below SnapshotInput::cgroups; empty: none
};

struct SnapshotInput {
    Pid self;  // gosv
    std::string_view version;
    std::string_view stage;      // core::name(Stage)
    std::int64_t wall_time = 0;  // milliseconds since 1970
    Duration uptime{};           // of gosv
    std::span<const SnapshotService> services;
    std::span<const Pid> except;  // gosv's own helpers: not shown
    BorrowedFd cgroups;           // gosv's own cgroup; not open: none
    std::uint64_t log_lines_dropped = 0;
    std::uint64_t orphans_reaped = 0;
    bool json = false;
    std::optional<std::uint32_t> maps = 10;  // memory maps a process; nullopt: all
};

// Where a snapshot goes, block by block: what is known is out before the next look at /proc, which
// may hang.
class SnapshotOutput {
  public:
    virtual ~SnapshotOutput() = default;
    virtual void write(std::string_view lines) = 0;
};

// Walks /proc and renders. Allocates and may block: in the forked child (or a test) only.
// Gives up gathering, with a note in the output, at `deadline` (CLOCK_MONOTONIC).
void take_snapshot(const SnapshotInput& input, const os::Proc& proc, MonotonicTime deadline,
                   SnapshotOutput& output);

// Writes all of it, blocking, in pieces of at most PIPE_BUF that end at a line's end where they
// can. Stops in silence when nobody reads any more.
void write_blocking(BorrowedFd out, std::string_view text) noexcept;

}  // namespace gosv::app
