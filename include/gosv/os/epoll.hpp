#pragma once
// A set of descriptors with a 64-bit token each; no callbacks, so nothing can dangle. The caller
// puts a generation into the token and drops what is older than the handle. Level-triggered, but
// for what is added to be told once.
#include <cstddef>
#include <cstdint>
#include <span>

#include "gosv/base/fd.hpp"
#include "gosv/base/result.hpp"
#include "gosv/base/time.hpp"

namespace gosv::os {

class Epoll {
  public:
    // wait() tells of at most so many at once.
    static constexpr std::size_t kBatch = 64;

    static Result<Epoll> open() noexcept;
    Status add_readable(BorrowedFd fd, std::uint64_t token) noexcept;
    Status add_writable(BorrowedFd fd, std::uint64_t token) noexcept;
    // Edge-triggered: told when it becomes readable, and then not while it stays so.
    Status add_readable_once(BorrowedFd fd, std::uint64_t token) noexcept;
    void remove(BorrowedFd fd) noexcept;
    // The tokens of what is ready, kept until the next call. An error and a peer that has hung up
    // are told by them too: the read or write that follows finds out.
    // Waits so long at most, on the monotonic clock: setting the wall clock or suspending the
    // machine changes nothing. Rounded up to a millisecond; the kernel may add a thousandth of it.
    // kNoLimit: until something is ready. EINTR counts as "nothing".
    static constexpr Duration kNoLimit = Duration::max();
    std::span<const std::uint64_t> wait(Duration at_most) noexcept;

    BorrowedFd fd() const noexcept { return fd_.borrow(); }

  private:
    Fd fd_;
    std::uint64_t ready_[kBatch] = {};
};

}  // namespace gosv::os
