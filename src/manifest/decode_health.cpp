// `healthcheck`: what a service is asked, and when. compose's own form is taken as it is.
#include <algorithm>
#include <iterator>
#include <utility>

#include "command_words.hpp"
#include "decoders.hpp"
#include "gosv/base/concat.hpp"
#include "probe_target.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr Choice<core::UnhealthyAction> kUnhealthyActions[] = {
    {"restart", core::UnhealthyAction::restart},
    {"exit", core::UnhealthyAction::exit},
    {"none", core::UnhealthyAction::none},
};

constexpr std::string_view kQuestions[] = {"test", "http", "tcp", "file"};
constexpr std::int64_t kMostRetries = 1'000'000;
constexpr const char* kHowHealth =
    "write {test: [program, argument]}, {http: \"http://127.0.0.1:8080/health\"}, {tcp: 5432} or "
    "{file: /run/ready}";
constexpr const char* kHowTest =
    "write test: [CMD, program, argument], test: [CMD-SHELL, \"a | b\"] or test: \"a | b\"";

std::vector<std::string> in_shell(std::string script) {
    return {"/bin/sh", "-c", std::move(script)};
}

// compose's words, in a case or with a dash that it does not know.
std::string_view misspelt_form(std::string_view word) {
    constexpr struct {
        std::string_view wrong;
        std::string_view right;
    } kForms[] = {{"cmd", "CMD"},
                  {"Cmd", "CMD"},
                  {"cmd-shell", "CMD-SHELL"},
                  {"CMD_SHELL", "CMD-SHELL"},
                  {"cmd_shell", "CMD-SHELL"},
                  {"CMDSHELL", "CMD-SHELL"},
                  {"SHELL", "CMD-SHELL"},
                  {"none", "NONE"}};

    for (const auto& each : kForms) {
        if (word == each.wrong) {
            return each.right;
        }
    }
    return {};
}

// [CMD-SHELL, script]: further words would be the script's $0, $1, ..., and ignored.
void shell_test(const Field& field, std::vector<std::string> words, ServiceDraft& draft) {
    if (words.size() > 2) {
        field.item(2).error("CMD-SHELL takes one string, and a shell would ignore this",
                            "put the whole line into quotes, or write CMD for a list of words");
        return;
    }
    draft.health.probe = ExecProbe{in_shell(std::move(words[1]))};
}

void list_test(const Field& field, std::vector<std::string> words, ServiceDraft& draft) {
    const std::string first = words.front();
    if (first == "NONE" && words.size() == 1) {
        draft.health.disabled = true;
        return;
    }
    if (first == "NONE") {
        field.error("NONE stands alone", "write test: [NONE], or healthcheck: none");
        return;
    }
    if (const auto form = misspelt_form(first); !form.empty()) {
        field.item(0).error(concat({quote(first), " is no form of a test"}),
                            concat({"did you mean ", quote(form), "?"}));
        return;
    }
    const bool named = first == "CMD" || first == "CMD-SHELL";
    if ((named ? words.size() < 2 || words[1].empty() : first.empty())) {
        field.error("the test names no program", kHowTest);
        return;
    }
    if (first == "CMD-SHELL") {
        shell_test(field, std::move(words), draft);
        return;
    }
    words.erase(words.begin(), words.begin() + (named ? 1 : 0));
    draft.health.probe = ExecProbe{std::move(words)};
}

void test(const Field& field, ServiceDraft& draft) {
    if (field.node.kind == Node::Kind::list) {
        std::vector<std::string> words;
        if (!append_arguments(field, words)) {
            return;
        }
        if (words.empty()) {
            field.error("the test names no program", kHowTest);
            return;
        }
        list_test(field, std::move(words), draft);
        return;
    }
    auto script = as_word(field, "a list or a string");
    if (!script) {
        return;
    }
    if (*script == "NONE") {
        field.error("a string is a command for the shell, and there is none named 'NONE'",
                    "write test: [NONE], or healthcheck: none");
        return;
    }
    draft.health.probe = ExecProbe{in_shell(*std::move(script))};
}

template <class ProbeType>
void take(const Field& field, std::variant<ProbeType, TextProblem> parsed, ServiceDraft& draft) {
    if (auto* const wrong = std::get_if<TextProblem>(&parsed)) {
        field.error_at(place_in(field.node, wrong->offset), wrong->message, wrong->hint);
        return;
    }
    draft.health.probe = std::move(std::get<ProbeType>(parsed));
}

void http(const Field& field, ServiceDraft& draft) {
    if (const auto url = as_word(field, "an http URL")) {
        take(field, parse_http_probe(*url), draft);
    }
}

void tcp(const Field& field, ServiceDraft& draft) {
    if (const auto text = as_word(field, "a host and a port")) {
        take(field, parse_tcp_probe(*text), draft);
    }
}

