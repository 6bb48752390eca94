#pragma once
// A byte ring of whole lines, allocated once. A line goes in whole or not at all, and those that
// did not fit are counted until somebody tells the count. Bytes come out in pieces that end at a
// line's end where they can. Pure: no descriptor, no clock.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "gosv/base/room.hpp"

namespace gosv::app {

class LogRing {
  public:
    explicit LogRing(std::size_t capacity);

    // `line` ends with its newline. False: there was no room, and the line is counted as lost.
    bool push(std::string_view line) noexcept;

    // A copy of the oldest bytes: as many whole lines as `into` holds (or the beginning of one that
    // alone is longer). Stays in the ring until consumed.
    std::string_view front(std::span<char> into) const noexcept;

    // Forgets the oldest bytes; less than front() gave is a short write, and the rest of the line
    // comes next.
    void consume(std::size_t bytes) noexcept;

    bool empty() const noexcept { return size_ == 0; }

    std::size_t size() const noexcept { return size_; }

    std::size_t room() const noexcept { return capacity_ - size_; }

    // Lines lost since the count was last told.
    std::uint64_t lost() const noexcept { return lost_; }

    void lose_one() noexcept { ++lost_; }

    void losses_told() noexcept { lost_ = 0; }

  private:
    char* bytes() const noexcept { return static_cast<char*>(room_.get()); }

    Room room_;  // what no line has ever needed costs nothing
    std::size_t capacity_;
    std::size_t begin_ = 0;  // of the oldest byte
    std::size_t size_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace gosv::app
