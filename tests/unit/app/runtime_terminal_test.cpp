// Job control: what stops and continues, and what never stops gosv.
#include <doctest/doctest.h>

#include "unit/app/runtime_fixture.hpp"

using namespace gosv;
using test::command_plan;
using test::Fixture;
using test::plan_of;
using test::Sent;

TEST_CASE("job control signals are not forwarded to services") {
    Fixture f(plan_of(1));
    f.start();
    for (const int number : {20, 21, 22}) {
        f.platform.signal(number);
    }
    f.turn();
    CHECK(f.platform.sent.empty());
}

TEST_CASE("a stopped command is continued when no shell could resume it") {
    test::PlanSpec plan = plan_of(1);
    plan.execs[0].tty = true;
    Fixture f(std::move(plan));
    f.start();
    f.platform.stop_of_terminal_process = Signal{20};
    f.platform.signal(17);
    f.turn();
    CHECK(f.was_sent(f.pid(), 18, Sent::How::group));
    CHECK(f.platform.stops_of_self == 0);
}

TEST_CASE("under a job-control shell gosv stops with its command and resumes it") {
    // A command has no `tty` key: whether there is a terminal is the platform's to know.
    Fixture f(command_plan());
    f.platform.job_control_parent = true;
    f.start();
    f.platform.stop_of_terminal_process = Signal{20};
    f.platform.signal(17);
    f.turn();
    CHECK(f.platform.stops_of_self == 1);
    REQUIRE(f.platform.terminal_given_to.size() == 2);
    CHECK(f.platform.terminal_given_to[0] == Pid{});
    CHECK(f.platform.terminal_given_to[1] == f.pid());
    CHECK(f.was_sent(f.pid(), 18, Sent::How::group));
}

TEST_CASE("a command that was stopped on purpose stays stopped") {
    Fixture f(command_plan());
    f.platform.job_control_parent = true;
    f.start();
    f.platform.stop_of_terminal_process = Signal{19};  // SIGSTOP
    f.platform.signal(17);
    f.turn();
    CHECK(f.platform.stops_of_self == 0);
    CHECK_FALSE(f.was_sent(f.pid(), 18, Sent::How::group));
}

TEST_CASE("gosv takes the terminal back when its owner ends, and asks a dead one for nothing") {
    Fixture f(command_plan());
    f.start();
    f.platform.stop_of_terminal_process = Signal{20};
    f.platform.die(f.pid(), ExitStatus::code(0));
    f.turn();
    REQUIRE(f.platform.terminal_given_to.size() == 1);
    CHECK(f.platform.terminal_given_to[0] == Pid{});
    CHECK(f.platform.stop_of_terminal_process.has_value());
    CHECK(f.runtime.run() == 0);
}
