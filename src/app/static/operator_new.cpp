// Linked into the static executables: operator new, which takes from the loading memory while that
// is open, else from a piece of the program's own data, and from malloc what is large or finds no
// room. A third of the instructions of a start were malloc's and free's, which keep a page for each
// of a dozen sizes: six calls of the kernel, and as many pages that stayed.
#include <cstdlib>
#include <new>

#include "app/loading_memory.hpp"

namespace {

// What is made before and after loading lives as long as gosv does, or a moment. What is never
// written to is not resident.
constexpr std::size_t kLasting = std::size_t{256} * 1024;
alignas(std::max_align_t) constinit char lasting_memory[kLasting];
constinit gosv::app::Arena lasting{lasting_memory};

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

// Null: malloc's.
gosv::app::Arena* owner_of(const void* memory) noexcept {
    gosv::app::Arena& loading = gosv::app::loading_memory::arena();
    return loading.owns(memory) ? &loading : lasting.owns(memory) ? &lasting : nullptr;
}

}  // namespace

void* operator new(std::size_t size) {
    void* memory = gosv::app::loading_memory::arena().allocate(size);
    if (memory == nullptr) {
        memory = lasting.allocate(size);
    }
    return memory != nullptr ? memory : from_malloc(size);
}

void* operator new[](std::size_t size) {
    return operator new(size);
}

void operator delete(void* memory, std::size_t size) noexcept {
    if (gosv::app::Arena* const arena = owner_of(memory)) {
        arena->release(memory, size);
    } else {
        std::free(memory);
    }
}

void operator delete[](void* memory, std::size_t size) noexcept {
    operator delete(memory, size);
}

// Of what size it was nobody knows here: it stays with its arena.
void operator delete(void* memory) noexcept {
    if (owner_of(memory) == nullptr) {
        std::free(memory);
    }
}

void operator delete[](void* memory) noexcept {
    operator delete(memory);
}
