#include "gosv/os/epoll.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace gosv::os {

namespace {

Status add(BorrowedFd set, BorrowedFd fd, std::uint32_t events, std::uint64_t token) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    if (::epoll_ctl(set.raw(), EPOLL_CTL_ADD, fd.raw(), &event) < 0) {
        return SysError{errno, "epoll_ctl"};
    }
    return {};
}

// Never too short, and never the -1 that means no limit.
int milliseconds(Duration at_most) noexcept {
    using Milliseconds = std::chrono::milliseconds;
    if (at_most == Epoll::kNoLimit) {
        return -1;
    }
    constexpr Duration kMost = Milliseconds(std::numeric_limits<int>::max());
    return static_cast<int>(
        std::chrono::ceil<Milliseconds>(std::clamp(at_most, Duration{}, kMost)).count());
}

}  // namespace

Result<Epoll> Epoll::open() noexcept {
    const int raw = ::epoll_create1(EPOLL_CLOEXEC);
    if (raw < 0) {
        return SysError{errno, "epoll_create1"};
    }
    Epoll epoll;
    epoll.fd_.reset(raw);
    return epoll;
}

Status Epoll::add_readable(BorrowedFd fd, std::uint64_t token) noexcept {
    return add(fd_.borrow(), fd, EPOLLIN, token);
}

Status Epoll::add_writable(BorrowedFd fd, std::uint64_t token) noexcept {
    return add(fd_.borrow(), fd, EPOLLOUT, token);
}

Status Epoll::add_readable_once(BorrowedFd fd, std::uint64_t token) noexcept {
    return add(fd_.borrow(), fd, EPOLLIN | EPOLLET, token);
}

void Epoll::remove(BorrowedFd fd) noexcept {
    // ENOENT and EBADF: it is not in the set, which is what was wanted.
    (void)::epoll_ctl(fd_.raw(), EPOLL_CTL_DEL, fd.raw(), nullptr);
}

std::span<const std::uint64_t> Epoll::wait(Duration at_most) noexcept {
    epoll_event events[kBatch];
    const int count = ::epoll_wait(fd_.raw(), events, kBatch, milliseconds(at_most));
    if (count <= 0) {
        return {};
    }
    const auto filled = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < filled; ++i) {
        ready_[i] = events[i].data.u64;
    }
    return {ready_, filled};
}

}  // namespace gosv::os
