// The line under a diagnostic: the caret stands under the word, whatever comes before it.
#include "app/excerpt.hpp"

#include <doctest/doctest.h>

#include "gosv/base/utf8.hpp"

using namespace gosv;
using app::Excerpt;
using app::make_excerpt;

namespace {

std::string marker(std::string_view line, std::size_t column) {
    return make_excerpt(line, column).marker;
}

std::size_t columns(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        REQUIRE(length > 0);
        width += static_cast<std::size_t>(display_width(utf8_code_point(text)));
        text.remove_prefix(length);
    }
    return width;
}

}  // namespace

TEST_CASE("the whole word is marked, and nothing but the word") {
    CHECK(marker("    comand: [nginx]", 5) == "    ^~~~~~");
    CHECK(marker("command: [nginx, -g]", 11) == "          ^~~~~");
    CHECK(marker("command: [nginx, -g]", 18) == "                 ^~");
    CHECK(marker("a: b # note", 4) == "   ^");
    CHECK(marker("- web", 1) == "^");
    CHECK(marker("url: http://x:80/y", 6) == "     ^~~~~~~~~~~~~");
    CHECK(marker("key:", 1) == "^~~");
    CHECK(marker("{a: 1}", 5) == "    ^");
}

TEST_CASE("a quoted text is marked to its end") {
    CHECK(marker("a: \"b c\" d", 4) == "   ^~~~~");
    CHECK(marker(R"(a: "b\" c" d)", 4) == "   ^~~~~~~");
    CHECK(marker("a: 'b '' c' d", 4) == "   ^~~~~~~~");
    CHECK(marker("a: 'never closed", 4) == "   ^~~~~~~~~~~~~");
}

TEST_CASE("a variable with a default is one word") {
    CHECK(marker("p: ${PORT:-80 81}x, b", 4) == "   ^~~~~~~~~~~~~~~");
    CHECK(marker("p: {a: ${B}}", 8) == "       ^~~~");
}

TEST_CASE("behind the end of the line the caret stands right after it") {
    CHECK(marker("abc", 4) == "   ^");
    CHECK(marker("abc", 400) == "   ^");
    CHECK(marker("", 1) == "^");
    CHECK(marker("abc", 0) == "^~~");
}

TEST_CASE("tabs are shown as spaces and counted so") {
    const Excerpt shown = make_excerpt("\ta\tbc: 1", 4);
    CHECK(shown.line == "        a       bc: 1");
    CHECK(shown.marker == "                ^~");
}

TEST_CASE("wide and combining characters do not move the caret") {
    // Three bytes and two columns each.
    CHECK(marker("\u4e16\u754c: x", 9) == "      ^");
    CHECK(marker("\u4e16\u754c: x", 1) == "^~~~");
    // e and a combining acute: three bytes, one column.
    CHECK(marker("e\u0301: x", 6) == "   ^");
    CHECK(marker("gr\u00fc\u00df: x", 9) == "      ^");
}

TEST_CASE("what a terminal would take as an order, and what is no text, is escaped") {
    const Excerpt escape = make_excerpt("a: \x1b[31m", 4);
    CHECK(escape.line == "a: \\x1b[31m");
    CHECK(escape.marker == "   ^~~~~~~~");
    const Excerpt invalid = make_excerpt("\xff\xfe: x", 5);
    CHECK(invalid.line == "\\xff\\xfe: x");
    CHECK(invalid.marker == "          ^");
    CHECK(make_excerpt("cut \xe4\xb8", 1).line == "cut \\xe4\\xb8");
    CHECK(make_excerpt(std::string_view("a\0b", 3), 3).marker == "     ^");
}

TEST_CASE("a line that fits is shown whole") {
    const std::string line(app::kExcerptWidth, 'x');
    CHECK(make_excerpt(line, 1).line == line);
    CHECK(make_excerpt(line + "x", 1).line != line + "x");
}

TEST_CASE("a long line is cut around the place, wherever that is") {
    const std::string before(3000, 'a');
    const std::string line = before + " here " + std::string(3000, 'b');
    const Excerpt shown = make_excerpt(line, before.size() + 2);
    CHECK(columns(shown.line) <= app::kExcerptWidth);
    CHECK(shown.line.substr(0, 3) == "\u2026");
    CHECK(shown.line.substr(shown.line.size() - 3) == "\u2026");
    const std::size_t caret = shown.marker.find('^');
    CHECK(shown.marker.substr(caret) == "^~~~");
    // The ellipsis is three bytes and one column.
    CHECK(shown.line.substr(caret + 2, 4) == "here");

    CHECK(make_excerpt(line, 1).line.substr(0, 3) == "aaa");
    const Excerpt end = make_excerpt(line, line.size() + 1);
    CHECK(end.line.back() == 'b');
    CHECK(end.marker.size() == columns(end.line) + 1);
}

TEST_CASE("a place anywhere in a line of anything is a caret within the width") {
    std::string line;
    for (const char* piece :
         {"a", "\t", "\u4e16", "\xff", "e\u0301", " ", "\"q\"", "\x01", "${", "}"}) {
        for (int i = 0; i < 40; ++i) {
            line += piece;
        }
    }
    for (std::size_t column = 0; column < line.size() + 3; ++column) {
        const Excerpt shown = make_excerpt(line, column);
        REQUIRE(columns(shown.line) <= app::kExcerptWidth);
        REQUIRE(shown.marker.size() <= app::kExcerptWidth);
        const std::size_t caret = shown.marker.find('^');
        REQUIRE(caret != std::string::npos);
        REQUIRE(shown.marker.find_first_not_of(' ') == caret);
        REQUIRE(shown.marker.find_first_not_of('~', caret + 1) == std::string::npos);
    }
}

TEST_CASE("a line of megabytes costs no more than a short one") {
    const std::string line(16 * 1024 * 1024, 'x');
    for (int i = 0; i < 100; ++i) {
        CHECK(columns(make_excerpt(line, line.size() / 2).line) <= app::kExcerptWidth);
    }
}
