// gosv's log as a whole: spdlog's filter, the ring, the stream; order, losses, and no heap.
#include "gosv/app/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"
#include "support/json_check.hpp"

using namespace gosv;
using namespace gosv::app;

namespace {

struct TestPipe {
    TestPipe() {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        read.reset(ends[0]);
        write.reset(ends[1]);
        // The smallest there is: one page.
        REQUIRE(::fcntl(write.raw(), F_SETPIPE_SZ, 4096) == 4096);
    }

    std::string drain() const {
        std::string text;
        char chunk[4096];
        pollfd ready{read.raw(), POLLIN, 0};
        while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
            const ssize_t size = ::read(read.raw(), chunk, sizeof chunk);
            if (size <= 0) {
                break;
            }
            text.append(chunk, static_cast<std::size_t>(size));
        }
        return text;
    }

    Fd read;
    Fd write;
};

// The events of JSON lines, with their count or attempt: "started 3".
std::vector<std::string> events_of(const std::string& text) {
    std::vector<std::string> events;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        CAPTURE(line);
        CHECK(test::JsonCheck::problem(line) == "");
        const auto field = [&](const std::string& key, char stop) {
            const std::size_t begin = line.find(key);
            return begin == std::string::npos
                       ? std::string()
                       : line.substr(begin + key.size(),
                                     line.find(stop, begin + key.size()) - begin - key.size());
        };
        const std::string number = field("\"attempt\":", '}') + field("\"count\":", '}');
        events.push_back(field("\"event\":\"", '"') + (number.empty() ? "" : " " + number));
        at = end == std::string::npos ? text.size() : end + 1;
    }
    return events;
}

void write_numbered(Log& log, std::uint32_t number) {
    log.write({.event = LogEvent::restarting, .attempt = number});
}

std::string numbered(std::uint32_t number) {
    return "restarting " + std::to_string(number);
}

}  // namespace

TEST_CASE("a line goes to the stream with the flush, not before") {
    const test::FdLeakGuard guard;
    const TestPipe pipe;
    Log log(LogFormat::text, LogLevel::info, pipe.write.borrow());
    log.write({.event = LogEvent::started, .service = "web", .pid = Pid{12}});
    CHECK(pipe.drain() == "");
    CHECK(log.flush());
    const std::string text = pipe.drain();
    CHECK(text.ends_with("Z gosv info  started    web: pid 12\n"));
    CHECK(text.starts_with("20"));
}

TEST_CASE("very many lines at once do not wait for the flush") {
    const TestPipe pipe;
    Log log(LogFormat::text, LogLevel::info, pipe.write.borrow(), 1 << 20);
    std::size_t most_at_once = 0;
    std::size_t read = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        write_numbered(log, i);
        const std::size_t now = pipe.drain().size();
        most_at_once = std::max(most_at_once, now);
        read += now;
    }
    CHECK(most_at_once > 0);
    CHECK(most_at_once < 10000);
    log.flush();
    CHECK(read + pipe.drain().size() > 40000);
    CHECK(log.dropped() == 0);
}

TEST_CASE("lines below the level are not written") {
    const TestPipe pipe;
    constexpr LogLevel kLevels[] = {LogLevel::error, LogLevel::warn, LogLevel::info,
                                    LogLevel::debug};
    for (const LogLevel limit : kLevels) {
        Log log(LogFormat::json, limit, pipe.write.borrow());
        for (const LogLevel level : kLevels) {
            CHECK(log.enabled(level) == (level <= limit));
            log.write({.event = LogEvent::boot, .level = level});
        }
        log.flush();
        CHECK(events_of(pipe.drain()).size() == static_cast<std::size_t>(limit) + 1);
    }
}

TEST_CASE("a reader who has room gets more lines at once than the ring holds") {
    const TestPipe pipe;
    REQUIRE(::fcntl(pipe.write.raw(), F_SETPIPE_SZ, 65536) == 65536);
    Log log(LogFormat::json, LogLevel::info, pipe.write.borrow(), 4096);
    for (std::uint32_t i = 0; i < 200; ++i) {
        write_numbered(log, i);
    }
    log.flush();
    CHECK(log.dropped() == 0);
    CHECK(events_of(pipe.drain()).size() == 200);
}

TEST_CASE("a reader that does not read costs lines, never time, and hears how many") {
    const TestPipe pipe;
    Log log(LogFormat::json, LogLevel::info, pipe.write.borrow(), 4096);
    constexpr std::uint32_t kLines = 500;
    for (std::uint32_t i = 0; i < kLines; ++i) {
        write_numbered(log, i);
        log.flush();
    }
    CHECK_FALSE(log.flush());
    CHECK(log.writable_fd().is_open());
    CHECK(log.dropped() > 0);

    std::string text;
    for (int i = 0; i < 10; ++i) {
        text += pipe.drain();
        log.flush();
    }
    CHECK(log.flush());
    write_numbered(log, kLines);
    log.flush();
    text += pipe.drain();

    // All that there was room for, in order; then the count; then what came after.
    const std::vector<std::string> events = events_of(text);
    const auto kept = static_cast<std::uint32_t>(kLines - log.dropped());
    REQUIRE(events.size() == kept + 2);
    for (std::uint32_t i = 0; i < kept; ++i) {
        CHECK(events[i] == numbered(i));
    }
    CHECK(events[kept] == "dropped " + std::to_string(log.dropped()));
    CHECK(events[kept + 1] == numbered(kLines));
}

