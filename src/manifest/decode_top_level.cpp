// The table of the top level's keys, and the way from the root to the services.
#include <algorithm>

#include "copies.hpp"
#include "decoders.hpp"
#include "draft.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "path.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr Choice<bool> kSnapshotFormats[] = {{"text", false}, {"json", true}};

constexpr Choice<CgroupMode> kCgroupModes[] = {
    {"auto", CgroupMode::automatic},
    {"required", CgroupMode::required},
    {"off", CgroupMode::off},
};

constexpr Choice<LogFormat> kLogFormats[] = {{"text", LogFormat::text}, {"json", LogFormat::json}};

constexpr Choice<LogLevel> kLogLevels[] = {
    {"error", LogLevel::error},
    {"warn", LogLevel::warn},
    {"info", LogLevel::info},
    {"debug", LogLevel::debug},
};

constexpr std::string_view kSmallest = "write services: {web: {command: [program, argument]}}";

constexpr std::uint8_t kKill = 9;
constexpr std::uint8_t kChld = 17;
constexpr std::uint8_t kStop = 19;

// A signal that gosv is to act on; KILL and STOP never arrive, and CHLD is for reaping.
std::optional<Signal> as_received_signal(const Field& field) {
    const auto signal = as_signal(field);
    if (signal && (signal->number == kKill || signal->number == kStop)) {
        field.error(concat({quote(field.node.text), " cannot be caught"}), "choose another signal");
        return std::nullopt;
    }
    if (signal && signal->number == kChld) {
        field.error(concat({quote(field.node.text), " tells gosv that a process has ended"}),
                    "choose another signal");
        return std::nullopt;
    }
    return signal;
}

// services and defaults: decoded when the rest is known (decode_manifest).
void decode_later(const Field&, ManifestDraft&) {}

void environment(const Field& field, ManifestDraft& draft) {
    decode::environment_changes(field, draft.environment);
}

void env_file(const Field& field, ManifestDraft& draft) {
    decode::env_file_changes(field, draft.from_files);
}

void stop_signals(const Field& field, ManifestDraft& draft) {
    if (field.node.kind != Node::Kind::list) {
        field.expected("a list", "write it like [TERM, INT, QUIT]");
        return;
    }
    if (field.node.items.empty()) {
        field.error("with no stop signal the container cannot be stopped in order",
                    "write [TERM], or remove the key for TERM, INT and QUIT");
        return;
    }
    std::vector<Signal>& signals = draft.manifest.stop_signals;
    signals.clear();
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        const auto signal = as_received_signal(field.item(i));
        if (signal && std::find(signals.begin(), signals.end(), *signal) == signals.end()) {
            signals.push_back(*signal);
        }
    }
}

void snapshot_signal(const Field& field, ManifestDraft& draft) {
    if (field.node.kind == Node::Kind::scalar && field.node.text == "none") {
        draft.manifest.snapshot_signal.reset();
    } else if (const auto signal = as_received_signal(field)) {
        draft.manifest.snapshot_signal = signal;
    }
}

void snapshot_format(const Field& field, ManifestDraft& draft) {
    bool& json = draft.manifest.snapshot_json;
    json = as_choice(field, kSnapshotFormats).value_or(json);
}

void snapshot_maps(const Field& field, ManifestDraft& draft) {
    if (field.node.kind == Node::Kind::scalar && field.node.text == "all") {
        draft.manifest.snapshot_maps.reset();
        return;
    }
    constexpr std::string_view kWhat = "a whole number or all";
    const auto* const text = as_text(field, kWhat);
    const auto number = text != nullptr ? parse_uint(*text) : std::nullopt;
    if (text != nullptr && (!number || *number > UINT32_MAX)) {
        field.expected(kWhat, "write decimal digits, or snapshot_maps: all");
    } else if (number) {
        draft.manifest.snapshot_maps = static_cast<std::uint32_t>(*number);
    }
}

void shutdown_timeout(const Field& field, ManifestDraft& draft) {
    Duration& timeout = draft.manifest.shutdown_timeout;
    timeout = as_duration(field).value_or(timeout);
}

void exit_code_from(const Field& field, ManifestDraft& draft) {
    draft.manifest.exit_code_from = as_word(field, "the name of a service");
}

void cgroup(const Field& field, ManifestDraft& draft) {
    CgroupMode& mode = draft.manifest.cgroup;
    mode = as_choice(field, kCgroupModes).value_or(mode);
}

void log_format(const Field& field, Manifest& manifest) {
    manifest.log_format = as_choice(field, kLogFormats).value_or(manifest.log_format);
}

void log_level(const Field& field, Manifest& manifest) {
    manifest.log_level = as_choice(field, kLogLevels).value_or(manifest.log_level);
}

void log(const Field& field, ManifestDraft& draft) {
    decode_mapping(field, Section::log, log_keys(), draft.manifest);
}

void version(const Field& field, ManifestDraft&) {
    field.context.report.warning(field.key_at, field.path.text(), "`version` has no effect",
                                 "remove it: manifests have no versions");
}

