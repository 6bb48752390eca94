// The loop against a kernel that the test plays: order of looking, handles, and that nothing is
// allocated once it runs.
#include "gosv/app/runtime.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "support/allocation_tripwire.hpp"
#include "support/fake_platform.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using test::FakePlatform;
using test::Sent;

namespace {

constexpr ServiceId kFirst{0};

manifest::Plan plan_of(std::size_t services) {
    manifest::Plan plan;
    for (std::size_t i = 0; i < services; ++i) {
        manifest::ExecSpec exec;
        exec.name = "s" + std::to_string(i);
        exec.argv = manifest::StringBlock({"/bin/true"});
        plan.execs.push_back(std::move(exec));
        core::ServicePolicy policy;
        policy.success.codes.set(0);
        plan.policies.push_back(policy);
    }
    plan.stop_signals = {Signal{15}, Signal{2}, Signal{3}};
    plan.snapshot_signal = Signal{10};
    return plan;
}

// Everything that a runtime needs, with its log going to /dev/null.
struct Fixture {
    explicit Fixture(manifest::Plan made)
        : plan(std::move(made)),
          stream(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
          log(manifest::LogFormat::json, manifest::LogLevel::debug, stream.borrow()),
          runtime(plan, platform, log) {}

    void turn(int times = 1) {
        for (int i = 0; i < times; ++i) {
            runtime.iterate();
        }
    }

    bool was_sent(Pid to, int signal, Sent::How how) const {
        for (std::size_t i = 0; i < platform.sent.size(); ++i) {
            const Sent& each = platform.sent[i];
            if (each.to == to && each.signal.number == signal && each.how == how) {
                return true;
            }
        }
        return false;
    }

    manifest::Plan plan;
    Fd stream;
    FakePlatform platform;
    app::Log log;
    app::Runtime runtime;
};

}  // namespace

TEST_CASE("boot starts every service, and the exec makes it running") {
    Fixture f(plan_of(3));
    f.runtime.boot();
    CHECK(f.platform.spawned.size() == 3);
    CHECK(f.runtime.state(kFirst).phase == core::Phase::starting);
    f.turn();
    CHECK(f.runtime.state(kFirst).phase == core::Phase::running);
}

TEST_CASE("an idle runtime waits for ever") {
    Fixture f(plan_of(2));
    f.runtime.boot();
    f.turn(2);
    CHECK(f.platform.last_deadline == kNever);
}

TEST_CASE("a death that is seen before the exec status is told after it") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    // Both are ready in the same iteration; reaping comes first in the loop.
    f.platform.die(f.platform.pid_of[0], ExitStatus::code(3));
    f.turn();
    CHECK(f.runtime.state(kFirst).phase == core::Phase::backoff);
    CHECK(f.runtime.state(kFirst).last_status == ExitStatus::code(3));
}

TEST_CASE("a failed exec is no exit: the service has failed with 127") {
    Fixture f(plan_of(1));
    f.platform.next_exec = {os::ExecState::failed, os::Stage::exec, ENOENT};
    f.runtime.boot();
    f.turn();
    CHECK(f.runtime.state(kFirst).phase == core::Phase::starting);  // not before it is reaped
    f.platform.die(f.platform.pid_of[0], ExitStatus::code(127));
    CHECK(f.runtime.run() == 127);
    CHECK(f.platform.spawned.size() == 1);
}

TEST_CASE("a clone that fails is tried again by the back-off, without end") {
    Fixture f(plan_of(1));
    f.platform.spawn_error = SysError{EAGAIN, "clone3"};
    f.runtime.boot();
    f.turn(20);
    CHECK(f.runtime.state(kFirst).phase == core::Phase::backoff);
    f.platform.spawn_error.reset();
    f.turn(3);
    CHECK(f.runtime.state(kFirst).phase == core::Phase::running);
}

TEST_CASE("what is left of a group is ended before the restart") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    const Pid first = f.platform.pid_of[0];
    f.platform.group_left[0] = true;
    f.platform.die(first, ExitStatus::code(1));
    f.turn();
    CHECK(f.runtime.state(kFirst).phase == core::Phase::draining);
    CHECK(f.was_sent(first, 15, Sent::How::held_group));
    CHECK_FALSE(f.was_sent(first, 15, Sent::How::group));
    f.turn(3);
    CHECK(f.platform.spawned.size() == 1);
    f.platform.group_left[0] = false;
    f.platform.die(Pid{FakePlatform::kFirstOrphan}, ExitStatus::code(0));
    f.turn(3);
    CHECK(f.platform.spawned.size() == 2);
}

