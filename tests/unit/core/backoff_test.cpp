#include "gosv/core/backoff.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace gosv;
using namespace std::chrono_literals;
using core::BackoffPolicy;
using core::restart_delay;

TEST_CASE("the delay grows by the multiplier and ends at the cap") {
    struct Row {
        BackoffPolicy policy;
        std::uint32_t nth;
        Duration delay;
    };

    const BackoffPolicy usual{1s, 2.0, 30s};
    const BackoffPolicy historic{2s, 1.5, 30s};
    const Row rows[] = {
        {usual, 1, 1s},
        {usual, 2, 2s},
        {usual, 3, 4s},
        {usual, 5, 16s},
        {usual, 6, 30s},
        {usual, 7, 30s},
        {historic, 1, 2s},
        {historic, 2, 3s},
        {historic, 3, 4500ms},
        {historic, 8, 30s},
        {{1s, 1.0, 30s}, 1, 1s},
        {{1s, 1.0, 30s}, 1000, 1s},
        {{100ms, 10.0, 1h}, 4, 100s},
        {{1s, 3.0, 1h}, 3, 9s},
    };
    for (const Row& row : rows) {
        CAPTURE(row.nth);
        CAPTURE(row.policy.multiplier);
        CHECK(restart_delay(row.policy, row.nth) == row.delay);
    }
}

TEST_CASE("a first delay above the cap is the cap, one of zero stays zero") {
    CHECK(restart_delay({1min, 2.0, 30s}, 1) == 30s);
    CHECK(restart_delay({30s, 2.0, 30s}, 1) == 30s);
    CHECK(restart_delay({1s, 2.0, 0s}, 1) == 0s);
    CHECK(restart_delay({0s, 2.0, 30s}, 1) == 0s);
    CHECK(restart_delay({0s, 2.0, 30s}, 1000000) == 0s);
    CHECK(restart_delay({0s, 1e300, 30s}, core::kUnlimited) == 0s);
}

TEST_CASE("restart zero, which there is not, waits like the first") {
    CHECK(restart_delay({1s, 2.0, 30s}, 0) == 1s);
}

TEST_CASE("no number of restarts and no multiplier overflows") {
    constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
    const double multipliers[] = {1.0 + 1e-9,
                                  1.5,
                                  2.0,
                                  1e9,
                                  1e300,
                                  std::numeric_limits<double>::max(),
                                  std::numeric_limits<double>::infinity()};
    for (const double multiplier : multipliers) {
        CAPTURE(multiplier);
        CHECK(restart_delay({1s, multiplier, 30s}, kMost) == 30s);
        CHECK(restart_delay({1s, multiplier, 30s}, 1) == 1s);
    }
    CHECK(restart_delay({1s, 1.0, 30s}, kMost) == 1s);
    CHECK(restart_delay({1s, 2.0, Duration::max()}, kMost) == Duration::max());
    CHECK(restart_delay({Duration::max(), 2.0, Duration::max()}, 2) == Duration::max());
    CHECK(restart_delay({87600h, 2.0, 87600h}, 3) == 87600h);
}

TEST_CASE("a later restart never waits shorter than an earlier one") {
    for (const double multiplier : {1.0, 1.01, 1.5, 2.0, 7.3}) {
        const BackoffPolicy policy{10ms, multiplier, 1min};
        Duration before{};
        for (std::uint32_t nth = 1; nth < 2000; ++nth) {
            const Duration delay = restart_delay(policy, nth);
            CAPTURE(multiplier);
            CAPTURE(nth);
            REQUIRE(delay >= before);
            REQUIRE(delay <= policy.cap);
            before = delay;
        }
    }
}
