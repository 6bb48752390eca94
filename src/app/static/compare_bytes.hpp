#pragma once
// memcmp(3), eight bytes at a time. For memory.cpp, and for the test, which cannot call the one in
// the binary.
#include "app/static/copy_bytes.hpp"

namespace gosv::app {

inline int compare_bytes(const char* a, const char* b, std::size_t size) noexcept {
    using copying::Eight;
    std::size_t at = 0;
    // Where eight of them differ, the bytes are looked at one by one.
    while (size - at >= sizeof(Eight) && reinterpret_cast<const Eight*>(a + at)->word ==
                                             reinterpret_cast<const Eight*>(b + at)->word) {
        at += sizeof(Eight);
    }
    while (at < size && a[at] == b[at]) {
        ++at;
    }
    return at == size ? 0
                      : static_cast<int>(static_cast<unsigned char>(a[at])) -
                            static_cast<int>(static_cast<unsigned char>(b[at]));
}

}  // namespace gosv::app
