#include "explore/graph.hpp"

namespace gosv::explore {

std::vector<End> ends_along(const std::vector<Node>& nodes, std::uint32_t Node::*next,
                            bool (*is_end)(const Case&, const World&), const Case& explored) {
    std::vector<End> ends(nodes.size());
    std::vector<std::uint32_t> way;
    for (std::uint32_t from = 0; from < nodes.size(); ++from) {
        way.clear();
        std::uint32_t at = from;
        while (at != kNone && !ends[at].looked_at) {
            ends[at].looked_at = true;
            way.push_back(at);
            if (is_end(explored, nodes[at].world)) {
                ends[at].node = at;
            }
            at = nodes[at].*next;
        }
        // A state of this very way is met again when it turns in a circle: it has no end yet.
        End end = at != kNone ? ends[at] : End{};
        for (; !way.empty(); way.pop_back()) {
            if (ends[way.back()].node == kNone && end.node != kNone) {
                ends[way.back()].node = end.node;
                ends[way.back()].steps = end.steps + 1;
            }
            end = ends[way.back()];
        }
    }
    return ends;
}

}  // namespace gosv::explore
