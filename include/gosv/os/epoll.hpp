#pragma once
// A set of descriptors with a 64-bit token each; no callbacks, so nothing can dangle. The caller
// puts a generation into the token and drops what is older than the handle. Level-triggered.
#include <cstddef>
#include <cstdint>
#include <span>

#include "gosv/base/fd.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

struct Ready {
    std::uint64_t token;
    bool readable;
    bool writable;
    bool hung_up;
};

class Epoll {
  public:
    // wait() tells of at most so many at once.
    static constexpr std::size_t kBatch = 64;

    static Result<Epoll> open() noexcept;
    Status add_readable(BorrowedFd fd, std::uint64_t token) noexcept;
    Status add_writable(BorrowedFd fd, std::uint64_t token) noexcept;
    void remove(BorrowedFd fd) noexcept;
    // Waits without limit (the timerfd is in the set) or, with `block` false, not at all. EINTR
    // counts as "nothing".
    std::span<const Ready> wait(bool block) noexcept;

    BorrowedFd fd() const noexcept { return fd_.borrow(); }

  private:
    Fd fd_;
    Ready ready_[kBatch] = {};
};

}  // namespace gosv::os
