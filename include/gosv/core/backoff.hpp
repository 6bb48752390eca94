#pragma once
// The restart delay as a value: no clock, no state but what is handed in.
#include <cstdint>

#include "gosv/core/policy.hpp"

namespace gosv::core {

// Delay before the n-th restart in a row (n = 1 is the first): first * multiplier^(n-1), capped.
Duration restart_delay(const BackoffPolicy& policy, std::uint32_t nth) noexcept;

}  // namespace gosv::core
