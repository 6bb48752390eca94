#pragma once
// A problem inside a piece of text, for those who know the text but not where it stands in the
// file.
#include <cstddef>
#include <string>

namespace gosv::manifest {

struct TextProblem {
    std::size_t offset = 0;  // in bytes, into the text
    std::string message;
    std::string hint;
    bool warning = false;
};

}  // namespace gosv::manifest
