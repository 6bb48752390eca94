#pragma once
// Tables of keys. A mapping of the manifest is decoded by the table of its kind: every key has a
// decoder, a type and a default for the reference (src/manifest/README.md, which a test compares
// with these tables); what no table knows is an error with the way out.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "field.hpp"

namespace gosv::manifest {

// The kinds of mappings, as the reference names them.
enum class Section : std::uint8_t { top_level, log, service, depends_on, healthcheck, limits };

template <class Target>
struct Key {
    std::string_view name;
    void (*decode)(const Field&, Target&);
    std::string_view type;      // "duration"
    std::string_view fallback;  // the default as the user would write it, or in words
    // The historic schema was written by programs that put null for "not given".
    bool null_is_unset = false;
};

// The part of decode_mapping that does not depend on the target. Reports a field that is no mapping
// and unknown keys, calls `visit` with the index of each known one.
using Visit = void (*)(std::size_t index, const Field& field, void* with);
void walk_mapping(const Field& field, Section section, std::span<const std::string_view> names,
                  Visit visit, void* with);

template <class Target>
void decode_mapping(const Field& field, Section section, std::span<const Key<Target>> keys,
                    Target& target) {
    std::vector<std::string_view> names;
    for (const Key<Target>& key : keys) {
        names.push_back(key.name);
    }

    struct With {
        std::span<const Key<Target>> keys;
        Target& target;
    } with{keys, target};

    walk_mapping(
        field, section, names,
        [](std::size_t index, const Field& entry, void* opaque) {
            auto& [table, out] = *static_cast<With*>(opaque);
            const Key<Target>& key = table[index];
            if (entry.node.kind != Node::Kind::null || !key.null_is_unset) {
                key.decode(entry, out);
            }
        },
        &with);
}

// What gosv does not know, but has something to say about.
struct ForeignKey {
    std::string_view name;
    std::string_view hint;
    bool later = false;  // a name of gosv's own: "not yet" instead of "unknown"
};

// Whatever the case, and with or without underscores: `RestartSec` is `restart_sec`. Null when
// there is nothing to say.
const ForeignKey* find_foreign_key(Section section, std::string_view key) noexcept;

// All tables, for the reference's test.
struct DocumentedKey {
    Section section;
    std::string_view name;
    std::string_view type;
    std::string_view fallback;
};

std::vector<DocumentedKey> documented_keys();

}  // namespace gosv::manifest
