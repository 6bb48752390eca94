#pragma once
// JSON writes what is beyond U+FFFF as two escapes, \ud83d\ude00; yaml-cpp refuses each half.
// Before it reads, every \ud8xx to \udfxx becomes \ue8xx to \uefxx, a private-use character of the
// same length, so that no place in the text moves; in what it hands back the halves are joined
// again. Exact as long as the source uses no character of U+E800 to U+EFFF itself, which is looked
// for.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gosv::manifest {

enum class SurrogateEscapes { none, hidden, ambiguous };

// Replaces the escapes in `text`. Ambiguous: there are some, and private-use characters too.
SurrogateEscapes hide_surrogates(std::string& text);

// Undoes it in a scalar: characters are joined to pairs, and escapes that were only text (in a
// plain or single-quoted scalar) become what they were. nullopt: half a pair.
std::optional<std::string> restore_surrogates(std::string_view scalar);

}  // namespace gosv::manifest
