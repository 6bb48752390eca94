// Linked into the static executable with musl: memcpy, memmove and memcmp once more. zig's own and
// musl's go byte by byte when they are built for size: a fifth of all instructions of a start with
// many services were copies, a tenth comparisons.
#include "app/static/compare_bytes.hpp"
#include "app/static/copy_bytes.hpp"

extern "C" {

void* memmove(void* to, const void* from, std::size_t size) {
    gosv::app::copy_bytes(static_cast<char*>(to), static_cast<const char*>(from), size);
    return to;
}

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size) {
    return memmove(to, from, size);
}

int memcmp(const void* a, const void* b, std::size_t size) {
    return gosv::app::compare_bytes(static_cast<const char*>(a), static_cast<const char*>(b), size);
}
}
