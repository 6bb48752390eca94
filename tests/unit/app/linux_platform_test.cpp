// The loop on the real kernel: real children are started, crash, leave others behind and are
// stopped, and neither memory nor descriptors are taken for it.
#include <doctest/doctest.h>

#include <csignal>

#include "unit/app/supervised.hpp"

using namespace gosv;
using core::Phase;
using test::add;
using test::busy_policy;
using test::empty_plan;
using test::exec_of;
using test::has_children;
using test::open_descriptors;
using test::Supervised;

TEST_CASE("real children: boot, crashes, restarts and the stop allocate nothing and keep nothing") {
    const std::string wrong = test::isolated([]() -> std::string {
        test::PlanSpec plan = empty_plan();
        add(plan, exec_of("sleeper", {"/bin/sleep", "1000"}), busy_policy());
        add(plan, exec_of("crasher", {"/bin/true"}), busy_policy());
        add(plan, exec_of("missing", {"/no/such/program"}), busy_policy());
        plan.policies[2].failure_action = core::FinalAction::none;
        const std::size_t before = open_descriptors();
        {
            Supervised gosv(std::move(plan));
            EXPECT(gosv.platform.ok());
            const std::size_t idle = open_descriptors();
            std::size_t allocations = 0;
            bool came_up = false;
            bool crashed = false;
            int code = -1;
            {
                const test::AllocationTripwire tripwire("the loop with real children");
                gosv.runtime.boot();
                came_up = gosv.run_until([&] {
                    return gosv.state(0).phase == Phase::running &&
                           gosv.state(2).phase == Phase::failed;
                });
                crashed = gosv.run_until([&] { return gosv.state(1).restarts_total >= 20; });
                allocations = test::AllocationTripwire::count();
            }
            EXPECT(came_up);
            EXPECT(crashed);
            EXPECT(gosv.state(2).last_status == ExitStatus::code(127));
            // At most the status pipe of the one that is being started, and the log's stream.
            EXPECT(open_descriptors() <= idle + 2);
            {
                const test::AllocationTripwire tripwire("the stop with real children");
                code = gosv.stop();
                allocations += test::AllocationTripwire::count();
            }
            EXPECT(code == 0);
            EXPECT(allocations == 0);
            EXPECT(!has_children());
        }
        EXPECT(open_descriptors() == before);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("real children: what a service leaves in its group is gone before the next run") {
    const std::string wrong = test::isolated([]() -> std::string {
        test::PlanSpec plan = empty_plan();
        // The second run would see the first one's sleep: there is one at most.
        add(plan, exec_of("leaver", {"/bin/sh", "-c", "sleep 1000 & exit 3"}), busy_policy());
        Supervised gosv(std::move(plan));
        EXPECT(gosv.platform.ok());
        const std::size_t idle = open_descriptors();
        gosv.runtime.boot();
        for (std::uint32_t run = 1; run <= 5; ++run) {
            EXPECT(gosv.run_until([&] { return gosv.state(0).restarts_total >= run; }));
            // A restart is scheduled only when nothing is left of the group.
            EXPECT(gosv.state(0).phase != Phase::backoff || !has_children());
        }
        EXPECT(open_descriptors() <= idle + 2);
        EXPECT(gosv.stop() == 0);
        EXPECT(!has_children());
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("real children: a daemon in a session of its own does not survive the stop") {
    const std::string wrong = test::isolated([]() -> std::string {
        test::PlanSpec plan = empty_plan();
        add(plan, exec_of("daemonizes", {"/bin/sh", "-c", "setsid sleep 1000 & exec sleep 1000"}),
            busy_policy());
        Supervised gosv(std::move(plan));
        EXPECT(gosv.platform.ok());
        gosv.runtime.boot();
        EXPECT(gosv.run_until([&] { return gosv.state(0).phase == Phase::running; }));
        EXPECT(gosv.stop() == 0);
        EXPECT(!has_children());
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("real children: a snapshot beside a crash loop is only one more child") {
    const std::string wrong = test::isolated([]() -> std::string {
        // It goes to stderr, which is the test's own.
        const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        EXPECT(::dup2(null, STDERR_FILENO) == STDERR_FILENO);
        test::PlanSpec plan = empty_plan();
        add(plan, exec_of("crasher", {"/bin/false"}), busy_policy());
        Supervised gosv(std::move(plan));
        EXPECT(gosv.platform.ok());
        const std::size_t idle = open_descriptors();
        std::size_t allocations = 0;
        bool crashed = false;
        {
            const test::AllocationTripwire tripwire("the loop with snapshots");
            gosv.runtime.boot();
            for (int i = 0; i < 3; ++i) {
                ::kill(::getpid(), SIGUSR1);
                const std::uint32_t before = gosv.state(0).restarts_total;
                crashed =
                    gosv.run_until([&] { return gosv.state(0).restarts_total >= before + 5; });
            }
            allocations = test::AllocationTripwire::count();
        }
        EXPECT(crashed);
        EXPECT(allocations == 0);
        EXPECT(open_descriptors() <= idle + 2);
        EXPECT(gosv.stop() == 0);
        EXPECT(!has_children());
        return "";
    });
    CHECK(wrong == "");
}
