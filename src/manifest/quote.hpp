#pragma once
// Text of the user's in a message: 'web'. What is not printable is escaped and what is long is cut,
// so that a message stays one line and cannot steer a terminal.
#include <string>
#include <string_view>

namespace gosv::manifest {

std::string quote(std::string_view text);

}  // namespace gosv::manifest
