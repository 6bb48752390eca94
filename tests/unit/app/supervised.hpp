#pragma once
// gosv as far as supervise() builds it, on the real kernel with real children. To be used in a
// process of its own (support/isolated.hpp): it takes over the signals.
#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "app/linux_platform.hpp"
#include "app/runtime.hpp"
#include "gosv/os/signals.hpp"
#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/isolated.hpp"
#include "support/plan_spec.hpp"

namespace gosv::test {

// Long beyond what it takes, on a machine that is busy with something else.
inline constexpr Duration kPatience = std::chrono::seconds(60);

inline manifest::ExecSpec exec_of(const char* name, const std::vector<std::string>& argv) {
    manifest::ExecSpec exec;
    exec.name = name;
    exec.argv = manifest::StringBlock(argv);
    exec.envp = manifest::StringBlock({"PATH=/usr/bin:/bin"});
    exec.candidates = manifest::StringBlock({argv.front()});
    return exec;
}

// Restarted without end, and quickly.
inline core::ServicePolicy busy_policy() {
    core::ServicePolicy policy;
    policy.success.codes.set(0);
    policy.max_restarts = core::kUnlimited;
    policy.backoff = {std::chrono::milliseconds(5), 1.0, std::chrono::milliseconds(5)};
    policy.stop_grace_period = std::chrono::seconds(30);
    return policy;
}

inline void add(PlanSpec& plan, manifest::ExecSpec exec, const core::ServicePolicy& policy) {
    plan.execs.push_back(std::move(exec));
    plan.policies.push_back(policy);
}

inline PlanSpec empty_plan() {
    PlanSpec plan;
    plan.supervisor.shutdown_timeout = kPatience;
    plan.stop_signals = {Signal{SIGTERM}};
    plan.snapshot_signal = Signal{SIGUSR1};
    return plan;
}

inline std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const directory = ::opendir("/proc/self/fd");
    if (directory != nullptr) {
        while (::readdir(directory) != nullptr) {
            ++count;
        }
        ::closedir(directory);
    }
    return count;
}

// gosv as far as supervise() builds it, with the log thrown away. One in a process.
struct Supervised {
    explicit Supervised(const PlanSpec& made)
        : inherited(os::take_over_signals()),
          plan(made.plan()),
          stream(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
          log(manifest::LogFormat::text, manifest::LogLevel::debug, stream.borrow()),
          platform(app::LinuxPlatform::open(plan, inherited)),
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

inline bool has_children() {
    return !(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD);
}

}  // namespace gosv::test