void file(const Field& field, ServiceDraft& draft) {
    auto path = as_word(field, "a path");
    if (!path) {
        return;
    }
    if (path->front() != '/') {
        field.error(concat({"the path ", quote(*path), " does not begin with /"}),
                    "write the whole path, as gosv sees it");
        return;
    }
    draft.health.probe = FileProbe{*std::move(path)};
}

// Docker's own least, which keeps a probe that fails at once from being a busy loop.
void positive(const Field& field, Duration& duration) {
    const auto given = as_duration(field);
    if (given && *given < std::chrono::milliseconds(1)) {
        field.error(concat({"expected at least 1ms, not ", quote(field.node.text)}),
                    "remove it for the default");
        return;
    }
    duration = given.value_or(duration);
}

void interval(const Field& field, ServiceDraft& draft) {
    positive(field, draft.service.policy.health.interval);
}

void start_interval(const Field& field, ServiceDraft& draft) {
    positive(field, draft.service.policy.health.start_interval);
}

void timeout(const Field& field, ServiceDraft& draft) {
    positive(field, draft.service.policy.health.timeout);
}

void start_period(const Field& field, ServiceDraft& draft) {
    auto& period = draft.service.policy.health.start_period;
    period = as_duration(field).value_or(period);
}

void retries(const Field& field, ServiceDraft& draft) {
    if (const auto number = as_integer(field, 1, kMostRetries)) {
        draft.service.policy.health.retries = static_cast<std::uint32_t>(*number);
    }
}

void on_unhealthy(const Field& field, ServiceDraft& draft) {
    auto& action = draft.service.policy.health.on_unhealthy;
    action = as_choice(field, kUnhealthyActions).value_or(action);
}

void disable(const Field& field, ServiceDraft& draft) {
    draft.health.disabled = as_boolean(field).value_or(draft.health.disabled);
}

constexpr Key<ServiceDraft> kHealthKeys[] = {
    {"test", test, "list or string", "unset"},
    {"http", http, "URL", "unset"},
    {"tcp", tcp, "host:port or port", "unset"},
    {"file", file, "path", "unset"},
    {"interval", interval, "duration", "10s"},
    {"start_interval", start_interval, "duration", "500ms"},
    {"timeout", timeout, "duration", "3s"},
    {"start_period", start_period, "duration", "60s"},
    {"retries", retries, "integer", "3"},
    {"on_unhealthy", on_unhealthy, "restart, exit, none", "restart"},
    {"disable", disable, "boolean", "false"},
};

// A mapping asks one question; its own replaces that of `defaults`.
void begin_question(const Field& field, ServiceDraft& draft) {
    const Entry* first = nullptr;
    for (const Entry& entry : field.node.entries) {
        const bool asks = std::find(std::begin(kQuestions), std::end(kQuestions), entry.key) !=
                          std::end(kQuestions);
        if (asks && first != nullptr) {
            field.context.report.error(
                entry.key_at, field.entry(entry).path.text(),
                concat({quote(first->key), " and ", quote(entry.key), " are two questions"}),
                "keep one: what several programs say is joined by a test");
        } else if (asks) {
            first = &entry;
        }
    }
    if (first != nullptr) {
        draft.health = {std::nullopt, true, false};
    }
}

// A misspelt question has been reported as such; that there is none would be noise.
bool is_misspelt(const Node& mapping) {
    return std::any_of(mapping.entries.begin(), mapping.entries.end(), [](const Entry& entry) {
        return std::none_of(
            std::begin(kHealthKeys), std::end(kHealthKeys),
            [&](const Key<ServiceDraft>& known) { return known.name == entry.key; });
    });
}

}  // namespace

std::span<const Key<ServiceDraft>> health_keys() noexcept {
    return kHealthKeys;
}

}  // namespace gosv::manifest

namespace gosv::manifest::decode {

void healthcheck(const Field& field, ServiceDraft& draft) {
    if (field.node.kind == Node::Kind::scalar && field.node.text == "none") {
        draft.health = {std::nullopt, false, true};
        return;
    }
    if (field.node.kind == Node::Kind::scalar || field.node.kind == Node::Kind::list) {
        field.expected("a mapping or none", kHowHealth);
        return;
    }
    if (field.node.kind == Node::Kind::map) {
        begin_question(field, draft);
    }
    decode_mapping(field, Section::healthcheck, health_keys(), draft);
}

void settle_health(const Field& service, ServiceDraft& draft) {
    const Entry* const own = find(service.node, "healthcheck");
    const bool asks = own != nullptr && own->value.kind == Node::Kind::map;
    if (asks && !draft.health.said && !draft.health.disabled && !is_misspelt(own->value)) {
        const Field field = service.entry(*own);
        field.error_at(field.key_at, "the healthcheck does not say what to ask",
                       "write one of test, http, tcp, file in it");
    }
    const bool inherited = own == nullptr;
    const bool useless = draft.service.type == ServiceType::oneshot && inherited;
    if (draft.health.probe && !draft.health.disabled && !useless) {
        draft.service.probe = *draft.health.probe;
    }
}

}  // namespace gosv::manifest::decode
