#pragma once
// UTF-8 without locale and without wide characters: RFC 3629, so no overlong forms, no surrogates,
// nothing beyond U+10FFFF.
#include <cstddef>
#include <string_view>

namespace gosv {

// Bytes of the valid sequence at the front of text; 0 when there is none, or no text.
std::size_t utf8_length(std::string_view text) noexcept;

// The code point of a sequence for which utf8_length() was not 0.
char32_t utf8_code_point(std::string_view sequence) noexcept;

// Columns of a terminal: 2 for East Asian wide characters and emoji, 0 for what combines with the
// one before and for zero-width marks, else 1. By blocks, for carets under a line; a terminal's own
// table may differ in the corners.
int display_width(char32_t code_point) noexcept;

}  // namespace gosv
