#pragma once
// What has become of the starts that are under way: the status pipes of os/spawn.hpp, from the
// clone until each has told that the exec has happened or failed. Loop thread only; nothing
// allocates once it is made.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gosv/base/bounded.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/zeroed.hpp"
#include "gosv/os/epoll.hpp"
#include "gosv/os/spawn.hpp"

namespace gosv::app {

class ServiceStarts {
  public:
    // `epoll` outlives it.
    ServiceStarts(std::size_t services, os::Epoll& epoll);

    // A start of the service has begun; what is known of an earlier one is forgotten.
    void begin(ServiceId service, Fd status) noexcept;

    // Platform::exec_status().
    os::ExecStatus outcome(ServiceId service) noexcept;

    // Before epoll is waited for: makes it know the pipes that it does not know yet, and adds to
    // `told` the services whose outcome is known already.
    void watch(BoundedVector<ServiceId>& told) noexcept;

    // For epoll's token: not of a pipe that is closed.
    bool is_current(ServiceId service, std::uint32_t generation) const noexcept;

    // Whether any start is under way.
    bool any() const noexcept { return open_ > 0; }

    // Not open: no start of the service is under way, or there is no such service.
    BorrowedFd status(ServiceId service) const noexcept;

  private:
    struct Start {
        Fd status;
        std::uint16_t generation = 0;  // in the epoll token: older notifications are dropped
        bool watched = false;          // by epoll
    };

    os::ExecStatus read(ServiceId service) noexcept;
    void close(Start& start) noexcept;
    void add_to_epoll(ServiceId service) noexcept;
    void look() noexcept;

    os::Epoll& epoll_;
    std::vector<Start> starts_;
    ZeroedArray<os::ExecStatus> failures_;  // what pipes that are closed have said; pending: none
    std::size_t open_ = 0;                  // pipes
    BoundedVector<ServiceId> unwatched_;    // of those, which epoll does not know yet
    BoundedVector<ServiceId> decided_;      // whose outcome is known and not told yet
};

}  // namespace gosv::app
