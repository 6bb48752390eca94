#pragma once
// The socket on which one service tells gosv how it is (sd_notify(3)): AF_UNIX datagrams on an
// abstract name that the kernel chooses (autobind, unix(7)). So there is no path to be written,
// left behind or hidden by a chroot or another root file system, and two containers that share a
// network namespace (--network=host) never meet on one name. Whoever shares the network namespace
// can send: the kernel says who did (SCM_CREDENTIALS), and who calls decides what that is worth.
//
// Descriptors that are sent along are never received: the buffer for control messages has room for
// the credentials alone, so that the kernel closes them itself, however many, even when gosv has no
// descriptor left. That is also all that BARRIER=1 asks for.
//
// Loop thread only; no allocation. Errors of open(): socket, setsockopt, bind, getsockname.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

// No message that sd_notify(3) defines needs as much; what is longer is refused whole.
inline constexpr std::size_t kMostNotification = 4096;

struct Notification {
    enum class Kind : std::uint8_t {
        none,      // nothing is waiting
        message,   // text, sender, uid
        too_long,  // sender, uid; its text is gone
    };
    Kind kind = Kind::none;
    std::string_view text;  // in the buffer given; may be empty and hold any byte
    Pid sender;             // as gosv sees it; no process: of a pid namespace that gosv cannot see
    std::uint32_t uid = ~0U;  // real user of the sender; all bits set when it is not known
};

class NotifySocket {
  public:
    NotifySocket() noexcept = default;
    static Result<NotifySocket> open() noexcept;

    BorrowedFd fd() const noexcept { return fd_.borrow(); }

    // "@0003f": the value of NOTIFY_SOCKET. Always six characters (Linux; five hexadecimal digits).
    std::string_view name() const noexcept { return {name_.data(), name_.size()}; }

    // The next message, without waiting. `into` has room for kMostNotification bytes.
    Notification receive(std::span<char> into) noexcept;

  private:
    Fd fd_;
    std::array<char, 6> name_{};
};

}  // namespace gosv::os
