#pragma once
// Time as the supervisor sees it: CLOCK_MONOTONIC, in nanoseconds. MonotonicTime deliberately has
// no now(): the pure core is handed the time and cannot read a clock even by mistake. The loop
// reads the clock once an iteration (app/platform).
#include <chrono>
#include <cstdint>

namespace gosv {

using Duration = std::chrono::nanoseconds;

// A tag, not a clock: it names the epoch (boot of the machine, CLOCK_MONOTONIC) and nothing else.
struct MonotonicTag {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
};

using MonotonicTime = std::chrono::time_point<MonotonicTag, Duration>;

inline constexpr MonotonicTime kNever = MonotonicTime::max();

// Sums that would overflow end at kNever instead of wrapping round into the past.
constexpr MonotonicTime saturating_add(MonotonicTime at, Duration delta) noexcept {
    if (at == kNever || delta >= kNever - at) {
        return kNever;
    }
    return at + delta;
}

}  // namespace gosv
