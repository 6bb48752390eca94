#pragma once
// What services say of themselves: through the socket of a `type: notify` service (sd_notify(3)),
// which it keeps for all its runs, or through the pipe of `notify_fd`, one a run. Says who said it
// and what is wrong with it; what comes of it others decide. Loop thread only; nothing allocates
// once it is made.
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "app/service_trees.hpp"
#include "gosv/app/platform.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/rare_array.hpp"
#include "gosv/manifest/plan.hpp"
#include "gosv/os/epoll.hpp"
#include "gosv/os/notify_socket.hpp"

namespace gosv::app {

class ServiceNotices {
  public:
    // Opens the sockets. Errors: os::NotifySocket::open(), epoll_ctl.
    static Result<ServiceNotices> open(const manifest::Plan& plan, os::Epoll& epoll);

    // The value of NOTIFY_SOCKET for a service that has a socket, else "".
    std::string_view socket_name(ServiceId service) const noexcept;

    // Before a run is begun: forgets what an earlier one has said.
    void forget(ServiceId service, os::Epoll& epoll) noexcept;
    // When it has begun: the pipe of its notify_fd; not open: it has none.
    void listen(ServiceId service, Fd readiness, os::Epoll& epoll) noexcept;

    // True: the token means what is open now.
    bool is_current(ServiceId service, std::uint32_t generation) const noexcept {
        const Speaker* const speaker = speakers_.find(index(service));
        return speaker != nullptr && speaker->generation == generation;
    }

    // Platform::next_notice().
    std::optional<Notice> next(ServiceId service, Pid main, ServiceTrees& trees,
                               os::Epoll& epoll) noexcept;

  private:
    struct Speaker {
        os::NotifySocket socket;
        Fd readiness;
        std::uint32_t generation = 0;  // of the pipe; the socket is always the same
    };

    explicit ServiceNotices(std::size_t services) : speakers_(services) {}

    std::optional<Notice> next_message(os::NotifySocket& socket, ServiceId service, Pid main,
                                       ServiceTrees& trees) noexcept;
    std::optional<Notice> next_readiness(Speaker& speaker, os::Epoll& epoll) noexcept;
    static void close_readiness(Speaker& speaker, os::Epoll& epoll) noexcept;

    std::span<char> buffer() noexcept { return {buffer_.get(), os::kMostNotification}; }

    RareArray<Speaker> speakers_;     // of those who have a way to say something
    std::unique_ptr<char[]> buffer_;  // null: no service has a socket
};

}  // namespace gosv::app
