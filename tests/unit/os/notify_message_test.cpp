#include "gosv/os/notify_message.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gosv;
using namespace gosv::os;
using namespace std::chrono_literals;

TEST_CASE("each assignment of sd_notify(3) that gosv knows is understood") {
    CHECK(parse_notification("READY=1").ready);
    CHECK(parse_notification("STOPPING=1").stopping);
    CHECK(parse_notification("WATCHDOG=1").alive);
    CHECK(parse_notification("WATCHDOG=trigger").trouble);
    CHECK(parse_notification("BARRIER=1").barrier);
    CHECK(parse_notification("STATUS=loading").status == "loading");
    CHECK(parse_notification("STATUS=").status == "");
    CHECK(parse_notification("EXTEND_TIMEOUT_USEC=2500000").extend_timeout == 2500ms);
    CHECK(parse_notification("EXTEND_TIMEOUT_USEC=0").extend_timeout == 0s);
}

TEST_CASE("several assignments come in one message, with or without a newline at the end") {
    for (const std::string_view text :
         {"STATUS=a=b, c\nREADY=1\nWATCHDOG=1", "READY=1\nSTATUS=a=b, c\nWATCHDOG=1\n",
          "\nWATCHDOG=1\n\nREADY=1\nX_MINE=1\nSTATUS=a=b, c\nSTATUS=later\n"}) {
        CAPTURE(text);
        const NotifyMessage message = parse_notification(text);
        CHECK(message.ready);
        CHECK(message.alive);
        CHECK(message.status == "a=b, c");
        CHECK_FALSE(message.stopping);
        CHECK(message.refused == "");
    }
}

TEST_CASE("what is no assignment that gosv knows says nothing, and is no fault") {
    for (const std::string_view text :
         {"", "\n", "READY", "READY=", "READY=0", "READY=11", "ready=1", " READY=1", "READY=1 ",
          "RELOADING=1", "ERRNO=2", "FDSTORE=1", "WATCHDOG_USEC=5", "WATCHDOG=0", "=1", "=",
          "\xff\xfe", "XREADY=1"}) {
        CAPTURE(text);
        const NotifyMessage message = parse_notification(text);
        CHECK_FALSE((message.ready || message.stopping || message.alive || message.trouble ||
                     message.barrier));
        CHECK_FALSE(message.status.has_value());
        CHECK_FALSE(message.extend_timeout.has_value());
        CHECK(message.refused == "");
    }
}

TEST_CASE("MAINPID is refused with a reason; what comes with it counts") {
    const NotifyMessage message = parse_notification("MAINPID=17\nREADY=1\nMAINPID=18");
    CHECK(message.ready);
    CHECK(message.refused == "MAINPID=17");
    CHECK(std::string(message.why) == "the main process is the one that gosv has started");
}

TEST_CASE("MAINPID may name the main process itself") {
    const NotifyMessage message = parse_notification("READY=1\nMAINPID=17\nSTATUS=on", Pid{17});
    CHECK(message.ready);
    CHECK(message.status == "on");
    CHECK(message.refused == "");
    for (const std::string_view other : {"MAINPID=18", "MAINPID=", "MAINPID=017", "MAINPID=17 "}) {
        CHECK(parse_notification(other, Pid{17}).refused == other);
    }
    CHECK(parse_notification("MAINPID=0", Pid{}).refused == "MAINPID=0");
}

TEST_CASE("a time that is no number, or beyond all bounds, extends nothing") {
    for (const std::string_view number :
         {"", "-1", "+1", "1.5", "010", "0x10", "1e3", " 1", "99999999999999999999",
          "18446744073709551615", "315360000000001"}) {
        CAPTURE(number);
        const std::string assignment = "EXTEND_TIMEOUT_USEC=" + std::string(number);
        const std::string text = assignment + "\nREADY=1";
        const NotifyMessage message = parse_notification(text);
        CHECK_FALSE(message.extend_timeout.has_value());
        CHECK(message.refused == assignment);
        CHECK(message.ready);
    }
    CHECK(parse_notification("EXTEND_TIMEOUT_USEC=315360000000000").extend_timeout ==
          std::chrono::hours(24 * 3650));
}

TEST_CASE("a NUL is allowed at the very end; elsewhere the whole message counts for nothing") {
    CHECK(parse_notification(std::string_view("READY=1\0", 8)).ready);
    const NotifyMessage message = parse_notification(std::string_view("READY=1\0STATUS=x\n", 17));
    CHECK_FALSE(message.ready);
    CHECK_FALSE(message.status.has_value());
    CHECK(message.refused.size() == 17);
    CHECK(std::string(message.why) == "a NUL byte within the message");
    CHECK_FALSE(parse_notification(std::string_view("\0\0", 2)).refused.empty());
    CHECK(parse_notification(std::string_view("\0", 1)).refused.empty());
}
