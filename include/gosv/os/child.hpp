#pragma once
// The child's side of a start: what happens between clone and exec. One file with one rule: raw
// system calls on prepared memory, no allocation, no locks, no libc state, no return. A ctest
// compares the undefined symbols of child.o with a short allow-list.
//
// The child may share its memory with PID 1 (os/spawner.hpp), so the rule has a second half: it
// writes to its own stack, and besides to the pids of its environment alone, which nobody else
// reads or writes until it has execed or died. Not even errno: that is the parent's.
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "gosv/os/signals.hpp"

namespace gosv::os {

// The steps in the order in which they are made; reported with the errno when one fails.
enum class Stage : std::uint8_t {
    none,
    cgroup,         // write to cgroup.procs
    process_group,  // setpgid
    terminal,       // tcsetpgrp
    stdin_stream,   // open /dev/null, dup2
    oom_score_adj,  // /proc/self/oom_score_adj
    nice,           // setpriority
    rlimit,         // prlimit
    groups,         // setgroups
    gid,            // setresgid
    capabilities,   // prctl PR_CAPBSET_DROP, capset, ambient
    uid,            // setresuid
    working_dir,    // chdir
    no_new_privs,   // prctl
    output,         // dup2 of the pipe that takes stdout and stderr
    notify_fd,      // dup2 of the pipe for readiness
    exec,           // execve
};

// As prlimit64(2) takes it; all bits set is "unlimited".
struct ResourceLimit {
    std::uint64_t soft;
    std::uint64_t hard;
};

// Digits in envp that the child overwrites with its own pid, with room for `width` bytes and a NUL
// among them; null: none.
struct PidSlot {
    char* value = nullptr;
    std::size_t width = 0;
};

struct RlimitStep {
    int resource;
    ResourceLimit value;
};

// Everything the child needs, as raw pointers into memory that the parent owns and does not change
// until the child has execed or died. One start at a time uses the pids of an environment.
struct ChildImage {
    char* const* argv = nullptr;  // NULL-terminated
    char* const* envp = nullptr;
    char* const* candidates = nullptr;  // paths to try, execvp's way
    const char* shell = "/bin/sh";      // runs a script without "#!"; null: nobody does
    PidSlot listen_pid;                 // LISTEN_PID=..., sd_listen_fds(3)
    PidSlot watchdog_pid;               // WATCHDOG_PID=..., sd_watchdog_enabled(3)

    const char* working_dir = nullptr;
    bool stdin_null = false;      // else inherited
    bool take_terminal = false;   // become the foreground group of fd 0's terminal
    bool capture_output = false;  // stdout and stderr go to Spawned::output; else inherited
    int notify_fd = -1;           // >= 3: the number at which it finds a pipe to Spawned::readiness

    SignalSet mask = 0;         // to exec with
    bool ignore_child = false;  // SIGCHLD; all other dispositions are gosv's

    bool set_umask = false;
    unsigned umask = 0;
    bool set_nice = false;
    int nice = 0;
    const char* oom_score_adj = nullptr;  // text to write
    std::size_t oom_score_adj_len = 0;
    const RlimitStep* rlimits = nullptr;
    std::size_t rlimit_count = 0;

    bool set_credentials = false;
    std::uint32_t uid = 0, gid = 0;
    const std::uint32_t* groups = nullptr;
    std::size_t group_count = 0;

    bool set_capabilities = false;  // keep_caps: bounding set afterwards; ambient_caps: ambient too
    std::uint64_t keep_caps = 0;
    std::uint64_t ambient_caps = 0;
    bool no_new_privs = false;
};

// How many words its command has.
constexpr std::size_t word_count(const ChildImage& image) noexcept {
    std::size_t count = 0;
    while (image.argv[count] != nullptr) {
        ++count;
    }
    return count;
}

// What the parent has opened for one start; all CLOEXEC, -1: not there.
struct ChildFds {
    int status = -1;        // write end of the status pipe; never the same number as notify_fd
    int cgroup_procs = -1;  // of the leaf, open for writing, for a child not cloned into it
    int output = -1;        // write ends, of capture_output
    int readiness = -1;     // and of notify_fd
    int null = -1;          // /dev/null, for stdin_null; without it the child looks for itself
};

// What comes through the status pipe when a start fails (8 bytes: atomic). Success is end of file.
struct ChildFailure {
    std::uint8_t stage = 0;
    std::uint8_t padding[3] = {};
    std::int32_t err = 0;
};

// 127 for ENOENT at exec (the program or its interpreter), 126 for everything else.
constexpr int exec_failure_code(Stage stage, int err) noexcept {
    return stage == Stage::exec && err == ENOENT ? 127 : 126;
}

// Never returns: execs, or reports through fds.status and _exits with 127 or 126.
[[noreturn]] void run_child(const ChildImage& image, const ChildFds& fds) noexcept;

// The same for a child that begins on a stack of its own: `start` is a ChildStart.
struct ChildStart {
    ChildImage image;
    ChildFds fds;
};

[[noreturn]] void run_child_start(void* start) noexcept;

}  // namespace gosv::os
