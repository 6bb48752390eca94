// Writing to a shared stream without waiting and without changing it for the others.
#include "app/log_stream.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using app::LogStream;
using app::WriteOutcome;
using test::isolated;

namespace {

struct TestPipe {
    TestPipe() {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        read.reset(ends[0]);
        write.reset(ends[1]);
    }

    Fd read;
    Fd write;
};

std::string drain(BorrowedFd fd) {
    std::string text;
    char chunk[4096];
    pollfd ready{fd.raw(), POLLIN, 0};
    while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
        const ssize_t size = ::read(fd.raw(), chunk, sizeof chunk);
        if (size <= 0) {
            break;
        }
        text.append(chunk, static_cast<std::size_t>(size));
    }
    return text;
}

// Writes until the stream says no; how many bytes went in.
std::size_t fill(LogStream& stream, WriteOutcome& last) {
    const std::string piece(1000, 'x');
    std::size_t total = 0;
    for (;;) {
        const auto result = stream.write(piece);
        last = result.outcome;
        if (last != WriteOutcome::written || total > 64 * 1024 * 1024) {
            return total;
        }
        total += result.bytes;
    }
}

bool is_nonblocking(BorrowedFd fd) {
    return (::fcntl(fd.raw(), F_GETFL) & O_NONBLOCK) != 0;
}

// What a process of another user has for its stderr: a pipe that it may write to, but not open.
std::string as_a_stranger_to_the_pipe(BorrowedFd pipe) {
    EXPECT(::fchmod(pipe.raw(), 0600) == 0);
    EXPECT(::setresgid(65534, 65534, 65534) == 0);
    EXPECT(::setresuid(65534, 65534, 65534) == 0);
    return "";
}

}  // namespace

TEST_CASE("a full pipe answers at once, and is not made non-blocking for the services") {
    const test::FdLeakGuard guard;
    const TestPipe pipe;
    {
        LogStream stream(pipe.write.borrow());
        WriteOutcome last{};
        CHECK(fill(stream, last) > PIPE_BUF);
        CHECK(last == WriteOutcome::full);
        CHECK_FALSE(is_nonblocking(pipe.write.borrow()));
        CHECK_FALSE(stream.is_dead());
        CHECK(stream.own().is_open());
        CHECK((::fcntl(stream.own().raw(), F_GETFD) & FD_CLOEXEC) != 0);

        // Room again: the descriptor that is to be polled says so, and the write goes through.
        CHECK(drain(pipe.read.borrow()).size() > PIPE_BUF);
        pollfd ready{stream.pollable().raw(), POLLOUT, 0};
        CHECK(::poll(&ready, 1, 1000) == 1);
        CHECK(stream.write("again\n").outcome == WriteOutcome::written);
        CHECK(drain(pipe.read.borrow()) == "again\n");
    }
}

TEST_CASE("a pipe takes at most PIPE_BUF bytes at a time, all or nothing") {
    const TestPipe pipe;
    LogStream stream(pipe.write.borrow());
    const auto result = stream.write(std::string(3 * PIPE_BUF, 'y'));
    CHECK(result.outcome == WriteOutcome::written);
    CHECK(result.bytes == PIPE_BUF);
}

TEST_CASE("a pipe of another user cannot be opened anew, and still never blocks") {
    const TestPipe pipe;
    CHECK(isolated([&]() -> std::string {
              if (std::string wrong = as_a_stranger_to_the_pipe(pipe.write.borrow());
                  !wrong.empty()) {
                  return wrong;
              }
              ::alarm(20);  // a write that waits ends the test
              LogStream stream(pipe.write.borrow());
              EXPECT(!stream.own().is_open());
              WriteOutcome last{};
              EXPECT(fill(stream, last) >= PIPE_BUF);
              EXPECT(last == WriteOutcome::full);
              EXPECT(stream.pollable().raw() == pipe.write.raw());
              EXPECT(!is_nonblocking(pipe.write.borrow()));
              return "";
          }) == "");
}

TEST_CASE("a pipe whose reader is gone is dead for good, and the signal is SIGPIPE to ourselves") {
    CHECK(isolated([]() -> std::string {
              ::signal(SIGPIPE, SIG_IGN);
              int ends[2];
              EXPECT(::pipe2(ends, O_CLOEXEC) == 0);
              LogStream stream{BorrowedFd(ends[1])};
              EXPECT(stream.write("heard\n").outcome == WriteOutcome::written);
              ::close(ends[0]);
              EXPECT(stream.write("unheard\n").outcome == WriteOutcome::dead);
              EXPECT(stream.is_dead());
              EXPECT(!stream.pollable().is_open());
              EXPECT(stream.write("unheard\n").outcome == WriteOutcome::dead);
              return "";
          }) == "");
}