TEST_CASE("a group of zombies that nobody waits for does not hold up a restart") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    f.platform.group_left[0] = true;
    f.platform.group_only_zombies[0] = true;
    f.platform.die(f.platform.pid_of[0], ExitStatus::code(1));
    f.turn(6);
    CHECK(f.platform.spawned.size() == 2);
}

TEST_CASE("a stop signals every service and ends with 0 when all end in time") {
    Fixture f(plan_of(2));
    f.runtime.boot();
    f.turn();
    f.platform.signal(15);
    f.turn();
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(f.was_sent(f.platform.pid_of[i], 15, Sent::How::group));
        CHECK(f.was_sent(f.platform.pid_of[i], 18, Sent::How::group));
        f.platform.die(f.platform.pid_of[i], ExitStatus::killed_by(Signal{15}));
    }
    CHECK(f.runtime.run() == 0);
}

TEST_CASE("stragglers are swept and waited for before the end") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    f.platform.stragglers = 1;
    f.platform.signal(15);
    f.turn();
    f.platform.die(f.platform.pid_of[0], ExitStatus::code(0));
    f.turn();
    REQUIRE(f.platform.sweeps.size() == 1);
    CHECK(f.platform.sweeps[0].number == 15);
    f.platform.stragglers = 0;
    f.platform.die(Pid{FakePlatform::kFirstOrphan}, ExitStatus::killed_by(Signal{15}));
    CHECK(f.runtime.run() == 0);
}

TEST_CASE("stragglers that stay are killed, and the exit code says so") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    f.platform.stragglers = 1;
    f.platform.signal(15);
    f.turn();
    f.platform.die(f.platform.pid_of[0], ExitStatus::code(0));
    CHECK(f.runtime.run() == 137);
    CHECK(f.platform.sweeps[f.platform.sweeps.size() - 1].number == 9);
}

TEST_CASE("a signal of our own, such as the SIGPIPE of a log write, is not forwarded") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    f.platform.signal_from_gosv(13);
    f.turn();
    CHECK(f.platform.sent.empty());
    f.platform.signal(13);
    f.turn();
    CHECK(f.was_sent(f.platform.pid_of[0], 13, Sent::How::group));
}

TEST_CASE("after a storm of signals the runtime does not sleep before it has read them all") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn(2);
    for (int i = 0; i < 200; ++i) {
        f.platform.signal(34);
    }
    f.platform.signal(15);
    while (!f.platform.signals.empty()) {
        f.turn();
        if (!f.platform.signals.empty()) {
            // The kernel's queue may be empty by now and the rest in the platform's batch: nothing
            // would wake us.
            f.turn();
            CHECK(f.platform.last_deadline == MonotonicTime{});
        }
    }
    CHECK(f.was_sent(f.platform.pid_of[0], 15, Sent::How::group));
}

TEST_CASE("a SIGCHLD makes the runtime look at the dead once more before it sleeps") {
    // Whoever dies after the look and before the signals are read is announced by this one signal.
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn(2);
    f.platform.signal(17);
    f.turn();
    f.turn();
    CHECK(f.platform.last_deadline == MonotonicTime{});
    f.turn();
    CHECK(f.platform.last_deadline == kNever);
}

TEST_CASE("job control signals are not forwarded to services") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    for (const int number : {20, 21, 22}) {
        f.platform.signal(number);
    }
    f.turn();
    CHECK(f.platform.sent.empty());
}

TEST_CASE("a burst of snapshot requests makes two snapshots") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    for (int i = 0; i < 50; ++i) {
        f.platform.signal(10);
    }
    f.turn();
    CHECK(f.platform.snapshots == 1);
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    f.turn();
    CHECK(f.platform.snapshots == 2);
    f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
    f.turn();
    CHECK(f.platform.snapshots == 2);
    CHECK(f.runtime.state(kFirst).phase == core::Phase::running);
}

