// Linked into the static executables: operator new, which takes from the loading memory while that
// is open, else from malloc. A third of the instructions of a start were malloc's and free's.
#include <cstdlib>
#include <new>

#include "app/loading_memory.hpp"

namespace {

void* from_malloc(std::size_t size) noexcept {
    for (;;) {
        if (void* const memory = std::malloc(size == 0 ? 1 : size)) {
            return memory;
        }
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) {
            std::abort();
        }
        handler();  // ends gosv, in main.cpp
    }
}

}  // namespace

void* operator new(std::size_t size) {
    void* const memory = gosv::app::loading_memory::arena().allocate(size);
    return memory != nullptr ? memory : from_malloc(size);
}

void* operator new[](std::size_t size) {
    return operator new(size);
}

void operator delete(void* memory, std::size_t size) noexcept {
    gosv::app::Arena& arena = gosv::app::loading_memory::arena();
    if (arena.owns(memory)) {
        arena.release(memory, size);
    } else {
        std::free(memory);
    }
}

void operator delete[](void* memory, std::size_t size) noexcept {
    operator delete(memory, size);
}

// Of what size it was nobody knows here: it goes with the arena.
void operator delete(void* memory) noexcept {
    if (!gosv::app::loading_memory::arena().owns(memory)) {
        std::free(memory);
    }
}

void operator delete[](void* memory) noexcept {
    operator delete(memory);
}