TEST_CASE("a pipe that has no reader from the beginning is dead with the first write") {
    CHECK(isolated([]() -> std::string {
              ::signal(SIGPIPE, SIG_IGN);
              int ends[2];
              EXPECT(::pipe2(ends, O_CLOEXEC) == 0);
              ::close(ends[0]);
              LogStream stream{BorrowedFd(ends[1])};
              EXPECT(stream.write("unheard\n").outcome == WriteOutcome::dead);
              return "";
          }) == "");
}

TEST_CASE("a closed, a read-only and a path-only descriptor are dead at once") {
    const test::TempDir directory;
    const std::string path = directory.write("file", "");
    CHECK(LogStream(BorrowedFd(-1)).is_dead());
    CHECK(LogStream(BorrowedFd(1000)).is_dead());
    const Fd read_only(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    CHECK(LogStream(read_only.borrow()).is_dead());
    const Fd path_only(::open("/", O_PATH | O_CLOEXEC));
    CHECK(LogStream(path_only.borrow()).is_dead());
    const TestPipe pipe;
    CHECK(LogStream(pipe.read.borrow()).is_dead());
}

TEST_CASE(
    "a regular file is written through the inherited descriptor: same offset, same O_APPEND") {
    const test::TempDir directory;
    const std::string path = directory.write("log", "");
    const Fd shared(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    LogStream stream(shared.borrow());
    CHECK_FALSE(stream.own().is_open());
    CHECK_FALSE(stream.pollable().is_open());
    REQUIRE(::write(shared.raw(), "service\n", 8) == 8);
    CHECK(stream.write("gosv\n").bytes == 5);
    REQUIRE(::write(shared.raw(), "service\n", 8) == 8);
    char text[64];
    const ssize_t size = ::pread(shared.raw(), text, sizeof text, 0);
    CHECK(std::string(text, static_cast<std::size_t>(size)) == "service\ngosv\nservice\n");
}

TEST_CASE("a file that may not grow is tried again later, not given up") {
    CHECK(isolated([]() -> std::string {
              ::signal(SIGXFSZ, SIG_IGN);
              char path[] = "/tmp/gosv-limit-XXXXXX";
              const int file = ::mkstemp(path);
              EXPECT(file >= 0);
              ::unlink(path);
              const rlimit small{8, RLIM_INFINITY};
              EXPECT(::setrlimit(RLIMIT_FSIZE, &small) == 0);
              LogStream stream{BorrowedFd(file)};
              EXPECT(stream.write("01234567").outcome == WriteOutcome::written);
              EXPECT(stream.write("8").outcome == WriteOutcome::later);
              EXPECT(!stream.is_dead());
              const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
              EXPECT(::setrlimit(RLIMIT_FSIZE, &large) == 0);
              EXPECT(stream.write("8").outcome == WriteOutcome::written);
              return "";
          }) == "");
}

TEST_CASE("a device without room answers ENOSPC and is tried again later") {
    const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    LogStream stream(full.borrow());
    CHECK(stream.write("x").outcome == WriteOutcome::later);
    CHECK_FALSE(stream.is_dead());
}

TEST_CASE("a socket that is full or closed neither blocks nor signals") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    Fd reader(ends[0]);
    const Fd writer(ends[1]);
    LogStream stream(writer.borrow());
    WriteOutcome last{};
    CHECK(fill(stream, last) > 0);
    CHECK(last == WriteOutcome::full);
    CHECK_FALSE(is_nonblocking(writer.borrow()));
    CHECK(stream.pollable().raw() == writer.raw());
    reader.reset();
    CHECK(stream.write("x").outcome == WriteOutcome::dead);  // MSG_NOSIGNAL: we are still here
}

TEST_CASE("a terminal is opened anew without becoming the controlling one") {
    CHECK(isolated([]() -> std::string {
              EXPECT(::setsid() == ::getpid());  // a session leader without a terminal, as PID 1 is
              int master = -1;
              int slave = -1;
              EXPECT(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
              LogStream stream{BorrowedFd(slave)};
              EXPECT(stream.own().is_open());
              EXPECT(::open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 && errno == ENXIO);
              ::alarm(20);
              WriteOutcome last{};
              EXPECT(fill(stream, last) > 0);
              EXPECT(last == WriteOutcome::full);
              EXPECT(!is_nonblocking(BorrowedFd(slave)));
              ::close(master);
              EXPECT(stream.write("x").outcome == WriteOutcome::dead);  // EIO: hung up
              return "";
          }) == "");
}
