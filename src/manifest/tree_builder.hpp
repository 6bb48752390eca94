#pragma once
// Builds the tree from parser events: expands aliases, applies merge keys, refuses duplicate keys
// and whatever exceeds the bounds. Knows YAML's data model but no YAML library.
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "report.hpp"
#include "source.hpp"
#include "tree.hpp"

namespace gosv::manifest {

class TreeBuilder {
  public:
    TreeBuilder(const Source& source, Report& report) : source_(source), report_(report) {}

    using Anchor = std::size_t;  // 0: none

    // Each returns false when it makes no sense to go on; the reason has been reported.
    bool null(std::size_t offset, Anchor anchor);
    bool scalar(std::size_t offset, Anchor anchor, std::string text, bool quoted, bool faulty);
    bool alias(std::size_t offset, Anchor anchor);
    bool begin(std::size_t offset, Anchor anchor, Node::Kind kind, bool flow);
    bool end();

    // The collection in brackets or braces that was opened last and not closed.
    struct OpenFlow {
        Node::Kind kind = Node::Kind::null;  // null: there is none
        Position at;
    };

    OpenFlow innermost_open() const noexcept;

    Node take_root() { return std::move(root_); }

  private:
    struct Frame {
        Node node;
        Anchor anchor = 0;
        bool flow = false;
        bool has_key = false;  // map: the key of the last entry has been read, its value is next
        bool drops = false;    // map: that key is no key, its value is dropped
        // map: of each entry, whether its key is a plain `<<`.
        std::vector<bool> merges;
    };

    struct Anchored {
        Node node;
        std::size_t nodes = 0;
        std::size_t bytes = 0;
    };

    bool charge(std::size_t offset, std::size_t nodes, std::size_t bytes);
    void check_indentation(std::size_t offset, bool flow);
    bool complete(Node&& node, Anchor anchor);
    void take_key(Frame& frame, Node&& key);
    void finish_map(Frame& frame);
    void remove_duplicates(Frame& frame);
    void merge(Frame& frame);
    void merge_from(Node& map, Node& from);
    std::string path() const;

    const Source& source_;
    Report& report_;
    std::vector<Frame> open_;
    std::map<Anchor, Anchored> anchored_;
    Node root_;
    std::size_t nodes_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace gosv::manifest
