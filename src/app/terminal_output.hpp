#pragma once
// What gosv says before there is a log, and as an ordinary command (check, --help).
#include <string_view>

namespace gosv::app {

// To stderr. Gives up after two seconds without room: a container whose stderr nobody reads must
// still end.
[[gnu::cold]] void print_error(std::string_view text) noexcept;

// To stdout, blocking as any command does.
void print(std::string_view text) noexcept;

}  // namespace gosv::app
