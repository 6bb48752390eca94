#pragma once
// memmove(3) in few bytes of code and few instructions: sixteen bytes at a time, whatever the
// alignment. For memory.cpp, and for the test, which cannot call the one in the binary.
#include <cstddef>
#include <cstdint>

namespace gosv::app {

namespace copying {

// Of memory of any type, at any address.
struct [[gnu::packed, gnu::may_alias]] Four {
    std::uint32_t word;
};

struct [[gnu::packed, gnu::may_alias]] Eight {
    std::uint64_t word;
};

struct [[gnu::packed, gnu::may_alias]] Sixteen {
    std::uint64_t words[2];
};

// size >= sizeof(Word), and at most twice that: two words that may overlap, both read before either
// is written.
template <class Word>
inline void copy_two(char* to, const char* from, std::size_t size) noexcept {
    const std::size_t last = size - sizeof(Word);
    const Word head = *reinterpret_cast<const Word*>(from);
    const Word tail = *reinterpret_cast<const Word*>(from + last);
    *reinterpret_cast<Word*>(to) = head;
    *reinterpret_cast<Word*>(to + last) = tail;
}

}  // namespace copying

// The two may overlap.
inline void copy_bytes(char* to, const char* from, std::size_t size) noexcept {
    using copying::Sixteen;
    constexpr std::size_t kStep = sizeof(Sixteen);
    if (size > 2 * kStep) {
        // The end that is written last is read first: by then it may have been written over.
        const bool forwards = to <= from;
        const std::size_t last = forwards ? size - kStep : 0;
        const Sixteen end = *reinterpret_cast<const Sixteen*>(from + last);
        for (std::size_t done = 0; done + kStep < size; done += kStep) {
            const std::size_t at = forwards ? done : size - kStep - done;
            *reinterpret_cast<Sixteen*>(to + at) = *reinterpret_cast<const Sixteen*>(from + at);
        }
        *reinterpret_cast<Sixteen*>(to + last) = end;
    } else if (size >= kStep) {
        copying::copy_two<Sixteen>(to, from, size);
    } else if (size >= 8) {
        copying::copy_two<copying::Eight>(to, from, size);
    } else if (size >= 4) {
        copying::copy_two<copying::Four>(to, from, size);
    } else if (size > 0) {
        const char head = from[0];
        const char middle = from[size / 2];
        const char tail = from[size - 1];
        to[0] = head;
        to[size / 2] = middle;
        to[size - 1] = tail;
    }
}

}  // namespace gosv::app
