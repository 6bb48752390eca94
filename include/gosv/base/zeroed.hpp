#pragma once
// ZeroedArray: an array of fixed size, allocated once, whose elements begin as zero bytes. What
// most services never need is never written to, and so never resident (base/room.hpp). Only for
// types whose initial value is all zeros.
#include <cstddef>
#include <type_traits>

#include "gosv/base/room.hpp"

namespace gosv {

template <class T>
class ZeroedArray {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  public:
    explicit ZeroedArray(std::size_t size) : room_(size * sizeof(T)), size_(size) {}

    std::size_t size() const noexcept { return size_; }

    const T& operator[](std::size_t i) const noexcept { return items()[i]; }

    T& operator[](std::size_t i) noexcept { return items()[i]; }

  private:
    T* items() const noexcept { return static_cast<T*>(room_.get()); }

    Room room_;
    std::size_t size_;
};

}  // namespace gosv
