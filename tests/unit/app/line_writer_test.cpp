// Text into a fixed buffer: cut, never broken.
#include "app/line_writer.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "support/json_check.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using app::LineWriter;
using test::JsonCheck;

namespace {

template <class Write>
std::string written(Write write, std::size_t size = 256) {
    std::string buffer(size, '\0');
    LineWriter out(buffer);
    write(out);
    return std::string(out.view());
}

std::string duration(Duration value) {
    return written([&](LineWriter& out) { out.duration(value); });
}

std::string json(std::string_view text, std::size_t size = 4096) {
    return written([&](LineWriter& out) { out.json_text(text); }, size);
}

std::string visible(std::string_view text, std::size_t size = 4096) {
    return written([&](LineWriter& out) { out.visible(text); }, size);
}

}  // namespace

TEST_CASE("what does not fit is cut, and the end has its room") {
    char buffer[8];
    LineWriter out(buffer, 2);
    out.put("0123456789");
    CHECK(out.view() == "012345");
    CHECK(out.full());
    out.end_of_room();
    out.put("}\n!");
    CHECK(out.view() == "012345}\n");
}

TEST_CASE("a buffer smaller than its room takes nothing") {
    char buffer[2];
    LineWriter out(buffer, 5);
    out.put('x');
    CHECK(out.view().empty());
}

TEST_CASE("numbers") {
    CHECK(written([](LineWriter& out) { out.number(INT64_MIN); }) == "-9223372036854775808");
    CHECK(written([](LineWriter& out) { out.number(0); }) == "0");
    CHECK(written([](LineWriter& out) { out.padded(7, 3); }) == "007");
    CHECK(written([](LineWriter& out) { out.padded(1234, 3); }) == "1234");
    CHECK(written([](LineWriter& out) { out.column("ab", 4), out.put('|'); }) == "ab  |");
}

TEST_CASE("durations have two units at most, as people say them") {
    CHECK(duration(0ms) == "0ms");
    CHECK(duration(999us) == "0ms");
    CHECK(duration(350ms) == "350ms");
    CHECK(duration(1s) == "1s");
    CHECK(duration(1250ms) == "1.2s");
    CHECK(duration(59'999ms) == "59.9s");
    CHECK(duration(60s) == "1m");
    CHECK(duration(90s) == "1m30s");
    CHECK(duration(3600s) == "1h");
    CHECK(duration(2h + 5min + 59s) == "2h5m");
    CHECK(duration(100h) == "4d4h");
    CHECK(duration(48h) == "2d");
}

TEST_CASE("JSON text escapes what JSON wants escaped") {
    CHECK(json("plain") == "plain");
    CHECK(json("a\"b\\c") == "a\\\"b\\\\c");
    CHECK(json(std::string_view("\0\n\x1f\x7f", 4)) == "\\u0000\\u000a\\u001f\\u007f");
    CHECK(json("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
    CHECK(json("\xff") == "\\ufffd");
    CHECK(json("\xc0\xaf") == "\\ufffd\\ufffd");             // overlong
    CHECK(json("\xed\xa0\x80") == "\\ufffd\\ufffd\\ufffd");  // a surrogate
    CHECK(json("\xf0\x9f\x98\x80") == "\xf0\x9f\x98\x80");
    CHECK(json("cut \xe2\x82") == "cut \\ufffd\\ufffd");
    CHECK(json("\xc2\x9b"
               "31m") == "\\u009b31m");  // CSI in one character
}

TEST_CASE("text for people shows control characters instead of obeying them") {
    CHECK(visible("red \x1b[31m") == "red \\x1b[31m");
    CHECK(visible("two\nlines\t") == "two\\nlines\\t");
    CHECK(visible("\xff") == "\\xff");
    CHECK(visible("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
    CHECK(visible("\xc2\x9b"
                  "31m") == "\\xc2\\x9b31m");
}

TEST_CASE("an escape and a character are written whole or not at all") {
    CHECK(json("ab\n", 7) == "ab");
    CHECK(json("ab\n", 8) == "ab\\u000a");
    CHECK(json("a\"", 2) == "a");
    CHECK(json("\xe2\x82\xac", 2) == "");
    CHECK(visible("a\x01", 4) == "a");
    CHECK(visible("\xe2\x82\xac", 2) == "");
    CHECK(json("plain \xe2\x82\xac plain", 8) == "plain ");
    CHECK(visible("plain \xe2\x82\xac plain", 8) == "plain ");
}

TEST_CASE("what is written as it is may be cut anywhere, and what follows is not written then") {
    CHECK(json("plain\nmore", 4) == "plai");
    CHECK(json("plain\nmore", 5) == "plain");
    CHECK(visible("plain\nmore", 4) == "plai");
    CHECK(visible("plain\nmore", 5) == "plain");
    CHECK(written([](LineWriter& out) { out.json_text("plain\"more", 3), out.put('|'); }) ==
          "pla|");
}

TEST_CASE("whatever the bytes, JSON text is valid in a string of any size") {
    std::mt19937 random(4711);  // NOLINT: the same bytes each time
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(random() % 24, '\0');
        for (char& byte : bytes) {
            byte = static_cast<char>(random());
        }
        const std::string text = "\"" + json(bytes, random() % 64) + "\"";
        CAPTURE(text);
        REQUIRE(JsonCheck::problem(text) == "");
        for (const char c : visible(bytes)) {
            REQUIRE(static_cast<unsigned char>(c) >= 0x20);
        }
    }
}
