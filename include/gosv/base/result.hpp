#pragma once
// Result<T>: a value or a SysError; Status: success or a SysError. [[nodiscard]], no exceptions, no
// heap. The C++20 stand-in for std::expected, cut down to what gosv uses.
#include <optional>
#include <type_traits>
#include <utility>

#include "gosv/base/error.hpp"

namespace gosv {

class [[nodiscard]] Status {
  public:
    constexpr Status() noexcept = default;

    constexpr Status(SysError error) noexcept : error_(error) {}  // NOLINT: implicit on purpose

    constexpr bool ok() const noexcept { return error_.err == 0; }

    constexpr SysError error() const noexcept { return error_; }

  private:
    SysError error_{};
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) noexcept(
        std::is_nothrow_move_constructible_v<T>)  // NOLINT: implicit on purpose
        : value_(std::move(value)) {}

    Result(SysError error) noexcept : error_(error) {}  // NOLINT: implicit on purpose

    bool ok() const noexcept { return value_.has_value(); }

    SysError error() const noexcept { return error_; }

    // Precondition: ok().
    T& value() & noexcept { return *value_; }

    const T& value() const& noexcept { return *value_; }

    T&& value() && noexcept { return std::move(*value_); }

  private:
    std::optional<T> value_;
    SysError error_{};
};

}  // namespace gosv
