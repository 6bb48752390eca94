#include "gosv/base/plain_text.hpp"

#include <algorithm>

#include "gosv/base/utf8.hpp"

namespace gosv {

namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kReplacement = "?";

// The next line with something on it; empty when there is none.
std::string_view first_line(std::string_view text) noexcept {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
        if (!line.empty()) {
            return line.substr(0, line.find_last_not_of(kBlanks) + 1);
        }
    }
    return {};
}

// C0, DEL and C1: a terminal obeys them all.
bool is_control(char32_t code_point) noexcept {
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

}  // namespace

std::string_view copy_plain_line(std::string_view text, std::span<char> into) noexcept {
    std::string_view rest = first_line(text);
    std::size_t size = 0;
    while (!rest.empty()) {
        const std::size_t length = utf8_length(rest);
        const bool shown = length > 0 && !is_control(utf8_code_point(rest.substr(0, length)));
        const std::string_view piece = shown ? rest.substr(0, length) : kReplacement;
        if (piece.size() > into.size() - size) {
            break;
        }
        std::copy(piece.begin(), piece.end(), into.begin() + static_cast<std::ptrdiff_t>(size));
        size += piece.size();
        rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return {into.data(), size};
}

}  // namespace gosv
