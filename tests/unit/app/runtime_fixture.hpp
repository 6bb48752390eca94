#pragma once
// A runtime on a fake platform, with its log going into a pipe.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "app/runtime.hpp"
#include "support/fake_platform.hpp"
#include "support/plan_spec.hpp"

namespace gosv::test {

inline constexpr ServiceId kFirst{0};

// Services with the manifest's defaults.
inline PlanSpec plan_of(std::size_t services) {
    PlanSpec plan;
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

struct Edge {
    std::size_t who;
    std::size_t on;  // before `who` in the plan
    core::Condition condition = core::Condition::started;
    bool restart = false;
};

inline ServiceId id(std::size_t service) {
    return static_cast<ServiceId>(service);
}

// All edges at once, sorted by who.
inline void link(PlanSpec& plan, const std::vector<Edge>& edges) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= plan.execs.size(); ++i) {
        while (begin < edges.size() && edges[begin].who < i) {
            ++begin;
        }
        plan.edges.begins.push_back({static_cast<std::uint32_t>(begin),
                                     static_cast<std::uint32_t>(plan.edges.dependents.size())});
        for (const Edge& edge : edges) {
            if (edge.on == i) {
                plan.edges.dependents.push_back(id(edge.who));
            }
        }
    }
    for (const Edge& edge : edges) {
        plan.edges.dependencies.push_back({id(edge.on), edge.condition, edge.restart, true});
    }
    for (std::size_t i = 0; i < plan.execs.size(); ++i) {
        plan.edges.start_order.push_back(id(i));
    }
}

// With an exec probe every 10 s (the first one too), 3 s each, unhealthy after two failures.
inline void add_probe(PlanSpec& plan, std::size_t service) {
    core::HealthPolicy& health = plan.policies[service].health;
    health.probes = true;
    health.start_period = Duration{};
    health.retries = 2;
    plan.execs[service].probe = manifest::ExecProbe{{"pg_isready"}};
    plan.execs[service].probe_command = {manifest::StringBlock({"pg_isready"}),
                                         manifest::StringBlock({"/usr/bin/pg_isready"})};
}

inline void add_notify(PlanSpec& plan, std::size_t service) {
    plan.policies[service].notifies = true;
    plan.execs[service].notify_socket = true;
}

// gosv -- CMD, with the terminal.
inline PlanSpec command_plan() {
    PlanSpec plan = plan_of(1);
    plan.policies[0].restart = core::RestartPolicy::never;
    plan.policies[0].retry_spawn = false;
    plan.supervisor.command_mode = true;
    plan.supervisor.exit_code_from = kFirst;
    plan.stop_signals.clear();
    return plan;
}

class Fixture {
  public:
    explicit Fixture(const PlanSpec& made)
        : plan(made.plan()),
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

    template <class Condition>
    void turn_while(Condition holds) {
        for (int turns = 0; holds(); ++turns) {
            REQUIRE(turns < 100);
            turn();
        }
    }

    // Turns until the first service has come so far.
    void turn_until(core::Phase wanted) {
        turn_while([&] { return phase() != wanted; });
    }

    // Turns until so many tasks have been started in all; the last of them.
    StartedTask turn_until_task(std::size_t count) {
        turn_while([&] { return platform.tasks.size() < count; });
        return platform.tasks[count - 1];
    }

    // The task that was started last ends, and that is heard of.
    void end_task(ExitStatus status, std::string_view said = {}) {
        platform.end_task_with(status, said);
        turn();
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

    // Whether each is there, after the one before.
    bool has_logged_in_order(std::initializer_list<std::string_view> texts) {
        std::size_t at = 0;
        for (const std::string_view text : texts) {
            at = logged().find(text, at);
            if (at == std::string::npos) {
                return false;
            }
        }
        return true;
    }

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
