#pragma once
// A problem of a manifest, with its place. Values only: who prints them is app/check.
#include <string>
#include <vector>

namespace gosv::manifest {

struct Position {
    int line = 0;    // from 1; 0: no place in the file (the file itself is the problem)
    int column = 0;  // from 1, counted in bytes
};

struct Diagnostic {
    enum class Severity { error, warning };
    Severity severity = Severity::error;
    Position at;
    std::string path;     // "services.web.restart"; empty for the whole file
    std::string message;  // one line, no full stop, names what was found
    std::string hint;     // the way out, one line; may be empty
    // The file that `at` is a place of, when it is not the manifest itself: an env_file, by the
    // path under which it was opened. Empty: the manifest. A reader of LoadResult::source has no
    // source line for another file.
    std::string file = {};
};

using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics) noexcept;

}  // namespace gosv::manifest
