// What gosv tells its own supervisor: to both kinds of address, and to supervisors that are gone,
// deaf, or something else altogether.
#include "gosv/os/notify_send.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "gosv/os/notify_socket.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

Fd socket_at(const std::string& path) {
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::bind(socket.raw(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return socket;
}

std::string read_from(const Fd& socket) {
    char buffer[128];
    const ssize_t size = ::recv(socket.raw(), buffer, sizeof buffer, 0);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(size));
}

int error_of(std::string_view address) {
    return NotifySender::open(address).error().err;
}

}  // namespace

TEST_CASE("a supervisor with an abstract name and one with a path are told") {
    const test::FdLeakGuard guard;
    Result<NotifySocket> abstract = NotifySocket::open();
    REQUIRE(abstract.ok());
    Result<NotifySender> to_abstract = NotifySender::open(abstract.value().name());
    REQUIRE(to_abstract.ok());
    CHECK(to_abstract.value().send("READY=1\nSTATUS=3 services").ok());
    char buffer[kMostNotification];
    CHECK(abstract.value().receive(buffer).text == "READY=1\nSTATUS=3 services");

    const test::TempDir dir;
    const Fd socket = socket_at(dir / "notify.sock");
    Result<NotifySender> to_path = NotifySender::open(dir / "notify.sock");
    REQUIRE(to_path.ok());
    CHECK(to_path.value().send("STOPPING=1").ok());
    CHECK(read_from(socket) == "STOPPING=1");
}

TEST_CASE("an address that is none, or of a kind that gosv does not have, is refused with why") {
    CHECK(error_of("") == EINVAL);
    CHECK(error_of("@") == EINVAL);
    CHECK(error_of("notify.sock") == EINVAL);
    CHECK(error_of("vsock:2:1234") == EAFNOSUPPORT);
    CHECK(error_of("/" + std::string(107, 'x')) == ENAMETOOLONG);
    CHECK(error_of("@" + std::string(108, 'x')) == ENAMETOOLONG);
    CHECK(error_of("/nonexistent/notify.sock") == ENOENT);
    CHECK(error_of("/dev/null") == ECONNREFUSED);
    // As long as can be, and nobody there.
    CHECK(error_of("@" + std::string(107, 'x')) == ECONNREFUSED);
}

TEST_CASE("a supervisor that does not read holds nothing up") {
    const test::TempDir dir;
    const Fd socket = socket_at(dir / "deaf");
    Result<NotifySender> sender = NotifySender::open(dir / "deaf");
    REQUIRE(sender.ok());
    Status sent;
    for (int i = 0; i < 100000 && sent.ok(); ++i) {
        sent = sender.value().send("STATUS=still here");
    }
    CHECK(sent.error().err == EAGAIN);
    CHECK(read_from(socket) == "STATUS=still here");
}

TEST_CASE("a supervisor that has gone is an error value and no signal") {
    const test::TempDir dir;
    Fd socket = socket_at(dir / "gone");
    Result<NotifySender> sender = NotifySender::open(dir / "gone");
    REQUIRE(sender.ok());
    socket.reset();
    CHECK(sender.value().send("READY=1").error().err == ECONNREFUSED);
    CHECK(NotifySender().send("READY=1").error().err == ENOTCONN);
}
