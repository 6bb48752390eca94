// The ring of whole lines: nothing torn, nothing reordered, losses counted.
#include "app/log_ring.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <string>

#include "support/allocation_tripwire.hpp"

using gosv::app::LogRing;

namespace {

std::string front(const LogRing& ring, std::size_t most = 4096) {
    std::string into(most, '\0');
    return std::string(ring.front(into));
}

}  // namespace

TEST_CASE("an empty ring has nothing to give") {
    LogRing ring(16);
    CHECK(ring.empty());
    CHECK(front(ring) == "");
    ring.consume(5);
    CHECK(ring.empty());
    CHECK(ring.room() == 16);
}

TEST_CASE("lines come out in the order in which they went in") {
    LogRing ring(32);
    CHECK(ring.push("one\n"));
    CHECK(ring.push("two\n"));
    CHECK(front(ring) == "one\ntwo\n");
    ring.consume(4);
    CHECK(front(ring) == "two\n");
}

TEST_CASE("a line that does not fit is left out whole, and counted") {
    LogRing ring(10);
    CHECK(ring.push("12345678\n"));
    CHECK_FALSE(ring.push("x\n"));
    CHECK_FALSE(ring.push("y\n"));
    CHECK(front(ring) == "12345678\n");
    CHECK(ring.lost() == 2);
    ring.losses_told();
    CHECK(ring.lost() == 0);
}

TEST_CASE("the last free byte is used") {
    LogRing ring(4);
    CHECK(ring.push("abc\n"));
    CHECK(ring.room() == 0);
    CHECK(front(ring) == "abc\n");
}

TEST_CASE("a piece ends at the end of a line") {
    LogRing ring(64);
    (void)ring.push("aaaa\n");
    (void)ring.push("bbbb\n");
    CHECK(front(ring, 9) == "aaaa\n");
    CHECK(front(ring, 10) == "aaaa\nbbbb\n");
}

TEST_CASE("a line longer than a piece comes in parts") {
    LogRing ring(64);
    (void)ring.push("0123456789\n");
    CHECK(front(ring, 4) == "0123");
    ring.consume(4);
    CHECK(front(ring, 4) == "4567");
    ring.consume(4);
    CHECK(front(ring, 4) == "89\n");
}

TEST_CASE("after a short write the rest of the line comes first") {
    LogRing ring(64);
    (void)ring.push("hello\n");
    (void)ring.push("world\n");
    ring.consume(2);
    CHECK(front(ring) == "llo\nworld\n");
}

TEST_CASE("a ring and a queue of lines agree, however they are used") {
    std::mt19937 random(815);  // NOLINT: the same story each time
    const auto below = [&](unsigned n) { return random() % n; };
    LogRing ring(97);
    std::string expected;
    std::uint64_t lost = 0;
    for (int step = 0; step < 20'000; ++step) {
        if (below(2) == 0) {
            const std::string line =
                std::string(below(40), static_cast<char>('a' + below(26))) + "\n";
            const bool fits = expected.size() + line.size() <= 97;
            REQUIRE(ring.push(line) == fits);
            expected += fits ? line : "";
            lost += fits ? 0 : 1;
        } else {
            const std::string piece = front(ring, 1 + below(60));
            REQUIRE(expected.substr(0, piece.size()) == piece);
            REQUIRE(piece.empty() == expected.empty());
            const std::size_t gone =
                piece.empty() ? 0 : below(static_cast<unsigned>(piece.size()) + 1);
            ring.consume(gone);
            expected.erase(0, gone);
        }
        REQUIRE(ring.room() == 97 - expected.size());
        REQUIRE(ring.lost() == lost);
    }
    CHECK(lost > 0);
}

TEST_CASE("the ring allocates in its constructor and never again") {
    LogRing ring(1024);
    char piece[128];
    const gosv::test::AllocationTripwire tripwire("the log ring");
    for (int i = 0; i < 100; ++i) {
        (void)ring.push("a line of the log\n");
        ring.consume(ring.front(piece).size() / 2);
    }
}
