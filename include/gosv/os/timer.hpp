#pragma once
// One absolute timerfd on CLOCK_MONOTONIC: setting the wall clock or suspending the machine moves
// no deadline. Disarmed while nothing waits for time, so that idle means no wake-up at all.
#include "gosv/base/fd.hpp"
#include "gosv/base/result.hpp"
#include "gosv/base/time.hpp"

namespace gosv::os {

class Timer {
  public:
    static Result<Timer> open() noexcept;

    BorrowedFd fd() const noexcept { return fd_.borrow(); }

    // kNever disarms. Makes no system call when the deadline is the one already armed.
    void arm(MonotonicTime deadline) noexcept;
    // Reads the expiry away; to be called when fd() is readable.
    void acknowledge() noexcept;

  private:
    Fd fd_;
    MonotonicTime armed_ = kNever;
};

}  // namespace gosv::os
