#pragma once
// How large a manifest may be. Each bound has a clear error; none is ever met by a file that a
// person wrote. They keep hostile or broken input from costing more than a moment and some
// megabytes.
#include <cstddef>

namespace gosv::manifest {

inline constexpr std::size_t kMaxFileSize = std::size_t{1} << 20;  // a manifest, an env_file
inline constexpr std::size_t kMaxDepth = 32;                       // collections in collections
inline constexpr std::size_t kMaxNodes = 200'000;                  // with every alias expanded
inline constexpr std::size_t kMaxTreeText = std::size_t{8} << 20;  // likewise, bytes of strings
// Of what `defaults`, the top level's environment and env_files are copied to, bytes.
inline constexpr std::size_t kMaxCopies = std::size_t{64} << 20;
inline constexpr std::size_t kMaxString =
    (std::size_t{128} << 10) - 1;                        // MAX_ARG_STRLEN, execve(2)
inline constexpr std::size_t kMaxDependencies = 65'536;  // of all services together
inline constexpr std::size_t kMaxDiagnostics = 500;      // shown; the rest is counted
inline constexpr std::size_t kMaxFound = 2'000;          // kept for sorting

}  // namespace gosv::manifest
