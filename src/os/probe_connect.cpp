#include "probe_connect.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gosv::os {

namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

template <class Form>
Address stored(const Form& form) noexcept {
    Address address;
    static_assert(sizeof form <= sizeof address.storage);
    std::memcpy(&address.storage, &form, sizeof form);
    address.size = sizeof form;
    return address;
}

Address address_of(const Endpoint& endpoint) noexcept {
    if (endpoint.ipv6) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(endpoint.port);
        std::memcpy(&six.sin6_addr, endpoint.address.data(), sizeof six.sin6_addr);
        return stored(six);
    }
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(endpoint.port);
    std::memcpy(&four.sin_addr, endpoint.address.data(), sizeof four.sin_addr);
    return stored(four);
}

// A port of the range from which the kernel takes ports for clients can meet itself: with nobody
// listening there, the socket is given the very port that it connects to, and TCP's simultaneous
// open makes it a connection. That is nobody, and not a healthy service.
bool is_connected_to_itself(BorrowedFd socket) noexcept {
    sockaddr_storage own{};
    sockaddr_storage peer{};
    socklen_t own_size = sizeof own;
    socklen_t peer_size = sizeof peer;
    return ::getsockname(socket.raw(), reinterpret_cast<sockaddr*>(&own), &own_size) == 0 &&
           ::getpeername(socket.raw(), reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 &&
           own_size == peer_size && std::memcmp(&own, &peer, own_size) == 0;
}

// The errno of a connect that could not be finished at once; 0: connected.
int finish_connect(BorrowedFd socket) noexcept {
    int err = 0;
    socklen_t size = sizeof err;
    return ::getsockopt(socket.raw(), SOL_SOCKET, SO_ERROR, &err, &size) < 0 ? errno : err;
}

Connection connect_to(const Endpoint& endpoint, const ProbeClock& clock,
                      MonotonicTime until) noexcept {
    Fd socket(::socket(endpoint.ipv6 ? AF_INET6 : AF_INET,
                       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) {
        return {Fd(), ProbeResult::failed(errno)};
    }
    const Address address = address_of(endpoint);
    int err = ::connect(socket.raw(), address.get(), address.size) < 0 ? errno : 0;
    if (err == EINPROGRESS || err == EINTR) {
        if (!clock.wait(socket.borrow(), POLLOUT, until)) {
            return {Fd(), ProbeResult::bad({"no connection within ", clock.timeout()})};
        }
        err = finish_connect(socket.borrow());
    }
    if (err == 0 && is_connected_to_itself(socket.borrow())) {
        err = ECONNREFUSED;
    }
    if (err != 0) {
        return {Fd(), ProbeResult::failed(err)};
    }
    return {std::move(socket), ProbeResult::good()};
}

}  // namespace

Connection connect_in_turn(std::span<const Endpoint> endpoints, const ProbeClock& clock) noexcept {
    Connection first{Fd(), ProbeResult::bad({"no address to connect to"})};
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        Connection made = connect_to(endpoints[i], clock, clock.share(endpoints.size() - i));
        if (made.socket.is_open()) {
            return made;
        }
        if (i == 0) {
            first = std::move(made);
        }
    }
    return first;
}

}  // namespace gosv::os
