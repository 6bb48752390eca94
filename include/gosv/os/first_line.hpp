#pragma once
// The first line of what a probe writes is why it fails; the rest is read away, so that no probe is
// ever held up by a full pipe, and thrown away, so that it costs nothing. Of fixed size; no
// allocation.
#include <array>
#include <cstddef>
#include <string_view>

#include "gosv/base/fd.hpp"

namespace gosv::os {

class FirstLine {
  public:
    void clear() noexcept;

    // Reads what is there, without waiting and in bounds (what is left stays readable). False when
    // the end has come: everybody who had the pipe has closed it.
    bool read_from(BorrowedFd pipe) noexcept;

    // So far; as copy_plain_line() makes it.
    std::string_view text() const noexcept { return {text_.data(), size_}; }

  private:
    void take(std::string_view bytes) noexcept;

    static constexpr std::size_t kMost = 120;
    std::array<char, kMost + 3> raw_;  // the last character of the text is a whole one
    std::array<char, kMost> text_;
    std::size_t raw_size_ = 0;
    std::size_t size_ = 0;
    bool complete_ = false;
};

}  // namespace gosv::os
