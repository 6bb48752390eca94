#include "gosv/base/parse.hpp"

#include <algorithm>
#include <span>

#include "scenario/scenario.hpp"

namespace gosv::scenario {

namespace {

using Words = std::vector<std::string_view>;

Words split(std::string_view text, char separator) {
    Words words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (end > 0) {
            words.push_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

// Each assigns what it understood and says whether it did.
bool read(std::string_view text, Duration& to) {
    if (text == "never") {
        to = Duration::max();
        return true;
    }
    const auto value = parse_duration(text);
    to = value.value_or(to);
    return value.has_value();
}

bool read(std::string_view text, Signal& to) {
    const auto value = parse_signal(text);
    to = value.value_or(to);
    return value.has_value();
}

bool read(std::string_view text, bool& to) {
    to = text == "true";
    return to || text == "false";
}

template <class Number>
bool read_number(std::string_view text, Number& to) {
    const auto value = parse_uint(text);
    to = static_cast<Number>(value.value_or(0));
    return value.has_value();
}

template <class Enum>
bool read_choice(std::string_view text, Enum& to,
                 std::initializer_list<std::pair<std::string_view, Enum>> choices) {
    const auto* found = std::find_if(choices.begin(), choices.end(),
                                     [text](const auto& choice) { return choice.first == text; });
    if (found == choices.end()) {
        return false;
    }
    to = found->second;
    return true;
}

bool read(std::string_view text, core::FinalAction& to) {
    return read_choice<core::FinalAction>(
        text, to, {{"none", core::FinalAction::none}, {"exit", core::FinalAction::exit}});
}

// "0,3,SIGTERM"
bool read(std::string_view text, core::SuccessSet& to) {
    to = {};
    for (const std::string_view word : split(text, ',')) {
        if (const auto code = parse_uint(word)) {
            to.codes.set(*code);
        } else if (const auto signal = parse_signal(word)) {
            to.signals.set(signal->number);
        } else {
            return false;
        }
    }
    return true;
}

// "HUP:USR1,WINCH:none"
bool read(std::string_view text, core::SignalMap& to) {
    for (const std::string_view pair : split(text, ',')) {
        const std::size_t colon = pair.find(':');
        const auto in = parse_signal(pair.substr(0, colon));
        if (!in || colon == std::string_view::npos) {
            return false;
        }
        const std::string_view out = pair.substr(colon + 1);
        const auto signal = out == "none" ? Signal{} : parse_signal(out);
        if (!signal) {
            return false;
        }
        to[in->number] = signal->number;
    }
    return true;
}

bool set(core::HealthPolicy& policy, std::string_view key, std::string_view value) {
    using core::UnhealthyAction;
    if (key == "on_unhealthy") {
        return read_choice<UnhealthyAction>(value, policy.on_unhealthy,
                                            {{"restart", UnhealthyAction::restart},
                                             {"exit", UnhealthyAction::exit},
                                             {"none", UnhealthyAction::none}});
    }
    return (key == "probes" && read(value, policy.probes)) ||
           (key == "interval" && read(value, policy.interval)) ||
           (key == "start_interval" && read(value, policy.start_interval)) ||
           (key == "timeout" && read(value, policy.timeout)) ||
           (key == "start_period" && read(value, policy.start_period)) ||
           (key == "retries" && read_number(value, policy.retries));
}

bool set(core::ServicePolicy& policy, std::string_view key, std::string_view value) {
    using core::KillMode;
    using core::RestartPolicy;
    if (key == "restart") {
        return read_choice<RestartPolicy>(value, policy.restart,
                                          {{"never", RestartPolicy::never},
                                           {"on_failure", RestartPolicy::on_failure},
                                           {"always", RestartPolicy::always}});
    }
    if (key == "kill_mode") {
        return read_choice<KillMode>(value, policy.kill_mode,
                                     {{"group", KillMode::group},
                                      {"process", KillMode::process},
                                      {"mixed", KillMode::mixed}});
    }
    if (key == "max_restarts") {
        if (value == "unlimited") {
            policy.max_restarts = core::kUnlimited;
            return true;
        }
        return read_number(value, policy.max_restarts);
    }
    if (key == "restart_multiplier") {
        const auto multiplier = parse_decimal(value);
        policy.backoff.multiplier = multiplier.value_or(1);
        return multiplier.has_value();
    }
    return (key == "restart_delay" && read(value, policy.backoff.first)) ||
           (key == "restart_max_delay" && read(value, policy.backoff.cap)) ||
           (key == "stable_after" && read(value, policy.stable_after)) ||
           (key == "success_exit_status" && read(value, policy.success)) ||
           (key == "failure_action" && read(value, policy.failure_action)) ||
           (key == "success_action" && read(value, policy.success_action)) ||
           (key == "oom_action" && read(value, policy.oom_action)) ||
           (key == "stop_signal" && read(value, policy.stop_signal)) ||
           (key == "stop_grace_period" && read(value, policy.stop_grace_period)) ||
           (key == "signals" && read(value, policy.signals)) ||
           (key == "retry_spawn" && read(value, policy.retry_spawn)) ||
           (key == "oneshot" && read(value, policy.oneshot)) ||
           (key == "notifies" && read(value, policy.notifies)) ||
           (key == "start_timeout" && read(value, policy.start_timeout)) ||
           (key == "watchdog" && read(value, policy.watchdog)) ||
           (key == "stop_command" && read(value, policy.stop_command)) ||
           set(policy.health, key, value);
}

std::optional<ServiceId> find_service(std::string_view name, const Plan& plan) {
    const auto found = std::find(plan.names.begin(), plan.names.end(), name);
    if (found == plan.names.end()) {
        return std::nullopt;
    }
    return static_cast<ServiceId>(found - plan.names.begin());
}

// "db:ready,migrate:completed:restart:optional"
bool read(std::string_view text, std::vector<core::Dependency>& to, const Plan& plan) {
    for (const std::string_view word : split(text, ',')) {
        const Words parts = split(word, ':');
        const auto on = find_service(parts[0], plan);
        core::Dependency dependency{on.value_or(ServiceId{})};
        if (!on || parts.size() < 2 ||
            !read_choice<core::Condition>(parts[1], dependency.condition,
                                          {{"started", core::Condition::started},
                                           {"ready", core::Condition::ready},
                                           {"healthy", core::Condition::healthy},
                                           {"completed", core::Condition::completed}})) {
            return false;
        }
        for (const std::string_view part : std::span(parts).subspan(2)) {
            if (part != "restart" && part != "optional") {
                return false;
            }
            dependency.restart = dependency.restart || part == "restart";
            dependency.required = dependency.required && part != "optional";
        }
        to.push_back(dependency);
    }
    return true;
}

bool set_dependencies(std::string_view value, Plan& plan) {
    plan.dependencies.resize(plan.names.size());
    return read(value, plan.dependencies[plan.policies.size() - 1], plan);
}

bool set(core::SupervisorPolicy& policy, std::string_view key, std::string_view value,
         const Plan& plan) {
    if (key == "exit_code_from") {
        policy.exit_code_from = find_service(value, plan);
        return policy.exit_code_from.has_value();
    }
    return (key == "shutdown_timeout" && read(value, policy.shutdown_timeout)) ||
           (key == "straggler_grace" && read(value, policy.straggler_grace)) ||
           (key == "abandon_after" && read(value, policy.abandon_after)) ||
           (key == "announces" && read(value, policy.announces)) ||
           (key == "first_waiting" && read(value, policy.first_waiting)) ||
           (key == "next_waiting" && read(value, policy.next_waiting)) ||
           (key == "command_mode" && read(value, policy.command_mode));
}

std::optional<ExitStatus> parse_status(std::string_view kind, std::string_view value) {
    const auto code = parse_uint(value);
    if (kind == "code" && code && *code < 256) {
        return ExitStatus::code(static_cast<int>(*code));
    }
    const auto signal = parse_signal(value);
    if (kind == "signal" && signal) {
        return ExitStatus::killed_by(*signal);
    }
    return std::nullopt;
}

// words: "web transient 126"; no_process needs no code.
std::optional<core::Event> parse_spawn_failed(ServiceId service,
                                              std::span<const std::string_view> words) {
    core::SpawnFailed failed{service};
    const bool understood = !words.empty() && read_choice<core::SpawnFailure>(
                                                  words[0], failed.failure,
                                                  {{"no_process", core::SpawnFailure::no_process},
                                                   {"transient", core::SpawnFailure::transient},
                                                   {"permanent", core::SpawnFailure::permanent}});
    if (!understood || words.size() > 2 ||
        (words.size() == 2 && !read_number(words[1], failed.exit_code))) {
        return std::nullopt;
    }
    return failed;
}

// What it says of itself, and how a task of its ended; nullopt: none of these.
std::optional<core::Event> parse_word(std::string_view verb, ServiceId service,
                                      std::span<const std::string_view> words) {
    if (words.empty()) {
        return verb == "ready"     ? std::optional<core::Event>(core::NotifiedReady{service})
               : verb == "alive"   ? std::optional<core::Event>(core::NotifiedAlive{service})
               : verb == "trouble" ? std::optional<core::Event>(core::NotifiedTrouble{service})
                                   : std::nullopt;
    }
    if (words.size() > 1) {
        return std::nullopt;
    }
    if (verb == "extended") {
        core::TimeExtended extended{service};
        return read(words[0], extended.by) ? std::optional<core::Event>(extended) : std::nullopt;
    }
    const bool ok = words[0] == "ok";
    if (!ok && words[0] != "failed") {
        return std::nullopt;
    }
    return verb == "probe_ended"
               ? std::optional<core::Event>(core::TaskEnded{service, core::Task::probe, ok})
           : verb == "stop_command_ended"
               ? std::optional<core::Event>(core::TaskEnded{service, core::Task::stop_command, ok})
               : std::nullopt;
}

std::optional<core::Event> parse_fact(const Words& words, const Plan& plan) {
    const std::string_view verb = words[1];
    if (words.size() == 2) {
        if (verb == "booted") {
            return core::Booted{};
        }
        if (verb == "deadline") {
            return core::DeadlineReached{};
        }
        if (verb == "stragglers_gone") {
            return core::StragglersGone{};
        }
        return std::nullopt;
    }
    if (verb == "stop" || verb == "signal") {
        const auto signal = parse_signal(words[2]);
        if (!signal || words.size() != 3) {
            return std::nullopt;
        }
        return verb == "stop" ? core::Event(core::StopRequested{*signal})
                              : core::Event(core::SignalReceived{*signal});
    }
    const auto service = find_service(words[2], plan);
    if (!service) {
        return std::nullopt;
    }
    if (verb == "started" && words.size() == 3) {
        return core::Started{*service};
    }
    if (verb == "tree_emptied" && words.size() == 3) {
        return core::TreeEmptied{*service};
    }
    if (verb == "spawn_failed") {
        return parse_spawn_failed(*service, std::span(words).subspan(3));
    }
    if (verb == "exited" && words.size() >= 5) {
        const auto status = parse_status(words[3], words[4]);
        core::Exited exited{*service, status.value_or(ExitStatus{})};
        for (const std::string_view word : std::span(words).subspan(5)) {
            if (word != "populated" && word != "out_of_memory") {
                return std::nullopt;
            }
            exited.tree_populated = exited.tree_populated || word == "populated";
            exited.out_of_memory = exited.out_of_memory || word == "out_of_memory";
        }
        return status ? std::optional<core::Event>(exited) : std::nullopt;
    }
    return parse_word(verb, *service, std::span(words).subspan(3));
}

}  // namespace

std::string_view service_name(std::string_view line) {
    const Words words = split(line, ' ');
    return words.size() > 1 && words[0] == "service" ? words[1] : std::string_view{};
}

bool parse_plan_line(std::string_view line, Plan& plan) {
    const Words words = split(line, ' ');
    std::size_t first_option = 1;
    const bool service = words[0] == "service";
    if (service && words.size() > 1) {
        plan.policies.push_back(test::default_policy());
        first_option = 2;
    } else if (words[0] != "supervisor") {
        return false;
    }
    for (const std::string_view word : std::span(words).subspan(first_option)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) {
            return false;
        }
        const std::string_view key = word.substr(0, equals);
        const std::string_view value = word.substr(equals + 1);
        const bool understood = !service              ? set(plan.whole, key, value, plan)
                                : key == "depends_on" ? set_dependencies(value, plan)
                                                      : set(plan.policies.back(), key, value);
        if (!understood) {
            return false;
        }
    }
    return true;
}

std::optional<TimedEvent> parse_event(std::string_view line, const Plan& plan) {
    const Words words = split(line.substr(1), ' ');
    if (words.size() < 2) {
        return std::nullopt;
    }
    const auto at = parse_duration(words[0]);
    const auto event = parse_fact(words, plan);
    if (!at || !event) {
        return std::nullopt;
    }
    return TimedEvent{MonotonicTime{*at}, *event};
}

}  // namespace gosv::scenario
