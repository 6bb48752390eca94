// Who is believed and who is not, with real sockets and real senders.
#include "app/service_notices.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>

#include "support/allocation_tripwire.hpp"
#include "support/isolated.hpp"
#include "support/plan_spec.hpp"

using namespace gosv;
using app::Notice;
using app::ServiceNotices;

namespace {

constexpr ServiceId kService{0};

// What a program does with its NOTIFY_SOCKET.
bool send_to(std::string_view name, std::string_view text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data() + 1, name.size() - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return ::sendto(socket.raw(), text.data(), text.size(), 0,
                    reinterpret_cast<const sockaddr*>(&address),
                    size) == static_cast<ssize_t>(text.size());
}

struct Listening {
    Listening()
        : proc(os::Proc::open()),
          trees(app::make_group_trees(1, proc)),
          epoll(os::Epoll::open()),
          plan([] {
              test::PlanSpec made;
              made.execs.emplace_back();
              made.execs[0].notify_socket = true;
              made.policies.emplace_back();
              return made.plan();
          }()),
          notices(ServiceNotices::open(plan, epoll.value())) {}

    // A "main process" that leads a group of its own, sends, and lives until it is killed.
    Pid start(std::string_view text) {
        int told[2];
        if (::pipe2(told, O_CLOEXEC) != 0) {
            return Pid{};
        }
        const std::string name(notices.value().socket_name(kService));
        const pid_t child = ::fork();
        if (child == 0) {
            ::setpgid(0, 0);
            const bool sent = text.empty() || send_to(name, text);
            (void)!::write(told[1], sent ? "y" : "n", 1);
            ::pause();
            ::_exit(0);
        }
        char answer = 'n';
        (void)!::read(told[0], &answer, 1);
        ::close(told[0]);
        ::close(told[1]);
        return answer == 'y' ? Pid{child} : Pid{};
    }

    static void end(Pid pid) {
        ::kill(pid.value, SIGKILL);
        (void)test::wait_for(pid.value);
    }

    std::optional<Notice> next(Pid main) {
        return notices.value().next(kService, main, *trees, epoll.value());
    }

    // The tokens that are ready now.
    std::size_t ready() { return epoll.value().wait(Duration{}).size(); }

    os::Proc proc;
    std::unique_ptr<app::ServiceTrees> trees;
    Result<os::Epoll> epoll;
    manifest::Plan plan;
    Result<ServiceNotices> notices;
};

}  // namespace

TEST_CASE("what the main process says is believed, all of it") {
    Listening l;
    REQUIRE(l.notices.ok());
    CHECK(l.ready() == 0);
    const Pid main = l.start(
        "READY=1\nSTATUS=up\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=2000000\n"
        "STOPPING=1\nMAINPID=1\nUNKNOWN=x");
    REQUIRE(main.exists());
    CHECK(l.ready() == 1);
    const std::optional<Notice> notice = l.next(main);
    REQUIRE(notice.has_value());
    CHECK(notice->ready);
    CHECK(notice->alive);
    CHECK(notice->stopping);
    CHECK(notice->status == "up");
    CHECK(notice->extend == std::chrono::seconds(2));
    CHECK(notice->complaint == Notice::Complaint::refused);
    CHECK(notice->what == "MAINPID=1");
    CHECK_FALSE(notice->why.empty());
    CHECK(notice->sender == main);
    CHECK_FALSE(l.next(main).has_value());
    CHECK(l.ready() == 0);
    Listening::end(main);
}

TEST_CASE("who is no process of the service is not believed, and named") {
    Listening l;
    REQUIRE(l.notices.ok());
    const Pid main = l.start("");
    REQUIRE(main.exists());
    REQUIRE(send_to(l.notices.value().socket_name(kService), "READY=1"));
    const std::optional<Notice> notice = l.next(main);
    REQUIRE(notice.has_value());
    CHECK_FALSE(notice->ready);
    CHECK(notice->complaint == Notice::Complaint::stranger);
    CHECK(notice->sender == Pid{::getpid()});
    Listening::end(main);
}

TEST_CASE("a message that is too long is refused whole") {
    Listening l;
    REQUIRE(l.notices.ok());
    const Pid main = l.start("READY=1\nSTATUS=" + std::string(8000, 'x'));
    REQUIRE(main.exists());
    const std::optional<Notice> notice = l.next(main);
    REQUIRE(notice.has_value());
    CHECK_FALSE(notice->ready);
    CHECK(notice->complaint == Notice::Complaint::too_long);
    Listening::end(main);
}

TEST_CASE("whoever has ended before it is looked at is not believed, but for a barrier") {
    Listening l;
    REQUIRE(l.notices.ok());
    const Pid main = l.start("");
    REQUIRE(main.exists());
    for (const auto& [text, complaint] : {std::pair{"READY=1", Notice::Complaint::gone},
                                          std::pair{"BARRIER=1", Notice::Complaint::none}}) {
        Listening::end(l.start(text));
        const std::optional<Notice> notice = l.next(main);
        REQUIRE(notice.has_value());
        CHECK_FALSE(notice->ready);
        CHECK(notice->complaint == complaint);
    }
    Listening::end(main);
}

TEST_CASE("what an earlier run has said is forgotten when a new one begins") {
    Listening l;
    REQUIRE(l.notices.ok());
    const Pid main = l.start("READY=1");
    REQUIRE(main.exists());
    l.notices.value().forget(kService, l.epoll.value());
    CHECK(l.ready() == 0);
    CHECK_FALSE(l.next(main).has_value());
    Listening::end(main);
}

TEST_CASE("notify_fd: a newline is readiness, and the pipe is of no more use") {
    Listening l;
    REQUIRE(l.notices.ok());
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    l.notices.value().listen(kService, Fd(ends[0]), l.epoll.value());
    Fd write_end(ends[1]);
    REQUIRE(::write(write_end.raw(), "starting", 8) == 8);
    CHECK_FALSE(l.next(Pid{1}).has_value());
    REQUIRE(::write(write_end.raw(), "\n", 1) == 1);
    const std::optional<Notice> notice = l.next(Pid{1});
    REQUIRE(notice.has_value());
    CHECK(notice->ready);
    write_end.reset();
    CHECK_FALSE(l.next(Pid{1}).has_value());
    CHECK(l.ready() == 0);
}

TEST_CASE("notify_fd: closed without a newline is told once") {
    Listening l;
    REQUIRE(l.notices.ok());
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    l.notices.value().listen(kService, Fd(ends[0]), l.epoll.value());
    ::close(ends[1]);
    CHECK(l.ready() == 1);
    const std::optional<Notice> notice = l.next(Pid{1});
    REQUIRE(notice.has_value());
    CHECK(notice->complaint == Notice::Complaint::silenced);
    CHECK_FALSE(l.next(Pid{1}).has_value());
    CHECK(l.ready() == 0);
}

TEST_CASE("hearing allocates nothing") {
    Listening l;
    REQUIRE(l.notices.ok());
    const Pid main = l.start("READY=1\nSTATUS=up\nMAINPID=1");
    REQUIRE(main.exists());
    {
        const test::AllocationTripwire tripwire("hearing");
        (void)l.next(main);
        l.notices.value().forget(kService, l.epoll.value());
    }
    Listening::end(main);
}
