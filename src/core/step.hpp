#pragma once
// One call of step() as the parts of the core pass it around: the state, the time, the sink.
#include "gosv/core/supervisor.hpp"

namespace gosv::core {

struct Step {
    Supervisor& supervisor;
    MonotonicTime now;
    ActionSink& actions;
    bool& changed;  // something that conditions, turns and the end of all go by

    ServiceState& state(ServiceId id) const noexcept { return supervisor.services[index(id)]; }

    // Of a service with a healthcheck.
    ProbeState& probe(ServiceId id) const noexcept { return supervisor.probes[index(id)]; }

    const ServicePolicy& policy(ServiceId id) const noexcept {
        return supervisor.policies[index(id)];
    }

    std::span<const ServiceId> dependents(ServiceId id) const noexcept {
        return supervisor.policy.graph.dependents_of(id);
    }

    SupervisorState& self() const noexcept { return supervisor.self; }

    bool supervising() const noexcept { return supervisor.self.stage == Stage::supervising; }

    MonotonicTime after(Duration delta) const noexcept { return saturating_add(now, delta); }

    // The sink is sized by action_capacity(); that it never overflows is invariant I6.
    void order(const Action& action) const noexcept { (void)actions.push(action); }

    void set_phase(ServiceId id, Phase phase, MonotonicTime deadline = kNever) const noexcept {
        state(id).phase = phase;
        state(id).deadline = deadline;
        changed = true;
    }

    void unexpected(ServiceId id) const noexcept {
        order(Report{.kind = ReportKind::unexpected, .service = id});
    }
};

constexpr bool is_final(Phase phase) noexcept {
    return phase == Phase::completed || phase == Phase::failed || phase == Phase::stopped;
}

// Something of the service is there that could be ended.
constexpr bool is_alive(const ServiceState& state) noexcept {
    return state.main_alive || state.tree_populated || state.stop_command_alive;
}

// What a service that failed for good counts as. Given up on although its runs ended with 0 is 1:
// a crash loop must not look like success.
constexpr std::uint8_t code_of_failure(ExitStatus last) noexcept {
    const int code = last.as_exit_code();
    return static_cast<std::uint8_t>(code == 0 ? 1 : code);
}

constexpr std::uint32_t saturating_increment(std::uint32_t n) noexcept {
    return n == UINT32_MAX ? n : n + 1;
}

}  // namespace gosv::core
