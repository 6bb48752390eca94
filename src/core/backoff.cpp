#include "gosv/core/backoff.hpp"

namespace gosv::core {

Duration restart_delay(const BackoffPolicy& policy, std::uint32_t nth) noexcept {
    const auto cap = static_cast<double>(policy.cap.count());
    auto delay = static_cast<double>(policy.first.count());
    // multiplier^(nth-1) by squaring: no libm, and 32 turns at most, also for a service that has
    // been failing for years with a multiplier close to 1. What grows beyond the cap stays there;
    // a first delay of zero never grows.
    double factor = policy.multiplier;
    for (std::uint32_t left = nth > 0 ? nth - 1 : 0; left > 0 && delay > 0 && delay < cap;
         left >>= 1) {
        if ((left & 1U) != 0) {
            delay *= factor;
        }
        factor *= factor;
    }
    return delay < cap ? Duration(static_cast<Duration::rep>(delay)) : policy.cap;
}

}  // namespace gosv::core
