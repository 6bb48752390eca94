#pragma once
// BoundedVector: a vector whose storage is allocated once, in its constructor, and never again.
// What does not fit is refused (push returns false), never grown: it is used after the point of no
// return. Room for a worst case that never comes is never resident (base/room.hpp).
#include <cstddef>
#include <new>
#include <span>
#include <type_traits>

#include "gosv/base/room.hpp"

namespace gosv {

template <class T>
class BoundedVector {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  public:
    explicit BoundedVector(std::size_t capacity)
        : room_(capacity * sizeof(T)), capacity_(capacity) {}

    [[nodiscard]] bool push(const T& item) noexcept {
        if (size_ == capacity_) {
            return false;
        }
        ::new (static_cast<void*>(items() + size_)) T(item);
        ++size_;
        return true;
    }

    void clear() noexcept { size_ = 0; }

    // Forgets what comes after the first `size`.
    void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }

    std::size_t size() const noexcept { return size_; }

    std::size_t capacity() const noexcept { return capacity_; }

    bool empty() const noexcept { return size_ == 0; }

    const T& operator[](std::size_t i) const noexcept { return items()[i]; }

    T& operator[](std::size_t i) noexcept { return items()[i]; }

    const T* begin() const noexcept { return items(); }

    const T* end() const noexcept { return items() + size_; }

    // The bytes of the storage in which there is no object. Whoever likes may overwrite them.
    std::span<std::byte> spare() noexcept {
        return {reinterpret_cast<std::byte*>(items() + size_), (capacity_ - size_) * sizeof(T)};
    }

    std::span<const T> view() const noexcept { return {items(), size_}; }

  private:
    T* items() const noexcept { return static_cast<T*>(room_.get()); }

    Room room_;  // the first size_ of capacity_ are objects
    std::size_t capacity_;
    std::size_t size_ = 0;
};

}  // namespace gosv
