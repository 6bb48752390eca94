#include "gosv/core/backoff.hpp"

namespace gosv::core {

Duration restart_delay(const BackoffPolicy& policy, std::uint32_t nth) noexcept {
    const auto cap = static_cast<double>(policy.cap.count());
    auto delay = static_cast<double>(policy.first.count());
    // By multiplication and not pow(): no libm, and it stops at the cap after a few turns. A
    // multiplier of 1 never gets there and need not be applied.
    for (std::uint32_t i = 1; i < nth && delay < cap && policy.multiplier > 1.0; ++i) {
        delay *= policy.multiplier;
    }
    return delay < cap ? Duration(static_cast<Duration::rep>(delay)) : policy.cap;
}

}  // namespace gosv::core
