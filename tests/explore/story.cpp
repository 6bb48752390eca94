#include "explore/story.hpp"

#include "gosv/base/parse.hpp"
#include "gosv/core/names.hpp"
#include "support/core_text.hpp"

namespace gosv::explore {

namespace {

using core::FinalAction;
using core::KillMode;
using core::RestartPolicy;

std::string name_of(Signal signal) {
    return std::string(signal_name(signal));
}

std::string success_text(const core::SuccessSet& success) {
    std::string text;
    for (std::size_t n = 0; n < success.codes.size(); ++n) {
        text += success.codes[n] ? (text.empty() ? "" : ",") + std::to_string(n) : "";
    }
    for (std::uint8_t n = 1; n <= kMaxSignal; ++n) {
        text += success.signals[n] ? (text.empty() ? "" : ",") + name_of(Signal{n}) : "";
    }
    return text;
}

std::string signals_text(const core::SignalMap& map) {
    std::string text;
    for (std::uint8_t n = 1; n <= kMaxSignal; ++n) {
        if (map[n] != n) {
            text += (text.empty() ? "" : ",") + name_of(Signal{n}) + ":" +
                    (map[n] == 0 ? "none" : name_of(Signal{map[n]}));
        }
    }
    return text;
}

std::string edges_text(std::span<const core::Dependency> edges, const scenario::Plan& plan) {
    std::string text;
    for (const core::Dependency& edge : edges) {
        text += (text.empty() ? "" : ",") + plan.names[index(edge.on)] + ":" +
                std::string(core::name(edge.condition)) + (edge.restart ? ":restart" : "") +
                (edge.required ? "" : ":optional");
    }
    return text;
}

// What is watched, as far as there is something.
std::string watch_text(const core::ServicePolicy& policy) {
    using core::UnhealthyAction;
    std::string text;
    const auto add = [&text](const char* key, const std::string& value) {
        text += std::string(" ") + key + "=" + value;
    };
    if (policy.oneshot) {
        add("oneshot", "true");
    }
    if (policy.notifies) {
        add("notifies", "true");
    }
    if (policy.stop_command) {
        add("stop_command", "true");
    }
    if (policy.start_timeout > Duration{}) {
        add("start_timeout", test::to_text(policy.start_timeout));
    }
    if (policy.watchdog > Duration{}) {
        add("watchdog", test::to_text(policy.watchdog));
    }
    const core::HealthPolicy& health = policy.health;
    if (health.probes) {
        add("probes", "true");
        add("interval", test::to_text(health.interval));
        add("start_interval", test::to_text(health.start_interval));
        add("timeout", test::to_text(health.timeout));
        add("start_period", test::to_text(health.start_period));
        add("retries", std::to_string(health.retries));
        add("on_unhealthy", health.on_unhealthy == UnhealthyAction::restart ? "restart"
                            : health.on_unhealthy == UnhealthyAction::exit  ? "exit"
                                                                            : "none");
    }
    return text;
}

std::string line_of(const std::string& name, const core::ServicePolicy& policy) {
    std::string line = "service " + name;
    const auto add = [&line](const char* key, const std::string& value) {
        line += std::string(" ") + key + "=" + value;
    };
    const auto time = [&add](const char* key, Duration value) {
        add(key, value == Duration::max() ? "never" : test::to_text(value));
    };
    add("restart", policy.restart == RestartPolicy::never        ? "never"
                   : policy.restart == RestartPolicy::on_failure ? "on_failure"
                                                                 : "always");
    add("kill_mode", policy.kill_mode == KillMode::group     ? "group"
                     : policy.kill_mode == KillMode::process ? "process"
                                                             : "mixed");
    add("failure_action", policy.failure_action == FinalAction::exit ? "exit" : "none");
    add("success_action", policy.success_action == FinalAction::exit ? "exit" : "none");
    add("max_restarts", policy.max_restarts == core::kUnlimited
                            ? "unlimited"
                            : std::to_string(policy.max_restarts));
    time("restart_delay", policy.backoff.first);
    time("restart_max_delay", policy.backoff.cap);
    time("stable_after", policy.stable_after);
    time("stop_grace_period", policy.stop_grace_period);
    add("success_exit_status", success_text(policy.success));
    if (policy.signals != core::identity_signal_map()) {
        add("signals", signals_text(policy.signals));
    }
    if (!policy.retry_spawn) {
        add("retry_spawn", "false");
    }
    return line + watch_text(policy);
}

std::string line_of(const scenario::Plan& plan) {
    const core::SupervisorPolicy& policy = plan.whole;
    std::string line = "supervisor shutdown_timeout=" + test::to_text(policy.shutdown_timeout) +
                       " straggler_grace=" + test::to_text(policy.straggler_grace) +
                       " abandon_after=" + test::to_text(policy.abandon_after);
    if (!plan.dependencies.empty()) {
        line += " first_waiting=" + test::to_text(policy.first_waiting) +
                " next_waiting=" + test::to_text(policy.next_waiting);
    }
    if (policy.announces) {
        line += " announces=true";
    }
    if (policy.exit_code_from) {
        line += " exit_code_from=" + plan.names[index(*policy.exit_code_from)];
    }
    return line + (policy.command_mode ? " command_mode=true\n" : "\n");
}

// Each fact in the words of the scenario files.
struct Words {
    const scenario::Plan& plan;

