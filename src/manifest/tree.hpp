#pragma once
// The neutral tree: what a YAML or JSON document says, with the place of everything and without a
// meaning. Aliases and merge keys are expanded, keys are unique, nothing here knows of YAML's
// types: a plain `10` is the text "10", and who decodes a key decides whether that is a number.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/manifest/diagnostic.hpp"

namespace gosv::manifest {

struct Entry;

struct Node {
    enum class Kind : std::uint8_t { null, scalar, list, map };
    Kind kind = Kind::null;
    bool quoted = false;         // scalar: in quotes, a block, or tagged !!str
    bool faulty = false;         // scalar: what is wrong with it has been reported
    bool verbatim = false;       // scalar: the source has the text letter by letter at text_at
    Position at;                 // of its first character, anchor and tag included
    Position text_at;            // only with verbatim
    std::string text;            // scalar
    std::vector<Node> items;     // list
    std::vector<Entry> entries;  // map, in the order of the file
};

struct Entry {
    std::string key;
    Position key_at;
    Node value;
};

// The entry of a map, nullptr when there is none.
const Entry* find(const Node& map, std::string_view key) noexcept;

// Where character `offset` of a scalar's text stands; the scalar itself when that cannot be told.
Position place_in(const Node& scalar, std::size_t offset) noexcept;

// "a list", "a mapping", "nothing" or the text in quotes, for messages.
std::string describe(const Node& node);

}  // namespace gosv::manifest
