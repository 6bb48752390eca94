// The graph of depends_on by itself: orders, cycles, and what thousands of services cost.
#include "manifest/order.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace gosv::manifest;

namespace {

using Numbers = std::vector<std::size_t>;

std::vector<Numbers> cycles_of(const OrderGraph& graph) {
    std::vector<Numbers> cycles;
    graph.for_each_cycle([&](std::span<const std::size_t> cycle) {
        cycles.emplace_back(cycle.begin(), cycle.end());
        return true;
    });
    return cycles;
}

// Whether the edges follow each other and end where they begin.
bool is_cycle(const OrderGraph& graph, const Numbers& edges) {
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (graph.edges()[edges[i]].to != graph.edges()[edges[(i + 1) % edges.size()]].from) {
            return false;
        }
    }
    return !edges.empty();
}

}  // namespace

TEST_CASE("where nothing says otherwise services start in the order of the file") {
    CHECK(OrderGraph(3, {}).start_order() == Numbers{0, 1, 2});
    CHECK(OrderGraph(0, {}).start_order().empty());
}

TEST_CASE("a service starts after what it waits for, and no later than it must") {
    // 0 waits for 3, 1 for 0; 2 and 4 for nobody.
    CHECK(OrderGraph(5, {{0, 3}, {1, 0}}).start_order() == Numbers{2, 3, 0, 1, 4});
    // Two ways to the same one.
    CHECK(OrderGraph(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}}).start_order() == Numbers{3, 1, 2, 0});
}

TEST_CASE("a graph without cycles has none, whatever its shape") {
    CHECK(cycles_of(OrderGraph(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}})).empty());
    CHECK(cycles_of(OrderGraph(3, {{1, 0}, {2, 0}, {2, 1}})).empty());
}

TEST_CASE("each cycle is told by its edges") {
    // 0 -> 1 -> 2 -> 0, and apart from it 3 -> 4 -> 3; 5 leads into the first.
    const OrderGraph graph(6, {{0, 1}, {1, 2}, {2, 0}, {3, 4}, {4, 3}, {5, 0}});
    CHECK(cycles_of(graph) == std::vector<Numbers>{{0, 1, 2}, {3, 4}});
    CHECK(graph.start_order().empty());
}

TEST_CASE("without one edge of each cycle that is told there are none left") {
    // Every service waits for every other one.
    constexpr std::size_t kNodes = 7;
    std::vector<OrderEdge> edges;
    for (std::size_t from = 0; from < kNodes; ++from) {
        for (std::size_t to = 0; to < kNodes; ++to) {
            if (from != to) {
                edges.push_back({from, to});
            }
        }
    }
    const OrderGraph graph(kNodes, edges);
    const std::vector<Numbers> cycles = cycles_of(graph);
    std::vector<bool> removed(edges.size(), false);
    for (const Numbers& cycle : cycles) {
        CHECK(is_cycle(graph, cycle));
        removed[cycle.back()] = true;  // the one that leads back
    }
    std::vector<OrderEdge> rest;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (!removed[i]) {
            rest.push_back(edges[i]);
        }
    }
    CHECK(cycles_of(OrderGraph(kNodes, rest)).empty());
    CHECK(OrderGraph(kNodes, rest).start_order().size() == kNodes);
}

TEST_CASE("who has enough is told no more cycles") {
    int told = 0;
    OrderGraph(4, {{0, 1}, {1, 0}, {2, 3}, {3, 2}}).for_each_cycle([&](auto) {
        ++told;
        return false;
    });
    CHECK(told == 1);
}

// A recursion or anything quadratic would show here: a stack of 8 MiB, a test of minutes.
TEST_CASE("a chain of 200,000 services is ordered, and a ring of as many is found") {
    constexpr std::size_t kNodes = 200'000;
    std::vector<OrderEdge> edges;
    for (std::size_t i = 0; i + 1 < kNodes; ++i) {
        edges.push_back({i, i + 1});
    }
    const Numbers order = OrderGraph(kNodes, edges).start_order();
    REQUIRE(order.size() == kNodes);
    CHECK(order.front() == kNodes - 1);
    CHECK(std::is_sorted(order.rbegin(), order.rend()));

    edges.push_back({kNodes - 1, 0});
    const std::vector<Numbers> cycles = cycles_of(OrderGraph(kNodes, edges));
    REQUIRE(cycles.size() == 1);
    CHECK(cycles[0].size() == kNodes);
}
