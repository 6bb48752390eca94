#pragma once
// What somebody else has said (a status, a probe's output), as one short line that can be stored
// and shown: no line breaks, nothing that a terminal obeys, valid UTF-8.
#include <span>
#include <string_view>

namespace gosv {

// The first line of `text` with something on it, without blanks at its ends, in `into`: each
// control character (C1 included) and each byte that is not UTF-8 becomes '?'; cut between
// characters when there is no room.
std::string_view copy_plain_line(std::string_view text, std::span<char> into) noexcept;

}  // namespace gosv
