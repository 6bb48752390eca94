// Messages through the kernel, from this process and from children, and what is sent along.
#include "gosv/os/notify_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "gosv/os/notify_send.hpp"
#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;
using Kind = Notification::Kind;

namespace {

NotifySocket open_socket() {
    Result<NotifySocket> socket = NotifySocket::open();
    REQUIRE(socket.ok());
    return std::move(socket).value();
}

NotifySender open_sender(const NotifySocket& to) {
    Result<NotifySender> sender = NotifySender::open(to.name());
    REQUIRE(sender.ok());
    return std::move(sender).value();
}

// sendmsg(2) of a message with descriptors, to an abstract name; the errno.
int send_with(std::string_view name, std::string text, const std::vector<int>& descriptors) {
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path + 1, name.data() + 1, name.size() - 1);
    std::vector<char> control(CMSG_SPACE(sizeof(int) * descriptors.size()));
    iovec part{text.data(), text.size()};
    msghdr header{};
    header.msg_name = &to;
    header.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    using Length = decltype(header.msg_controllen);  // size_t, or musl's socklen_t
    header.msg_controllen = static_cast<Length>(control.size());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = static_cast<Length>(CMSG_LEN(sizeof(int) * descriptors.size()));
    std::memcpy(CMSG_DATA(rights), descriptors.data(), sizeof(int) * descriptors.size());
    return ::sendmsg(socket.raw(), &header, 0) < 0 ? errno : 0;
}

bool is_hung_up(BorrowedFd fd) {
    pollfd asked{fd.raw(), 0, 0};
    return ::poll(&asked, 1, 0) == 1 && (asked.revents & POLLERR) != 0;
}

}  // namespace

TEST_CASE("the name is an abstract one as it stands in NOTIFY_SOCKET, and no two are the same") {
    const NotifySocket one = open_socket();
    const NotifySocket other = open_socket();
    CHECK(one.name().size() == 6);
    CHECK(one.name().front() == '@');
    CHECK(one.name().find_first_not_of("0123456789abcdef", 1) == std::string_view::npos);
    CHECK(one.name() != other.name());
    CHECK((::fcntl(one.fd().raw(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(one.fd().raw(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("messages come one by one, each with its sender, and nothing is allocated for them") {
    const test::FdLeakGuard guard;
    NotifySocket socket = open_socket();
    NotifySender sender = open_sender(socket);
    std::array<char, kMostNotification> buffer{};
    CHECK(socket.receive(buffer).kind == Kind::none);
    Notification first;
    {
        const test::AllocationTripwire tripwire("a notification");
        (void)sender.send("READY=1\nSTATUS=up");
        (void)sender.send("");
        first = socket.receive(buffer);
    }
    CHECK(first.kind == Kind::message);
    CHECK(first.text == "READY=1\nSTATUS=up");
    CHECK(first.sender == Pid{::getpid()});
    CHECK(first.uid == ::getuid());
    const Notification empty = socket.receive(buffer);
    CHECK(empty.kind == Kind::message);
    CHECK(empty.text == "");
    CHECK(socket.receive(buffer).kind == Kind::none);
}

TEST_CASE("a message from another process has that one's pid and user, even when it is gone") {
    NotifySocket socket = open_socket();
    const pid_t child = ::fork();
    if (child == 0) {
        if (::getuid() == 0 && ::setresuid(64321, 64321, 64321) != 0) {
            ::_exit(1);
        }
        Result<NotifySender> sender = NotifySender::open(socket.name());
        ::_exit(sender.ok() && sender.value().send("READY=1").ok() ? 0 : 1);
    }
    CHECK(test::wait_for(child) == 0);
    std::array<char, kMostNotification> buffer{};
    const Notification message = socket.receive(buffer);
    CHECK(message.text == "READY=1");
    CHECK(message.sender == Pid{child});
    CHECK(message.uid == (::getuid() == 0 ? 64321U : ::getuid()));
}

TEST_CASE("a message that is too long is told as that, and the next one is whole") {
    NotifySocket socket = open_socket();
    NotifySender sender = open_sender(socket);
    std::array<char, kMostNotification> buffer{};
    REQUIRE(sender.send(std::string(kMostNotification, 'x')).ok());
    REQUIRE(sender.send(std::string(kMostNotification + 1, 'x')).ok());
    REQUIRE(sender.send("READY=1").ok());
    CHECK(socket.receive(buffer).text.size() == kMostNotification);
    const Notification refused = socket.receive(buffer);
    CHECK(refused.kind == Kind::too_long);
    CHECK(refused.text == "");
    CHECK(refused.sender == Pid{::getpid()});
    CHECK(socket.receive(buffer).text == "READY=1");
}

TEST_CASE("descriptors that are sent along are closed, whatever their number") {
    const test::FdLeakGuard guard;
    NotifySocket socket = open_socket();
    std::array<char, kMostNotification> buffer{};
    for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 253U}) {  // 253: SCM_MAX_FD
        CAPTURE(count);
        auto barrier = sys::pipe();
        REQUIRE(barrier.ok());
        REQUIRE(send_with(socket.name(), "BARRIER=1",
                          std::vector<int>(count, barrier.value().read.raw())) == 0);
        barrier.value().read.reset();
        CHECK_FALSE(is_hung_up(barrier.value().write.borrow()));
        const Notification message = socket.receive(buffer);
        CHECK(message.kind == Kind::message);
        CHECK(message.text == "BARRIER=1");
        CHECK(message.sender == Pid{::getpid()});
        // Whoever waits at the other end goes on now: nobody has a copy any more.
        CHECK(is_hung_up(barrier.value().write.borrow()));
    }
}

TEST_CASE("with no descriptor left, a message with descriptors is read all the same") {
    const std::string wrong = test::isolated([]() -> std::string {
        NotifySocket socket = open_socket();
        EXPECT(send_with(socket.name(), "READY=1", {0, 1, 2}) == 0);
        rlimit limit{};
        EXPECT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        limit.rlim_cur = 3;
        EXPECT(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        std::array<char, kMostNotification> buffer{};
        const Notification message = socket.receive(buffer);
        EXPECT(message.kind == Kind::message);
        EXPECT(message.sender == Pid{::getpid()});
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("without a descriptor for it there is no socket, and that is an error value") {
    const std::string wrong = test::isolated([]() -> std::string {
        rlimit limit{3, 3};
        EXPECT(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        EXPECT(!NotifySocket::open().ok());
        EXPECT(NotifySocket::open().error().err == EMFILE);
        EXPECT(NotifySender::open("@00000").error().err == EMFILE);
        return "";
    });
    CHECK(wrong == "");
}
