#include "plan_order.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gosv/base/sort.hpp"
#include "name_index.hpp"
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
std::vector<OrderEdge> collect_edges(const Manifest& manifest, const PlanDraft& draft,
                                     std::vector<core::Dependency>& dependencies) {
    NameIndex by_name;
    for (std::size_t i = 0; i < manifest.services.size(); ++i) {
        by_name.add(manifest.services[i].name, i);
    }
    std::vector<OrderEdge> edges;
    std::vector<std::size_t> last_from(manifest.services.size(), SIZE_MAX);
    for (std::size_t from = 0; from < manifest.services.size(); ++from) {
        for (const DependsOn& edge : manifest.services[from].depends_on) {
            const auto found = by_name.find(edge.name);
            if (!found || *found == from || std::exchange(last_from[*found], from) == from) {
                continue;
            }
            edges.push_back({from, *found});
            dependencies.push_back({as_id(*found),
                                    edge.condition.value_or(readiness_of(draft.policy(*found))),
                                    edge.restart, edge.required});
        }
    }
    return edges;
}

}  // namespace

void link_services(const Manifest& manifest, PlanDraft& draft) {
    if (std::all_of(manifest.services.begin(), manifest.services.end(),
                    [](const Service& each) { return each.depends_on.empty(); })) {
        return;
    }
    PlanDraft::Edges lists;
    std::vector<OrderEdge> edges = collect_edges(manifest, draft, lists.dependencies);
    if (edges.empty()) {
        return;
    }
    const std::size_t count = manifest.services.size();
    const OrderGraph graph(count, edges);
    for (const std::size_t each : graph.start_order()) {
        lists.start_order.push_back(as_id(each));
    }
    sort_small(edges, [](const OrderEdge& a, const OrderEdge& b) {
        return a.to != b.to ? a.to < b.to : a.from < b.from;
    });
    for (const OrderEdge& edge : edges) {
        lists.dependents.push_back(as_id(edge.from));
    }
    std::size_t first_dependent = 0;
    for (std::size_t i = 0; i <= count; ++i) {
        while (first_dependent < edges.size() && edges[first_dependent].to < i) {
            ++first_dependent;
        }
        lists.begins.push_back({static_cast<std::uint32_t>(graph.first_edge(i)),
                                static_cast<std::uint32_t>(first_dependent)});
    }
    draft.connect(std::move(lists));
}

}  // namespace gosv::manifest
