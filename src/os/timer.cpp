#include "gosv/os/timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace gosv::os {

Result<Timer> Timer::open() noexcept {
    const int raw = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (raw < 0) {
        return SysError{errno, "timerfd_create"};
    }
    Timer timer;
    timer.fd_.reset(raw);
    return timer;
}

void Timer::arm(MonotonicTime deadline) noexcept {
    if (deadline == armed_) {
        return;
    }
    itimerspec when{};
    if (deadline != kNever) {
        // All zero would disarm: the beginning of time is a nanosecond later, and just as past.
        const Duration at = std::max(deadline.time_since_epoch(), Duration{1});
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
        when.it_value.tv_sec = static_cast<time_t>(seconds.count());
        when.it_value.tv_nsec = static_cast<long>((at - seconds).count());
    }
    if (::timerfd_settime(fd_.raw(), TFD_TIMER_ABSTIME, &when, nullptr) == 0) {
        armed_ = deadline;
    }
}

void Timer::acknowledge() noexcept {
    std::uint64_t expirations = 0;
    if (::read(fd_.raw(), &expirations, sizeof expirations) == sizeof expirations) {
        armed_ = kNever;  // it fires once
    }
}

}  // namespace gosv::os
