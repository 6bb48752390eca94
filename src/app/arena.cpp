#include "app/arena.hpp"

#include <sys/mman.h>

#include "gosv/os/sys.hpp"

namespace gosv::app {

void Arena::open(std::size_t size) noexcept {
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        return;
    }
    open(std::span(static_cast<char*>(memory), size));
    is_mapped_ = true;
}

void Arena::open(std::span<char> memory) noexcept {
    begin_ = next_ = memory.data();
    end_ = begin_ + memory.size();
}

// Sizes of 1 to 16 bytes are the first list; 0 is one byte.
Arena::Free*& Arena::list(std::size_t size) noexcept {
    return size <= kFineMost ? free_[(size - 1) / kFine]
                             : free_[kFineMost / kFine + (size - 1) / kCoarse];
}

void* Arena::allocate(std::size_t size) noexcept {
    if (next_ == nullptr || size > kMost) {
        return nullptr;
    }
    size += size == 0 ? 1U : 0U;
    Free*& of_this_size = list(size);
    if (Free* const memory = of_this_size) {
        of_this_size = memory->next;
        return memory;
    }
    const std::size_t needed = rounded(size);
    if (static_cast<std::size_t>(end_ - next_) < needed) {
        return nullptr;
    }
    void* const memory = next_;
    next_ += needed;
    return memory;
}

void Arena::release(void* memory, std::size_t size) noexcept {
    Free*& of_this_size = list(size == 0 ? 1 : size);
    of_this_size = ::new (memory) Free{of_this_size};
}

void Arena::give_back() noexcept {
    const std::span memory(begin_, end_);
    if (is_mapped_) {
        (void)::munmap(memory.data(), memory.size());
    } else {
        sys::give_back(std::as_writable_bytes(memory));
    }
    *this = Arena();
}

}  // namespace gosv::app
