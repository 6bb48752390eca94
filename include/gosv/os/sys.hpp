#pragma once
// One function per system call that gosv makes in its own flow: EINTR handled, CLOEXEC and NONBLOCK
// implied, errno taken in the expression that made the call. No policy, no log. The child between
// clone and exec does not use this file (see os/child.hpp).
#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/base/time.hpp"

namespace gosv::sys {

MonotonicTime monotonic_now() noexcept;  // clock_gettime(CLOCK_MONOTONIC)

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> pipe() noexcept;                     // pipe2(O_CLOEXEC | O_NONBLOCK)
Result<Fd> open_read(const char* path) noexcept;  // O_RDONLY | O_CLOEXEC | O_NONBLOCK
Result<Fd> open_write_nonblock(
    const char* path) noexcept;  // O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
Result<Fd> openat_read(BorrowedFd dir, const char* path) noexcept;
Result<Fd> open_directory(const char* path) noexcept;

Result<std::size_t> read(BorrowedFd fd, std::span<char> into) noexcept;  // 0: end of file
Result<std::size_t> write(BorrowedFd fd, std::string_view bytes) noexcept;
Result<std::size_t> send_nonblock(BorrowedFd fd, std::string_view bytes) noexcept;
// pwritev2(RWF_NOWAIT): EAGAIN instead of waiting, for this one call. Pipes know it since
// Linux 6.4; EOPNOTSUPP where it is not known.
Result<std::size_t> write_nowait(BorrowedFd fd, std::string_view bytes) noexcept;

// Reads a whole file, at most `limit` bytes; EFBIG beyond. Allocates: before the loop, or in a
// forked helper only.
Result<std::string> read_file(const char* path, std::size_t limit) noexcept;

Status kill(pid_t pid, Signal signal) noexcept;  // kill(2); Signal{0} only asks
Result<Fd> pidfd_open(Pid pid) noexcept;
// pidfd_send_signal with PIDFD_SIGNAL_PROCESS_GROUP (Linux 6.9): the group that `leader` led, safe
// against reuse of its number even after the leader was reaped. EINVAL on older kernels.
Status pidfd_signal_group(BorrowedFd leader, Signal signal) noexcept;
Status pidfd_signal(BorrowedFd process, Signal signal) noexcept;

Status set_child_subreaper() noexcept;  // PR_SET_CHILD_SUBREAPER

Status chdir(const char* path) noexcept;

// Fills the gaps among 0, 1 and 2, so that no later open() lands there and is taken for a stream:
// with /dev/null, and where there is none with something that answers EBADF as a closed descriptor
// does (an O_PATH one). To be called before anything else is opened.
void ensure_standard_streams() noexcept;

// Closes every descriptor from 3 on that is not in `keep` (where -1 means nothing).
void close_inherited(std::span<const int> keep) noexcept;

// A copy of gosv that may allocate and block, for work that must not hold up PID 1; Pid{} in the
// child. All signals are blocked in it; it is killed when gosv dies. It must end by _exit.
Result<Pid> fork_helper() noexcept;

// /proc/self/oom_score_adj 1000: when memory runs out a helper goes first, not gosv or a service.
// Where it cannot be written, nothing changes.
void prefer_as_oom_victim() noexcept;

Result<Pid> tcgetpgrp(BorrowedFd terminal) noexcept;
Status tcsetpgrp(BorrowedFd terminal, Pid group) noexcept;
Result<Pid> getpgid(Pid pid) noexcept;  // Pid{}: our own
// The lowest nice value of all in the group, the dead that nobody has waited for included.
// getpriority(2)
Result<int> lowest_nice(Pid group) noexcept;
Status set_nice(Pid process, int nice) noexcept;
Result<Pid> getsid(Pid pid) noexcept;

// SIGSTOP to ourselves; returns when continued. (Without effect for PID 1: pid_namespaces(7).)
void raise_stop() noexcept;

// Memory whose content nobody needs any more: whole pages of it are the kernel's again until they
// are next written to (madvise(2), MADV_DONTNEED).
void give_back(std::span<std::byte> memory) noexcept;

}  // namespace gosv::sys
