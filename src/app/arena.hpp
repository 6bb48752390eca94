#pragma once
// Memory for many things of few sizes: one piece, a free list for each size. Of what is not
// released nothing is told. No headers: whoever releases says the size again. Not for threads.
#include <array>
#include <cstddef>
#include <span>

namespace gosv::app {

class Arena {
  public:
    // Larger ones are somebody else's.
    static constexpr std::size_t kMost = std::size_t{16} * 1024;

    constexpr Arena() = default;

    // Of memory that stays where it is, aligned as malloc's.
    constexpr explicit Arena(std::span<char> memory) noexcept
        : begin_(memory.data()), next_(begin_), end_(begin_ + memory.size()) {}

    // Of a mapping of its own: sets addresses aside, no more; a page is there when it is written
    // to. `size` is at least kMost. Without room for that (RLIMIT_AS) the arena has nothing to
    // give.
    void open(std::size_t size) noexcept;

    // Of memory as the constructor takes it: nothing has to be mapped.
    void open(std::span<char> memory) noexcept;

    // Aligned as malloc's; null when there is none of that size, any more or at all.
    void* allocate(std::size_t size) noexcept;

    // `size` as it was asked for. After close() too.
    void release(void* memory, std::size_t size) noexcept;

    bool owns(const void* memory) const noexcept { return memory >= begin_ && memory < end_; }

    // Gives nothing any more; what it has given stays.
    void close() noexcept { next_ = nullptr; }

    // All that it had to give is the kernel's again, and a mapping is gone: whatever still points
    // there must not be followed.
    void give_back() noexcept;

  private:
    struct Free {
        Free* next;
    };

    // Up to a kilobyte in steps of 16 bytes, then in steps of a kilobyte.
    static constexpr std::size_t kFine = 16;
    static constexpr std::size_t kFineMost = 1024;
    static constexpr std::size_t kCoarse = 1024;
    static constexpr std::size_t kSizes = kFineMost / kFine + kMost / kCoarse;

    static std::size_t step(std::size_t size) noexcept {
        return size <= kFineMost ? kFine : kCoarse;
    }

    static std::size_t rounded(std::size_t size) noexcept {
        return (size + step(size) - 1) / step(size) * step(size);
    }

    Free*& list(std::size_t size) noexcept;

    char* begin_ = nullptr;
    char* next_ = nullptr;  // null: closed
    char* end_ = nullptr;
    bool is_mapped_ = false;
    std::array<Free*, kSizes> free_{};
};

}  // namespace gosv::app
