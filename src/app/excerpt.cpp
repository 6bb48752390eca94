#include "app/excerpt.hpp"

#include <algorithm>
#include <vector>

#include "app/line_writer.hpp"
#include "gosv/base/utf8.hpp"

namespace gosv::app {

namespace {

constexpr std::size_t kTabStop = 8;
// Bytes looked at on each side of the place: more than kExcerptWidth columns can need.
constexpr std::size_t kReach = 4 * kExcerptWidth;
// Columns kept before the place when the line is cut.
constexpr std::size_t kBefore = kExcerptWidth / 3;
constexpr std::string_view kEllipsis = "\u2026";

// One character, or one byte that is none, as it is shown.
struct Cell {
    std::string text;
    std::size_t width = 0;
    std::size_t offset = 0;  // in the line, in bytes
};

bool is_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

Cell make_cell(std::string_view rest, std::size_t offset, std::size_t shown_width) {
    if (rest[0] == '\t') {
        const std::size_t width = kTabStop - shown_width % kTabStop;
        return {std::string(width, ' '), width, offset};
    }
    const std::string_view one = rest.substr(0, std::max<std::size_t>(utf8_length(rest), 1));
    char buffer[16];
    LineWriter writer(buffer);
    writer.visible(one);
    const std::string_view shown = writer.view();
    const std::size_t width =
        shown == one ? static_cast<std::size_t>(display_width(utf8_code_point(one))) : shown.size();
    return {std::string(shown), width, offset};
}

std::size_t end_of_quoted(std::string_view text) noexcept {
    const char quote = text[0];
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (quote == '"' && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            if (quote == '\'' && i + 1 < text.size() && text[i + 1] == quote) {
                ++i;  // '' is one quote
            } else {
                return i + 1;
            }
        }
    }
    return text.size();
}

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

// Bytes of the word of YAML at the front of text, at least one.
std::size_t word_length(std::string_view text) noexcept {
    if (text.empty()) {
        return 1;
    }
    if (text[0] == '"' || text[0] == '\'') {
        return end_of_quoted(text);
    }
    std::size_t braces = 0;  // of ${...}
    std::size_t i = 0;
    for (; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '{' && i > 0 && text[i - 1] == '$') {
            ++braces;
        } else if (braces > 0) {
            braces -= c == '}' ? 1 : 0;
        } else if (is_blank(c) || c == ',' || c == ']' || c == '}' ||
                   (c == ':' && (i + 1 == text.size() || is_blank(text[i + 1])))) {
            break;
        }
    }
    return std::max<std::size_t>(i, 1);
}

std::vector<Cell> make_cells(std::string_view line, std::size_t begin, std::size_t end) {
    std::vector<Cell> cells;
    std::size_t width = 0;
    for (std::size_t at = begin; at < end;) {
        const std::string_view rest = line.substr(at);
        cells.push_back(make_cell(rest, at, width));
        width += cells.back().width;
        at += std::max<std::size_t>(utf8_length(rest), 1);
    }
    return cells;
}

}  // namespace

Excerpt make_excerpt(std::string_view line, std::size_t column) {
    const std::size_t place = std::min(column > 0 ? column - 1 : 0, line.size());
    // A window of bytes first, so that a line of megabytes costs no more than one of a hundred.
    const std::size_t word_end = place + word_length(line.substr(place, kReach));
    std::size_t begin = place > kReach ? place - kReach : 0;
    while (begin > 0 && begin < place && is_continuation(line[begin])) {
        ++begin;
    }
    const std::vector<Cell> cells = make_cells(line, begin, std::min(line.size(), place + kReach));

    // Then a window of columns.
    std::size_t total = 0;
    std::size_t before_place = 0;
    for (const Cell& cell : cells) {
        total += cell.width;
        before_place += cell.offset < place ? cell.width : 0;
    }
    const bool fits = begin == 0 && place + kReach >= line.size() && total <= kExcerptWidth;
    const std::size_t first = fits || before_place < kBefore ? 0 : before_place - kBefore;
    const std::size_t room = kExcerptWidth - 2;  // for an ellipsis on each side

    Excerpt excerpt;
    std::size_t at = 0;      // columns of all cells so far
    std::size_t marked = 0;  // columns of the marker so far
    std::size_t shown = 0;
    if (begin > 0 || first > 0) {
        excerpt.line += kEllipsis;
        excerpt.marker += ' ';
    }
    for (const Cell& cell : cells) {
        const bool is_left_of_window = at < first;
        at += cell.width;
        if (is_left_of_window) {
            continue;
        }
        if (!fits && shown + cell.width > room) {
            excerpt.line += kEllipsis;
            break;
        }
        excerpt.line += cell.text;
        shown += cell.width;
        if (cell.offset < place) {
            excerpt.marker.append(cell.width, ' ');
        } else if (cell.offset < word_end) {
            excerpt.marker.append(cell.width, '~');
            marked += cell.width;
        }
    }
    if (marked == 0) {
        excerpt.marker += '^';
    } else {
        excerpt.marker[excerpt.marker.size() - marked] = '^';
    }
    return excerpt;
}

}  // namespace gosv::app
