// The loop on the real kernel: real children are started, crash, leave others behind and are
// stopped, and neither memory nor descriptors are taken for it.
#include "app/linux_platform.hpp"

#include <dirent.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "app/runtime.hpp"
#include "gosv/os/signals.hpp"
#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Phase;

namespace {

// Long beyond what it takes, on a machine that is busy with something else.
constexpr Duration kPatience = 60s;

manifest::ExecSpec exec_of(const char* name, const std::vector<std::string>& argv) {
    manifest::ExecSpec exec;
    exec.name = name;
    exec.argv = manifest::StringBlock(argv);
    exec.envp = manifest::StringBlock({"PATH=/usr/bin:/bin"});
    exec.candidates = manifest::StringBlock({argv.front()});
    return exec;
}

// Restarted without end, and quickly.
core::ServicePolicy busy_policy() {
    core::ServicePolicy policy;
    policy.success.codes.set(0);
    policy.max_restarts = core::kUnlimited;
    policy.backoff = {5ms, 1.0, 5ms};
    policy.stop_grace_period = 30s;
    return policy;
}

void add(manifest::Plan& plan, manifest::ExecSpec exec, const core::ServicePolicy& policy) {
    plan.execs.push_back(std::move(exec));
    plan.policies.push_back(policy);
}

manifest::Plan empty_plan() {
    manifest::Plan plan;
    plan.supervisor.shutdown_timeout = kPatience;
    plan.stop_signals = {Signal{SIGTERM}};
    plan.snapshot_signal = Signal{SIGUSR1};
    return plan;
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const directory = ::opendir("/proc/self/fd");
    while (directory != nullptr && ::readdir(directory) != nullptr) {
        ++count;
    }
    ::closedir(directory);
    return count;
}

// gosv as far as supervise() builds it, with the log thrown away. One in a process.
struct Supervised {
    explicit Supervised(manifest::Plan made)
        : inherited(os::take_over_signals()),
          plan(std::move(made)),
          stream(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
          log(manifest::LogFormat::text, manifest::LogLevel::debug, stream.borrow()),
          platform(app::LinuxPlatform::open(plan, inherited, log.writable_fd())),
          runtime(plan, *platform.value(), log) {}

    // Turns the loop until the condition holds; false when it takes too long or gosv has ended.
    template <class Condition>
    bool run_until(Condition holds) noexcept {
        const MonotonicTime limit = sys::monotonic_now() + kPatience;
        while (!holds()) {
            if (sys::monotonic_now() > limit || !runtime.iterate()) {
                return false;
            }
        }
        return true;
    }

    const core::ServiceState& state(std::size_t i) const {
        return runtime.state(static_cast<ServiceId>(i));
    }

    // A stop signal, as from outside; the exit code.
    int stop() noexcept {
        ::kill(::getpid(), SIGTERM);
        return runtime.run();
    }

    os::InheritedSignals inherited;
    manifest::Plan plan;
    Fd stream;
    app::Log log;
    Result<std::unique_ptr<app::LinuxPlatform>> platform;
    app::Runtime runtime;
};

bool has_children() {
    return !(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD);
}

}  // namespace

TEST_CASE("real children: boot, crashes, restarts and the stop allocate nothing and keep nothing") {
    const std::string wrong = test::isolated([]() -> std::string {
        manifest::Plan plan = empty_plan();
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
            // At most the status pipe of the one that is being started.
            EXPECT(open_descriptors() <= idle + 1);
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
        manifest::Plan plan = empty_plan();
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
        EXPECT(open_descriptors() <= idle + 1);
        EXPECT(gosv.stop() == 0);
        EXPECT(!has_children());
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("real children: a daemon in a session of its own does not survive the stop") {
    const std::string wrong = test::isolated([]() -> std::string {
        manifest::Plan plan = empty_plan();
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
        manifest::Plan plan = empty_plan();
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
        EXPECT(open_descriptors() <= idle + 1);
        EXPECT(gosv.stop() == 0);
        EXPECT(!has_children());
        return "";
    });
    CHECK(wrong == "");
}
