#pragma once
// BoundedVector: a vector whose storage is allocated once, in its constructor, and never again.
// What does not fit is refused (push returns false), never grown: it is used after the point of no
// return. The storage is not written to before it is needed, so that room for a worst case that
// never comes is never resident.
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace gosv {

template <class T>
class BoundedVector {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  public:
    explicit BoundedVector(std::size_t capacity)
        : items_(static_cast<T*>(::operator new(capacity * sizeof(T)))), capacity_(capacity) {}

    [[nodiscard]] bool push(const T& item) noexcept {
        if (size_ == capacity_) {
            return false;
        }
        ::new (static_cast<void*>(items_.get() + size_)) T(item);
        ++size_;
        return true;
    }

    void clear() noexcept { size_ = 0; }

    // Forgets what comes after the first `size`.
    void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }

    std::size_t size() const noexcept { return size_; }

    std::size_t capacity() const noexcept { return capacity_; }

    bool empty() const noexcept { return size_ == 0; }

    const T& operator[](std::size_t i) const noexcept { return items_.get()[i]; }

    T& operator[](std::size_t i) noexcept { return items_.get()[i]; }

    const T* begin() const noexcept { return items_.get(); }

    const T* end() const noexcept { return items_.get() + size_; }

    // The bytes of the storage in which there is no object. Whoever likes may overwrite them.
    std::span<std::byte> spare() noexcept {
        return {reinterpret_cast<std::byte*>(items_.get() + size_),
                (capacity_ - size_) * sizeof(T)};
    }

    std::span<const T> view() const noexcept { return {items_.get(), size_}; }

  private:
    struct Free {
        void operator()(T* items) const noexcept { ::operator delete(items); }
    };

    std::unique_ptr<T, Free> items_;  // the first size_ of capacity_ are objects
    std::size_t capacity_;
    std::size_t size_ = 0;
};

}  // namespace gosv
