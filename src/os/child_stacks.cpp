#include "gosv/os/child_stacks.hpp"

#include <sys/mman.h>

#include <algorithm>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace gosv::os {

namespace {

// Of those that were in use before, this many are looked at before a new one is touched: starts end
// in about the order in which they began, and a look at each of a thousand costs more than a page.
constexpr std::size_t kLooks = 4;

}  // namespace

ChildStacks::ChildStacks(std::size_t most) noexcept {
    // MAP_NORESERVE: address space, of which what is used at a time becomes memory.
    void* const memory = most == 0
                             ? MAP_FAILED
                             : ::mmap(nullptr, most * sizeof(ChildStack), PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) {
        stacks_ = static_cast<ChildStack*>(memory);
        most_ = most;
    }
}

ChildStacks::~ChildStacks() {
    for (std::size_t i = 0; i < touched_; ++i) {
        if (!is_free(i)) {
            return;  // somebody stands there: the memory goes with its last user
        }
    }
    if (stacks_ != nullptr) {
        ::munmap(stacks_, most_ * sizeof(ChildStack));
    }
}

bool ChildStacks::is_free(std::size_t i) const noexcept {
    return __atomic_load_n(&stacks_[i].in_use, __ATOMIC_ACQUIRE) == 0;
}

ChildStack* ChildStacks::take() noexcept {
    std::size_t found = most_;
    for (std::size_t look = 0; look < std::min(kLooks, touched_) && found == most_; ++look) {
        if (is_free(next_)) {
            found = next_;
        }
        next_ = (next_ + 1) % touched_;
    }
    if (found == most_) {
        if (touched_ == most_) {
            return nullptr;
        }
        found = touched_++;
    }
    ChildStack& stack = stacks_[found];
#if defined(__SANITIZE_ADDRESS__)
    // The last child left without returning.
    ASAN_UNPOISON_MEMORY_REGION(&stack, sizeof stack);
#endif
    stack.in_use = 1;
    return &stack;
}

void ChildStacks::release_memory() noexcept {
    if (touched_ <= 1) {
        return;
    }
    for (std::size_t i = 0; i < touched_; ++i) {
        if (!is_free(i)) {
            return;
        }
    }
    (void)::madvise(stacks_ + 1, (touched_ - 1) * sizeof(ChildStack), MADV_DONTNEED);
    touched_ = 1;
    next_ = 0;
}

}  // namespace gosv::os
