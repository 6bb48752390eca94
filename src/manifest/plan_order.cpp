#include "plan_order.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "gosv/base/sort.hpp"
#include "order.hpp"

namespace gosv::manifest {

namespace {

ServiceId as_id(std::size_t index) noexcept {
    return static_cast<ServiceId>(index);
}

// The strongest sense of "ready" that a service defines.
core::Condition readiness_of(const core::ServicePolicy& policy) noexcept {
    if (policy.oneshot) {
        return core::Condition::completed;
    }
    return policy.notifies || policy.health.probes ? core::Condition::ready
                                                   : core::Condition::started;
}

// The edges of all services, each once, with what they are in the plan.
std::vector<OrderEdge> collect_edges(const Manifest& manifest, Plan& plan) {
    std::map<std::string_view, std::size_t> by_name;
    for (std::size_t i = 0; i < manifest.services.size(); ++i) {
        by_name.emplace(manifest.services[i].name, i);
    }
    std::vector<OrderEdge> edges;
    std::vector<std::size_t> last_from(manifest.services.size(), SIZE_MAX);
    for (std::size_t from = 0; from < manifest.services.size(); ++from) {
        for (const DependsOn& edge : manifest.services[from].depends_on) {
            const auto found = by_name.find(edge.name);
            if (found == by_name.end() || found->second == from ||
                std::exchange(last_from[found->second], from) == from) {
                continue;
            }
            edges.push_back({from, found->second});
            plan.dependencies.push_back(
                {as_id(found->second),
                 edge.condition.value_or(readiness_of(plan.policies[found->second])), edge.restart,
                 edge.required});
        }
    }
    return edges;
}

}  // namespace

void link_services(const Manifest& manifest, Plan& plan) {
    std::vector<OrderEdge> edges = collect_edges(manifest, plan);
    if (edges.empty()) {
        return;
    }
    const std::size_t count = manifest.services.size();
    const OrderGraph graph(count, edges);
    for (const std::size_t each : graph.start_order()) {
        plan.start_order.push_back(as_id(each));
    }
    sort_small(edges, [](const OrderEdge& a, const OrderEdge& b) {
        return a.to != b.to ? a.to < b.to : a.from < b.from;
    });
    for (const OrderEdge& edge : edges) {
        plan.dependents.push_back(as_id(edge.from));
    }
    plan.supervisor.start_order = plan.start_order;
    std::size_t dependents = 0;
    for (std::size_t i = 0; i < count; ++i) {
        core::ServicePolicy& policy = plan.policies[i];
        policy.dependencies =
            std::span(plan.dependencies)
                .subspan(graph.first_edge(i), graph.first_edge(i + 1) - graph.first_edge(i));
        const std::size_t begin = dependents;
        while (dependents < edges.size() && edges[dependents].to == i) {
            ++dependents;
        }
        policy.dependents = std::span(plan.dependents).subspan(begin, dependents - begin);
    }
}

}  // namespace gosv::manifest
