// Places in a text, text that is none, and user's text in messages.
#include "manifest/source.hpp"

#include <doctest/doctest.h>

#include "manifest/path.hpp"
#include "manifest/quote.hpp"

using namespace gosv::manifest;
using namespace std::string_view_literals;

namespace {

std::string place(const Source& source, std::size_t offset) {
    const Position at = source.position(offset);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::optional<std::size_t> bad_at(std::string_view text) {
    const auto bad = find_bad_text(text);
    return bad ? std::optional(bad->offset) : std::nullopt;
}

}  // namespace

TEST_CASE("lines and columns begin at 1 and count bytes") {
    const Source source("ab\n\n\xc3\xa4x\n");
    CHECK(place(source, 0) == "1:1");
    CHECK(place(source, 2) == "1:3");
    CHECK(place(source, 3) == "2:1");
    CHECK(place(source, 4) == "3:1");
    CHECK(place(source, 6) == "3:3");
    CHECK(place(source, 8) == "4:1");
    CHECK(source.line_start(6) == 4);
    CHECK(place(Source(""), 0) == "1:1");
}

TEST_CASE("places can be asked for in any order") {
    std::string text;
    for (int line = 0; line < 50; ++line) {
        text += std::string(static_cast<std::size_t>(line % 3), 'x') + "\n";
    }
    const Source source(text);
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{5}, first}) {
            (void)source.position(first);
            const std::size_t offset = first >= step ? first - step : first + step;
            CHECK(place(source, offset) == place(Source(text), offset));
            CHECK(place(source, first) == place(Source(text), first));
        }
    }
}

TEST_CASE("a path is spelled out step by step") {
    const Path root;
    const Path services(root, "services");
    const Path odd(services, "a b");
    CHECK(root.is_root());
    CHECK(root.text().empty());
    CHECK_FALSE(services.is_root());
    CHECK(Path("services").text() == "services");
    CHECK(Path(Path(odd, "command"), std::size_t{2}).text() == "services.'a b'.command[2]");
    CHECK(Path(root, "").text() == "''");
    CHECK(Path(root, std::size_t{0}).text() == "[0]");
}

TEST_CASE("text is UTF-8 without control characters") {
    CHECK_FALSE(bad_at("plain\ttext\r\n\xc3\xa9 \xf0\x9f\x98\x80 \x7f"));
    CHECK(bad_at("a\0b"sv) == 1);
    CHECK(bad_at("a\x1b[0m") == 1);
    CHECK(bad_at("caf\xe9!") == 3);
    CHECK(bad_at("ab\xc0\xaf") == 2);
    CHECK(bad_at("\xed\xa0\x80") == 0);
    CHECK(bad_at("\xff\xfe"
                 "a\0"sv) == 0);
    CHECK(find_bad_text("\xff\xfe"
                        "a\0"sv)
              ->message == "the file is UTF-16");
    CHECK(find_bad_text("\x07")->hint.find("\"\\x07\"") != std::string::npos);
}

TEST_CASE("only a byte order mark at the beginning is removed") {
    std::string text =
        "\xef\xbb\xbf"
        "a\xef\xbb\xbf";
    strip_byte_order_mark(text);
    CHECK(text == "a\xef\xbb\xbf");
    strip_byte_order_mark(text);
    CHECK(text == "a\xef\xbb\xbf");
}

TEST_CASE("a user's text in a message is one short line without control characters") {
    CHECK(quote("web") == "'web'");
    CHECK(quote("") == "''");
    CHECK(quote("a\nb\tc\x1b\x7f") == "'a\\nb\\tc\\x1b\\x7f'");
    CHECK(quote("\xc2\x9b\xc2\xa0") == "'\\x9b\xc2\xa0'");
    CHECK(quote(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
    CHECK(quote(std::string(61, 'x')) == "'" + std::string(60, 'x') + "…'");
    CHECK(quote(std::string(59, 'x') + "é") == "'" + std::string(59, 'x') + "…'");
}

TEST_CASE("a path is made of plain words, and of quoted ones where a key is none") {
    CHECK(child_path("", "services") == "services");
    CHECK(child_path("services", "web.1") == "services.web.1");
    CHECK(child_path("services", "a b") == "services.'a b'");
    CHECK(child_path("services", "") == "services.''");
    CHECK(item_path("services.web.command", 2) == "services.web.command[2]");
}
