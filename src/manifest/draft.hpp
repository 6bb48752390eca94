#pragma once
// The manifest while it is being decoded: what a service says before its defaults, its environment
// and its command are put together, and where it says so, for the rules between keys
// (validate.hpp).
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/manifest/manifest.hpp"
#include "schema.hpp"

namespace gosv::manifest {

// `healthcheck`, apart from when and how often, which is in the policy.
struct HealthDraft {
    std::optional<Probe> probe;  // nullopt: not said, or said wrongly
    bool said = false;           // there is a key that says what to ask, right or wrong
    bool disabled = false;
};

// `defaults` is decoded into one of these, and each service into a copy of that. Decoders of lists
// and single values replace what is there, decoders of maps (environment, limits, signals, ulimits)
// add to it key by key: that is all there is to merging.
struct ServiceDraft {
    Service service;
    Position name_at;
    // An item of a list that has no name, which has been reported: its place in the list.
    std::optional<std::size_t> nameless;
    bool enabled = true;
    std::size_t copied = 0;  // of `defaults`: copy_size()
    bool whole = false;      // it is a mapping, so that rules between its keys make sense

    std::optional<std::string> program;  // `command` as a string
    Position program_at;
    const Node* program_node = nullptr;  // likewise, for places in it
    std::vector<std::string> command;    // `command` as a list
    std::vector<std::string> args;

    EnvironmentChanges from_files;
    EnvironmentChanges environment;

    // Shared, not copied: one long list in `defaults` for thousands of services stays one.
    std::shared_ptr<const std::vector<DependsOn>> depends_on;
    HealthDraft health;

    std::optional<core::RestartPolicy> restart;
    std::optional<std::uint32_t> restart_count;  // N of on-failure:N
    std::optional<std::uint32_t> max_restarts;
    std::optional<Duration> restart_max_delay;

    // Those of `defaults` as long as the service has none of its own.
    Places given;

    std::string path() const;  // "services.web"

    bool has(std::string_view key) const noexcept { return given.find(key) != nullptr; }

    Position place_of(std::string_view key) const noexcept {
        const Position* const at = given.find(key);
        return at == nullptr ? service.at : *at;
    }
};

struct ManifestDraft {
    Manifest manifest;  // its `services` stay empty until all is well
    std::vector<ServiceDraft> services;
    EnvironmentChanges from_files;
    EnvironmentChanges environment;
    std::size_t copied = 0;  // of the two above: copy_size()
    Places given;            // top level
};

// The tables (each where its keys are decoded: decode_top_level.cpp, decode_service.cpp, ...).
std::span<const Key<ManifestDraft>> top_level_keys() noexcept;
std::span<const Key<Manifest>> log_keys() noexcept;
std::span<const Key<ServiceDraft>> service_keys() noexcept;
std::span<const Key<DependsOn>> dependency_keys() noexcept;
std::span<const Key<ServiceDraft>> health_keys() noexcept;
std::span<const Key<ServiceDraft>> limit_keys() noexcept;

// Decodes the root: a mapping, or (historic) a list of services.
ManifestDraft decode_manifest(const Node& root, Context& context);

// Decodes one service, or `defaults`, over what is in the draft. `field` must be a mapping.
void decode_service(const Field& field, ServiceDraft& draft);

// Puts together what depends on several keys: argv, environment, restart policy.
void finish_service(const Field& field, const ManifestDraft& manifest, ServiceDraft& draft);

}  // namespace gosv::manifest
