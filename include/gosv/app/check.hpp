#pragma once
// How diagnostics look: `file:line:col: error: ...` with the source line, a caret and a hint, or as
// JSON (one object: {"file", "valid", "diagnostics": [{severity, line, column, path, message, hint}]}).
#include <string>
#include <string_view>

#include "gosv/manifest/diagnostic.hpp"

namespace gosv::app {

std::string render_text(const manifest::Diagnostics& diagnostics, std::string_view source,
                        std::string_view file);
std::string render_json(const manifest::Diagnostics& diagnostics, std::string_view file);

}  // namespace gosv::app
