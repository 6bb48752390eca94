#include "tree_builder.hpp"

#include <algorithm>
#include <utility>

#include "bounds.hpp"
#include "gosv/base/concat.hpp"
#include "name_index.hpp"
#include "path.hpp"
#include "quote.hpp"
#include "scalar_form.hpp"

namespace gosv::manifest {

namespace {

struct Size {
    std::size_t nodes = 0;
    std::size_t bytes = 0;
};

void add_size(const Node& node, Size& size) noexcept {
    ++size.nodes;
    size.bytes += node.text.size();
    for (const Node& item : node.items) {
        add_size(item, size);
    }
    for (const Entry& entry : node.entries) {
        size.bytes += entry.key.size();
        add_size(entry.value, size);
    }
}

// A null that is not written is reported at what follows it; where it is missing is behind what
// stands in front of it.
std::size_t place_of_null(std::string_view source, std::size_t offset) noexcept {
    const std::string_view rest = source.substr(std::min(offset, source.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n,]}#:"));
    if (word == "~" || word == "null" || word == "Null" || word == "NULL" ||
        rest.starts_with('&') || rest.starts_with('!') || rest.starts_with(':') || offset == 0) {
        return offset;
    }
    const std::size_t before = source.find_last_not_of(" \t\r\n", offset - 1);
    return before == source.npos ? offset : before;
}

}  // namespace

bool TreeBuilder::null(std::size_t offset, Anchor anchor) {
    Node node;
    node.at = source_.position(place_of_null(source_.text(), offset));
    return charge(offset, 1, 0) && complete(std::move(node), anchor);
}

bool TreeBuilder::scalar(std::size_t offset, Anchor anchor, std::string text, bool quoted,
                         bool faulty) {
    check_indentation(offset, false);
    const ScalarForm form = scalar_form(source_.text(), offset);
    Node node;
    node.kind = Node::Kind::scalar;
    node.quoted = quoted;
    node.faulty = faulty;
    node.at = source_.position(offset);
    node.text_at = source_.position(form.begin);
    if (!form.closed) {
        report_.error(source_.position(form.begin - 1), path(),
                      "the quote that is opened here is never closed",
                      form.style == ScalarForm::Style::single_quoted
                          ? "close it with '; a ' inside such a string is written ''"
                          : "close it with \"; a \" inside such a string is written \\\"");
        return false;
    }
    if (text.size() > kMaxString) {
        report_.error(node.at, path(), concat({"the string is longer than ", kMaxString, " bytes"}),
                      "no argument or variable can be longer (execve(2)): put it into a file");
        node.faulty = true;
        text.clear();
    }
    // What stands in the source has none.
    node.verbatim = form.style != ScalarForm::Style::block &&
                    source_.text().substr(form.begin, text.size()) == text;
    if (!node.verbatim && text.find('\0') != std::string::npos) {
        report_.error(node.at, path(), "the string has a NUL character",
                      "no argument, variable or path can have one: remove the \\0");
        node.faulty = true;
        text.clear();
    }
    node.text = std::move(text);
    return charge(offset, 1, node.text.size()) && complete(std::move(node), anchor);
}

bool TreeBuilder::alias(std::size_t offset, Anchor anchor) {
    const Position at = source_.position(offset);
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
        // The parser has seen the anchor, so what carries it is still open: we are inside of it.
        report_.error(at, path(), "the alias refers to what contains it, without end",
                      "an alias can only stand for something that ends before it");
        return false;
    }
    const Anchored& original = found->second;
    return charge(offset, original.nodes, original.bytes) && complete(Node(original.node), 0);
}

bool TreeBuilder::begin(std::size_t offset, Anchor anchor, Node::Kind kind, bool flow) {
    check_indentation(offset, flow);
    if (open_.size() == kMaxDepth) {
        report_.error(source_.position(offset), path(),
                      concat({"lists and mappings are nested more than ", kMaxDepth, " deep"}),
                      "no key of a manifest needs more than a few levels");
        return false;
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.at = source_.position(offset);
    frame.anchor = anchor;
    frame.flow = flow;
    open_.push_back(std::move(frame));
    return charge(offset, 1, 0);
}

bool TreeBuilder::end() {
    Frame frame = std::move(open_.back());
    open_.pop_back();
    if (frame.node.kind == Node::Kind::map) {
        finish_map(frame);
    }
    return complete(std::move(frame.node), frame.anchor);
}

TreeBuilder::OpenFlow TreeBuilder::innermost_open() const noexcept {
    const auto innermost =
        std::find_if(open_.rbegin(), open_.rend(), [](const auto& frame) { return frame.flow; });
    return innermost == open_.rend() ? OpenFlow{}
                                     : OpenFlow{innermost->node.kind, innermost->node.at};
}

bool TreeBuilder::charge(std::size_t offset, std::size_t nodes, std::size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ <= kMaxNodes && bytes_ <= kMaxTreeText) {
        return true;
    }
    report_.error(source_.position(offset), path(),
                  concat({"the manifest is too large: more than ",
                          nodes_ > kMaxNodes ? concat({kMaxNodes, " values"})
                                             : concat({kMaxTreeText >> 20, " MiB of text"}),
                          " when every alias is expanded"}),
                  "use fewer aliases of large pieces");
    return false;
}

