#pragma once
// ZeroedArray: an array of fixed size, allocated once, whose elements begin as zero bytes. From a
// page on the memory comes zeroed from the kernel and is not resident before it is written to: what
// most services never need costs nothing but address space. (calloc(3) promises zeros alone: musl's
// writes them into what is smaller than 128 KiB.) Only for types whose initial value is all zeros.
#include <sys/mman.h>

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
    static constexpr std::size_t kPage = 4096;

    struct Free {
        std::size_t mapped;  // bytes; 0: not mapped

        void operator()(T* items) const noexcept {
            if (mapped != 0) {
                ::munmap(items, mapped);
            } else {
                std::free(items);
            }
        }
    };

    using Items = std::unique_ptr<T, Free>;

    static Items allocate(std::size_t size) {
        const std::size_t bytes = size * sizeof(T);
        if (bytes < kPage) {
            return Items(static_cast<T*>(or_give_up(std::calloc(size == 0 ? 1 : size, sizeof(T)))),
                         Free{0});
        }
        void* const mapped =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return Items(static_cast<T*>(or_give_up(mapped == MAP_FAILED ? nullptr : mapped)),
                     Free{bytes});
    }

    // As operator new does it: the handler says that there is no memory, and does not return.
    static void* or_give_up(void* memory) {
        if (memory == nullptr) {
            if (const std::new_handler handler = std::get_new_handler()) {
                handler();
            }
            std::abort();
        }
        return memory;
    }

    Items items_;
    std::size_t size_;
};

}  // namespace gosv
