#include <doctest/doctest.h>

#include "gosv/base/parse.hpp"

using namespace gosv;
using namespace std::chrono_literals;

TEST_CASE("a bare number is seconds") {
    CHECK(parse_duration("0") == 0s);
    CHECK(parse_duration("10") == 10s);
    CHECK(parse_duration("1.5") == 1500ms);
    CHECK(parse_duration("0.000001") == 1us);
}

TEST_CASE("units come in falling order, each at most once") {
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("250us") == 250us);
    CHECK(parse_duration("1m30s") == 90s);
    CHECK(parse_duration("1h") == 1h);
    CHECK(parse_duration("1h2m3s4ms5us") == 1h + 2min + 3s + 4ms + 5us);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("0s") == 0s);
    for (const char* bad : {"30s1m", "1s1s", "1h1h", "1ms1s"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad));
    }
}

TEST_CASE("what is no duration is refused") {
    for (const char* bad : {"", "s", "10x", "10 s", " 10s", "10s ", "-1s", "+1s", "1d", "1S", "010",
                            "01s", "1m30", "1.s", ".5s", "1e3s", "infinity", "1s\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad));
    }
}

TEST_CASE("durations end at ten years, so that sums never overflow") {
    CHECK(parse_duration("87600h") == 87600h);
    CHECK_FALSE(parse_duration("87600h1us"));
    CHECK_FALSE(parse_duration("99999999999999999999"));
    CHECK_FALSE(parse_duration("87600h87600m"));
}

TEST_CASE("a time too far away is never, not long ago") {
    const MonotonicTime now{Duration(1000)};
    CHECK(saturating_add(now, 5ns) == MonotonicTime{Duration(1005)});
    CHECK(saturating_add(now, Duration::max()) == kNever);
    CHECK(saturating_add(kNever, 1s) == kNever);
    CHECK(saturating_add(kNever - 1s, 1s) == kNever);
}
