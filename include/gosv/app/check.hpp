#pragma once
// How the problems of a manifest look.
//
// As text: `file:line:col: error: message`, the source line, a caret under the word, `hint: ...`,
// and at the end how many there are; "" when there are none. Columns count bytes.
//
// As JSON: one object on one line, valid UTF-8 whatever the manifest holds:
//   {"file": "...", "valid": true|false, "diagnostics": [{"severity": "error"|"warning", "line": N,
//    "column": N, "path": "services.web.user", "message": "...", "hint": "..."}]}
// line and column are 0 when the file as a whole is meant. A problem of another file (an env_file)
// has that file's name as "file".
#include <string>
#include <string_view>

#include "gosv/manifest/diagnostic.hpp"

namespace gosv::app {

// Warnings become errors: `--strict`.
void make_strict(manifest::Diagnostics& diagnostics) noexcept;

std::string render_text(const manifest::Diagnostics& diagnostics, std::string_view source,
                        std::string_view file);
std::string render_json(const manifest::Diagnostics& diagnostics, std::string_view file);

}  // namespace gosv::app
