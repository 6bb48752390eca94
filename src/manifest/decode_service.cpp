// The table of a service's keys, and what is done with a whole service.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

#include "decoders.hpp"
#include "draft.hpp"
#include "gosv/base/concat.hpp"
#include "path.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

void decode_name(const Field& field, ServiceDraft& draft) {
    const auto* const name = as_text(field, "a name");
    if (name == nullptr || draft.nameless || *name == draft.service.name) {
        return;
    }
    if (draft.service.name.empty()) {
        field.error_at(field.key_at, "defaults cannot have a name", "remove it");
    } else {
        field.error(
            concat({"the service is named ", quote(draft.service.name), " by its key already"}),
            "remove `name`, which only a list of services needs");
    }
}

constexpr Key<ServiceDraft> kServiceKeys[] = {
    {"name", decode_name, "name", "the key in `services`"},
    {"command", decode::command, "list or string", "required"},
    {"args", decode::args, "list", "[]", true},
    {"enabled", decode::enabled, "boolean", "true"},
    {"type", decode::type, "simple, notify, oneshot", "simple"},
    {"working_dir", decode::working_dir, "path", "inherited"},
    {"umask", decode::umask, "octal", "inherited"},
    {"environment", decode::environment, "map or list", "{}"},
    {"env_file", decode::env_file, "path or list", "[]"},
    {"user", decode::user, "user[:group]", "gosv's own"},
    {"group_add", decode::group_add, "list", "[]"},
    {"stdin", decode::stdin_mode, "null, inherit", "null"},
    {"tty", decode::tty, "boolean", "false"},
    {"depends_on", decode::depends_on, "list or map", "[]"},
    {"start_timeout", decode::start_timeout, "duration", "0"},
    {"healthcheck", decode::healthcheck, "map", "none"},
    {"notify_fd", decode::notify_fd, "integer", "unset"},
    {"watchdog", decode::watchdog, "duration", "0"},
    {"restart", decode::restart, "no, on-failure[:N], always, unless-stopped",
     "always (oneshot: no)"},
    {"max_restarts", decode::max_restarts, "integer, unlimited", "3", true},
    {"restart_delay", decode::restart_delay, "duration", "1s"},
    {"restart_multiplier", decode::restart_multiplier, "number", "2"},
    {"restart_max_delay", decode::restart_max_delay, "duration", "30s"},
    {"stable_after", decode::stable_after, "duration", "60s"},
    {"success_exit_status", decode::success_exit_status, "list", "[0]"},
    {"failure_action", decode::failure_action, "exit, none", "exit"},
    {"success_action", decode::success_action, "exit, none", "none"},
    {"stop_signal", decode::stop_signal, "signal", "SIGTERM"},
    {"stop_grace_period", decode::stop_grace_period, "duration", "8s"},
    {"kill_mode", decode::kill_mode, "group, process, mixed", "group"},
    {"stop_command", decode::stop_command, "list or string", "[]"},
    {"signals", decode::signals, "map", "{}"},
    {"limits", decode::limits, "map", "{}"},
    {"memory_mb", decode::memory_mb, "integer", "no limit", true},
    {"cpu_percent", decode::cpu_percent, "number", "no limit", true},
    {"mem_limit", decode::mem_limit, "size", "no limit"},
    {"cpus", decode::cpus, "cpus", "no limit"},
    {"pids_limit", decode::pids_limit, "integer, max", "no limit"},
    {"oom_policy", decode::oom_policy, "restart, exit, continue", "restart"},
    {"oom_score_adj", decode::oom_score_adj, "integer", "inherited"},
    {"nice", decode::nice, "integer", "inherited"},
    {"ulimits", decode::ulimits, "map", "{}"},
    {"cap_add", decode::cap_add, "list", "[]"},
    {"cap_drop", decode::cap_drop, "list", "[]"},
    {"no_new_privileges", decode::no_new_privileges, "boolean", "false"},
};

// What a limit is called beside limits.
constexpr std::string_view kMemory[] = {"mem_limit", "memory_mb"};
constexpr std::string_view kCpus[] = {"cpus", "cpu_percent"};
constexpr std::string_view kPids[] = {"pids_limit"};

// Two spellings of one limit in the same mapping contradict each other, or will one day.
void check_spellings(const Field& field, std::string_view limit,
                     std::span<const std::string_view> others) {
    const Entry* const limits = find(field.node, "limits");
    const Entry* seen = limits != nullptr ? find(limits->value, limit) : nullptr;
    std::string_view first;  // seen beside limits
    for (const std::string_view other : others) {
        const Entry* const entry = find(field.node, other);
        if (entry == nullptr) {
            continue;
        }
        if (seen != nullptr) {
            const std::string name =
                first.empty() ? concat({"limits.", limit}) : std::string(first);
            field.context.report.error(
                entry->key_at, field.entry(*entry).path.text(),
                concat({quote(other), " and ", quote(name), " are two names of the same limit"}),
                "keep one of them");
        } else {
            seen = entry;
            first = other;
        }
    }
}

}  // namespace

std::string ServiceDraft::path() const {
    return nameless ? item_path("services", *nameless) : child_path("services", service.name);
}

std::span<const Key<ServiceDraft>> service_keys() noexcept {
    return kServiceKeys;
}

void decode_service(const Field& field, ServiceDraft& draft) {
    decode_mapping(field, Section::service, service_keys(), draft, &draft.given);
    check_spellings(field, "memory", kMemory);
    check_spellings(field, "cpus", kCpus);
    check_spellings(field, "pids", kPids);
}

void finish_service(const Field& field, const ManifestDraft& manifest, ServiceDraft& draft) {
    decode::join_command(field, draft);
    decode::settle_restart(draft);
    decode::settle_readiness(field, draft);
    decode::settle_health(field, draft);
    EnvironmentChanges& all = draft.service.environment;
    all.reserve(manifest.from_files.size() + manifest.environment.size() + draft.from_files.size() +
                draft.environment.size());
    for (const EnvironmentChanges* const changes : {&manifest.from_files, &manifest.environment}) {
        all.insert(all.end(), changes->begin(), changes->end());
    }
    for (EnvironmentChanges* const changes : {&draft.from_files, &draft.environment}) {
        std::move(changes->begin(), changes->end(), std::back_inserter(all));
    }
}

}  // namespace gosv::manifest
