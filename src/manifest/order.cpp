#include "order.hpp"

#include <algorithm>
#include <cstdint>
#include <queue>
#include <utility>

namespace gosv::manifest {

OrderGraph::OrderGraph(std::size_t nodes, std::vector<OrderEdge> edges)
    : edges_(std::move(edges)), first_(nodes + 1, 0) {
    for (const OrderEdge& edge : edges_) {
        ++first_[edge.from + 1];
    }
    for (std::size_t node = 0; node < nodes; ++node) {
        first_[node + 1] += first_[node];
    }
}

std::vector<std::size_t> OrderGraph::start_order() const {
    std::vector<std::size_t> waits_for(nodes(), 0);
    std::vector<std::vector<std::size_t>> dependents(nodes());
    for (const OrderEdge& edge : edges_) {
        ++waits_for[edge.from];
        dependents[edge.to].push_back(edge.from);
    }
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free;
    for (std::size_t node = 0; node < nodes(); ++node) {
        if (waits_for[node] == 0) {
            free.push(node);
        }
    }
    std::vector<std::size_t> order;
    order.reserve(nodes());
    while (!free.empty()) {
        const std::size_t node = free.top();
        free.pop();
        order.push_back(node);
        for (const std::size_t dependent : dependents[node]) {
            if (--waits_for[dependent] == 0) {
                free.push(dependent);
            }
        }
    }
    return order;
}

void OrderGraph::for_each_cycle(
    const std::function<bool(std::span<const std::size_t>)>& visit) const {
    // Depth first. An edge that leads back onto the path closes a cycle, and every cycle has one.
    constexpr std::size_t kNotOnPath = SIZE_MAX;
    std::vector<std::size_t> next = first_;               // the edge to be followed next
    std::vector<std::size_t> depth(nodes(), kNotOnPath);  // place on the path
    std::vector<bool> seen(nodes(), false);
    std::vector<std::size_t> path;   // nodes
    std::vector<std::size_t> edges;  // between them
    for (std::size_t root = 0; root < nodes(); ++root) {
        if (seen[root]) {
            continue;
        }
        seen[root] = true;
        depth[root] = 0;
        path.push_back(root);
        while (!path.empty()) {
            const std::size_t node = path.back();
            if (next[node] == first_[node + 1]) {
                depth[node] = kNotOnPath;
                path.pop_back();
                if (!edges.empty()) {
                    edges.pop_back();
                }
                continue;
            }
            const std::size_t edge = next[node]++;
            const std::size_t to = edges_[edge].to;
            if (depth[to] != kNotOnPath) {
                edges.push_back(edge);
                if (!visit(std::span(edges).subspan(depth[to]))) {
                    return;
                }
                edges.pop_back();
            } else if (!seen[to]) {
                seen[to] = true;
                depth[to] = path.size();
                path.push_back(to);
                edges.push_back(edge);
            }
        }
    }
}

}  // namespace gosv::manifest
