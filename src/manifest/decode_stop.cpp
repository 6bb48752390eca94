// Stop and signals.
#include <map>

#include "command_words.hpp"
#include "decoders.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "quote.hpp"

namespace gosv::manifest::decode {

namespace {

constexpr Choice<core::KillMode> kKillModes[] = {
    {"group", core::KillMode::group},
    {"process", core::KillMode::process},
    {"mixed", core::KillMode::mixed},
};

constexpr std::uint8_t kKill = 9;
constexpr std::uint8_t kStop = 19;

}  // namespace

void stop_signal(const Field& field, ServiceDraft& draft) {
    const auto signal = as_signal(field);
    if (signal && signal->number == kStop) {
        field.error("SIGSTOP ends nothing",
                    "write a signal that the program ends on, like SIGTERM");
        return;
    }
    draft.service.policy.stop_signal = signal.value_or(draft.service.policy.stop_signal);
}

void stop_grace_period(const Field& field, ServiceDraft& draft) {
    auto& period = draft.service.policy.stop_grace_period;
    period = as_duration(field).value_or(period);
    draft.service.grace_at = field.at();
}

void kill_mode(const Field& field, ServiceDraft& draft) {
    auto& mode = draft.service.policy.kill_mode;
    mode = as_choice(field, kKillModes).value_or(mode);
}

void stop_command(const Field& field, ServiceDraft& draft) {
    if (auto words = as_command(field)) {
        draft.service.stop_command = *std::move(words);
    }
}

void signals(const Field& field, ServiceDraft& draft) {
    if (field.node.kind != Node::Kind::map) {
        field.expected("a mapping", "write {HUP: USR1, USR2: none}");
        return;
    }
    std::map<std::uint8_t, std::string> seen;
    for (const Entry& entry : field.node.entries) {
        const Field rule = field.entry(entry);
        const auto from = parse_signal(entry.key);
        if (!from) {
            rule.error_at(rule.key_at, concat({"expected a signal, not ", quote(entry.key)}),
                          signal_hint(entry.key));
            continue;
        }
        if (from->number == kKill || from->number == kStop) {
            rule.error_at(rule.key_at,
                          concat({quote(entry.key), " can be neither caught nor forwarded"}),
                          "remove it");
            continue;
        }
        const auto [other, fresh] = seen.emplace(from->number, entry.key);
        if (!fresh) {
            rule.error_at(
                rule.key_at,
                concat({quote(entry.key), " and ", quote(other->second), " are one signal"}),
                "keep one of the two");
            continue;
        }
        const bool drop = rule.node.kind == Node::Kind::scalar && rule.node.text == "none";
        const auto to = drop ? std::optional(Signal{}) : as_signal(rule);
        if (to) {
            draft.service.policy.signals[from->number] = to->number;
        }
    }
}

}  // namespace gosv::manifest::decode
