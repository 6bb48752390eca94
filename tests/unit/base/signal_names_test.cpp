#include <doctest/doctest.h>

#include <csignal>
#include <cstring>

#include "gosv/base/parse.hpp"

using namespace gosv;

TEST_CASE("signals are understood with and without SIG, in any case, and as numbers") {
    for (const char* text : {"SIGTERM", "TERM", "sigterm", "Term", "15"}) {
        CAPTURE(text);
        CHECK(parse_signal(text) == Signal{15});
    }
    CHECK(parse_signal("IOT") == Signal{SIGABRT});
    CHECK(parse_signal("SIGCLD") == Signal{SIGCHLD});
    CHECK(parse_signal("poll") == Signal{SIGPOLL});
}

TEST_CASE("real-time signals count from 34, as glibc and docker kill do") {
    CHECK(parse_signal("RTMIN") == Signal{34});
    CHECK(parse_signal("SIGRTMIN+3") == Signal{37});
    CHECK(parse_signal("rtmin+30") == Signal{64});
    CHECK(parse_signal("RTMAX") == Signal{64});
    CHECK(parse_signal("SIGRTMAX-1") == Signal{63});
    CHECK(parse_signal("64") == Signal{64});
}

TEST_CASE("what is no signal is refused") {
    for (const char* bad : {"", "SIG", "0", "65", "-1", "015", "SIGFOO", "TERM ", "SIGSIGTERM",
                            "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMAX-31", "RTMIN+", "RTMIN+03"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_signal(bad));
    }
}

TEST_CASE("the name of every signal is understood again") {
    for (std::uint8_t number = 1; number <= kMaxSignal; ++number) {
        CAPTURE(number);
        const std::string_view name = signal_name(Signal{number});
        if (number == 32 || number == 33) {
            CHECK(name == (number == 32 ? "SIG32" : "SIG33"));  // the C library's own
        } else {
            CHECK(parse_signal(name) == Signal{number});
        }
    }
    CHECK(signal_name(Signal{0}) == "SIG?");
    CHECK(signal_name(Signal{65}) == "SIG?");
}

#ifdef __GLIBC__  // musl has no such function; the table does not depend on the C library
TEST_CASE("names agree with the C library of this machine") {
    for (int number = 1; number < 32; ++number) {
        CAPTURE(number);
        const char* abbreviation = ::sigabbrev_np(number);
        REQUIRE(abbreviation != nullptr);
        const std::string_view name = signal_name(Signal{static_cast<std::uint8_t>(number)});
        // 29 has two names: ours is the one that signal(7) and kill -l use.
        CHECK(name.substr(3) == (number == SIGIO ? "IO" : std::string_view(abbreviation)));
    }
}
#endif
