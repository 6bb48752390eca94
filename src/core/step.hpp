#pragma once
// One call of step() as the parts of the core pass it around: the state, the time, the sink.
#include "gosv/core/supervisor.hpp"

namespace gosv::core {

struct Step {
    Supervisor& supervisor;
    MonotonicTime now;
    ActionSink& actions;

    ServiceState& state(ServiceId id) const noexcept { return supervisor.services[index(id)]; }

    const ServicePolicy& policy(ServiceId id) const noexcept {
        return supervisor.policies[index(id)];
    }

    SupervisorState& self() const noexcept { return supervisor.self; }

    MonotonicTime after(Duration delta) const noexcept { return saturating_add(now, delta); }

    // The sink is sized by action_capacity(); that it never overflows is invariant I6.
    void order(const Action& action) const noexcept { (void)actions.push(action); }
};

constexpr bool is_final(Phase phase) noexcept {
    return phase == Phase::completed || phase == Phase::failed || phase == Phase::stopped;
}

// Something of the service is there that a signal could reach.
constexpr bool is_alive(const ServiceState& state) noexcept {
    return state.main_alive || state.tree_populated;
}

// What a service that failed for good counts as. Given up on although its runs ended with 0 is 1:
// a crash loop must not look like success.
constexpr std::uint8_t failure_code(const ServiceState& state) noexcept {
    const int code = state.last_status.as_exit_code();
    return static_cast<std::uint8_t>(code == 0 ? 1 : code);
}

}  // namespace gosv::core
