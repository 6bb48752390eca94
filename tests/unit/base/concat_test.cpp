#include "gosv/base/concat.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

using namespace gosv;

TEST_CASE("pieces of every kind come out one after the other") {
    const std::string name = "web";
    const std::string_view word = "runs";
    CHECK(concat({"the service ", name, ' ', word, ", pid ", 17}) ==
          "the service web runs, pid 17");
    CHECK(concat({name}) == "web");
    CHECK(concat({}) == "");
    CHECK(concat({"", std::string(), std::string_view()}) == "");
}

TEST_CASE("numbers are decimal, the longest as well") {
    CHECK(concat({0, ' ', -1, ' ', std::uint8_t{200}, ' ', std::size_t{7}}) == "0 -1 200 7");
    CHECK(concat({INT64_MIN}) == "-9223372036854775808");
    CHECK(concat({UINT64_MAX}) == "18446744073709551615");
}

TEST_CASE("a NUL inside of a text is a part of it") {
    CHECK(concat({std::string_view("a\0b", 3), 'c'}) == std::string_view("a\0bc", 4));
}

TEST_CASE("a text grows at its end") {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        append_to(text, {i, ','});
    }
    CHECK(text.size() == 10 * 2 + 90 * 3);
    CHECK(text.starts_with("0,1,2,"));
    CHECK(text.ends_with(",98,99,"));
    append_to(text, {});
    CHECK(text.ends_with(",99,"));
}

TEST_CASE("a bounded text has room for a NUL, and is cut before it") {
    CHECK(BoundedText<32>({12, "/stat"}).view() == "12/stat");
    CHECK(std::string_view(BoundedText<32>({12, "/stat"}).c_str()) == "12/stat");
    CHECK(BoundedText<8>({"/proc/", 123}).view() == "/proc/1");
    CHECK(BoundedText<1>({"x"}).view().empty());
    CHECK(BoundedText<8>({}).view().empty());

    char buffer[4] = {'a', 'b', 'c', 'd'};
    CHECK(concat_into(std::span(buffer).first(3), {"123", 4}) == "12");
    CHECK(std::string_view(buffer, 4) == std::string_view("12\0d", 4));
    CHECK(concat_into(std::span(buffer).first(0), {"123"}).empty());
    CHECK(buffer[0] == '1');
}
