#include "gosv/os/epoll.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "gosv/os/sys.hpp"
#include "gosv/os/timer.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kToken = 0xfedcba9876543210;

Epoll open_epoll() {
    auto epoll = Epoll::open();
    REQUIRE(epoll.ok());
    return std::move(epoll).value();
}

sys::Pipe open_pipe() {
    auto pipe = sys::pipe();
    REQUIRE(pipe.ok());
    return std::move(pipe).value();
}

Timer open_timer() {
    auto timer = Timer::open();
    REQUIRE(timer.ok());
    return std::move(timer).value();
}

bool is_readable(BorrowedFd fd) {
    pollfd asked{fd.raw(), POLLIN, 0};
    return ::poll(&asked, 1, 0) == 1;
}

}  // namespace

TEST_CASE("the token comes back whole, with what is ready") {
    const test::FdLeakGuard guard;
    Epoll epoll = open_epoll();
    sys::Pipe pipe = open_pipe();
    REQUIRE(epoll.add_readable(pipe.read.borrow(), kToken).ok());
    REQUIRE(epoll.add_writable(pipe.write.borrow(), 7).ok());
    auto ready = epoll.wait(false);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].token == 7);
    CHECK(ready[0].writable);
    CHECK_FALSE(ready[0].readable);
    CHECK_FALSE(ready[0].hung_up);

    epoll.remove(pipe.write.borrow());
    REQUIRE(sys::write(pipe.write.borrow(), "x").ok());
    for (int i = 0; i < 2; ++i) {  // level-triggered: told until it is read
        ready = epoll.wait(true);
        REQUIRE(ready.size() == 1);
        CHECK(ready[0].token == kToken);
        CHECK(ready[0].readable);
    }
    pipe.write.reset();
    ready = epoll.wait(true);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].hung_up);
}

TEST_CASE("what is removed is not told any more, and removing it again does no harm") {
    Epoll epoll = open_epoll();
    sys::Pipe pipe = open_pipe();
    REQUIRE(epoll.add_readable(pipe.read.borrow(), 1).ok());
    pipe.write.reset();
    epoll.remove(pipe.read.borrow());
    epoll.remove(pipe.read.borrow());
    CHECK(epoll.wait(false).empty());
    CHECK(epoll.add_readable(BorrowedFd(), 1).error().err == EBADF);
}

TEST_CASE("a token of an earlier generation can be told from the handle that took its number") {
    Epoll epoll = open_epoll();
    sys::Pipe old_pipe = open_pipe();
    // As a child does that has not execed yet: the description outlives the number.
    const Fd copy(::fcntl(old_pipe.read.raw(), F_DUPFD_CLOEXEC, 100));
    const int number = old_pipe.read.raw();
    constexpr std::uint64_t kOld = std::uint64_t{3} << 32 | 1;
    constexpr std::uint64_t kNew = std::uint64_t{3} << 32 | 2;
    REQUIRE(epoll.add_readable(old_pipe.read.borrow(), kOld).ok());
    old_pipe.read.reset();
    old_pipe.write.reset();

    sys::Pipe new_pipe = open_pipe();
    REQUIRE(new_pipe.read.raw() == number);
    REQUIRE(epoll.add_readable(new_pipe.read.borrow(), kNew).ok());
    const auto ready = epoll.wait(false);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].token == kOld);  // dropped by its generation
}

TEST_CASE("more than one batch is told in turns") {
    Epoll epoll = open_epoll();
    std::vector<sys::Pipe> pipes;
    for (std::uint64_t i = 0; i < 100; ++i) {
        pipes.push_back(open_pipe());
        REQUIRE(epoll.add_writable(pipes.back().write.borrow(), i).ok());
    }
    std::vector<bool> seen(100, false);
    for (int round = 0; round < 4; ++round) {
        for (const Ready& ready : epoll.wait(false)) {
            seen[ready.token] = true;
        }
    }
    CHECK(std::count(seen.begin(), seen.end(), true) == 100);
}

TEST_CASE("a deadline wakes the set, and none does not") {
    const test::FdLeakGuard guard;
    Epoll epoll = open_epoll();
    Timer timer = open_timer();
    REQUIRE(epoll.add_readable(timer.fd(), kToken).ok());
    CHECK(epoll.wait(false).empty());

    const MonotonicTime deadline = sys::monotonic_now() + 20ms;
    timer.arm(deadline);
    CHECK(epoll.wait(false).empty());
    REQUIRE(epoll.wait(true).size() == 1);
    CHECK(sys::monotonic_now() >= deadline);
    timer.acknowledge();
    CHECK(epoll.wait(false).empty());
}

TEST_CASE("a deadline in the past fires at once, the beginning of time too") {
    Timer timer = open_timer();
    for (const MonotonicTime past : {MonotonicTime{}, MonotonicTime(Duration(-5)),
                                     sys::monotonic_now(), MonotonicTime(Duration(1))}) {
        timer.arm(past);
        CHECK(is_readable(timer.fd()));
        timer.acknowledge();
        CHECK_FALSE(is_readable(timer.fd()));
    }
}

TEST_CASE("the same deadline can be armed again once it has fired") {
    Timer timer = open_timer();
    const MonotonicTime now = sys::monotonic_now();
    timer.arm(now);
    timer.acknowledge();
    timer.arm(now);
    CHECK(is_readable(timer.fd()));
    timer.arm(kNever);
    CHECK_FALSE(is_readable(timer.fd()));
    timer.arm(now);
    CHECK(is_readable(timer.fd()));
    timer.arm(now + std::chrono::hours(24 * 365 * 10));
    CHECK_FALSE(is_readable(timer.fd()));
}

TEST_CASE("acknowledging what has not fired keeps it armed") {
    Timer timer = open_timer();
    const MonotonicTime soon = sys::monotonic_now() + 20ms;
    timer.arm(soon);
    timer.acknowledge();
    pollfd asked{timer.fd().raw(), POLLIN, 0};
    CHECK(::poll(&asked, 1, 5000) == 1);
}

TEST_CASE("one turn of the loop does not allocate") {
    Epoll epoll = open_epoll();
    Timer timer = open_timer();
    REQUIRE(epoll.add_readable(timer.fd(), 1).ok());
    std::size_t told = 0;
    {
        const test::AllocationTripwire tripwire("epoll and timer");
        timer.arm(sys::monotonic_now());
        told = epoll.wait(true).size();
        timer.acknowledge();
        timer.arm(kNever);
    }
    CHECK(told == 1);
}
