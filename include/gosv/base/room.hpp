#pragma once
// Room: memory of fixed size, allocated once, that begins as zero bytes. From a page on it comes
// from the kernel and is not resident before it is written to: what is only needed at worst costs
// nothing but address space. (malloc(3) writes beside what it gives out, and musl's calloc(3)
// writes zeros into what is smaller than 128 KiB.)
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace gosv {

class Room {
  public:
    // As operator new when there is no memory: the handler says so, and does not return.
    explicit Room(std::size_t bytes) : memory_(allocate(bytes), Free{bytes}) {}

    void* get() const noexcept { return memory_.get(); }

  private:
    static constexpr std::size_t kPage = 4096;

    struct Free {
        std::size_t bytes;

        void operator()(void* memory) const noexcept {
            if (bytes < kPage) {
                delete[] static_cast<std::byte*>(memory);
            } else {
                ::munmap(memory, bytes);
            }
        }
    };

    static void* allocate(std::size_t bytes) {
        if (bytes < kPage) {
            return new std::byte[bytes]();
        }
        void* const memory =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            if (const std::new_handler handler = std::get_new_handler()) {
                handler();
            }
            std::abort();
        }
        return memory;
    }

    std::unique_ptr<void, Free> memory_;
};

}  // namespace gosv