TEST_CASE("a snapshot that hangs is killed") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    f.platform.signal(10);
    f.turn(5);
    CHECK(f.was_sent(f.platform.snapshot_pid, 9, Sent::How::process));
}

TEST_CASE("a wait that denies its children is asked again, without spinning") {
    Fixture f(plan_of(1));
    f.runtime.boot();
    f.turn();
    f.platform.die(f.platform.pid_of[0], ExitStatus::code(7));
    f.platform.wait_fails = true;
    const MonotonicTime before = f.platform.time;
    f.turn(10);
    CHECK(f.platform.time - before > 1s);
    CHECK(f.runtime.state(kFirst).phase == core::Phase::running);
    f.platform.wait_fails = false;
    f.turn();
    CHECK(f.runtime.state(kFirst).phase == core::Phase::backoff);
}

TEST_CASE("a stopped command is continued when no shell could resume it") {
    manifest::Plan plan = plan_of(1);
    plan.execs[0].tty = true;
    Fixture f(std::move(plan));
    f.runtime.boot();
    f.turn();
    f.platform.stop_of_terminal_process = Signal{20};
    f.platform.signal(17);
    f.turn();
    CHECK(f.was_sent(f.platform.pid_of[0], 18, Sent::How::group));
    CHECK(f.platform.stops_of_self == 0);
}

TEST_CASE("under a job-control shell gosv stops with its command and resumes it") {
    manifest::Plan plan = plan_of(1);
    plan.execs[0].tty = true;
    plan.supervisor.command_mode = true;
    plan.supervisor.exit_code_from = kFirst;
    Fixture f(std::move(plan));
    f.platform.job_control_parent = true;
    f.runtime.boot();
    f.turn();
    f.platform.stop_of_terminal_process = Signal{20};
    f.platform.signal(17);
    f.turn();
    CHECK(f.platform.stops_of_self == 1);
    REQUIRE(f.platform.terminal_given_to.size() == 2);
    CHECK(f.platform.terminal_given_to[0] == Pid{});
    CHECK(f.platform.terminal_given_to[1] == f.platform.pid_of[0]);
    CHECK(f.was_sent(f.platform.pid_of[0], 18, Sent::How::group));
}

TEST_CASE("in command mode TERM is forwarded and the exit code is the command's") {
    manifest::Plan plan = plan_of(1);
    plan.policies[0].restart = core::RestartPolicy::never;
    plan.supervisor.command_mode = true;
    plan.supervisor.exit_code_from = kFirst;
    plan.stop_signals.clear();
    Fixture f(std::move(plan));
    f.runtime.boot();
    f.turn();
    f.platform.signal(15);
    f.turn();
    CHECK(f.was_sent(f.platform.pid_of[0], 15, Sent::How::group));
    CHECK(f.runtime.state(kFirst).phase == core::Phase::running);
    f.platform.die(f.platform.pid_of[0], ExitStatus::killed_by(Signal{15}));
    CHECK(f.runtime.run() == 143);
}

TEST_CASE(
    "nothing is allocated from boot to end: crashes, forwards, snapshots, a storm, the stop") {
    Fixture f(plan_of(8));
    {
        const test::AllocationTripwire tripwire("the loop");
        f.runtime.boot();
        f.turn();
        for (int round = 0; round < 3; ++round) {
            f.platform.signal(1);
            f.platform.signal(10);
            f.platform.die(f.platform.pid_of[static_cast<std::size_t>(round)], ExitStatus::code(9));
            for (int i = 0; i < 300; ++i) {
                f.platform.die(Pid{FakePlatform::kFirstOrphan + i}, ExitStatus::code(0));
            }
            f.turn(4);
            if (f.platform.snapshot_pid.exists()) {
                f.platform.die(f.platform.snapshot_pid, ExitStatus::code(0));
            }
            f.turn(4);
        }
        // A turn each: in one more the clock would jump to the end of the grace period.
        f.platform.signal(15);
        f.turn();
        f.platform.signal(15);
        f.turn();
        for (std::size_t i = 0; i < 8; ++i) {
            if (f.platform.live_children > 0) {
                f.platform.die(f.platform.pid_of[i], ExitStatus::killed_by(Signal{9}));
            }
        }
        while (f.runtime.iterate()) {
        }
    }
    CHECK(f.platform.live_children == 0);
}
