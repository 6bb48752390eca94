#pragma once
// Text into a fixed buffer, cut where it is full: no heap, no locale, no exception. With `room`
// bytes kept back for the end of the line (a JSON object must be closed).
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "gosv/base/time.hpp"

namespace gosv::app {

class LineWriter {
  public:
    explicit LineWriter(std::span<char> buffer, std::size_t room = 0) noexcept
        : buffer_(buffer), limit_(buffer.size() > room ? buffer.size() - room : 0) {}

    void put(char c) noexcept {
        if (size_ < limit_) {
            buffer_[size_++] = c;
        }
    }

    void put(std::string_view text) noexcept {
        const std::string_view taken = text.substr(0, limit_ - size_);
        std::copy(taken.begin(), taken.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += taken.size();
    }

    void number(std::int64_t value) noexcept { padded(value, 1); }

    // With leading zeros, for dates.
    void padded(std::int64_t value, std::size_t width) noexcept {
        char digits[24];  // holds every 64-bit number
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        const auto size = static_cast<std::size_t>(end - digits);
        for (std::size_t i = size; i < width; ++i) {
            put('0');
        }
        put(std::string_view(digits, size));
    }

    void column(std::string_view text, std::size_t width) noexcept {
        put(text);
        for (std::size_t i = text.size(); i < width; ++i) {
            put(' ');
        }
    }

    // For people: 350ms, 1.2s, 45s, 1m30s, 2h5m, 3d4h.
    void duration(Duration value) noexcept;
    // What may hold anything, as part of a JSON string: control characters, quotes and invalid
    // UTF-8 are escaped or replaced. Cut at a character's border, after at most `most` bytes of
    // output.
    void json_text(std::string_view text, std::size_t most = SIZE_MAX) noexcept;
    // The same for people: control characters (C1 ones too: terminals obey them) as \n, \t, \x1b.
    void visible(std::string_view text) noexcept;

    // Gives back the room that was kept for the end.
    void end_of_room() noexcept { limit_ = buffer_.size(); }

    bool full() const noexcept { return size_ == limit_; }

    std::string_view view() const noexcept { return {buffer_.data(), size_}; }

  private:
    bool fits(std::size_t bytes) const noexcept { return limit_ - size_ >= bytes; }

    std::span<char> buffer_;
    std::size_t limit_;
    std::size_t size_ = 0;
};

}  // namespace gosv::app
