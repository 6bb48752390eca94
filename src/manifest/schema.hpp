#pragma once
// Tables of keys. A mapping of the manifest is decoded by the table of its kind: every key has a
// decoder, a type and a default for the reference (src/manifest/README.md, which a test compares
// with these tables); what no table knows is an error with the way out.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
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

// Where the values of the keys of a table stand that a mapping has.
class Places {
  public:
    // `key` is the table's.
    void set(std::string_view key, Position at);
    const Position* find(std::string_view key) const noexcept;  // nullptr: it has no such key

  private:
    std::vector<std::pair<std::string_view, Position>> of_;
};

// The parts of decode_mapping that do not depend on the target.
bool is_extension(std::string_view key, Section section) noexcept;  // x-..., where it may stand
[[gnu::cold]] void report_unknown(const Field& field, std::string_view key, Section section,
                                  std::span<const std::string_view> known);

// Reports a field that is no mapping, and unknown keys. `given` gets the place of each known one.
template <class Target>
void decode_mapping(const Field& field, Section section, std::span<const Key<Target>> keys,
                    Target& target, Places* given = nullptr) {
    if (field.node.kind != Node::Kind::map) {
        field.expected("a mapping");
        return;
    }
    std::vector<std::string_view> known;  // when one is unknown
    for (const Entry& entry : field.node.entries) {
        if (is_extension(entry.key, section)) {
            continue;
        }
        const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key<Target>& each) {
            return each.name == entry.key;
        });
        const Field value = field.entry(entry);
        if (key == keys.end()) {
            for (std::size_t i = known.size(); i < keys.size(); ++i) {
                known.push_back(keys[i].name);
            }
            report_unknown(value, entry.key, section, known);
            continue;
        }
        if (value.node.kind != Node::Kind::null || !key->null_is_unset) {
            key->decode(value, target);
        }
        if (given != nullptr) {
            given->set(key->name, value.at());
        }
    }
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
