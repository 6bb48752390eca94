// Limits of the cgroup: `limits`, and its historic and compose spellings.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "decoders.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::manifest {

namespace {

using Size = std::optional<std::uint64_t>;

constexpr std::uint64_t kMax = UINT64_MAX;
constexpr std::int64_t kMostPids = 4194304;  // PID_MAX_LIMIT, proc(5)
constexpr std::uint32_t kLeastCpus = 10;     // cpu.max takes no quota below 1 ms of 100

constexpr Choice<OomPolicy> kOomPolicies[] = {
    {"restart", OomPolicy::restart},
    {"exit", OomPolicy::exit},
    {"continue", OomPolicy::proceed},
};

bool is(const Field& field, std::string_view word) {
    return field.node.kind == Node::Kind::scalar && field.node.text == word;
}

template <Size Limits::*Member>
void size(const Field& field, ServiceDraft& draft) {
    draft.service.limits.*Member = as_size(field);
}

// An upper limit so low that nothing starts is mostly a forgotten unit.
template <Size Limits::*Member>
void upper_size(const Field& field, ServiceDraft& draft) {
    const Size limit = as_size(field);
    if (limit && *limit == 0) {
        field.error("a limit of 0 lets nothing run", "write max for no limit");
        return;
    }
    if (limit && *limit < (std::uint64_t{1} << 20)) {
        field.warning("the limit is below 1 MiB, too little for most programs to start",
                      "a number without a unit is bytes: write 256M for megabytes");
    }
    draft.service.limits.*Member = limit;
}

void set_cpus(const Field& field, std::optional<std::uint32_t> milli, ServiceDraft& draft) {
    if (milli && *milli < kLeastCpus) {
        field.error("the limit is below 0.01 CPUs, the least that the kernel takes",
                    "write max for no limit");
        return;
    }
    draft.service.limits.cpus_milli = milli;
}

void cpu_limit(const Field& field, ServiceDraft& draft) {
    if (is(field, "max")) {
        draft.service.limits.cpus_milli.reset();
        return;
    }
    const auto* const text = as_text(field, "a number of CPUs");
    if (text == nullptr) {
        return;
    }
    const auto milli = parse_cpus(*text);
    if (!milli) {
        field.expected("a number of CPUs", "write it like 2, 0.5 or 50%, or max for no limit");
        return;
    }
    set_cpus(field, milli, draft);
}

template <std::optional<std::uint32_t> Limits::*Member>
void weight(const Field& field, ServiceDraft& draft) {
    if (const auto number = as_integer(field, 1, 10000)) {
        draft.service.limits.*Member = static_cast<std::uint32_t>(*number);
    }
}

void pids(const Field& field, ServiceDraft& draft) {
    if (is(field, "max")) {
        draft.service.limits.pids = kMax;
    } else if (is(field, "0")) {
        field.error("a limit of 0 lets nothing run", "write max for no limit");
    } else if (const auto number = as_integer(field, 1, kMostPids)) {
        draft.service.limits.pids = static_cast<std::uint64_t>(*number);
    }
}

bool take_number(std::string_view& text, std::uint64_t& number) noexcept {
    const auto value = parse_uint(text.substr(0, text.find_first_not_of("0123456789")));
    if (!value || *value > 65535) {
        return false;
    }
    number = *value;
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
    return true;
}

// "0-3,6": as cpuset.cpus takes it.
bool is_cpu_list(std::string_view text) noexcept {
    while (true) {
        std::uint64_t first = 0;
        if (!take_number(text, first)) {
            return false;
        }
        std::uint64_t last = first;
        if (text.starts_with('-')) {
            text.remove_prefix(1);
            if (!take_number(text, last) || last < first) {
                return false;
            }
        }
        if (text.empty()) {
            return true;
        }
        if (text.front() != ',') {
            return false;
        }
        text.remove_prefix(1);
    }
}

void cpuset(const Field& field, ServiceDraft& draft) {
    const auto* const text = as_text(field, "a list of CPUs");
    if (text != nullptr && !is_cpu_list(*text)) {
        field.expected("a list of CPUs", "write it like \"0-3,6\"");
        return;
    }
    draft.service.limits.cpuset = text != nullptr ? std::optional(*text) : std::nullopt;
}

constexpr Key<ServiceDraft> kLimitKeys[] = {
    {"memory", upper_size<&Limits::memory>, "size", "no limit"},
    {"memory_high", upper_size<&Limits::memory_high>, "size", "no limit"},
    {"memory_low", size<&Limits::memory_low>, "size", "0"},
    {"memory_swap", size<&Limits::memory_swap>, "size", "no limit"},
    {"cpus", cpu_limit, "cpus", "no limit"},
    {"cpu_weight", weight<&Limits::cpu_weight>, "integer", "100"},
    {"cpuset", cpuset, "CPU list", "all"},
    {"pids", pids, "integer, max", "no limit"},
    {"io_weight", weight<&Limits::io_weight>, "integer", "100"},
};

}  // namespace

std::span<const Key<ServiceDraft>> limit_keys() noexcept {
    return kLimitKeys;
}

namespace decode {

void limits(const Field& field, ServiceDraft& draft) {
    decode_mapping(field, Section::limits, limit_keys(), draft);
}

// Historic: 0 is what a program wrote that had no limit to write.
void memory_mb(const Field& field, ServiceDraft& draft) {
    if (const auto number = as_integer(field, 0, std::int64_t{1} << 40)) {
        draft.service.limits.memory =
            *number == 0 ? Size() : Size(static_cast<std::uint64_t>(*number) << 20);
    }
}

void cpu_percent(const Field& field, ServiceDraft& draft) {
    const auto percent = as_decimal(field, 0, 100'000);
    if (percent && *percent == 0) {
        draft.service.limits.cpus_milli.reset();
    } else if (percent) {
        set_cpus(field, static_cast<std::uint32_t>(std::llround(*percent * 10)), draft);
    }
}

void mem_limit(const Field& field, ServiceDraft& draft) {
    upper_size<&Limits::memory>(field, draft);
}

void cpus(const Field& field, ServiceDraft& draft) {
    cpu_limit(field, draft);
}

// Compose writes -1 for no limit.
void pids_limit(const Field& field, ServiceDraft& draft) {
    if (is(field, "-1")) {
        draft.service.limits.pids = kMax;
    } else {
        pids(field, draft);
    }
}

void oom_policy(const Field& field, ServiceDraft& draft) {
    auto& policy = draft.service.oom_policy;
    policy = as_choice(field, kOomPolicies).value_or(policy);
}

}  // namespace decode

}  // namespace gosv::manifest
