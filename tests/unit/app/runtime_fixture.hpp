#pragma once
// A runtime on a fake platform, with its log going into a pipe.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "app/runtime.hpp"
#include "support/fake_platform.hpp"

namespace gosv::test {

inline constexpr ServiceId kFirst{0};

// Services with the manifest's defaults.
inline manifest::Plan plan_of(std::size_t services) {
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

// gosv -- CMD, with the terminal.
inline manifest::Plan command_plan() {
    manifest::Plan plan = plan_of(1);
    plan.policies[0].restart = core::RestartPolicy::never;
    plan.policies[0].retry_spawn = false;
    plan.supervisor.command_mode = true;
    plan.supervisor.exit_code_from = kFirst;
    plan.stop_signals.clear();
    return plan;
}

class Fixture {
  public:
    explicit Fixture(manifest::Plan made)
        : plan(std::move(made)),
          log(manifest::LogFormat::json, manifest::LogLevel::debug, write_end_.borrow()),
          runtime(plan, platform, log) {}

    ~Fixture() { CHECK(platform.misuses == 0); }

    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;

    // Boots, and turns once: what can be executed then runs.
    void start() {
        runtime.boot();
        turn();
    }

    void turn(int times = 1) {
        for (int i = 0; i < times; ++i) {
            runtime.iterate();
        }
    }

    // Turns until the first service has come so far.
    void turn_until(core::Phase wanted) {
        for (int turns = 0; phase() != wanted; ++turns) {
            REQUIRE(turns < 100);
            turn();
        }
    }

    core::Phase phase(std::size_t service = 0) const {
        return runtime.state(static_cast<ServiceId>(service)).phase;
    }

    Pid pid(std::size_t service = 0) const { return platform.pid_of[service]; }

    std::size_t times_sent(Pid to, int signal, Sent::How how) const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < platform.sent.size(); ++i) {
            const Sent& each = platform.sent[i];
            count += each.to == to && each.signal.number == signal && each.how == how ? 1U : 0U;
        }
        return count;
    }

    bool was_sent(Pid to, int signal, Sent::How how) const {
        return times_sent(to, signal, how) > 0;
    }

    // All that was written so far, what is held back excepted.
    const std::string& logged() {
        log.flush();
        char chunk[4096];
        for (ssize_t size = 0; (size = ::read(read_end_.raw(), chunk, sizeof chunk)) > 0;) {
            logged_.append(chunk, static_cast<std::size_t>(size));
        }
        return logged_;
    }

    std::size_t times_logged(std::string_view text) {
        std::size_t count = 0;
        for (std::size_t at = logged().find(text); at != std::string::npos;
             at = logged_.find(text, at + 1)) {
            ++count;
        }
        return count;
    }

    bool has_logged(std::string_view text) { return times_logged(text) > 0; }

  private:
    Fd read_end_;
    Fd write_end_ = open_pipe();
    std::string logged_;

    Fd open_pipe() {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
        (void)::fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
        read_end_.reset(ends[0]);
        return Fd(ends[1]);
    }

  public:
    manifest::Plan plan;
    FakePlatform platform;
    app::Log log;
    app::Runtime runtime;
};

}  // namespace gosv::test
