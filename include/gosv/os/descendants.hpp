#pragma once
// gosv's own descendants: those who were started below it or adopted by it (it is PID 1 or a
// PR_SET_CHILD_SUBREAPER). Found through /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN), or,
// where the kernel has none, through the parent fields of all of /proc. Used at shutdown, when what
// is left must end; a bystander that is not ours is never touched (gosv under --pid=host).
//
// Why no stranger can be hit: a direct child of ours keeps its pid until we reap it, and we do not
// reap while we walk. Anything deeper is opened with pidfd_open first and then looked at: if it is
// still there when the signal goes through the pidfd, the look was at the same process, and it was
// a child of one that is ours.
#include <cstddef>
#include <span>

#include "gosv/base/ids.hpp"
#include "gosv/os/procfs.hpp"

namespace gosv::os {

struct SweepResult {
    std::size_t alive = 0;  // descendants seen that are not zombies and not excepted
    std::size_t signalled = 0;
    bool complete = true;  // false: the budget ended the walk, or /proc could not be read
    Pid example;           // one of those alive, for the log
};

class Descendants {
  public:
    // Allocates its work list once: at most `budget` processes are visited per sweep. What is not
    // reached in one sweep is reached in the next: the dead make room.
    Descendants(const Proc& proc, std::size_t budget);
    ~Descendants();
    Descendants(const Descendants&) = delete;
    Descendants& operator=(const Descendants&) = delete;

    // Sends `signal` (then CONT when it is not KILL; nothing for Signal{0}) to every descendant
    // that is not a zombie and whose pid is not in `except` (nor the descendants of those in
    // `except`). No allocation, no waiting.
    SweepResult sweep(Signal signal, std::span<const Pid> except) noexcept;

  private:
    struct Impl;
    Impl* impl_;
};

}  // namespace gosv::os
