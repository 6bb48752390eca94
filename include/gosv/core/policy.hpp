#pragma once
// What the state machine must know of a service and of the whole: policies, made by the plan, never
// changed afterwards. Who waits for whom is in core/graph.hpp. Nothing here about argv, files,
// users or cgroups.
#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>

#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"
#include "gosv/core/graph.hpp"

namespace gosv::core {

enum class RestartPolicy : std::uint8_t { never, on_failure, always };
enum class FinalAction : std::uint8_t { none, exit };

// Whom the stop signal goes to. What is left when the grace period is over is killed whole in every
// mode; mixed kills what is left as soon as the main process has ended.
enum class KillMode : std::uint8_t { group, process, mixed };

inline constexpr std::uint32_t kUnlimited = UINT32_MAX;

struct BackoffPolicy {
    Duration first = std::chrono::seconds(1);
    double multiplier = 2.0;  // >= 1
    Duration cap = std::chrono::seconds(30);

    friend bool operator==(const BackoffPolicy&, const BackoffPolicy&) = default;
};

// Exit codes and signals that count as a good end.
struct SuccessSet {
    std::bitset<256> codes;
    std::bitset<kMaxSignal + 1> signals;

    bool contains(ExitStatus status) const noexcept {
        return status.kind == ExitStatus::Kind::exited ? codes[status.number]
                                                       : signals[status.number];
    }

    friend bool operator==(const SuccessSet&, const SuccessSet&) = default;
};

// What becomes of a signal that gosv forwards: map[n] is the number sent instead, 0 drops it.
using SignalMap = std::array<std::uint8_t, kMaxSignal + 1>;

constexpr SignalMap identity_signal_map() noexcept {
    SignalMap map{};
    for (std::uint8_t n = 0; n <= kMaxSignal; ++n) {
        map[n] = n;
    }
    return map;
}

enum class UnhealthyAction : std::uint8_t { restart, exit, none };

// When to probe and what comes of it, as in docker compose: within the start period a failure does
// not count and the pause is start_interval, until the first success ends that period. A pause
// begins when the probe before has ended.
struct HealthPolicy {
    bool probes = false;  // there is a healthcheck
    Duration interval = std::chrono::seconds(10);
    Duration start_interval = std::chrono::milliseconds(500);
    Duration timeout = std::chrono::seconds(3);  // then the probe is killed and has failed
    Duration start_period = std::chrono::seconds(60);
    std::uint32_t retries = 3;  // >= 1: failures in a row that make it unhealthy
    UnhealthyAction on_unhealthy = UnhealthyAction::restart;

    friend bool operator==(const HealthPolicy&, const HealthPolicy&) = default;
};

struct ServicePolicy {
    bool oneshot = false;   // a start is over when it has completed
    bool notifies = false;  // is ready when it says so: sd_notify, notify_fd
    HealthPolicy health;
    // From the spawn to readiness (one-shot: to its end); then the run is stopped and has failed.
    Duration start_timeout{};  // 0: none
    Duration watchdog{};       // 0: none. Once ready it must tell that it is alive this often
    bool stop_command = false;
    RestartPolicy restart = RestartPolicy::always;
    std::uint32_t max_restarts = 3;  // in a row without a stable run; kUnlimited
    BackoffPolicy backoff;
    Duration stable_after = std::chrono::seconds(60);
    SuccessSet success;
    FinalAction failure_action = FinalAction::exit;
    FinalAction success_action = FinalAction::none;
    // exit: a run that ends out of memory is the last, and ends the container.
    FinalAction oom_action = FinalAction::none;
    Signal stop_signal{15};
    Duration stop_grace_period = std::chrono::seconds(8);
    KillMode kill_mode = KillMode::group;
    SignalMap signals = identity_signal_map();
    // A start for which there was no process to be had (EAGAIN, ENOMEM, EMFILE) is tried again for
    // ever, by the back-off, without counting as a restart. False in `gosv -- CMD`: fails with 126.
    bool retry_spawn = true;

    friend bool operator==(const ServicePolicy&, const ServicePolicy&) = default;
};

// The policy of each service: a view of the plan's, where services that are alike share one.
struct ServicePolicies {
    std::span<const ServicePolicy> distinct;
    std::span<const std::uint16_t> of;  // for each service the place of its own in `distinct`

    const ServicePolicy& operator[](std::size_t service) const noexcept {
        return distinct[of[service]];
    }

    std::size_t size() const noexcept { return of.size(); }
};

struct SupervisorPolicy {
    Duration shutdown_timeout = std::chrono::seconds(9);  // then everything is killed
    // Processes that belong to no service any more (daemons, orphans) get TERM, this long, KILL.
    Duration straggler_grace = std::chrono::seconds(3);
    // After the last KILL: survivors (state D) are reported and left to the kernel after this long.
    Duration abandon_after = std::chrono::milliseconds(500);
    // A stop signal that comes again within this is the same request told twice and does not hurry:
    // `docker attach` and npm pass on the Ctrl-C that the terminal has delivered already.
    Duration stop_repeat = std::chrono::milliseconds(200);
    DependencyGraph graph;
    // Somebody wants to know (NOTIFY_SOCKET of gosv's own) when everything is ready.
    bool announces = false;
    // A service that waits for another says so after the first, then after each of the second.
    Duration first_waiting = std::chrono::seconds(5);
    Duration next_waiting = std::chrono::seconds(10);
    std::optional<ServiceId> exit_code_from;
    // `gosv -- CMD`: exit_code_from is its one service, every signal is forwarded, stops included;
    // the shutdown begins when the main process has ended.
    bool command_mode = false;
};

}  // namespace gosv::core
