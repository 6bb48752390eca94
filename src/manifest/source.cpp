#include "source.hpp"

#include <algorithm>
#include <cstdint>

#include "gosv/base/concat.hpp"
#include "gosv/base/utf8.hpp"

namespace gosv::manifest {

namespace {

constexpr char kHex[] = "0123456789abcdef";

std::string hex(std::uint8_t byte) {
    return {'0', 'x', kHex[byte >> 4], kHex[byte & 15]};
}

bool looks_like_utf16(std::string_view text) noexcept {
    const std::string_view mark = text.substr(0, 2);
    return mark == "\xff\xfe" || mark == "\xfe\xff";
}

}  // namespace

Source::Source(std::string_view text) : text_(text), line_starts_{0} {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') {
            line_starts_.push_back(i + 1);
        }
    }
}

std::size_t Source::line_of(std::size_t offset) const noexcept {
    const auto begins_later = [&](std::size_t line) {
        return line >= line_starts_.size() || line_starts_[line] > offset;
    };
    if (begins_later(near_) || !begins_later(near_ + 2)) {
        const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
        near_ = static_cast<std::size_t>(after - line_starts_.begin()) - 1;
    } else if (!begins_later(near_ + 1)) {
        ++near_;
    }
    return near_;
}

Position Source::position(std::size_t offset) const noexcept {
    const std::size_t line = line_of(offset);
    return {static_cast<int>(line) + 1, static_cast<int>(offset - line_starts_[line]) + 1};
}

std::size_t Source::line_start(std::size_t offset) const noexcept {
    return line_starts_[line_of(offset)];
}

void strip_byte_order_mark(std::string& text) {
    if (text.starts_with("\xef\xbb\xbf")) {
        text.erase(0, 3);
    }
}

std::optional<TextProblem> find_bad_text(std::string_view text) {
    if (looks_like_utf16(text)) {
        return TextProblem{0, "the file is UTF-16", "save it as UTF-8"};
    }
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        if (byte >= 0x20 && byte < 0x80) {
            ++i;
            continue;
        }
        if (byte == 0) {
            return TextProblem{i, "the file has a NUL byte here",
                               "a text file has none: is it the right file, and saved as UTF-8?"};
        }
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') {
            return TextProblem{
                i, concat({"the file has the control character ", hex(byte), " here"}),
                concat({"remove it, or write it as an escape in double quotes: \"\\x",
                        hex(byte).substr(2), "\""})};
        }
        const std::size_t length = utf8_length(text.substr(i));
        if (length == 0) {
            return TextProblem{
                i, concat({"the file is not UTF-8: byte ", hex(byte), " has no place here"}),
                "save it as UTF-8"};
        }
        i += length;
    }
    return std::nullopt;
}

}  // namespace gosv::manifest
