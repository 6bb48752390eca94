#include "gosv/base/plain_text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace gosv;

namespace {

std::string plain(std::string_view text, std::size_t room = 200) {
    std::array<char, 200> buffer{};
    return std::string(copy_plain_line(text, std::span(buffer).first(room)));
}

}  // namespace

TEST_CASE("the first line with something on it is taken, without blanks at its ends") {
    CHECK(plain("ready") == "ready");
    CHECK(plain("\n \t\n  loading 12 %\r\nrest\n") == "loading 12 %");
    CHECK(plain("") == "");
    CHECK(plain("\n\n \n") == "");
}

TEST_CASE("what a terminal obeys and what is not UTF-8 is not passed on") {
    CHECK(plain("a\x1b[31mb\x7f"
                "c") == "a?[31mb?c");
    CHECK(plain(std::string_view("a\0b", 3)) == "a?b");
    CHECK(plain("x\xc2\x9by") == "x?y");  // C1: CSI
    CHECK(plain("x\xff\xc3y") == "x??y");
    CHECK(plain("gr\u00fc\u00df \u2713") == "gr\u00fc\u00df \u2713");
}

TEST_CASE("what does not fit is cut between characters") {
    CHECK(plain("abcdef", 4) == "abcd");
    CHECK(plain("ab\u2713", 4) == "ab");
    CHECK(plain("ab\u2713", 5) == "ab\u2713");
    CHECK(plain("abc", 0) == "");
}