    std::string name(ServiceId id) const { return plan.names[index(id)]; }

    std::string operator()(const core::Booted&) const { return "booted"; }

    std::string operator()(const core::Started& e) const { return "started " + name(e.service); }

    std::string operator()(const core::SpawnFailed& e) const {
        switch (e.failure) {
            case core::SpawnFailure::no_process:
                return "spawn_failed " + name(e.service) + " no_process";
            case core::SpawnFailure::transient:
                return "spawn_failed " + name(e.service) + " transient " +
                       std::to_string(e.exit_code);
            case core::SpawnFailure::permanent:
                break;
        }
        return "spawn_failed " + name(e.service) + " permanent " + std::to_string(e.exit_code);
    }

    std::string operator()(const core::Exited& e) const {
        return "exited " + name(e.service) + " " + test::to_text(e.status) +
               (e.tree_populated ? " populated" : "");
    }

    std::string operator()(const core::NotifiedReady& e) const {
        return "ready " + name(e.service);
    }

    std::string operator()(const core::NotifiedAlive& e) const {
        return "alive " + name(e.service);
    }

    std::string operator()(const core::NotifiedTrouble& e) const {
        return "trouble " + name(e.service);
    }

    std::string operator()(const core::TimeExtended& e) const {
        return "extended " + name(e.service) + " " + test::to_text(e.by);
    }

    std::string operator()(const core::TaskEnded& e) const {
        return std::string(core::name(e.task)) + "_ended " + name(e.service) +
               (e.ok ? " ok" : " failed");
    }

    std::string operator()(const core::TreeEmptied& e) const {
        return "tree_emptied " + name(e.service);
    }

    std::string operator()(const core::DeadlineReached&) const { return "deadline"; }

    std::string operator()(const core::StopRequested& e) const {
        return "stop " + name_of(e.signal);
    }

    std::string operator()(const core::SignalReceived& e) const {
        return "signal " + name_of(e.signal);
    }

    std::string operator()(const core::StragglersGone&) const { return "stragglers_gone"; }
};

}  // namespace

std::string story_of(const scenario::Plan& plan, std::span<const scenario::TimedEvent> events) {
    std::string text;
    for (std::size_t i = 0; i < plan.names.size(); ++i) {
        text += line_of(plan.names[i], plan.policies[i]);
        if (!plan.dependencies.empty() && !plan.dependencies[i].empty()) {
            text += " depends_on=" + edges_text(plan.dependencies[i], plan);
        }
        text += "\n";
    }
    text += line_of(plan) + "\n";
    for (const scenario::TimedEvent& timed : events) {
        text += "@" + test::to_text(timed.at.time_since_epoch()) + " " +
                std::visit(Words{plan}, timed.event) + "\n";
    }
    return scenario::play(text).text;
}

bool is_scenario(const std::string& story) {
    const scenario::Played played = scenario::play(story);
    return played.error.empty() && played.text == story;
}

}  // namespace gosv::explore
