#pragma once
// gosv's own NOTIFY_SOCKET: how it tells whoever supervises it (systemd, podman
// --sdnotify=container) that it is ready. sd_notify(3). "@name" is an abstract socket, "/path" one
// in the file system; vsock and others are refused with EAFNOSUPPORT.
//
// Connected once, at the start: sending then looks up no path, never waits and never raises
// SIGPIPE. A supervisor that has gone or does not read is an error value.
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

class NotifySender {
  public:
    NotifySender() noexcept = default;  // to nobody
    // `address`: the value of NOTIFY_SOCKET. Errors: EAFNOSUPPORT, ENAMETOOLONG, EINVAL (empty, or
    // relative), socket, connect.
    static Result<NotifySender> open(std::string_view address) noexcept;

    bool is_open() const noexcept { return socket_.is_open(); }

    // "READY=1", or several lines. EAGAIN: it does not read; ECONNREFUSED: it has gone; ENOTCONN:
    // not open.
    Status send(std::string_view message) noexcept;

  private:
    Fd socket_;
};

}  // namespace gosv::os
