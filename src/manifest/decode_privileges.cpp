// Who a service runs as, and what it may do.
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "capability_names.hpp"
#include "decoders.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "quote.hpp"

namespace gosv::manifest::decode {

namespace {

constexpr std::string_view kUserHint = "write it like www-data, 1000 or 1000:1000";

// compose's names.
constexpr Choice<int> kUlimits[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

// A name, or a number that fits a uid_t and is not -1.
bool is_identity(std::string_view text) noexcept {
    if (text.empty() || text.find_first_of(" \t\n:/") != text.npos || text.front() == '-') {
        return false;
    }
    if (text.find_first_not_of("0123456789") != text.npos) {
        return true;
    }
    const auto number = parse_uint(text);
    return number && *number < UINT32_MAX;
}

std::optional<std::uint64_t> limit_value(const Field& field) {
    constexpr std::string_view kWhat = "a whole number or unlimited";
    const auto* const text = as_text(field, kWhat);
    if (text == nullptr) {
        return std::nullopt;
    }
    if (*text == "unlimited" || *text == "-1") {
        return UINT64_MAX;
    }
    const auto number = parse_uint(*text);
    if (!number) {
        field.expected(kWhat, "write decimal digits, unlimited or -1");
    }
    return number;
}

std::optional<ResourceLimit> soft_and_hard(const Field& field) {
    std::optional<std::uint64_t> soft;
    std::optional<std::uint64_t> hard;
    bool fine = true;
    for (const Entry& entry : field.node.entries) {
        const Field value = field.entry(entry);
        if (entry.key == "soft" || entry.key == "hard") {
            auto& limit = entry.key == "soft" ? soft : hard;
            limit = limit_value(value);
            fine = fine && limit;
        } else {
            value.error_at(value.key_at, concat({"unknown key ", quote(entry.key), " in a ulimit"}),
                           "the keys are soft, hard");
            fine = false;
        }
    }
    if (fine && !(soft && hard)) {
        field.error(concat({"the ", soft ? "hard" : "soft", " limit is missing"}),
                    "write {soft: N, hard: N}, or N for both");
        return std::nullopt;
    }
    if (fine && *soft > *hard) {
        field.error("the soft limit is above the hard one", "the kernel takes no such pair");
        return std::nullopt;
    }
    return fine ? std::optional(ResourceLimit{0, *soft, *hard}) : std::nullopt;
}

void one_ulimit(const Field& field, int resource, std::vector<ResourceLimit>& ulimits) {
    std::optional<ResourceLimit> limit;
    if (field.node.kind == Node::Kind::map) {
        limit = soft_and_hard(field);
    } else if (const auto value = limit_value(field)) {
        limit = ResourceLimit{0, *value, *value};
    }
    if (!limit) {
        return;
    }
    limit->resource = resource;
    std::erase_if(ulimits, [&](const ResourceLimit& old) { return old.resource == resource; });
    ulimits.push_back(*limit);
}

std::string upper(std::string text) {
    for (char& c : text) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    return text;
}

// The names of a list as bits, and whether ALL is among them.
void capability_list(const Field& field, std::uint64_t& bits, bool& all) {
    bits = 0;
    all = false;
    if (field.node.kind != Node::Kind::list) {
        field.expected("a list", "write it like [NET_BIND_SERVICE] or [ALL]");
        return;
    }
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        const Field item = field.item(i);
        const auto text = as_word(item, "a capability");
        if (!text) {
            continue;
        }
        std::string name = upper(*text);
        if (name.starts_with("CAP_")) {
            name.erase(0, 4);
        }
        const auto number = capability_number(name);
        if (name == "ALL") {
            all = true;
        } else if (number) {
            bits |= std::uint64_t{1} << *number;
        } else {
            item.expected(
                "a capability",
                nearest_hint(name, capability_names(),
                             "write it like NET_BIND_SERVICE; capabilities(7) lists them"));
        }
    }
}

}  // namespace

void user(const Field& field, ServiceDraft& draft) {
    const auto text = as_word(field, "a user");
    if (!text) {
        return;
    }
    const std::size_t colon = text->find(':');
    UserSpec spec{text->substr(0, colon), std::nullopt};
    if (colon != std::string::npos) {
        spec.group = text->substr(colon + 1);
    }
    if (!is_identity(spec.user) || (spec.group && !is_identity(*spec.group))) {
        field.expected("user or user:group, names or numbers", kUserHint);
        return;
    }
    draft.service.user = std::move(spec);
    draft.service.user_at = field.at();
}

void group_add(const Field& field, ServiceDraft& draft) {
    draft.service.group_add.clear();
    draft.service.group_add_at = field.at();
    const auto words = as_words(field, "a group");
    for (std::size_t i = 0; words && i < words->size(); ++i) {
        if (is_identity((*words)[i])) {
            draft.service.group_add.push_back((*words)[i]);
        } else {
            field.item(i).expected("a group, by name or number");
        }
    }
}

void oom_score_adj(const Field& field, ServiceDraft& draft) {
    if (const auto number = as_integer(field, -1000, 1000)) {
        draft.service.oom_score_adj = static_cast<int>(*number);
    }
}

void nice(const Field& field, ServiceDraft& draft) {
    if (const auto number = as_integer(field, -20, 19)) {
        draft.service.nice = static_cast<int>(*number);
    }
}

void ulimits(const Field& field, ServiceDraft& draft) {
    if (field.node.kind != Node::Kind::map) {
        field.expected("a mapping", "write {nofile: 65536}");
        return;
    }
    std::vector<std::string_view> names;
    for (const auto& known : kUlimits) {
        names.push_back(known.name);
    }
    for (const Entry& entry : field.node.entries) {
        const Field limit = field.entry(entry);
        const auto* const known =
            std::find_if(std::begin(kUlimits), std::end(kUlimits),
                         [&](const auto& one) { return one.name == entry.key; });
        if (known == std::end(kUlimits)) {
            limit.error_at(
                limit.key_at, concat({"unknown resource ", quote(entry.key)}),
                nearest_hint(entry.key, names, "names are those of compose: nofile, nproc, ..."));
        } else {
            one_ulimit(limit, known->value, draft.service.ulimits);
        }
    }
}

void cap_add(const Field& field, ServiceDraft& draft) {
    Capabilities& capabilities = draft.service.capabilities;
    capability_list(field, capabilities.add, capabilities.add_all);
}

void cap_drop(const Field& field, ServiceDraft& draft) {
    Capabilities& capabilities = draft.service.capabilities;
    capability_list(field, capabilities.drop, capabilities.drop_all);
}

void no_new_privileges(const Field& field, ServiceDraft& draft) {
    draft.service.no_new_privileges = as_boolean(field).value_or(draft.service.no_new_privileges);
}

}  // namespace gosv::manifest::decode
