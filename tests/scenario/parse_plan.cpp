// "service web restart=never ..." and "supervisor shutdown_timeout=9s ...".
#include <span>

#include "scenario/words.hpp"

namespace gosv::scenario {

namespace {

using scenario::read;  // those of words.hpp beside those below

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

}  // namespace gosv::scenario
