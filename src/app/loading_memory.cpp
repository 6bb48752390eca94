#include "app/loading_memory.hpp"

#include <unistd.h>

#include <memory>
#include <span>

namespace gosv::app::loading_memory {

namespace {

// Constant initialization: operator new is called before constructors of other files have run.
constinit Arena the_arena;

// Beyond it is the lasting memory. Not aligned to a page: then all of .bss were, and .data would
// not share its last page with it, which the kernel has filled up already.
constexpr std::size_t kSmall = std::size_t{256} * 1024;
alignas(std::max_align_t) constinit char small_memory[kSmall];

}  // namespace

Arena& arena() noexcept {
    return the_arena;
}

void open() noexcept {
    the_arena.open(kSize);
}

void open_small() noexcept {
    // From a page's first byte on: what else is in the page keeps it from being given back.
    void* begin = small_memory;
    std::size_t size = kSmall;
    (void)std::align(static_cast<std::size_t>(::getpagesize()), Arena::kMost, begin, size);
    the_arena.open(std::span(static_cast<char*>(begin), size));
}

void close() noexcept {
    the_arena.close();
}

void give_back() noexcept {
    the_arena.give_back();
}

}  // namespace gosv::app::loading_memory
