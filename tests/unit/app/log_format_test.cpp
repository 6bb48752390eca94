// What a line looks like: golden lines for people, and JSON that stays JSON.
#include "app/log_format.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "support/allocation_tripwire.hpp"
#include "support/json_check.hpp"

using namespace gosv;
using namespace gosv::app;
using namespace std::chrono_literals;
using test::JsonCheck;

namespace {

constexpr WallTime kTime = 1'764'085'121'042;  // 2025-11-25T15:38:41.042Z

std::string text(const LogLine& line, WallTime time = kTime) {
    char buffer[kMaxLine];
    return std::string(format_line(line, LogFormat::text, TimeText().of(time), buffer));
}

std::string json(const LogLine& line, std::size_t size = kMaxLine) {
    std::string buffer(size, '\0');
    return std::string(format_line(line, LogFormat::json, TimeText().of(kTime), buffer));
}

// Without time and "gosv", which all lines have.
std::string said(const LogLine& line) {
    const std::string whole = text(line);
    const std::string head = "2025-11-25T15:38:41.042Z gosv ";
    REQUIRE(whole.starts_with(head));
    REQUIRE(whole.ends_with("\n"));
    return whole.substr(head.size(), whole.size() - head.size() - 1);
}

constexpr LogLevel kLevels[] = {LogLevel::error, LogLevel::warn, LogLevel::info, LogLevel::debug};

LogLine everything(std::string_view bytes) {
    return {.event = LogEvent::internal,
            .level = LogLevel::error,
            .service = bytes,
            .pid = Pid{INT32_MAX},
            .code = INT32_MIN,
            .signal = Signal{64},
            .uptime = Duration::max(),
            .delay = Duration::max(),
            .attempt = UINT32_MAX,
            .max_restarts = UINT32_MAX,
            .memory_limit = UINT64_MAX,
            .memory_peak = UINT64_MAX,
            .dependency = bytes,
            .waited = Duration::max(),
            .reason = bytes,
            .msg = bytes};
}

}  // namespace

