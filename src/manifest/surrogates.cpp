#include "surrogates.hpp"

#include <cstdint>

namespace gosv::manifest {

namespace {

// Is there `\uX8..` to `\uXf..` at `at`, X being the digit `first` in any case?
bool is_escape_of(std::string_view text, std::size_t at, char first) noexcept {
    if (at + 4 > text.size() || text[at] != '\\' || text[at + 1] != 'u') {
        return false;
    }
    const char digit = text[at + 2];
    const char next = text[at + 3];
    const bool upper_half =
        next == '8' || next == '9' || (next >= 'a' && next <= 'f') || (next >= 'A' && next <= 'F');
    return (digit == first || digit == first - 32) && upper_half;
}

// U+E800 to U+EFFF in UTF-8: ee a0 80 to ee bf bf. The code unit that it stands for, or 0.
std::uint32_t hidden_unit(std::string_view text, std::size_t at) noexcept {
    if (at + 3 > text.size() || text[at] != '\xee' ||
        static_cast<unsigned char>(text[at + 1]) < 0xa0) {
        return 0;
    }
    const auto high = static_cast<unsigned char>(text[at + 1]) & 0x3fU;
    const auto low = static_cast<unsigned char>(text[at + 2]) & 0x3fU;
    return (0xe000U | high << 6 | low) - 0x1000U;
}

bool uses_private_characters(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (hidden_unit(text, at) != 0 || is_escape_of(text, at, 'e') ||
            text.substr(at, 7) == "\\U0000E" || text.substr(at, 7) == "\\U0000e") {
            return true;
        }
    }
    return false;
}

void append_utf8(std::string& out, std::uint32_t point) {
    out += static_cast<char>(0xf0U | point >> 18);
    out += static_cast<char>(0x80U | (point >> 12 & 0x3fU));
    out += static_cast<char>(0x80U | (point >> 6 & 0x3fU));
    out += static_cast<char>(0x80U | (point & 0x3fU));
}

}  // namespace

SurrogateEscapes hide_surrogates(std::string& text) {
    bool found = false;
    for (std::size_t at = text.find('\\'); at != text.npos && !found;
         at = text.find('\\', at + 1)) {
        found = is_escape_of(text, at, 'd');
    }
    if (!found) {
        return SurrogateEscapes::none;
    }
    if (uses_private_characters(text)) {
        return SurrogateEscapes::ambiguous;
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_escape_of(text, at, 'd')) {
            ++text[at + 2];  // d to e, D to E
        }
    }
    return SurrogateEscapes::hidden;
}

std::optional<std::string> restore_surrogates(std::string_view scalar) {
    std::string out;
    for (std::size_t at = 0; at < scalar.size();) {
        if (is_escape_of(scalar, at, 'e')) {
            out += "\\u";
            out += static_cast<char>(scalar[at + 2] - 1);
            at += 3;
            continue;
        }
        const std::uint32_t high = hidden_unit(scalar, at);
        if (high == 0) {
            out += scalar[at++];
            continue;
        }
        const std::uint32_t low = hidden_unit(scalar, at + 3);
        if (high >= 0xdc00 || low < 0xdc00) {
            return std::nullopt;
        }
        append_utf8(out, 0x10000U + ((high - 0xd800U) << 10) + (low - 0xdc00U));
        at += 6;
    }
    return out;
}

}  // namespace gosv::manifest
