#include "probe_clock.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "gosv/base/concat.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

using std::chrono::milliseconds;

// Enough for the answer to come, and not to be missed.
constexpr Duration kMostMargin = milliseconds(100);

}  // namespace

ProbeClock::ProbeClock(Duration timeout) noexcept
    : deadline_(
          saturating_add(sys::monotonic_now(), timeout - std::min(timeout / 10, kMostMargin))) {
    const auto ms =
        static_cast<long long>(std::chrono::duration_cast<milliseconds>(timeout).count());
    (void)(ms % 1000 == 0 ? concat_into(text_, {ms / 1000, 's'}) : concat_into(text_, {ms, "ms"}));
}

MonotonicTime ProbeClock::share(std::size_t shares) const noexcept {
    const MonotonicTime now = sys::monotonic_now();
    return deadline_ > now ? now + (deadline_ - now) / static_cast<std::int64_t>(shares)
                           : deadline_;
}

bool ProbeClock::wait(BorrowedFd fd, short events, MonotonicTime until) const noexcept {
    constexpr Duration kLongest = std::chrono::hours(1);  // what poll's argument can take, and more
    for (;;) {
        const Duration left = std::clamp(until - sys::monotonic_now(), Duration::zero(), kLongest);
        pollfd waited{fd.raw(), events, 0};
        const int ready =
            ::poll(&waited, 1, static_cast<int>(std::chrono::ceil<milliseconds>(left).count()));
        if (ready > 0) {
            return true;
        }
        const bool interrupted = ready < 0 && (errno == EINTR || errno == EAGAIN);
        if (!interrupted && left < kLongest) {
            return false;
        }
    }
}

}  // namespace gosv::os
