#pragma once
// For the tests of the probes: a server on the loopback that does to each connection what a test
// tells it to, in a process of its own, which does not outlive the object; and how long it all
// took.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <string_view>

#include "gosv/base/endpoint.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/time.hpp"
#include "gosv/os/probe.hpp"
#include "gosv/os/sys.hpp"
#include "support/isolated.hpp"

namespace gosv::test {

inline Endpoint loopback(std::uint16_t port, bool ipv6 = false) {
    Endpoint endpoint;
    endpoint.ipv6 = ipv6;
    endpoint.port = port;
    if (ipv6) {
        endpoint.address[15] = 1;
    } else {
        endpoint.address = {127, 0, 0, 1};
    }
    return endpoint;
}

// A socket bound to a port of the kernel's choice; listening when there is a backlog >= 0.
class Port {
  public:
    explicit Port(bool ipv6 = false, int backlog = 16)
        : socket_(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), ipv6_(ipv6) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = ipv6 ? sizeof six : sizeof four;
        auto* const address =
            ipv6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
        REQUIRE(::bind(socket_.raw(), address, size) == 0);
        REQUIRE(::getsockname(socket_.raw(), address, &size) == 0);
        number_ = ntohs(ipv6 ? six.sin6_port : four.sin_port);
        if (backlog >= 0) {
            REQUIRE(::listen(socket_.raw(), backlog) == 0);
        }
    }

    int fd() const { return socket_.raw(); }

    Endpoint endpoint() const { return loopback(number_, ipv6_); }

  private:
    Fd socket_;
    bool ipv6_;
    std::uint16_t number_ = 0;
};

// Nobody listens here, and nobody else can begin to.
struct ClosedPort : Port {
    explicit ClosedPort(bool ipv6 = false) : Port(ipv6, -1) {}
};

// What a handler has to work with.
class Conversation {
  public:
    Conversation(int socket, int number) : socket_(socket), number_(number) {}

    int number() const { return number_; }  // of the connection, from 0

    // Up to and with the empty line that ends a request; "" when the other side hung up before.
    std::string read_request() const {
        std::string request;
        char byte = 0;
        while (request.find("\r\n\r\n") == std::string::npos) {
            if (::read(socket_, &byte, 1) <= 0) {
                return "";
            }
            request += byte;
        }
        return request;
    }

    // False when the other side has closed.
    bool write(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t size = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            if (size <= 0) {
                return false;
            }
            text.remove_prefix(static_cast<std::size_t>(size));
        }
        return true;
    }

    void wait_for_hang_up() const {
        char rest[512];
        while (::read(socket_, rest, sizeof rest) > 0) {
        }
    }

    void reset() const {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

  private:
    int socket_;
    int number_;
};

class Server {
  public:
    template <class Handler>
    explicit Server(Handler handler, bool ipv6 = false) : port_(ipv6) {
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ > 0) {
            return;
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        for (int number = 0;; ++number) {
            const int socket = ::accept4(port_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) {
                ::_exit(1);
            }
            handler(Conversation(socket, number));
            ::close(socket);
        }
    }

    ~Server() {
        ::kill(pid_, SIGKILL);
        (void)wait_for(pid_);
    }

    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    Endpoint endpoint() const { return port_.endpoint(); }

  private:
    Port port_;
    pid_t pid_ = -1;
};

inline std::string told(const os::ProbeResult& result) {
    return result.is_good() ? "good" : std::string(result.reason());
}

// Long enough for whatever answers at all, on a machine that is busy with something else.
inline constexpr Duration kPatience = std::chrono::seconds(30);

class Stopwatch {
  public:
    Duration elapsed() const { return sys::monotonic_now() - begin_; }

  private:
    MonotonicTime begin_ = sys::monotonic_now();
};

}  // namespace gosv::test
