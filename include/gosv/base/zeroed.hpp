#pragma once
// ZeroedArray: an array of fixed size, allocated once, whose elements begin as zero bytes. The
// memory comes zeroed from the kernel and is not resident before it is written to: what most
// services never need costs nothing but address space. Only for types whose initial value is all
// zeros.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace gosv {

template <class T>
class ZeroedArray {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  public:
    explicit ZeroedArray(std::size_t size) : items_(allocate(size)), size_(size) {}

    std::size_t size() const noexcept { return size_; }

    const T& operator[](std::size_t i) const noexcept { return items_.get()[i]; }

    T& operator[](std::size_t i) noexcept { return items_.get()[i]; }

  private:
    struct Free {
        void operator()(T* items) const noexcept { std::free(items); }
    };

    // As operator new does it: the handler says that there is no memory, and does not return.
    static T* allocate(std::size_t size) {
        void* const items = std::calloc(size == 0 ? 1 : size, sizeof(T));
        if (items == nullptr) {
            if (const std::new_handler handler = std::get_new_handler()) {
                handler();
            }
            std::abort();
        }
        return static_cast<T*>(items);
    }

    std::unique_ptr<T, Free> items_;
    std::size_t size_;
};

}  // namespace gosv
