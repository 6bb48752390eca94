// Probes, stop commands and notifications on the real kernel.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "support/temp_dir.hpp"
#include "unit/app/supervised.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Health;
using core::Phase;
using test::add;
using test::busy_policy;
using test::empty_plan;
using test::exec_of;
using test::has_children;
using test::open_descriptors;
using test::Supervised;

namespace {

using Words = std::vector<std::string>;

// A sleeper that is asked often, with no patience at the start.
test::PlanSpec probed(const Words& test, Duration timeout = 30s) {
    test::PlanSpec plan = empty_plan();
    add(plan, exec_of("sleeper", {"/bin/sleep", "1000"}), busy_policy());
    core::HealthPolicy& health = plan.policies[0].health;
    health = {.probes = true,
              .interval = 10ms,
              .timeout = timeout,
              .start_period = Duration{},
              .retries = 2,
              .on_unhealthy = core::UnhealthyAction::none};
    plan.execs[0].probe_command = {manifest::StringBlock(test),
                                   manifest::StringBlock({test.front()})};
    plan.execs[0].probe = manifest::ExecProbe{test};
    return plan;
}

// The same, asked by gosv's own probe.
test::PlanSpec probed(manifest::Probe probe) {
    test::PlanSpec plan = probed(Words{"-"});
    plan.execs[0].probe = std::move(probe);
    plan.execs[0].probe_command = {};
    return plan;
}

// Runs until the health is that, stops, and says what is wrong.
std::string expect_health(test::PlanSpec plan, Health wanted) {
    const std::size_t before = open_descriptors();
    {
        Supervised gosv(std::move(plan));
        EXPECT(gosv.platform.ok());
        const std::size_t idle = open_descriptors();
        std::size_t allocations = 0;
        bool came = false;
        bool again = false;
        {
            const test::AllocationTripwire tripwire("the loop with real probes");
            gosv.runtime.boot();
            came = gosv.run_until([&] { return gosv.state(0).health == wanted; });
            // And it stays so for some more.
            int starts = 0;
            bool alive = gosv.state(0).probe_alive;
            again = gosv.run_until([&] {
                starts += !alive && gosv.state(0).probe_alive ? 1 : 0;
                alive = gosv.state(0).probe_alive;
                return starts == 5;
            });
            allocations = test::AllocationTripwire::count();
        }
        EXPECT(came);
        EXPECT(again);
        EXPECT(gosv.state(0).health == wanted);
        EXPECT(allocations == 0);
        // /dev/null, the log's stream, and the output and the status pipe of the one that runs.
        EXPECT(open_descriptors() <= idle + 4);
        EXPECT(gosv.stop() == 0);
        EXPECT(!has_children());
    }
    EXPECT(open_descriptors() == before);
    return "";
}

}  // namespace

TEST_CASE("real probes: a program that ends with 0 is good, any other end is not") {
    CHECK(test::isolated(
              [] { return expect_health(probed(Words{"/bin/true"}), Health::healthy); }) == "");
    CHECK(test::isolated(
              [] { return expect_health(probed(Words{"/bin/false"}), Health::unhealthy); }) == "");
    CHECK(test::isolated([] {
              return expect_health(probed(Words{"/no/such/program"}), Health::unhealthy);
          }) == "");
}

TEST_CASE("real probes: output without end holds nobody up") {
    CHECK(test::isolated([] {
              return expect_health(probed(Words{"/bin/sh", "-c", "head -c 3000000 /dev/zero"}),
                                   Health::healthy);
          }) == "");
}

TEST_CASE("real probes: one that hangs is killed with all that it has started, groups or not") {
    CHECK(test::isolated([] {
              return expect_health(
                  probed({"/bin/sh", "-c", "setsid sleep 1000 & sleep 1000 & wait"}, 100ms),
                  Health::unhealthy);
          }) == "");
}

