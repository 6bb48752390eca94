// What is UTF-8 and what is not, and how wide it is.
#include "gosv/base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gosv;

namespace {

std::string encode(char32_t code) {
    std::string text;
    const auto add = [&text](char32_t byte) { text += static_cast<char>(byte); };
    const auto follow = [&](int shift) { add(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xc0 | code >> 6);
        follow(0);
    } else if (code < 0x10000) {
        add(0xe0 | code >> 12);
        follow(6);
        follow(0);
    } else {
        add(0xf0 | code >> 18);
        follow(12);
        follow(6);
        follow(0);
    }
    return text;
}

}  // namespace

TEST_CASE("every code point is read as it was written, surrogates excepted") {
    for (char32_t code = 0; code < 0x120000; ++code) {
        const std::string text = encode(code);
        const bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
        const std::size_t length = utf8_length(text);
        if (length != (valid ? text.size() : 0) || (valid && utf8_code_point(text) != code)) {
            FAIL("U+" << static_cast<unsigned>(code));
        }
    }
}

TEST_CASE("sequences that are too long, too short or broken are not valid") {
    for (const std::string_view bad :
         {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ", "\xe0\x80\x80", "\xe0\x9f\xbf",
          "\xe2\x82", "\xe2\x82 ", "\xf0\x80\x80\x80", "\xf0\x9f\x98", "\xf5\x80\x80\x80", "\xfe",
          "\xff"}) {
        CAPTURE(bad);
        CHECK(utf8_length(bad) == 0);
    }
    CHECK(utf8_length("") == 0);
    CHECK(utf8_length(std::string_view("\0", 1)) == 1);
}

TEST_CASE("wide characters take two columns, combining ones none") {
    CHECK(display_width(U'a') == 1);
    CHECK(display_width(U'\u00e9') == 1);
    CHECK(display_width(U'\u0301') == 0);
    CHECK(display_width(U'\u200b') == 0);
    CHECK(display_width(U'\ufeff') == 0);
    CHECK(display_width(U'\u1100') == 2);
    CHECK(display_width(U'\u4e16') == 2);
    CHECK(display_width(U'\uac00') == 2);
    CHECK(display_width(U'\uff21') == 2);
    CHECK(display_width(U'\U0001f600') == 2);
    CHECK(display_width(U'\u20ac') == 1);
}
