#pragma once
// A YAML or JSON text into the neutral tree. One document. The only part of gosv that knows the
// YAML library; works with yaml-cpp 0.7 (Debian 12) and later, and relies on none of them for
// duplicate keys, aliases, depth, unclosed quotes, tabs or surrogate pairs.
#include <optional>

#include "report.hpp"
#include "source.hpp"
#include "tree.hpp"

namespace gosv::manifest {

// nullopt when there is no tree to go on with; the reason has been reported. Precondition: the text
// is UTF-8 without control characters (find_bad_text). Never throws but bad_alloc.
std::optional<Node> read_yaml(const Source& source, Report& report);

}  // namespace gosv::manifest