TEST_CASE("real probes: gosv's own run in children too, and leave nothing open") {
    CHECK(test::isolated([] {
              return expect_health(probed(manifest::FileProbe{"/dev/null"}), Health::healthy);
          }) == "");
    CHECK(test::isolated([] {
              return expect_health(probed(manifest::FileProbe{"/dev/null/nothing"}),
                                   Health::unhealthy);
          }) == "");
    CHECK(test::isolated([] {
              // Nobody listens on the port of discard.
              return expect_health(
                  probed(manifest::TcpProbe{{{.address = {127, 0, 0, 1}, .port = 9}}}),
                  Health::unhealthy);
          }) == "");
}

TEST_CASE("real notifications: a newline on notify_fd makes a service ready, at each start") {
    const std::string wrong = test::isolated([]() -> std::string {
        test::PlanSpec plan = empty_plan();
        add(plan, exec_of("speaker", {"/bin/sh", "-c", "echo >&4; exec 4>&-; exec sleep 0.05"}),
            busy_policy());
        plan.execs[0].notify_fd = 4;
        plan.policies[0].notifies = true;
        Supervised gosv(std::move(plan));
        EXPECT(gosv.platform.ok());
        const std::size_t idle = open_descriptors();
        bool ready = true;
        std::size_t allocations = 0;
        {
            const test::AllocationTripwire tripwire("the loop with notify_fd");
            gosv.runtime.boot();
            for (std::uint32_t run = 0; ready && run < 5; ++run) {
                ready = gosv.run_until(
                    [&] { return gosv.state(0).restarts_total >= run && gosv.state(0).ready; });
                ready = ready && gosv.run_until([&] { return !gosv.state(0).ready; });
            }
            allocations = test::AllocationTripwire::count();
        }
        EXPECT(ready);
        EXPECT(allocations == 0);
        EXPECT(open_descriptors() <= idle + 2);
        EXPECT(gosv.stop() == 0);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("real notifications: what the main process says to its NOTIFY_SOCKET is heard") {
    // perl is part of every Debian and can speak to an abstract socket.
    REQUIRE(::access("/usr/bin/perl", X_OK) == 0);
    const std::string wrong = test::isolated([]() -> std::string {
        test::PlanSpec plan = empty_plan();
        add(plan,
            exec_of("speaker",
                    {"/usr/bin/perl", "-MSocket", "-e",
                     "my $name = $ENV{NOTIFY_SOCKET}; $name =~ s/^@/\\0/;"
                     "socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;"
                     "send($s, \"READY=1\\n\", 0, pack_sockaddr_un($name)) or die; sleep 1000;"}),
            busy_policy());
        plan.execs[0].envp = manifest::StringBlock({"NOTIFY_SOCKET=@00000"});
        plan.execs[0].notify_socket = true;
        plan.policies[0].notifies = true;
        Supervised gosv(std::move(plan));
        EXPECT(gosv.platform.ok());
        gosv.runtime.boot();
        EXPECT(gosv.run_until([&] { return gosv.state(0).ready; }));
        EXPECT(gosv.state(0).restarts_total == 0);
        EXPECT(gosv.stop() == 0);
        EXPECT(!has_children());
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a real stop command ends its service without a signal") {
    const test::TempDir directory;
    const std::string flag = directory / "flag";
    const std::string wrong = test::isolated([&]() -> std::string {
        test::PlanSpec plan = empty_plan();
        add(plan,
            exec_of("polite", {"/bin/sh", "-c",
                               "trap 'exit 9' TERM; while [ ! -e " + flag +
                                   " ]; do sleep 0.02; done; exit 0"}),
            busy_policy());
        // It goes on until the service has ended: a stop signal would come when it ends.
        plan.execs[0].stop_command = {
            manifest::StringBlock({"/bin/sh", "-c", "touch " + flag + "; sleep 0.5"}),
            manifest::StringBlock({"/bin/sh"})};
        plan.policies[0].stop_command = true;
        Supervised gosv(std::move(plan));
        EXPECT(gosv.platform.ok());
        gosv.runtime.boot();
        EXPECT(gosv.run_until([&] { return gosv.state(0).phase == Phase::running; }));
        EXPECT(gosv.stop() == 0);
        EXPECT(gosv.state(0).last_status == ExitStatus::code(0));
        EXPECT(::access(flag.c_str(), F_OK) == 0);
        EXPECT(!has_children());
        return "";
    });
    CHECK(wrong == "");
}