// yaml-cpp takes a tab before a value of a block for white space; YAML allows no tab there. In
// brackets and braces, so in JSON, tabs are fine.
void TreeBuilder::check_indentation(std::size_t offset, bool flow) {
    if (open_.empty() ? flow : open_.back().flow) {
        return;
    }
    const std::size_t start = source_.line_start(offset);
    const std::string_view before = source_.text().substr(start, offset - start);
    const std::size_t tab = before.find('\t');
    if (tab != std::string_view::npos && before.find_first_not_of(" \t") == before.npos) {
        report_.error(source_.position(start + tab), path(), "a tab is used for indentation",
                      "YAML allows only spaces there");
    }
}

bool TreeBuilder::complete(Node&& node, Anchor anchor) {
    if (anchor != 0) {
        Size size;
        add_size(node, size);
        // The copy that is kept costs as much as one use.
        nodes_ += size.nodes;
        bytes_ += size.bytes;
        anchored_.insert_or_assign(anchor, Anchored{node, size.nodes, size.bytes});
    }
    if (open_.empty()) {
        root_ = std::move(node);
        return true;
    }
    Frame& parent = open_.back();
    if (parent.node.kind == Node::Kind::list) {
        parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
        take_key(parent, std::move(node));
    } else {
        parent.has_key = false;
        if (!parent.drops) {
            parent.node.entries.back().value = std::move(node);
        }
    }
    return true;
}

void TreeBuilder::take_key(Frame& frame, Node&& key) {
    frame.has_key = true;
    frame.drops = key.kind != Node::Kind::scalar;
    if (key.kind == Node::Kind::null) {
        report_.error(key.at, path(), "a key is missing here",
                      "write `key: value`; a key that is spelled null or ~ must be in quotes");
        return;
    }
    if (frame.drops) {
        report_.error(key.at, path(), concat({"a key must be text, not ", describe(key)}),
                      "text that begins with [ or { must be in quotes, \"${VAR}\" too");
        return;
    }
    frame.merges.push_back(key.text == "<<" && !key.quoted);
    frame.node.entries.push_back({std::move(key.text), key.at, {}});
}

void TreeBuilder::finish_map(Frame& frame) {
    remove_duplicates(frame);
    if (std::find(frame.merges.begin(), frame.merges.end(), true) != frame.merges.end()) {
        merge(frame);
    }
}

void TreeBuilder::remove_duplicates(Frame& frame) {
    NameIndex first;
    std::vector<Entry>& entries = frame.node.entries;
    std::vector<bool> twice(entries.size(), false);
    bool any_twice = false;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::size_t seen = first.add(entries[i].key, i);
        twice[i] = seen != i;
        if (seen != i) {
            any_twice = true;
            const Position at = entries[seen].key_at;
            report_.error(
                entries[i].key_at, child_path(path(), entries[i].key),
                concat({"the key ", quote(entries[i].key), " stands twice in this mapping"}),
                concat({"it is already at line ", at.line, ", column ", at.column,
                        ": keep one of the two"}));
        }
    }
    if (!any_twice) {
        return;
    }
    std::vector<Entry> kept;
    std::vector<bool> merges;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!twice[i]) {
            kept.push_back(std::move(entries[i]));
            merges.push_back(frame.merges[i]);
        }
    }
    entries = std::move(kept);
    frame.merges = std::move(merges);
}

// `<<: *base` or `<<: [*one, *two]`: what the map itself says wins, then what comes first.
void TreeBuilder::merge(Frame& frame) {
    std::vector<Entry> all = std::exchange(frame.node.entries, {});
    std::vector<Entry> sources;
    for (std::size_t i = 0; i < all.size(); ++i) {
        (frame.merges[i] ? sources : frame.node.entries).push_back(std::move(all[i]));
    }
    for (Entry& source : sources) {
        std::vector<Node> maps;
        if (source.value.kind == Node::Kind::list) {
            maps = std::move(source.value.items);
        } else {
            maps.push_back(std::move(source.value));
        }
        for (Node& map : maps) {
            if (map.kind == Node::Kind::map) {
                merge_from(frame.node, map);
            } else {
                report_.error(
                    source.key_at, path(),
                    concat({"<< takes a mapping or a list of mappings, not ", describe(map)}),
                    "write `<<: *anchor`; a key that is really named << must be in "
                    "quotes");
            }
        }
    }
}

void TreeBuilder::merge_from(Node& map, Node& from) {
    // No entry moves while `known` looks at its key.
    map.entries.reserve(map.entries.size() + from.entries.size());
    NameIndex known;
    for (const Entry& entry : map.entries) {
        known.add(entry.key, 0);
    }
    for (Entry& entry : from.entries) {
        if (!known.find(entry.key)) {
            map.entries.push_back(std::move(entry));
        }
    }
}

// Of the value being read, as far as keys tell it.
std::string TreeBuilder::path() const {
    std::string path;
    for (const Frame& frame : open_) {
        if (frame.node.kind == Node::Kind::list) {
            path = item_path(path, frame.node.items.size());
        } else if (frame.has_key && !frame.drops) {
            path = child_path(path, frame.node.entries.back().key);
        }
    }
    return path;
}

}  // namespace gosv::manifest
