#pragma once
// RareArray: an array of fixed size of which most elements are not there; while none is, it takes
// no memory at all. Allocates when an element is made, never afterwards.
#include <cstddef>
#include <memory>
#include <vector>

namespace gosv {

template <class T>
class RareArray {
  public:
    explicit RareArray(std::size_t size) noexcept : size_(size) {}

    // The element, which is there from now on and stays where it is.
    T& make(std::size_t i) {
        if (elements_.empty()) {
            elements_.resize(size_);
        }
        if (elements_[i] == nullptr) {
            elements_[i] = std::make_unique<T>();
        }
        return *elements_[i];
    }

    // Null: it is not there.
    T* find(std::size_t i) const noexcept {
        return elements_.empty() ? nullptr : elements_[i].get();
    }

  private:
    std::size_t size_;
    std::vector<std::unique_ptr<T>> elements_;
};

}  // namespace gosv
