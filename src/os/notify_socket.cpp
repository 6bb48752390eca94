#include "gosv/os/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace gosv::os {

namespace {

// Filled by bind(2) with nothing but the family: a NUL and five digits (unix(7)).
constexpr socklen_t kNoName = offsetof(sockaddr_un, sun_path);
constexpr socklen_t kAutobound = kNoName + 6;

void take_credentials(const msghdr& header, Notification& notification) noexcept {
    const cmsghdr* const first = CMSG_FIRSTHDR(&header);
    if (first == nullptr || first->cmsg_level != SOL_SOCKET ||
        first->cmsg_type != SCM_CREDENTIALS || first->cmsg_len < CMSG_LEN(sizeof(ucred))) {
        return;
    }
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(first), sizeof sender);
    notification.sender = Pid{sender.pid};
    notification.uid = sender.uid;
}

}  // namespace

Result<NotifySocket> NotifySocket::open() noexcept {
    NotifySocket made;
    made.fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made.fd_.is_open()) {
        return SysError{errno, "socket"};
    }
    // Before there is a name to send to: no message comes without its sender.
    const int on = 1;
    if (::setsockopt(made.fd_.raw(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        return SysError{errno, "setsockopt"};
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (::bind(made.fd_.raw(), reinterpret_cast<const sockaddr*>(&address), kNoName) < 0) {
        return SysError{errno, "bind"};
    }
    socklen_t size = sizeof address;
    if (::getsockname(made.fd_.raw(), reinterpret_cast<sockaddr*>(&address), &size) < 0) {
        return SysError{errno, "getsockname"};
    }
    if (size != kAutobound) {
        return SysError{EPROTO, "getsockname"};
    }
    made.name_[0] = '@';  // stands for the NUL
    std::copy_n(address.sun_path + 1, made.name_.size() - 1, made.name_.begin() + 1);
    return made;
}

Notification NotifySocket::receive(std::span<char> into) noexcept {
    // The kernel puts the credentials first and descriptors last (scm_recv). There is no room left
    // for those, so that it drops them, and says MSG_CTRUNC, which is nobody's fault.
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))] = {};
    iovec part{into.data(), into.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    ssize_t size = 0;
    do {
        size = ::recvmsg(fd_.raw(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    Notification notification;
    if (size < 0) {
        return notification;  // EAGAIN; ENOMEM: it is still there the next time
    }
    take_credentials(header, notification);
    if ((header.msg_flags & MSG_TRUNC) != 0) {
        notification.kind = Notification::Kind::too_long;
    } else {
        notification.kind = Notification::Kind::message;
        notification.text = {into.data(), static_cast<std::size_t>(size)};
    }
    return notification;
}

}  // namespace gosv::os
