#pragma once
// The core with the arrays that it is a view of, for tests that feed it events. The sink is larger
// than action_capacity(), so that a step which orders too much is seen and not cut off.
#include <cstddef>
#include <cstdint>
#include <numeric>
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

// dependencies[i]: what service i waits for. Empty: nobody waits for anybody.
using Dependencies = std::vector<std::vector<core::Dependency>>;

struct Machine {
    explicit Machine(std::vector<core::ServicePolicy> services, core::SupervisorPolicy whole = {},
                     Dependencies depends_on = {})
        : policies(std::move(services)),
          policy_of(policies.size()),
          policy(whole),
          states(policies.size()),
          probes(policies.size()),
          actions(4 * core::action_capacity(policies.size())),
          dependencies(std::move(depends_on)),
          dependents(policies.size()) {
        std::iota(policy_of.begin(), policy_of.end(), std::uint16_t{0});
        connect();
    }

    // The actions stay valid until the next call.
    std::span<const core::Action> feed(const core::Event& event, MonotonicTime at) {
        actions.clear();
        core::Supervisor view = supervisor();
        core::step(view, event, at, actions);
        return actions.view();
    }

    MonotonicTime next_deadline() { return core::next_deadline(supervisor()); }

    core::Supervisor supervisor() { return {self, states, probes, policy, {policies, policy_of}}; }

    std::vector<core::ServicePolicy> policies;
    std::vector<std::uint16_t> policy_of;  // each service has its own
    core::SupervisorPolicy policy;
    core::SupervisorState self;
    std::vector<core::ServiceState> states;
    std::vector<core::ProbeState> probes;
    core::ActionSink actions;
    Dependencies dependencies;
    std::vector<std::vector<ServiceId>> dependents;
    // What the graph points into.
    std::vector<core::Dependency> edges;
    std::vector<ServiceId> edges_back;
    std::vector<core::EdgesBegin> begins;
    std::vector<ServiceId> start_order;

  private:
    // As the plan does: who waits for whom, and every service after all that it waits for.
    void connect() {
        if (dependencies.empty()) {
            return;
        }
        dependencies.resize(policies.size());
        for (std::size_t i = 0; i < policies.size(); ++i) {
            for (const core::Dependency& dependency : dependencies[i]) {
                auto& waiting = dependents[index(dependency.on)];
                if (waiting.empty() || waiting.back() != static_cast<ServiceId>(i)) {
                    waiting.push_back(static_cast<ServiceId>(i));
                }
            }
        }
        std::vector<std::size_t> missing(policies.size());
        for (std::size_t i = 0; i < policies.size(); ++i) {
            for (const auto& each : dependents[i]) {
                ++missing[index(each)];
            }
        }
        for (std::size_t i = 0; i < policies.size(); ++i) {
            if (missing[i] == 0) {
                start_order.push_back(static_cast<ServiceId>(i));
            }
        }
        for (std::size_t at = 0; at < start_order.size(); ++at) {
            for (const ServiceId each : dependents[index(start_order[at])]) {
                if (--missing[index(each)] == 0) {
                    start_order.push_back(each);
                }
            }
        }
        for (std::size_t i = 0; i < policies.size(); ++i) {
            mark_begin();
            edges.insert(edges.end(), dependencies[i].begin(), dependencies[i].end());
            edges_back.insert(edges_back.end(), dependents[i].begin(), dependents[i].end());
        }
        mark_begin();
        policy.graph = {edges, edges_back, begins, start_order};
    }

    void mark_begin() {
        begins.push_back({static_cast<std::uint32_t>(edges.size()),
                          static_cast<std::uint32_t>(edges_back.size())});
    }
};

}  // namespace gosv::test
