#pragma once
// Paths of diagnostics: "services.web.command[1]". A key that is no plain word is put in quotes.
#include <cstddef>
#include <string>
#include <string_view>

namespace gosv::manifest {

std::string child_path(std::string_view parent, std::string_view key);
std::string item_path(std::string_view parent, std::size_t index);

}  // namespace gosv::manifest
