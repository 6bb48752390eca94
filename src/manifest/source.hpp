#pragma once
// The text of a file, with the places in it. Lines end at a line feed; columns count bytes from 1.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/manifest/diagnostic.hpp"
#include "text_problem.hpp"

namespace gosv::manifest {

class Source {
  public:
    explicit Source(std::string_view text);  // `text` must outlive the Source

    std::string_view text() const noexcept { return text_; }

    Position position(std::size_t offset) const noexcept;
    std::size_t line_start(std::size_t offset) const noexcept;

  private:
    std::size_t line_of(std::size_t offset) const noexcept;

    std::string_view text_;
    std::vector<std::size_t> line_starts_;
    mutable std::size_t near_ = 0;  // the line last asked for: mostly it is that one, or the next
};

// Removes a byte order mark of UTF-8.
void strip_byte_order_mark(std::string& text);

// The first thing in text that no text file may have: a NUL, another control character, or what is
// not UTF-8. Tabs, line feeds and carriage returns are fine.
std::optional<TextProblem> find_bad_text(std::string_view text);

}  // namespace gosv::manifest
