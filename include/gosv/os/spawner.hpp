#pragma once
// Which way a child is cloned (spawn.hpp has the ways). Sharing gosv's memory until the exec is the
// quickest, half the cost of a copy, and right only for a child that takes none of it into trouble:
// the kernel holds all who share memory liable for one of them. See src/adr/0017-shared-memory.md.
// PID 1 never waits for the exec, whichever way it is.
#include <cstddef>

#include "gosv/base/fd.hpp"
#include "gosv/base/result.hpp"
#include "gosv/os/child_stacks.hpp"
#include "gosv/os/spawn.hpp"

namespace gosv::os {

// Whether a start as `image` may share gosv's memory, as far as the image goes:
// - another user or other capabilities: commit_creds() in the kernel would make gosv not dumpable,
//   so that the files of its /proc directory belong to root and nobody may look into them;
// - oom_score_adj: the kernel keeps one score for all who share memory, so it would be gosv's too;
// - a command of more than kMostWords words: they may not fit on the child's stack a second time.
inline constexpr std::size_t kMostWords = 100;
bool may_share_memory(const ChildImage& image) noexcept;

class Spawner {
  public:
    // Asks the kernel what it can do. `most`: children that share memory at the same time; whoever
    // is one too many gets a copy. `leaves`: some may begin in a leaf.
    explicit Spawner(std::size_t most, bool leaves = true) noexcept;

    // As os::spawn(). A child that begins in a leaf never shares memory: the OOM killer of a memory
    // cgroup ends whoever shares memory with its victim, in whatever cgroup that is.
    Result<Spawned> spawn(const ChildImage& image, BorrowedFd leaf = {}) noexcept;

    // No start is under way: gives memory back.
    void settle() noexcept { stacks_.release_memory(); }

    // How those are cloned that share nothing.
    CloneMethod method() const noexcept { return method_; }

    bool shares_memory() const noexcept { return shares_memory_; }

    const ChildStacks& stacks() const noexcept { return stacks_; }

  private:
    // /dev/null, opened when it is needed first: one for all costs each start two calls less.
    BorrowedFd null_for(const ChildImage& image) noexcept;

    Fd null_;
    CloneMethod method_;
    ChildStacks stacks_;
    bool shares_memory_;
};

}  // namespace gosv::os
