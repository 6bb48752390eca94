#include "gosv/os/epoll.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kToken = 0xfedcba9876543210;
constexpr Duration kAtOnce{};

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

}  // namespace

TEST_CASE("the token of what is ready comes back whole, of what its peer has left too") {
    const test::FdLeakGuard guard;
    Epoll epoll = open_epoll();
    sys::Pipe pipe = open_pipe();
    REQUIRE(epoll.add_readable(pipe.read.borrow(), kToken).ok());
    REQUIRE(epoll.add_writable(pipe.write.borrow(), 7).ok());
    auto ready = epoll.wait(kAtOnce);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0] == 7);

    epoll.remove(pipe.write.borrow());
    REQUIRE(sys::write(pipe.write.borrow(), "x").ok());
    for (int i = 0; i < 2; ++i) {  // level-triggered: told until it is read
        ready = epoll.wait(Epoll::kNoLimit);
        REQUIRE(ready.size() == 1);
        CHECK(ready[0] == kToken);
    }
    char byte = 0;
    REQUIRE(sys::read(pipe.read.borrow(), {&byte, 1}).ok());
    CHECK(epoll.wait(kAtOnce).empty());
    pipe.write.reset();
    ready = epoll.wait(Epoll::kNoLimit);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0] == kToken);
}

TEST_CASE("what is removed is not told any more, and removing it again does no harm") {
    Epoll epoll = open_epoll();
    sys::Pipe pipe = open_pipe();
    REQUIRE(epoll.add_readable(pipe.read.borrow(), 1).ok());
    pipe.write.reset();
    epoll.remove(pipe.read.borrow());
    epoll.remove(pipe.read.borrow());
    CHECK(epoll.wait(kAtOnce).empty());
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
    const auto ready = epoll.wait(kAtOnce);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0] == kOld);  // dropped by its generation
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
        for (const std::uint64_t token : epoll.wait(kAtOnce)) {
            seen[token] = true;
        }
    }
    CHECK(std::count(seen.begin(), seen.end(), true) == 100);
}

TEST_CASE("what is to be told once is told when it becomes readable, however long it stays so") {
    Epoll epoll = open_epoll();
    sys::Pipe pipe = open_pipe();
    REQUIRE(sys::write(pipe.write.borrow(), "x").ok());
    REQUIRE(epoll.add_readable_once(pipe.read.borrow(), kToken).ok());
    REQUIRE(epoll.wait(kAtOnce).size() == 1);  // it was readable already
    CHECK(epoll.wait(kAtOnce).empty());

    char byte[1];
    REQUIRE(sys::read(pipe.read.borrow(), byte).ok());
    REQUIRE(sys::write(pipe.write.borrow(), "x").ok());
    const auto ready = epoll.wait(Epoll::kNoLimit);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0] == kToken);
    CHECK(epoll.wait(kAtOnce).empty());
}

TEST_CASE("a wait with a limit ends by itself, and never before it") {
    Epoll epoll = open_epoll();
    for (const Duration limit : {Duration(20ms), Duration(1ns), Duration(1500us)}) {
        const MonotonicTime begun = sys::monotonic_now();
        CHECK(epoll.wait(limit).empty());
        CHECK(sys::monotonic_now() - begun >= limit);
    }
}

TEST_CASE("a limit that has passed is none, and one that is too long for the kernel is very long") {
    Epoll epoll = open_epoll();
    for (const Duration past : {Duration(-1), Duration(-5s), Duration::min(), Duration{}}) {
        CHECK(epoll.wait(past).empty());
    }
    sys::Pipe pipe = open_pipe();
    REQUIRE(epoll.add_writable(pipe.write.borrow(), kToken).ok());
    for (const Duration future : {Duration::max() - 1ns, Duration(std::chrono::hours(24 * 365))}) {
        CHECK(epoll.wait(future).size() == 1);
    }
}

TEST_CASE("one turn of the loop does not allocate") {
    Epoll epoll = open_epoll();
    sys::Pipe pipe = open_pipe();
    REQUIRE(epoll.add_readable(pipe.read.borrow(), 1).ok());
    std::size_t told = 0;
    {
        const test::AllocationTripwire tripwire("epoll");
        told += epoll.wait(1ms).size();
        (void)sys::write(pipe.write.borrow(), "x");
        told += epoll.wait(Epoll::kNoLimit).size();
    }
    CHECK(told == 1);
}
