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
    return field.path.text().starts_with("defaults.") ? "in `defaults`"
                                                      : std::string(where(section));
}

template <class Target>
void append(std::vector<DocumentedKey>& all, Section section, std::span<const Key<Target>> keys) {
    for (const Key<Target>& key : keys) {
        all.push_back({section, key.name, key.type, key.fallback});
    }
}

}  // namespace

void Places::set(std::string_view key, Position at) {
    for (auto& [known, place] : of_) {
        if (known == key) {
            place = at;
            return;
        }
    }
    of_.emplace_back(key, at);
}

const Position* Places::find(std::string_view key) const noexcept {
    for (const auto& [known, place] : of_) {
        if (known == key) {
            return &place;
        }
    }
    return nullptr;
}

bool is_extension(std::string_view key, Section section) noexcept {
    return key.starts_with("x-") && (section == Section::top_level || section == Section::service);
}

void report_unknown(const Field& field, std::string_view key, Section section,
                    std::span<const std::string_view> known) {
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
    std::string keys = "the keys are ";
    for (std::size_t i = 0; i < known.size(); ++i) {
        append_to(keys, {i > 0 ? ", " : "", known[i]});
    }
    const bool few = known.size() < 10;
    field.error_at(field.key_at, unknown,
                   nearest_hint(key, known, few ? keys : "the reference lists the keys"));
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
