#include "quote.hpp"

#include <cstddef>

namespace gosv::manifest {

namespace {

constexpr std::size_t kLongestShown = 60;  // bytes

bool continues_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

}  // namespace

std::string quote(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    const bool cut = text.size() > kLongestShown;
    if (cut) {
        std::size_t end = kLongestShown;
        while (end > 0 && continues_character(text[end])) {
            --end;
        }
        text = text.substr(0, end);
    }
    std::string out = "'";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // U+0080 to U+009F, the second set of control characters, are c2 80 to c2 9f in UTF-8.
        const bool c1 =
            byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (byte == '\n') {
            out += "\\n";
        } else if (byte == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else if (c1) {
            const auto next = static_cast<unsigned char>(text[++i]);
            out += "\\x";
            out += kHex[next >> 4];
            out += kHex[next & 15];
        } else {
            out += text[i];
        }
    }
    return out + (cut ? "…'" : "'");
}

}  // namespace gosv::manifest
