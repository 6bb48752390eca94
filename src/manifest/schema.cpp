#include "schema.hpp"

#include <string>

#include "draft.hpp"
#include "gosv/base/concat.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

std::string_view where(Section section) noexcept {
    switch (section) {
        case Section::top_level:
            return "at the top level";
        case Section::log:
            return "in log";
        case Section::service:
            return "in a service";
        case Section::depends_on:
            return "in depends_on";
        case Section::healthcheck:
            return "in healthcheck";
        case Section::limits:
            return "in limits";
    }
    return {};
}

// A service that stands where `services` belongs.
bool looks_like_service(const Node& node) noexcept {
    return node.kind == Node::Kind::map &&
           (find(node, "command") != nullptr || find(node, "image") != nullptr);
}

// Where a key is unknown, for the message.
std::string place_of(const Field& field, Section section) {
    return field.path.starts_with("defaults.") ? "in `defaults`" : std::string(where(section));
}

void report_unknown(const Field& field, const std::string& key, Section section,
                    std::span<const std::string_view> names) {
    if (field.context.report.full()) {
        field.error("unknown key");
        return;
    }
    const std::string unknown = concat({"unknown key ", quote(key), " ", place_of(field, section)});
    if (const ForeignKey* const foreign = find_foreign_key(section, key)) {
        field.error_at(field.key_at,
                       foreign->later ? concat({quote(key), " is not yet supported"}) : unknown,
                       std::string(foreign->hint));
        return;
    }
    if (section == Section::top_level && looks_like_service(field.node)) {
        field.error_at(field.key_at, unknown, "services are written below `services:`, indented");
        return;
    }
    std::string known = "the keys are ";
    for (std::size_t i = 0; i < names.size(); ++i) {
        append_to(known, {i > 0 ? ", " : "", names[i]});
    }
    const bool few = names.size() < 10;
    field.error_at(field.key_at, unknown,
                   nearest_hint(key, names, few ? known : "the reference lists the keys"));
}

template <class Target>
void append(std::vector<DocumentedKey>& all, Section section, std::span<const Key<Target>> keys) {
    for (const Key<Target>& key : keys) {
        all.push_back({section, key.name, key.type, key.fallback});
    }
}

}  // namespace

void walk_mapping(const Field& field, Section section, std::span<const std::string_view> names,
                  Visit visit, void* with) {
    if (field.node.kind != Node::Kind::map) {
        field.expected("a mapping");
        return;
    }
    const bool extensible = section == Section::top_level || section == Section::service;
    for (const Entry& entry : field.node.entries) {
        if (extensible && entry.key.starts_with("x-")) {
            continue;
        }
        const Field value = field.entry(entry);
        std::size_t i = 0;
        while (i < names.size() && names[i] != entry.key) {
            ++i;
        }
        if (i < names.size()) {
            visit(i, value, with);
        } else {
            report_unknown(value, entry.key, section, names);
        }
    }
}

std::vector<DocumentedKey> documented_keys() {
    std::vector<DocumentedKey> all;
    append(all, Section::top_level, top_level_keys());
    append(all, Section::log, log_keys());
    append(all, Section::service, service_keys());
    append(all, Section::depends_on, dependency_keys());
    append(all, Section::healthcheck, health_keys());
    append(all, Section::limits, limit_keys());
    return all;
}

}  // namespace gosv::manifest