TEST_CASE("the time is RFC 3339 in UTC, leap days and all") {
    const LogLine line{.event = LogEvent::boot};
    CHECK(text(line, 0).starts_with("1970-01-01T00:00:00.000Z "));
    CHECK(text(line, 951'782'399'999).starts_with("2000-02-28T23:59:59.999Z "));
    CHECK(text(line, 951'782'400'000).starts_with("2000-02-29T00:00:00.000Z "));
    CHECK(text(line, 1'709'164'800'000).starts_with("2024-02-29T00:00:00.000Z "));
    CHECK(text(line, 1'735'689'599'001).starts_with("2024-12-31T23:59:59.001Z "));
    CHECK(text(line, 4'107'542'400'000).starts_with("2100-03-01T00:00:00.000Z "));
    CHECK(text(line, -1).starts_with("1969-12-31T23:59:59.999Z "));
}

TEST_CASE("a time does not depend on the one before it, be that later or earlier") {
    TimeText time;
    CHECK(time.of(951'782'399'999) == "2000-02-28T23:59:59.999Z");
    CHECK(time.of(951'782'400'000) == "2000-02-29T00:00:00.000Z");
    CHECK(time.of(951'782'400'070) == "2000-02-29T00:00:00.070Z");
    CHECK(time.of(951'782'400'999) == "2000-02-29T00:00:00.999Z");
    CHECK(time.of(951'782'401'000) == "2000-02-29T00:00:01.000Z");
    CHECK(time.of(951'782'399'001) == "2000-02-28T23:59:59.001Z");
    CHECK(time.of(-1) == "1969-12-31T23:59:59.999Z");
    CHECK(time.of(-999) == "1969-12-31T23:59:59.001Z");
    CHECK(time.of(0) == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("lines of order and health") {
    CHECK(said({.event = LogEvent::ready, .service = "web", .uptime = 2300ms}) ==
          "info  ready      web: after 2.3s");
    CHECK(said({.event = LogEvent::healthy, .service = "web", .uptime = 2300ms, .attempt = 1}) ==
          "info  healthy    web: after 2.3s, 1 probe");
    CHECK(said({.event = LogEvent::unhealthy,
                .level = LogLevel::warn,
                .service = "web",
                .attempt = 3,
                .reason = "HTTP 503"}) == "warn  unhealthy  web: HTTP 503, 3 failures in a row");
    const LogLine waiting{.event = LogEvent::waiting,
                          .level = LogLevel::warn,
                          .service = "web",
                          .attempt = 9,
                          .dependency = "db",
                          .wish = "to be healthy",
                          .waited = 5s,
                          .reason = "healthcheck: connection refused, 9 tries"};
    CHECK(said(waiting) ==
          "warn  waiting    web: for db to be healthy, 5s so far (healthcheck: connection refused, "
          "9 tries)");
    CHECK(json(waiting).find(R"("attempt":9,"dependency":"db","waiting_ms":5000,"reason":)") !=
          std::string::npos);
    CHECK(said({.event = LogEvent::stopping, .service = "db", .reason = "unhealthy: no answer"}) ==
          "info  stopping   db: stop command first (unhealthy: no answer)");
}

TEST_CASE("lines for people say what happened, to whom, and why") {
    CHECK(said({.event = LogEvent::started, .service = "web", .pid = Pid{12}}) ==
          "info  started    web: pid 12");
    CHECK(said({.event = LogEvent::exited, .service = "web", .code = 1, .uptime = 1250ms}) ==
          "info  exited     web: exit code 1 after 1.2s");
    CHECK(
        said({.event = LogEvent::exited, .service = "web", .signal = Signal{11}, .uptime = 90s}) ==
        "info  exited     web: killed by SIGSEGV after 1m30s");
    CHECK(said({.event = LogEvent::restarting,
                .service = "web",
                .delay = 4s,
                .attempt = 3,
                .max_restarts = 5}) == "info  restarting web: in 4s, restart 3 of 5");
    CHECK(said({.event = LogEvent::restarting, .service = "web", .delay = 1s, .attempt = 12}) ==
          "info  restarting web: in 1s, restart 12");
    CHECK(said({.event = LogEvent::restarting,
                .service = "web",
                .delay = 1s,
                .attempt = 1,
                .reason = "no process to be had"}) ==
          "info  restarting web: in 1s, attempt 1: no process to be had");
    CHECK(
        said({.event = LogEvent::failed,
              .level = LogLevel::error,
              .service = "web",
              .code = 127,
              .reason = "cannot start '/srv/web': exec: No such file or directory"}) ==
        "error failed     web: cannot start '/srv/web': exec: No such file or directory, exit code "
        "127");
    CHECK(said({.event = LogEvent::completed, .service = "job", .code = 0}) ==
          "info  completed  job: exit code 0");
    CHECK(said({.event = LogEvent::stopped, .service = "web"}) == "info  stopped    web");
    CHECK(said({.event = LogEvent::signal, .pid = Pid{7}, .signal = Signal{15}}) ==
          "info  signal     SIGTERM from pid 7");
    CHECK(said({.event = LogEvent::signal, .signal = Signal{37}}) == "info  signal     SIGRTMIN+3");
    CHECK(said({.event = LogEvent::killing,
                .level = LogLevel::warn,
                .service = "web",
                .signal = Signal{9},
                .reason = "grace period over"}) ==
          "warn  killing    web: SIGKILL (grace period over)");
    CHECK(said({.event = LogEvent::shutdown, .signal = Signal{15}, .reason = "stop signal"}) ==
          "info  shutdown   stop signal SIGTERM");
    CHECK(said({.event = LogEvent::end, .code = 137}) == "info  end        exit code 137");
    CHECK(said({.event = LogEvent::orphans, .level = LogLevel::debug, .attempt = 3}) ==
          "debug orphans    3 reaped");
    CHECK(said({.event = LogEvent::dropped, .level = LogLevel::warn, .attempt = 1}) ==
          "warn  dropped    1 log line was lost: stderr was not read");
    CHECK(said({.event = LogEvent::dropped, .level = LogLevel::warn, .attempt = 12}) ==
          "warn  dropped    12 log lines were lost: stderr was not read");
    CHECK(said({.event = LogEvent::boot, .msg = "gosv 0.1.0 as pid 1: 1 service from f.yaml"}) ==
          "info  boot       gosv 0.1.0 as pid 1: 1 service from f.yaml");
}

TEST_CASE("JSON has the names that users rely on, and only what is set") {
    CHECK(json({.event = LogEvent::boot}) ==
          R"({"time":"2025-11-25T15:38:41.042Z","level":"info","event":"boot","msg":""})"
          "\n");
    CHECK(json({.event = LogEvent::restarting,
                .level = LogLevel::warn,
                .service = "web",
                .pid = Pid{12},
                .code = 3,
                .uptime = 1500ms,
                .delay = 2s,
                .attempt = 1,
                .max_restarts = 3,
                .reason = "why"}) ==
          R"({"time":"2025-11-25T15:38:41.042Z","level":"warn","event":"restarting",)"
          R"("msg":"in 2s, restart 1 of 3: why","service":"web","pid":12,"code":3,)"
          R"("uptime_ms":1500,"delay_ms":2000,"attempt":1,"max_restarts":3,"reason":"why"})"
          "\n");
    CHECK(json({.event = LogEvent::exited, .service = "web", .signal = Signal{9}}) ==
          R"({"time":"2025-11-25T15:38:41.042Z","level":"info","event":"exited",)"
          R"("msg":"killed by SIGKILL","service":"web","signal":"SIGKILL"})"
          "\n");
    CHECK(json({.event = LogEvent::orphans, .level = LogLevel::debug, .attempt = 2})
              .ends_with("\"count\":2}\n"));
}

TEST_CASE("every event and level has a name of its own, and makes a line in both forms") {
    std::string names;
    for (int i = 0; i <= static_cast<int>(LogEvent::internal); ++i) {
        const auto event = static_cast<LogEvent>(i);
        const std::string word = " " + std::string(name(event)) + " ";
        CHECK(word.size() > 3);
        CHECK(names.find(word) == std::string::npos);
        names += word;
        for (const LogLevel level : kLevels) {
            const LogLine line{.event = event, .level = level, .service = "s", .reason = "r"};
            CHECK(text(line).find(name(event)) != std::string::npos);
            std::string object = json(line);
            object.pop_back();
            CHECK(JsonCheck::problem(object) == "");
        }
    }
    // Sizes of the columns in lines for people.
    for (const LogLevel level : kLevels) {
        CHECK(name(level).size() <= 5);
    }
}

TEST_CASE("a line is one line, whatever it is about") {
    const LogLine line{.event = LogEvent::internal, .service = "a\nb", .reason = "c\r\nd\x1b[2J"};
    CHECK(said(line) == "info  internal   a\\nb: c\\x0d\\nd\\x1b[2J");
}

TEST_CASE("a text that is too long is cut, and a newline still ends the line") {
    const std::string lots(5000, 'x');
    const std::string line = text(everything(lots));
    CHECK(line.size() <= kMaxLine);
    CHECK(line.ends_with("x\n"));
}

TEST_CASE("JSON is valid for the longest of everything and for bytes of any kind") {
    std::mt19937 random(42);  // NOLINT: the same bytes each time
    for (const char* unit : {"x", "\"", "\\", "\x01", "\xff", "\xc2\x9b", "\xe2\x82\xac"}) {
        std::string bytes;
        while (bytes.size() < 2000) {
            bytes += unit;
        }
        std::string object = json(everything(bytes));
        REQUIRE(object.ends_with("}\n"));
        object.pop_back();
        CAPTURE(object);
        CHECK(JsonCheck::problem(object) == "");
        CHECK(object.find("\"max_restarts\":4294967295") != std::string::npos);
    }
    for (int round = 0; round < 5000; ++round) {
        std::string bytes(random() % 1200, '\0');
        for (char& byte : bytes) {
            byte = static_cast<char>(random());
        }
        std::string object = json(everything(bytes));
        object.pop_back();
        REQUIRE(JsonCheck::problem(object) == "");
    }
}

TEST_CASE("a line is made without the heap") {
    const std::string lots(2000, '\x1b');
    const LogLine line = everything(lots);
    char buffer[kMaxLine];
    const test::AllocationTripwire tripwire("format_line");
    TimeText time;
    (void)format_line(line, LogFormat::text, time.of(kTime), buffer);
    (void)format_line(line, LogFormat::json, time.of(kTime), buffer);
}
