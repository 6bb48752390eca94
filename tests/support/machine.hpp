#pragma once
// The core with the arrays that it is a view of, for tests that feed it events. The sink is larger
// than action_capacity(), so that a step which orders too much is seen and not cut off.
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "gosv/core/supervisor.hpp"

namespace gosv::test {

// What the manifest's defaults give, as far as the core's own defaults do not say it.
inline core::ServicePolicy default_policy() {
    core::ServicePolicy policy;
    policy.success.codes.set(0);
    return policy;
}

struct Machine {
    explicit Machine(std::vector<core::ServicePolicy> services, core::SupervisorPolicy whole = {})
        : policies(std::move(services)),
          policy(whole),
          states(policies.size()),
          actions(4 * core::action_capacity(policies.size())) {}

    // The actions stay valid until the next call.
    std::span<const core::Action> feed(const core::Event& event, MonotonicTime at) {
        actions.clear();
        core::Supervisor view = supervisor();
        core::step(view, event, at, actions);
        return actions.view();
    }

    MonotonicTime next_deadline() { return core::next_deadline(supervisor()); }

    core::Supervisor supervisor() { return {self, states, policy, policies}; }

    std::vector<core::ServicePolicy> policies;
    core::SupervisorPolicy policy;
    core::SupervisorState self;
    std::vector<core::ServiceState> states;
    core::ActionSink actions;
};

}  // namespace gosv::test
