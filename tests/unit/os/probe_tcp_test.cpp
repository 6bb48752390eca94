// Connections that come about, and those that do not, each with the reason that is told.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "gosv/os/probe.hpp"
#include "gosv/os/sys.hpp"
#include "probe_server.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using namespace std::chrono_literals;
using test::ClosedPort;
using test::kPatience;
using test::Stopwatch;

namespace {

constexpr Duration kShort = 300ms;

std::string ask_tcp(const std::vector<Endpoint>& endpoints, Duration timeout = kPatience) {
    const test::FdLeakGuard guard;
    return test::told(probe_tcp(endpoints, timeout));
}

}  // namespace

TEST_CASE("tcp: an accepted connection is good, over both protocols") {
    const test::Port four(false);
    const test::Port six(true);
    CHECK(ask_tcp({four.endpoint()}) == "good");
    CHECK(ask_tcp({six.endpoint()}) == "good");
}

TEST_CASE("tcp: endpoints are tried in turn, and the first one's reason is told") {
    const ClosedPort closed;
    const ClosedPort closed_six(true);
    const test::Port open(true);
    CHECK(ask_tcp({closed.endpoint(), open.endpoint()}) == "good");
    CHECK(ask_tcp({closed.endpoint(), closed_six.endpoint()}) == "connection refused");
    Endpoint nowhere = open.endpoint();
    nowhere.address = {0x20, 0x01, 0x0d, 0xb8};  // 2001:db8::, for documentation
    const std::string reason = ask_tcp({nowhere, closed.endpoint()}, kShort);
    CHECK((reason == "network is unreachable" || reason == "no connection within 300ms" ||
           reason == "no route to host" || reason == "cannot assign requested address"));
    CHECK(ask_tcp({}) == "no address to connect to");
}

TEST_CASE("tcp: a server that accepts nobody is given up a little before the timeout") {
    // The queue of one is full after two, and what comes then is dropped without a word.
    const test::Port full(false, 0);
    std::vector<Fd> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_in to{};
        socklen_t size = sizeof to;
        REQUIRE(::getsockname(full.fd(), reinterpret_cast<sockaddr*>(&to), &size) == 0);
        (void)::connect(waiting.back().raw(), reinterpret_cast<const sockaddr*>(&to), size);
    }
    const Stopwatch watch;
    CHECK(ask_tcp({full.endpoint()}, kShort) == "no connection within 300ms");
    CHECK(watch.elapsed() >= 200ms);
    CHECK(watch.elapsed() < kPatience);
    // The next endpoint has its share of the time.
    const test::Port open;
    CHECK(ask_tcp({full.endpoint(), open.endpoint()}, kShort) == "good");
}

TEST_CASE("tcp: a port that nobody listens to is refused, even when the kernel takes it for us") {
    if (::geteuid() != 0) {
        MESSAGE("not run: needs root");
        return;
    }
    const std::string wrong = test::isolated([]() -> std::string {
        EXPECT(::unshare(CLONE_NEWNET) == 0);
        const Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ifreq loopback{};
        std::snprintf(loopback.ifr_name, sizeof loopback.ifr_name, "lo");
        loopback.ifr_flags = IFF_UP;
        EXPECT(::ioctl(any.raw(), SIOCSIFFLAGS, &loopback) == 0);
        const Fd range(::open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC));
        EXPECT(sys::write(range.borrow(), "40000 40001").ok());
        for (int i = 0; i < 20; ++i) {
            const Endpoint nobody = test::loopback(static_cast<std::uint16_t>(40000 + i % 2));
            EXPECT(test::told(probe_tcp(std::span(&nobody, 1), kPatience)) == "connection refused");
        }
        return "";
    });
    CHECK(wrong == "");
}
