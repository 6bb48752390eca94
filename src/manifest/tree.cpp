#include "tree.hpp"

#include "quote.hpp"

namespace gosv::manifest {

const Entry* find(const Node& map, std::string_view key) noexcept {
    for (const Entry& entry : map.entries) {
        if (entry.key == key) {
            return &entry;
        }
    }
    return nullptr;
}

Position place_in(const Node& scalar, std::size_t offset) noexcept {
    if (!scalar.verbatim) {
        return scalar.at;
    }
    return {scalar.text_at.line, scalar.text_at.column + static_cast<int>(offset)};
}

std::string describe(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "nothing";
        case Node::Kind::scalar:
            return quote(node.text);
        case Node::Kind::list:
            return "a list";
        case Node::Kind::map:
            return "a mapping";
    }
    return {};
}

}  // namespace gosv::manifest
