#include "gosv/os/notify_send.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "gosv/os/sys.hpp"

namespace gosv::os {

Result<NotifySender> NotifySender::open(std::string_view address) noexcept {
    if (address.empty() || address == "@") {
        return SysError{EINVAL, "NOTIFY_SOCKET"};
    }
    const bool abstract = address.front() == '@';
    if (!abstract && address.front() != '/') {
        // "vsock:2:1234" is for a virtual machine's init.
        return SysError{address.starts_with("vsock") ? EAFNOSUPPORT : EINVAL, "NOTIFY_SOCKET"};
    }
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    // A path has its NUL; an abstract name is as long as it says.
    if (address.size() > sizeof to.sun_path - (abstract ? 0 : 1)) {
        return SysError{ENAMETOOLONG, "NOTIFY_SOCKET"};
    }
    std::copy(address.begin(), address.end(), to.sun_path);
    if (abstract) {
        to.sun_path[0] = '\0';
    }
    NotifySender sender;
    sender.socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!sender.socket_.is_open()) {
        return SysError{errno, "socket"};
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() +
                                             (abstract ? 0 : 1));
    if (::connect(sender.socket_.raw(), reinterpret_cast<const sockaddr*>(&to), size) < 0) {
        return SysError{errno, "connect"};
    }
    return sender;
}

Status NotifySender::send(std::string_view message) noexcept {
    if (!is_open()) {
        return SysError{ENOTCONN, "send"};
    }
    const Result<std::size_t> sent = sys::send_nonblock(socket_.borrow(), message);
    return sent.ok() ? Status() : Status(sent.error());
}

}  // namespace gosv::os
