#include "app/arena.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>

using gosv::app::Arena;

namespace {

constexpr std::size_t kSize = std::size_t{64} * 1024;

struct OpenArena : Arena {
    explicit OpenArena(std::size_t size = kSize) { open(size); }

    ~OpenArena() { give_back(); }

    OpenArena(const OpenArena&) = delete;
    OpenArena& operator=(const OpenArena&) = delete;
};

std::size_t how_many(Arena& arena, std::size_t size) {
    std::size_t count = 0;
    while (arena.allocate(size) != nullptr) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("what an arena gives is aligned for anything, and nobody else's") {
    OpenArena arena;
    std::set<char*> begins;
    for (const std::size_t size :
         {0U, 1U, 15U, 16U, 17U, 1000U, 1024U, 1025U, 2048U, 4096U, 5000U}) {
        auto* const memory = static_cast<char*>(arena.allocate(size));
        REQUIRE(memory != nullptr);
        CHECK(reinterpret_cast<std::uintptr_t>(memory) % alignof(std::max_align_t) == 0);
        CHECK(arena.owns(memory));
        CHECK(begins.insert(memory).second);
        std::memset(memory, 0x5a, size);
        // Whoever comes next would have been written to.
        if (const auto next = begins.upper_bound(memory); next != begins.end()) {
            CHECK(memory + size <= *next);
        }
    }
    int elsewhere = 0;
    CHECK_FALSE(arena.owns(&elsewhere));
    CHECK_FALSE(arena.owns(nullptr));
}

TEST_CASE("what has been released is given to the next who asks for that size") {
    OpenArena arena;
    for (const std::size_t size : {8U, 24U, 1024U, 1025U, 16384U}) {
        void* const first = arena.allocate(size);
        void* const second = arena.allocate(size);
        REQUIRE(second != nullptr);
        arena.release(first, size);
        arena.release(second, size);
        CHECK(arena.allocate(size) == second);
        CHECK(arena.allocate(size) == first);
    }
    // Sizes that are rounded to the same are one.
    void* const memory = arena.allocate(17);
    arena.release(memory, 17);
    CHECK(arena.allocate(33) != memory);
    CHECK(arena.allocate(32) == memory);
}

TEST_CASE("an arena that is full, closed or never was open has nothing to give") {
    Arena never;
    CHECK(never.allocate(1) == nullptr);
    CHECK_FALSE(never.owns(&never));

    OpenArena arena;
    CHECK(arena.allocate(Arena::kMost + 1) == nullptr);
    CHECK(how_many(arena, 1024) == kSize / 1024);
    CHECK(arena.allocate(16) == nullptr);

    OpenArena other;
    void* const memory = other.allocate(48);
    other.close();
    CHECK(other.allocate(48) == nullptr);
    CHECK(other.owns(memory));
    other.release(memory, 48);
    CHECK(other.allocate(48) == nullptr);
}

TEST_CASE("an arena for which there are no addresses is as good as closed") {
    Arena arena;
    arena.open(SIZE_MAX / 2);
    CHECK(arena.allocate(16) == nullptr);
    arena.give_back();
}

TEST_CASE("what has been given back is owned no longer") {
    Arena arena;
    SUBCASE("of a mapping of its own") {
        arena.open(kSize);
    }
    alignas(std::max_align_t) static char data[kSize];
    SUBCASE("of the program's data") {
        arena.open(data);
    }
    void* const memory = arena.allocate(16);
    CHECK(arena.owns(memory));
    arena.give_back();
    CHECK_FALSE(arena.owns(memory));
    CHECK(arena.allocate(16) == nullptr);
}

TEST_CASE("whole pages of the program's data are empty once they are given back, and still there") {
    alignas(std::max_align_t) static char data[kSize];
    std::memset(data, 'd', sizeof data);
    Arena arena;
    arena.open(data);
    CHECK(how_many(arena, 1024) == kSize / 1024);
    arena.give_back();
    const auto left = std::count(data, data + kSize, 'd');
    CHECK(left < 2 * ::getpagesize());
    CHECK(left + std::count(data, data + kSize, '\0') == kSize);
    arena.open(data);
    CHECK(how_many(arena, 1024) == kSize / 1024);
}
