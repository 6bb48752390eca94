#pragma once
// Stacks for children that share PID 1's memory until they have execed. A child that hangs keeps
// its own for as long as it hangs; nobody ever waits for one. Loop thread only; allocates nothing
// after the constructor. What has not been used yet, and what is given back, costs no memory.
#include <cstddef>

#include "gosv/os/child.hpp"

namespace gosv::os {

// A page: where a child stands, and what it was told. A test keeps an ordinary start below half of
// it, and the deepest that there is below three quarters.
struct ChildStack {
    static constexpr std::size_t kPage = 4096;
    static constexpr std::size_t kSize = (kPage - sizeof(ChildStart) - sizeof(int)) / 16 * 16;

    alignas(16) std::byte memory[kSize];
    ChildStart start;
    // Not 0 while a child uses it. The kernel clears it when the child has execed or died
    // (CLONE_CHILD_CLEARTID: set_tid_address(2)), which is before its status pipe is at its end.
    int in_use;

    std::byte* top() noexcept { return memory + kSize; }
};

static_assert(sizeof(ChildStack) == ChildStack::kPage);

class ChildStacks {
  public:
    // At most `most` at a time. None at all if there is no address space for them.
    explicit ChildStacks(std::size_t most) noexcept;
    ~ChildStacks();
    ChildStacks(const ChildStacks&) = delete;
    ChildStacks& operator=(const ChildStacks&) = delete;

    // One that no child uses, marked as in use; null: all are. The same one again and again, when
    // starts come one at a time.
    ChildStack* take() noexcept;

    // Gives the memory of all but the first back to the kernel, if none is in use (madvise(2)).
    void release_memory() noexcept;

    // For tests: how many have been in use since the memory was given back, and each of them.
    std::size_t touched() const noexcept { return touched_; }

    const ChildStack& operator[](std::size_t i) const noexcept { return stacks_[i]; }

  private:
    bool is_free(std::size_t i) const noexcept;

    ChildStack* stacks_ = nullptr;
    std::size_t most_ = 0;
    std::size_t touched_ = 0;
    std::size_t next_ = 0;
};

}  // namespace gosv::os
