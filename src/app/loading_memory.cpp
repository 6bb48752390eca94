#include "app/loading_memory.hpp"

namespace gosv::app::loading_memory {

namespace {

// Constant initialization: operator new is called before constructors of other files have run.
constinit Arena the_arena;

}  // namespace

Arena& arena() noexcept {
    return the_arena;
}

void open() noexcept {
    the_arena.open(kSize);
}

void close() noexcept {
    the_arena.close();
}

void give_back() noexcept {
    the_arena.give_back();
}

}  // namespace gosv::app::loading_memory
