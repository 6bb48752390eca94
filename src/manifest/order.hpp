#pragma once
// The graph of depends_on: services are numbers, an edge leads from who waits to what it waits for.
// Every function here takes time in proportion to nodes and edges (a logarithm more for the order)
// and recurses into nothing: a chain of all services is as good as a star.
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace gosv::manifest {

struct OrderEdge {
    std::size_t from = 0;
    std::size_t to = 0;
};

// Edges of the same `from` stand together, in rising order of it.
class OrderGraph {
  public:
    OrderGraph(std::size_t nodes, std::vector<OrderEdge> edges);

    std::size_t nodes() const noexcept { return first_.size() - 1; }

    std::span<const OrderEdge> edges() const noexcept { return edges_; }

    // Where the edges of a node begin; those of the next one follow, and one past the last is
    // there.
    std::size_t first_edge(std::size_t node) const noexcept { return first_[node]; }

    // Every node after all that it waits for, in rising order where nothing says otherwise. Nodes
    // of a cycle, and what waits for them, are missing.
    std::vector<std::size_t> start_order() const;

    // The cycles that must be broken: without one edge of each there are none left. Each as numbers
    // of edges, in the order in which they follow each other. `visit` answers whether to go on.
    void for_each_cycle(const std::function<bool(std::span<const std::size_t>)>& visit) const;

  private:
    std::vector<OrderEdge> edges_;
    std::vector<std::size_t> first_;
};

}  // namespace gosv::manifest
