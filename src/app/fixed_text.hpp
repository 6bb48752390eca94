#pragma once
// A short text that is kept: of fixed size, so that keeping it allocates nothing.
#include <array>
#include <cstddef>
#include <string_view>

namespace gosv::app {

template <std::size_t N>
class FixedText {
  public:
    // Cut after N bytes.
    void assign(std::string_view text) noexcept { size_ = text.copy(text_.data(), N); }

    void clear() noexcept { size_ = 0; }

    bool empty() const noexcept { return size_ == 0; }

    std::string_view view() const noexcept { return {text_.data(), size_}; }

  private:
    std::array<char, N> text_{};
    std::size_t size_ = 0;
};

}  // namespace gosv::app
