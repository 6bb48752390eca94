// Order and readiness: whom a service waits for, and how it tells that it is ready.
#include <utility>

#include "decoders.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "name_index.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr Choice<std::optional<core::Condition>> kConditions[] = {
    {"ready", std::nullopt},
    {"service_started", core::Condition::started},
    {"service_healthy", core::Condition::healthy},
    {"service_completed_successfully", core::Condition::completed},
};

// What others call the same.
struct OtherName {
    std::string_view name;
    std::string_view own;
};

constexpr OtherName kOtherConditions[] = {
    {"service_ready", "ready"},
    {"process_log_ready", "ready"},
    {"started", "service_started"},
    {"start", "service_started"},
    {"running", "service_started"},
    {"process_started", "service_started"},
    {"healthy", "service_healthy"},
    {"process_healthy", "service_healthy"},
    {"completed", "service_completed_successfully"},
    {"success", "service_completed_successfully"},
    {"completed_successfully", "service_completed_successfully"},
    {"service_completed", "service_completed_successfully"},
    {"service_successful", "service_completed_successfully"},
    {"process_completed", "service_completed_successfully"},
    {"process_completed_successfully", "service_completed_successfully"},
};

constexpr std::int64_t kFirstFreeFd = 3;
constexpr std::int64_t kLastNotifyFd = 1023;  // the usual limit of open files, less one

void condition(const Field& field, DependsOn& edge) {
    if (field.node.kind == Node::Kind::scalar) {
        for (const OtherName& other : kOtherConditions) {
            if (field.node.text == other.name) {
                field.expected(
                    "one of ready, service_started, service_healthy, "
                    "service_completed_successfully",
                    concat({"did you mean ", quote(other.own), "?"}));
                return;
            }
        }
    }
    edge.condition = as_choice(field, kConditions).value_or(edge.condition);
}

void restart(const Field& field, DependsOn& edge) {
    edge.restart = as_boolean(field).value_or(edge.restart);
}

void required(const Field& field, DependsOn& edge) {
    edge.required = as_boolean(field).value_or(edge.required);
}

constexpr Key<DependsOn> kDependencyKeys[] = {
    {"condition", condition,
     "ready, service_started, service_healthy, service_completed_successfully", "ready"},
    {"restart", restart, "boolean", "false"},
    {"required", required, "boolean", "true"},
};

std::vector<DependsOn> short_form(const Field& field) {
    std::vector<DependsOn> edges;
    NameIndex seen;
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        const Field item = field.item(i);
        if (item.node.kind == Node::Kind::map) {
            item.expected("the name of a service",
                          "conditions need the long form: depends_on: {db: {condition: "
                          "service_healthy}}");
            continue;
        }
        auto name = as_word(item, "the name of a service");
        if (!name) {
            continue;
        }
        if (seen.add(item.node.text, i) != i) {
            item.error(concat({quote(*name), " is named twice"}), "remove one of the two");
            continue;
        }
        DependsOn edge;
        edge.name = *std::move(name);
        edge.at = item.at();
        edges.push_back(std::move(edge));
    }
    return edges;
}

std::vector<DependsOn> long_form(const Field& field) {
    std::vector<DependsOn> edges;
    for (const Entry& entry : field.node.entries) {
        const Field value = field.entry(entry);
        DependsOn edge;
        edge.name = entry.key;
        edge.at = entry.key_at;
        if (value.node.kind == Node::Kind::scalar) {
            value.expected("a mapping",
                           concat({"write ", entry.key, ": {condition: service_healthy}"}));
        } else if (value.node.kind != Node::Kind::null) {
            decode_mapping(value, Section::depends_on, dependency_keys(), edge);
        }
        edges.push_back(std::move(edge));
    }
    return edges;
}

}  // namespace

std::span<const Key<DependsOn>> dependency_keys() noexcept {
    return kDependencyKeys;
}

}  // namespace gosv::manifest

namespace gosv::manifest::decode {

void depends_on(const Field& field, ServiceDraft& draft) {
    std::vector<DependsOn> edges;
    if (field.node.kind == Node::Kind::list) {
        edges = short_form(field);
    } else if (field.node.kind == Node::Kind::map) {
        edges = long_form(field);
    } else {
        field.expected("a list or a mapping", field.node.kind == Node::Kind::scalar
                                                  ? "write it in brackets: [one, two]"
                                                  : "");
        return;
    }
    draft.depends_on = std::make_shared<const std::vector<DependsOn>>(std::move(edges));
}

void start_timeout(const Field& field, ServiceDraft& draft) {
    auto& timeout = draft.service.policy.start_timeout;
    timeout = as_duration(field).value_or(timeout);
}

void notify_fd(const Field& field, ServiceDraft& draft) {
    if (const auto fd = as_integer(field, kFirstFreeFd, kLastNotifyFd)) {
        draft.service.notify_fd = static_cast<int>(*fd);
    }
}

void watchdog(const Field& field, ServiceDraft& draft) {
    auto& watchdog = draft.service.policy.watchdog;
    watchdog = as_duration(field).value_or(watchdog);
}

void settle_readiness(const Field& service, ServiceDraft& draft) {
    const auto inherited = [&service](std::string_view key) {
        return find(service.node, key) == nullptr;
    };
    if (draft.service.type != ServiceType::notify && inherited("watchdog")) {
        draft.service.policy.watchdog = {};
    }
    if (draft.service.type != ServiceType::simple && inherited("notify_fd")) {
        draft.service.notify_fd.reset();
    }
}

}  // namespace gosv::manifest::decode
