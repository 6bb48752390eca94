#pragma once
// BoundedVector: a vector whose storage is allocated once, in its constructor, and never again.
// What does not fit is refused (push returns false), never grown: it is used after the point of no
// return.
#include <cstddef>
#include <memory>
#include <span>

namespace gosv {

template <class T>
class BoundedVector {
  public:
    explicit BoundedVector(std::size_t capacity)
        : items_(std::make_unique<T[]>(capacity)), capacity_(capacity) {}

    [[nodiscard]] bool push(const T& item) noexcept {
        if (size_ == capacity_) {
            return false;
        }
        items_[size_++] = item;
        return true;
    }

    void clear() noexcept { size_ = 0; }

    // Forgets what comes after the first `size`.
    void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }

    std::size_t size() const noexcept { return size_; }

    std::size_t capacity() const noexcept { return capacity_; }

    bool empty() const noexcept { return size_ == 0; }

    const T& operator[](std::size_t i) const noexcept { return items_[i]; }

    T& operator[](std::size_t i) noexcept { return items_[i]; }

    const T* begin() const noexcept { return items_.get(); }

    const T* end() const noexcept { return items_.get() + size_; }

    std::span<const T> view() const noexcept { return {items_.get(), size_}; }

  private:
    std::unique_ptr<T[]> items_;
    std::size_t capacity_;
    std::size_t size_ = 0;
};

}  // namespace gosv
