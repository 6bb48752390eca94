#pragma once
// A line of a file as it is shown under a diagnostic, and the marker below it:
//
//     comand: [nginx]
//     ^~~~~~
//
// Printable whatever the bytes are: tabs become spaces, control characters and invalid UTF-8 are
// escaped, wide characters count twice, a long line is cut around the place and "…" put there.
#include <cstddef>
#include <string>
#include <string_view>

namespace gosv::app {

struct Excerpt {
    std::string line;
    std::string marker;
};

// The most columns of a terminal that either takes.
inline constexpr std::size_t kExcerptWidth = 100;

// `column` is a byte of the line, from 1; behind its end: right after the last character. What is
// marked is the word of YAML that begins there: a quoted text, or up to a blank, comma, bracket or
// the colon of a key.
Excerpt make_excerpt(std::string_view line, std::size_t column);

}  // namespace gosv::app
