// What services say of themselves, and when the core hears of it.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using app::Notice;
using core::Phase;
using test::add_notify;
using test::Fixture;
using test::id;
using test::kFirst;
using test::plan_of;
using test::Sent;

namespace {

test::PlanSpec notifying_plan(std::size_t services = 1) {
    test::PlanSpec plan = plan_of(services);
    add_notify(plan, 0);
    return plan;
}

constexpr Notice kReady{.ready = true};

Notice complaint(Notice::Complaint what) {
    return {.complaint = what, .sender = Pid{4711}};
}

}  // namespace

TEST_CASE("a service is ready when it says so") {
    Fixture f(notifying_plan());
    f.start();
    CHECK_FALSE(f.runtime.state(kFirst).ready);
    f.platform.say(kFirst, kReady);
    f.turn();
    CHECK(f.runtime.state(kFirst).ready);
    CHECK(f.times_logged("\"event\":\"ready\"") == 1);
}

TEST_CASE("exec, word and death that are seen at once are told in that order") {
    Fixture f(notifying_plan());
    f.runtime.boot();
    f.platform.say(kFirst, kReady);
    f.platform.die(f.pid(), ExitStatus::code(3));
    f.turn();
    CHECK(f.has_logged_in_order(
        {"\"event\":\"started\"", "\"event\":\"ready\"", "\"event\":\"exited\""}));
    CHECK(f.phase() == Phase::backoff);
}

TEST_CASE("a word that comes with the exec is heard after it") {
    Fixture f(notifying_plan());
    f.runtime.boot();
    f.platform.say(kFirst, kReady);
    f.turn();
    CHECK(f.runtime.state(kFirst).ready);
    CHECK_FALSE(f.has_logged("\"event\":\"internal\""));
}

TEST_CASE("what is said when the main process is dead means nothing") {
    Fixture f(notifying_plan());
    f.start();
    f.platform.tree_left[0] = true;
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn();
    REQUIRE(f.phase() == Phase::draining);
    f.platform.say(kFirst, kReady);
    f.platform.say(kFirst, complaint(Notice::Complaint::stranger));
    f.turn();
    CHECK(f.platform.said.empty());
    CHECK_FALSE(f.runtime.state(kFirst).ready);
    CHECK_FALSE(f.has_logged("\"event\":\"internal\""));
}

TEST_CASE("each complaint is told once a run") {
    Fixture f(notifying_plan());
    f.start();
    for (int i = 0; i < 5; ++i) {
        f.platform.say(kFirst, complaint(Notice::Complaint::stranger));
        f.platform.say(kFirst, complaint(Notice::Complaint::too_long));
        f.turn();
    }
    CHECK(f.times_logged("its sender is no process of this service") == 1);
    CHECK(f.times_logged("longer than 4096 bytes") == 1);
    CHECK(f.has_logged("\"pid\":4711"));
    f.platform.die(f.pid(), ExitStatus::code(1));
    f.turn_until(Phase::backoff);
    f.turn_until(Phase::running);
    f.platform.say(kFirst, complaint(Notice::Complaint::stranger));
    f.turn();
    CHECK(f.times_logged("its sender is no process of this service") == 2);
}

TEST_CASE("what is refused of a message is named, and the rest of it counts") {
    Fixture f(notifying_plan());
    f.start();
    f.platform.say(kFirst, {.ready = true,
                            .complaint = Notice::Complaint::refused,
                            .what = "MAINPID=12",
                            .why = "gosv follows its own child"});
    f.turn();
    CHECK(f.has_logged("MAINPID=12: gosv follows its own child"));
    CHECK(f.runtime.state(kFirst).ready);
}

TEST_CASE("a storm of words is worked off in pieces, and a stop signal is not kept waiting") {
    Fixture f(notifying_plan(2));
    f.start();
    for (int i = 0; i < 1000; ++i) {
        f.platform.say(kFirst, {.alive = true});
    }
    f.platform.signal(15);
    f.turn();
    CHECK(f.platform.said.size() > 900);
    CHECK(f.was_sent(f.pid(1), 15, Sent::How::tree));
    const MonotonicTime begin = f.platform.time;
    f.turn_while([&] { return f.platform.said.size() > 500; });
    CHECK(f.platform.time == begin);
}

TEST_CASE("a service that goes on without its notify_fd is complained of, one that ends is not") {
    test::PlanSpec plan = notifying_plan(2);
    plan.policies[1].notifies = true;
    Fixture f(plan);
    f.start();
    const Pid second = f.pid(1);
    for (const std::size_t service : {0U, 1U}) {
        f.platform.say(id(service), {.complaint = Notice::Complaint::silenced});
    }
    f.turn();
    CHECK_FALSE(f.has_logged("notify_fd"));  // its death may be on the way
    f.platform.die(second, ExitStatus::code(0));
    f.turn(3);
    CHECK(f.times_logged("notify_fd was closed before a newline came") == 1);
}

TEST_CASE("a missed watchdog is told with its time, one that was owned up to as such") {
    test::PlanSpec plan = notifying_plan();
    plan.policies[0].watchdog = 10s;
    Fixture f(std::move(plan));
    f.start();
    f.platform.say(kFirst, kReady);
    f.turn();
    const MonotonicTime ready = f.platform.time;
    f.turn_while([&] { return f.phase() == Phase::running; });
    CHECK(f.platform.time - ready == 10s);
    CHECK(f.has_logged("\"reason\":\"watchdog: no sign of life within 10s\""));
    CHECK(f.was_sent(f.pid(), 6, Sent::How::process));
    f.platform.die(f.pid(), ExitStatus::killed_by(Signal{6}));
    f.turn_until(Phase::backoff);
    f.turn_until(Phase::running);
    f.platform.say(kFirst, {.ready = true, .trouble = true});
    f.turn();
    CHECK(f.has_logged("watchdog: it has reported trouble itself"));
}

TEST_CASE("a word in time keeps the watchdog quiet") {
    test::PlanSpec plan = notifying_plan();
    plan.policies[0].watchdog = 10s;
    Fixture f(std::move(plan));
    f.start();
    f.platform.say(kFirst, kReady);
    f.turn();
    for (int i = 0; i < 5; ++i) {
        f.platform.time += 9s;
        f.platform.say(kFirst, {.alive = true});
        f.turn();
        CHECK(f.phase() == Phase::running);
    }
}

TEST_CASE("who supervises gosv hears once that all is ready, and once of the stop") {
    test::PlanSpec plan = notifying_plan(2);
    plan.supervisor.announces = true;
    Fixture f(std::move(plan));
    f.start();
    CHECK(f.platform.announced.empty());
    f.platform.say(kFirst, kReady);
    f.turn();
    REQUIRE(f.platform.announced.size() == 1);
    CHECK(f.platform.announced[0].starts_with("READY=1\n"));
    f.platform.announce_error = SysError{ECONNREFUSED, "send"};
    f.platform.signal(15);
    f.turn();
    REQUIRE(f.platform.announced.size() == 2);
    CHECK(f.platform.announced[1].starts_with("STOPPING=1\n"));
    CHECK(f.has_logged("cannot tell NOTIFY_SOCKET that gosv stops"));
}