TEST_CASE("losses are told as soon as there is room, without waiting for the next line") {
    const TestPipe pipe;
    Log log(LogFormat::json, LogLevel::info, pipe.write.borrow(), 1024);
    for (std::uint32_t i = 0; i < 100; ++i) {
        write_numbered(log, i);
    }
    CHECK_FALSE(log.flush());
    CHECK(log.dropped() > 0);
    (void)pipe.drain();
    CHECK(log.flush());
    CHECK(events_of(pipe.drain()).back() == "dropped " + std::to_string(log.dropped()));
}

TEST_CASE("while held, lines gather; they come in order when released") {
    const TestPipe pipe;
    Log log(LogFormat::json, LogLevel::info, pipe.write.borrow());
    log.hold(true);
    write_numbered(log, 1);
    CHECK(log.flush());  // nothing to wait for: a poll would spin
    CHECK(pipe.drain() == "");
    write_numbered(log, 2);
    log.hold(false);
    CHECK(log.flush());
    CHECK(events_of(pipe.drain()) == std::vector<std::string>{numbered(1), numbered(2)});
}

TEST_CASE("a vanished reader silences the log for good") {
    CHECK(test::isolated([]() -> std::string {
              ::signal(SIGPIPE, SIG_IGN);
              int ends[2];
              EXPECT(::pipe2(ends, O_CLOEXEC) == 0);
              Log log(LogFormat::text, LogLevel::info, BorrowedFd(ends[1]), 2048);
              ::close(ends[0]);
              for (std::uint32_t i = 0; i < 1000; ++i) {
                  write_numbered(log, i);
                  EXPECT(log.flush());
              }
              EXPECT(!log.writable_fd().is_open());
              return "";
          }) == "");
}

TEST_CASE("the stream is opened again for the first line, or when it is to be looked at") {
    const TestPipe pipe;
    Log log(LogFormat::text, LogLevel::warn, pipe.write.borrow());
    log.write({.event = LogEvent::boot});  // which nobody wants to know
    CHECK(log.flush());
    CHECK_FALSE(log.writable_fd().is_open());
    CHECK_FALSE(log.own_fd().is_open());
    log.look_at_stream();
    const int own = log.own_fd().raw();
    CHECK(log.own_fd().is_open());
    CHECK(log.writable_fd().raw() == own);
    log.look_at_stream();
    CHECK(log.own_fd().raw() == own);

    Log other(LogFormat::text, LogLevel::warn, pipe.write.borrow());
    other.write({.event = LogEvent::internal, .level = LogLevel::warn});
    CHECK(other.writable_fd().is_open());
    CHECK(other.own_fd().raw() == other.writable_fd().raw());
    CHECK(other.own_fd().raw() != own);
}

TEST_CASE("a closed stderr is no error") {
    Log log(LogFormat::text, LogLevel::info, BorrowedFd(-1));
    log.write({.event = LogEvent::boot});
    CHECK(log.flush());
    log.look_at_stream();
    CHECK_FALSE(log.writable_fd().is_open());
    CHECK_FALSE(log.own_fd().is_open());
}

TEST_CASE("a full disk is tried again by later flushes, without a loop and without a loss") {
    CHECK(test::isolated([]() -> std::string {
              ::signal(SIGXFSZ, SIG_IGN);
              char path[] = "/tmp/gosv-disk-XXXXXX";
              const int file = ::mkstemp(path);
              EXPECT(file >= 0);
              ::unlink(path);
              const rlimit nothing{0, RLIM_INFINITY};
              EXPECT(::setrlimit(RLIMIT_FSIZE, &nothing) == 0);
              Log log(LogFormat::text, LogLevel::info, BorrowedFd(file));
              write_numbered(log, 1);
              EXPECT(log.flush());  // no use in polling
              EXPECT(::lseek(file, 0, SEEK_END) == 0);
              const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
              EXPECT(::setrlimit(RLIMIT_FSIZE, &unlimited) == 0);
              EXPECT(log.flush());
              EXPECT(::lseek(file, 0, SEEK_END) > 0);
              EXPECT(log.dropped() == 0);
              return "";
          }) == "");
}

TEST_CASE("no line of a service gets into a line of gosv, and none is torn") {
    const TestPipe pipe;
    Log log(LogFormat::text, LogLevel::info, pipe.write.borrow(), 32 * 1024);
    const std::string reason(300, 'g');
    const std::string service = std::string(99, 's') + "\n";
    std::string text;
    for (int i = 0; i < 400; ++i) {
        log.write({.event = LogEvent::internal, .reason = reason});
        log.flush();
        if (::write(pipe.write.raw(), service.data(), service.size()) < 0) {
            FAIL("the test's own pipe");
        }
        text += pipe.drain();
    }
    while (!log.flush()) {
        text += pipe.drain();
    }
    text += pipe.drain();
    int gosv = 0;
    int services = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at + 1);
        if (line == service) {
            ++services;
        } else {
            REQUIRE(line.starts_with("20"));
            REQUIRE(line.ends_with("internal   " + reason + "\n"));
            ++gosv;
        }
        at = end + 1;
    }
    CHECK(services == 400);
    CHECK(gosv == 400);
}

TEST_CASE("nothing is allocated after construction, spdlog included") {
    const TestPipe pipe;
    const std::string lots(4000, '\x1b');
    for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
        Log log(format, LogLevel::debug, pipe.write.borrow(), 8192);
        const test::AllocationTripwire tripwire("the log");
        for (int i = 0; i < 100; ++i) {
            log.write({.event = LogEvent::internal,
                       .level = LogLevel::error,
                       .service = lots,
                       .pid = Pid{INT32_MAX},
                       .reason = lots,
                       .msg = lots});
            log.write({.event = LogEvent::orphans, .level = LogLevel::debug, .attempt = 1});
            log.flush();
        }
        log.hold(true);
        log.hold(false);
        (void)log.dropped();
    }
}