constexpr Key<ManifestDraft> kTopLevelKeys[] = {
    {"services", decode_later, "map or list", "required"},
    {"defaults", decode_later, "service mapping", "{}"},
    {"environment", environment, "map or list", "{}"},
    {"env_file", env_file, "path or list", "[]"},
    {"stop_signals", stop_signals, "list", "[TERM, INT, QUIT]"},
    {"snapshot_signal", snapshot_signal, "signal, none", "USR1"},
    {"snapshot_format", snapshot_format, "text, json", "text"},
    {"snapshot_maps", snapshot_maps, "integer, all", "10"},
    {"shutdown_timeout", shutdown_timeout, "duration", "9s"},
    {"exit_code_from", exit_code_from, "service", "unset"},
    {"cgroup", cgroup, "auto, required, off", "auto"},
    {"log", log, "map", "{}"},
    {"version", version, "anything", "unset"},
};

constexpr Key<Manifest> kLogKeys[] = {
    {"format", log_format, "text, json", "text"},
    {"level", log_level, "error, warn, info, debug", "info"},
};

// What a service is called, and where that stands.
struct Called {
    std::string name;
    Position name_at;
    Position at;  // of the service
    std::optional<std::size_t> nameless = std::nullopt;
};

void decode_into(const Field& field, const ServiceDraft& defaults, Called called,
                 ManifestDraft& draft) {
    const bool fits = may_copy(field, defaults.copied + draft.copied);
    if (fits) {
        draft.services.push_back(defaults);
    } else {
        draft.services.emplace_back();
    }
    ServiceDraft& whole = draft.services.back();
    whole.name_at = called.name_at;
    whole.nameless = called.nameless;
    whole.service.name = std::move(called.name);
    whole.service.at = called.at;
    whole.whole = fits && field.node.kind == Node::Kind::map;
    if (whole.whole) {
        decode_service(field, whole);
        finish_service(field, draft, whole);
    } else if (fits) {
        field.expected("a mapping", "write at least command: [program, argument] below the name");
    }
}

void decode_map_of_services(const Field& services, const ServiceDraft& defaults,
                            ManifestDraft& draft) {
    draft.services.reserve(services.node.entries.size());
    for (const Entry& entry : services.node.entries) {
        decode_into(services.entry(entry), defaults, {entry.key, entry.key_at, entry.key_at},
                    draft);
    }
}

void decode_list_of_services(const Field& services, const ServiceDraft& defaults,
                             ManifestDraft& draft) {
    draft.services.reserve(services.node.items.size());
    for (std::size_t i = 0; i < services.node.items.size(); ++i) {
        Field field = services.item(i);
        const Entry* const name = find(field.node, "name");
        Called called{{}, field.at(), field.at()};
        if (name != nullptr && name->value.kind == Node::Kind::scalar) {
            called.name = name->value.text;
            called.name_at = name->value.at;
            field.path = Path(services.path, name->value.text);
        } else {
            called.nameless = i;  // a name that is no text is reported by its decoder
            if (name == nullptr && field.node.kind == Node::Kind::map) {
                field.error("a service in a list needs a name",
                            "add name: NAME, or write `services` as a mapping from names to "
                            "services");
            }
        }
        decode_into(field, defaults, std::move(called), draft);
    }
}

// A misspelt `services` has been reported as such; that it is missing too would be noise.
bool is_misspelt(const Node& root) {
    constexpr std::string_view kServices[] = {"services"};
    return std::any_of(root.entries.begin(), root.entries.end(), [&](const Entry& entry) {
        return !nearest_name(entry.key, kServices, 1).empty();
    });
}

}  // namespace

std::span<const Key<ManifestDraft>> top_level_keys() noexcept {
    return kTopLevelKeys;
}

std::span<const Key<Manifest>> log_keys() noexcept {
    return kLogKeys;
}

ManifestDraft decode_manifest(const Node& root, Context& context) {
    ManifestDraft draft;
    draft.manifest.stop_signals = {Signal{15}, Signal{2}, Signal{3}};
    draft.manifest.snapshot_signal = Signal{10};
    draft.manifest.snapshot_maps = 10;
    const Field whole{root, root.at, Path(), context};
    ServiceDraft defaults;
    if (root.kind == Node::Kind::list) {
        decode_list_of_services({root, root.at, Path("services"), context}, defaults, draft);
        return draft;
    }
    if (root.kind != Node::Kind::map) {
        whole.expected("a mapping with the key `services`", kSmallest);
        return draft;
    }
    decode_mapping(whole, Section::top_level, top_level_keys(), draft, &draft.given);
    if (const Entry* const entry = find(root, "defaults")) {
        decode_service(whole.entry(*entry), defaults);
    }
    defaults.copied = copy_size(defaults);
    draft.copied = copy_size(draft.from_files) + copy_size(draft.environment);
    const Entry* const services = find(root, "services");
    if (services == nullptr && is_misspelt(root)) {
        return draft;
    }
    if (services == nullptr) {
        whole.error("the key `services` is missing", kSmallest);
        return draft;
    }
    const Field field = whole.entry(*services);
    if (field.node.kind == Node::Kind::map) {
        decode_map_of_services(field, defaults, draft);
    } else if (field.node.kind == Node::Kind::list) {
        decode_list_of_services(field, defaults, draft);
    } else {
        field.expected("a mapping or a list of services", kSmallest);
    }
    return draft;
}

}  // namespace gosv::manifest
