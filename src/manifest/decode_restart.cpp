// Restart, and what becomes of the container.
#include <algorithm>

#include "decoders.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "quote.hpp"

namespace gosv::manifest::decode {

namespace {

using core::FinalAction;
using core::RestartPolicy;

constexpr std::string_view kPolicies[] = {"no", "on-failure", "always", "unless-stopped"};

constexpr Choice<FinalAction> kActions[] = {
    {"exit", FinalAction::exit},
    {"none", FinalAction::none},
};

constexpr std::int64_t kMostRestarts = core::kUnlimited - 1;
constexpr int kLargestMultiplier = 1000;

// on-failure:N
void limited_restart(const Field& field, std::string_view count, ServiceDraft& draft) {
    const auto number = parse_uint(count);
    if (!number || *number > static_cast<std::uint64_t>(kMostRestarts)) {
        field.error(concat({"expected a whole number behind 'on-failure:', not ", quote(count)}),
                    "write it like on-failure:5");
        return;
    }
    draft.restart = RestartPolicy::on_failure;
    draft.restart_count = static_cast<std::uint32_t>(*number);
}

void exit_status(const Field& field, core::SuccessSet& success) {
    const auto* const text = as_text(field, "an exit code or a signal's name");
    if (text == nullptr) {
        return;
    }
    const auto code = parse_uint(*text);
    const auto signal = code ? std::nullopt : parse_signal(*text);
    if (code && *code <= 255) {
        success.codes.set(*code);
    } else if (signal) {
        success.signals.set(signal->number);
    } else {
        field.expected("an exit code or a signal's name", "write it like 143 or SIGTERM");
    }
}

}  // namespace

void restart(const Field& field, ServiceDraft& draft) {
    constexpr std::string_view kLimited = "on-failure:";
    draft.restart_count.reset();
    const std::string& text = field.node.text;
    if (field.node.kind == Node::Kind::scalar && text.starts_with(kLimited)) {
        limited_restart(field, std::string_view(text).substr(kLimited.size()), draft);
        return;
    }
    if (field.node.kind == Node::Kind::scalar && (text == "false" || text == "never")) {
        field.expected("no, on-failure[:N], always or unless-stopped", "write restart: no");
        return;
    }
    if (field.node.kind == Node::Kind::scalar && (text == "true" || text == "yes")) {
        field.expected("no, on-failure[:N], always or unless-stopped", "write restart: always");
        return;
    }
    const auto chosen = as_one_of(field, kPolicies);
    if (chosen) {
        draft.restart = *chosen == 0   ? RestartPolicy::never
                        : *chosen == 1 ? RestartPolicy::on_failure
                                       : RestartPolicy::always;
    }
}

void max_restarts(const Field& field, ServiceDraft& draft) {
    if (field.node.kind == Node::Kind::scalar && field.node.text == "unlimited") {
        draft.max_restarts = core::kUnlimited;
        return;
    }
    constexpr std::string_view kWhat = "a whole number or unlimited";
    const auto* const text = as_text(field, kWhat);
    if (text == nullptr) {
        return;
    }
    const auto number = parse_uint(*text);
    if (!number || *number > static_cast<std::uint64_t>(kMostRestarts)) {
        field.expected(kWhat,
                       "write decimal digits (10, not 010 or -1), or max_restarts: unlimited");
        return;
    }
    draft.max_restarts = static_cast<std::uint32_t>(*number);
}

void restart_delay(const Field& field, ServiceDraft& draft) {
    auto& delay = draft.service.policy.backoff.first;
    delay = as_duration(field).value_or(delay);
}

void restart_multiplier(const Field& field, ServiceDraft& draft) {
    auto& multiplier = draft.service.policy.backoff.multiplier;
    multiplier = as_decimal(field, 1, kLargestMultiplier).value_or(multiplier);
}

void restart_max_delay(const Field& field, ServiceDraft& draft) {
    draft.restart_max_delay = as_duration(field);
}

void stable_after(const Field& field, ServiceDraft& draft) {
    auto& after = draft.service.policy.stable_after;
    after = as_duration(field).value_or(after);
}

// What is listed is added to 0, as systemd's SuccessExitStatus= does.
void success_exit_status(const Field& field, ServiceDraft& draft) {
    core::SuccessSet& success = draft.service.policy.success;
    success = {};
    success.codes.set(0);
    if (field.node.kind != Node::Kind::list) {
        exit_status(field, success);
        return;
    }
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        exit_status(field.item(i), success);
    }
}

void failure_action(const Field& field, ServiceDraft& draft) {
    auto& action = draft.service.policy.failure_action;
    action = as_choice(field, kActions).value_or(action);
}

void success_action(const Field& field, ServiceDraft& draft) {
    auto& action = draft.service.policy.success_action;
    action = as_choice(field, kActions).value_or(action);
}

void settle_restart(ServiceDraft& draft) {
    core::ServicePolicy& policy = draft.service.policy;
    const bool oneshot = draft.service.type == ServiceType::oneshot;
    policy.restart = draft.restart.value_or(oneshot ? RestartPolicy::never : RestartPolicy::always);
    policy.max_restarts =
        draft.restart_count.value_or(draft.max_restarts.value_or(policy.max_restarts));
    policy.success.codes.set(0);
    // Whoever asks for a first delay above the usual cap does not mean the cap.
    policy.backoff.cap =
        draft.restart_max_delay.value_or(std::max(policy.backoff.cap, policy.backoff.first));
}

}  // namespace gosv::manifest::decode
