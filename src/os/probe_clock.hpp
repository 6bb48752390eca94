#pragma once
// The time that a probe has: an absolute deadline, a little before gosv would end it, and the whole
// of it as people say it.
#include <array>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/time.hpp"

namespace gosv::os {

class ProbeClock {
  public:
    explicit ProbeClock(Duration timeout) noexcept;

    // Waits until `events` (poll(2)) or an error is there, at most until `until`; false when the
    // time is over.
    bool wait(BorrowedFd fd, short events, MonotonicTime until) const noexcept;

    bool wait(BorrowedFd fd, short events) const noexcept { return wait(fd, events, deadline_); }

    MonotonicTime deadline() const noexcept { return deadline_; }

    // The next deadline when what is left of the time is shared by `shares`.
    MonotonicTime share(std::size_t shares) const noexcept;

    const char* timeout() const noexcept { return text_.data(); }  // "3s", "1500ms"

  private:
    MonotonicTime deadline_;
    std::array<char, 32> text_{};
};

}  // namespace gosv::os
