#pragma once
// What only loading needs is not to be there afterwards, and should cost little before: from open()
// to close() operator new takes its memory from an arena, which give_back() empties.
//
// In the static executables alone (app/static/operator_new.cpp); elsewhere these do nothing that
// anybody notices. libc's own malloc is not touched.
#include "app/arena.hpp"

namespace gosv::app::loading_memory {

// A manifest of a thousand services needs some megabytes. Beyond it is malloc.
inline constexpr std::size_t kSize = std::size_t{32} * 1024 * 1024;

Arena& arena() noexcept;

void open() noexcept;

// For less than a manifest, from the program's own data: to map and unmap what `gosv -- CMD` needs,
// some pages, was 4 % of such a run.
void open_small() noexcept;

// What is made from now on outlives loading.
void close() noexcept;

// Everything made before close() must be destroyed, or never be touched again: static objects among
// them, so that nobody may end the process with exit(3) after this.
void give_back() noexcept;

}  // namespace gosv::app::loading_memory
