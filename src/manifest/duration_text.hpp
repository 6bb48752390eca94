#pragma once
// Durations in messages.
#include <string>

#include "gosv/base/time.hpp"

namespace gosv::manifest {

// "9s", or "1500ms" when it is not whole seconds.
std::string duration_text(Duration duration);

}  // namespace gosv::manifest
