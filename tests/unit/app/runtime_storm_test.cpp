// Orphans that die one upon the other.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Phase;
using test::FakePlatform;
using test::Fixture;
using test::plan_of;
using test::Sent;

namespace {

void orphan_dies(Fixture& f) {
    static pid_t next = FakePlatform::kFirstOrphan;
    f.platform.die(Pid{next++}, ExitStatus::code(0));
}

// Two orphans, one upon the other.
void begin_storm(Fixture& f) {
    f.start();
    f.platform.time += 20s;  // the service is stable: nothing is due any more
    f.turn(2);
    orphan_dies(f);
    f.turn();
    f.platform.time += 100us;
    orphan_dies(f);
    f.turn();
}

}  // namespace

TEST_CASE("orphans that come now and then are reaped at once") {
    Fixture f(plan_of(1));
    f.start();
    f.platform.time += 20s;
    f.turn(2);
    for (std::size_t i = 1; i <= 10; ++i) {
        f.platform.time += 1ms;
        orphan_dies(f);
        f.turn();
        CHECK(f.platform.last_deadline == kNever);
        CHECK(f.platform.reaped_orphans == i);
    }
}

TEST_CASE("in a storm of orphans one look serves all that die within a millisecond") {
    Fixture f(plan_of(1));
    begin_storm(f);
    CHECK(f.platform.reaped_orphans == 2);
    orphan_dies(f);
    f.turn();  // told at once: the storm has just begun
    CHECK(f.platform.reaped_orphans == 3);
    for (std::size_t round = 1; round <= 50; ++round) {
        const MonotonicTime begun = f.platform.time;
        for (int i = 0; i < 10; ++i) {
            orphan_dies(f);
        }
        f.turn();
        CHECK(f.platform.reaped_orphans == 3 + 10 * round);
        CHECK(f.platform.time - begun == 1ms);
    }
}

TEST_CASE("a storm holds up nothing but the dead, and a service among them by a millisecond") {
    Fixture f(plan_of(2));
    begin_storm(f);
    orphan_dies(f);
    f.turn();
    const MonotonicTime begun = f.platform.time;
    f.platform.signal(1);
    f.turn();
    CHECK(f.platform.time == begun);
    CHECK(f.was_sent(f.pid(0), 1, Sent::How::group));
    orphan_dies(f);
    f.turn();
    orphan_dies(f);
    f.platform.die(f.pid(1), ExitStatus::code(1));
    f.turn();
    CHECK(f.platform.time - begun <= 2ms);
    CHECK(f.phase(1) == Phase::backoff);
}

TEST_CASE("after a storm gosv sleeps, and whoever dies from then on wakes it") {
    Fixture f(plan_of(1));
    begin_storm(f);
    for (int i = 0; i < 3; ++i) {
        orphan_dies(f);
        f.turn();
    }
    f.turn();  // nobody
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn();
    CHECK(f.platform.last_deadline == kNever);
    CHECK(f.phase() == Phase::backoff);
}

TEST_CASE("who dies just after the look that ended a storm is found") {
    Fixture f(plan_of(1));
    begin_storm(f);
    for (int i = 0; i < 3; ++i) {
        orphan_dies(f);
        f.turn();
    }
    // SIGCHLD is pending since the last orphan: the first look leaves it so, the second must not.
    SUBCASE("before the signal is taken") {
        f.platform.dies_after_empty_look.push({f.pid(), ExitStatus::code(1)});
        f.turn();
        CHECK(f.phase() == Phase::backoff);
    }
    SUBCASE("after it") {
        f.platform.dies_after_empty_look.push({Pid{FakePlatform::kFirstOrphan - 1}, {}});
        f.platform.dies_after_empty_look.push({f.pid(), ExitStatus::code(1)});
        f.turn();
        CHECK(f.phase() == Phase::running);
        f.turn();
        CHECK(f.phase() == Phase::backoff);
    }
}

TEST_CASE("a shutdown does not pause for a storm") {
    Fixture f(plan_of(1));
    begin_storm(f);
    f.platform.signal(15);
    f.turn();
    const MonotonicTime begun = f.platform.time;
    for (int i = 0; i < 10; ++i) {
        orphan_dies(f);
        f.turn();
        CHECK(f.platform.time == begun);
    }
}

TEST_CASE("ten thousand orphans at once: all are reaped, and nobody waits for it") {
    Fixture f(plan_of(2));
    f.start();
    constexpr int kOrphans = 10000;
    for (int i = 0; i < kOrphans; ++i) {
        f.platform.dead.push({Pid{FakePlatform::kFirstOrphan + i}, ExitStatus::code(0)});
        if (i == kOrphans / 2) {
            f.platform.dead.push({f.pid(1), ExitStatus::code(1)});
        }
    }
    f.platform.signal(17);
    f.platform.signal(1);
    const MonotonicTime begin = f.platform.time;
    f.turn();
    CHECK(f.platform.reaped_orphans > 0);
    CHECK(f.platform.reaped_orphans < 1000);
    CHECK(f.was_sent(f.pid(0), 1, Sent::How::group));  // before most of them
    int turns = 1;
    for (; f.platform.reaped_orphans < kOrphans; ++turns) {
        f.turn();
        REQUIRE(turns < 1000);
    }
    CHECK(f.platform.time == begin);  // it never slept in between
    CHECK(f.phase(1) == Phase::backoff);
    f.turn(2);
    CHECK(f.phase(1) != Phase::backoff);
    CHECK(f.phase(0) == Phase::running);
}
