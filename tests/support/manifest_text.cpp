#include "support/manifest_text.hpp"

#include <arpa/inet.h>

#include <cstdio>
#include <type_traits>

#include "gosv/base/parse.hpp"

namespace gosv::test {

namespace {

using manifest::Limits;
using manifest::Manifest;
using manifest::Service;

std::string number(std::uint64_t value) {
    return value == UINT64_MAX ? "max" : std::to_string(value);
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || c == '"' || c == '\\') {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\x%02x", byte);
            out += escape;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string quoted_words(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) {
        all += (all.empty() ? "" : " ") + quoted(word);
    }
    return all;
}

class Writer {
  public:
    explicit Writer(std::string indent) : indent_(std::move(indent)) {}

    void line(const char* key, const std::string& value) {
        text += indent_ + key + ": " + value + "\n";
    }

    template <class T>
    void maybe(const char* key, const std::optional<T>& value) {
        if (!value) {
            line(key, "-");
        } else if constexpr (std::is_same_v<T, std::string>) {
            line(key, quoted(*value));
        } else if constexpr (std::is_signed_v<T>) {
            line(key, std::to_string(*value));
        } else {
            line(key, number(*value));
        }
    }

    void words(const char* key, const std::vector<std::string>& words) {
        line(key, quoted_words(words));
    }

    std::string text;

  private:
    std::string indent_;
};

std::string milliseconds(Duration duration) {
    return std::to_string(std::chrono::duration<double, std::milli>(duration).count()) + " ms";
}

template <class Enum, std::size_t N>
std::string word(Enum value, const char* const (&words)[N]) {
    return words[static_cast<std::size_t>(value)];
}

std::string successes(const core::SuccessSet& success) {
    std::string all;
    for (std::size_t code = 0; code < success.codes.size(); ++code) {
        all += success.codes[code] ? " " + std::to_string(code) : "";
    }
    for (std::uint8_t signal = 1; signal <= kMaxSignal; ++signal) {
        all += success.signals[signal] ? " " + std::string(signal_name(Signal{signal})) : "";
    }
    return all;
}

std::string rewrites(const core::SignalMap& map) {
    std::string all;
    for (std::uint8_t from = 1; from <= kMaxSignal; ++from) {
        if (map[from] != from) {
            all += " " + std::string(signal_name(Signal{from})) + ">" +
                   (map[from] == 0 ? "none" : std::string(signal_name(Signal{map[from]})));
        }
    }
    return all;
}

void write_policy(const core::ServicePolicy& policy, Writer& out) {
    out.line("restart", word(policy.restart, {"no", "on-failure", "always"}));
    out.line("max_restarts", policy.max_restarts == core::kUnlimited
                                 ? "unlimited"
                                 : std::to_string(policy.max_restarts));
    out.line("restart_delay", milliseconds(policy.backoff.first) + " * " +
                                  std::to_string(policy.backoff.multiplier) +
                                  " <= " + milliseconds(policy.backoff.cap));
    out.line("stable_after", milliseconds(policy.stable_after));
    out.line("success_exit_status", successes(policy.success));
    out.line("failure_action", word(policy.failure_action, {"none", "exit"}));
    out.line("success_action", word(policy.success_action, {"none", "exit"}));
    out.line("stop_signal", std::string(signal_name(policy.stop_signal)));
    out.line("stop_grace_period", milliseconds(policy.stop_grace_period));
    out.line("kill_mode", word(policy.kill_mode, {"group", "process", "mixed"}));
    out.line("signals", rewrites(policy.signals));
}

std::string endpoints(const std::vector<manifest::Endpoint>& list) {
    std::string all;
    for (const manifest::Endpoint& each : list) {
        char text[INET6_ADDRSTRLEN] = "";
        ::inet_ntop(each.ipv6 ? AF_INET6 : AF_INET, each.address.data(), text, sizeof text);
        all += std::string(" ") + text + " port " + std::to_string(each.port);
    }
    return all;
}

struct ProbeText {
    std::string operator()(std::monostate) const { return "-"; }

    std::string operator()(const manifest::ExecProbe& probe) const {
        return "exec " + quoted_words(probe.argv);
    }

    std::string operator()(const manifest::HttpProbe& probe) const {
        return "http " + quoted(probe.host) + " " + quoted(probe.target) +
               endpoints(probe.endpoints);
    }

    std::string operator()(const manifest::TcpProbe& probe) const {
        return "tcp" + endpoints(probe.endpoints);
    }

    std::string operator()(const manifest::FileProbe& probe) const {
        return "file " + quoted(probe.path);
    }
};

void write_order(const Service& service, Writer& out) {
    for (const manifest::DependsOn& edge : service.depends_on) {
        const char* const condition = !edge.condition                                 ? "ready"
                                      : *edge.condition == core::Condition::started   ? "started"
                                      : *edge.condition == core::Condition::healthy   ? "healthy"
                                      : *edge.condition == core::Condition::completed ? "completed"
                                                                                      : "?";
        out.line("depends_on", quoted(edge.name) + " at " + std::to_string(edge.at.line) + ":" +
                                   std::to_string(edge.at.column) + " " + condition +
                                   (edge.restart ? " restart" : "") +
                                   (edge.required ? "" : " not required"));
    }
    out.maybe("notify_fd", service.notify_fd);
    out.line("start_timeout", milliseconds(service.policy.start_timeout));
    out.line("watchdog", milliseconds(service.policy.watchdog));
    out.line("probe", std::visit(ProbeText{}, service.probe));
    const core::HealthPolicy& health = service.policy.health;
    out.line("health",
             "every " + milliseconds(health.interval) + ", at first " +
                 milliseconds(health.start_interval) + ", within " + milliseconds(health.timeout) +
                 ", start period " + milliseconds(health.start_period) + ", retries " +
                 std::to_string(health.retries) +
                 ", unhealthy: " + word(health.on_unhealthy, {"restart", "exit", "none"}));
    out.words("stop_command", service.stop_command);
}

void write_limits(const Limits& limits, Writer& out) {
    out.maybe("memory", limits.memory);
    out.maybe("memory_high", limits.memory_high);
    out.maybe("memory_low", limits.memory_low);
    out.maybe("memory_swap", limits.memory_swap);
    out.maybe("cpus_milli", limits.cpus_milli);
    out.maybe("cpu_weight", limits.cpu_weight);
    out.maybe("cpuset", limits.cpuset);
    out.maybe("pids", limits.pids);
    out.maybe("io_weight", limits.io_weight);
}

void write_privileges(const Service& service, Writer& out) {
    out.line("oom_policy", word(service.oom_policy, {"restart", "exit", "continue"}));
    out.maybe("oom_score_adj", service.oom_score_adj);
    out.maybe("nice", service.nice);
    std::string ulimits;
    for (const auto& each : service.ulimits) {
        ulimits +=
            " " + std::to_string(each.resource) + "=" + number(each.soft) + ":" + number(each.hard);
    }
    out.line("ulimits", ulimits);
    const auto& caps = service.capabilities;
    char text[96];
    std::snprintf(text, sizeof text, "+%llx%s -%llx%s", static_cast<unsigned long long>(caps.add),
                  caps.add_all ? " all" : "", static_cast<unsigned long long>(caps.drop),
                  caps.drop_all ? " all" : "");
    out.line("capabilities", text);
    out.line("no_new_privileges", service.no_new_privileges ? "true" : "false");
}

}  // namespace

std::string to_text(const Service& service) {
    Writer out("  ");
    out.words("argv", service.argv);
    out.line("type", word(service.type, {"simple", "notify", "oneshot"}));
    out.maybe("working_dir", service.working_dir);
    out.maybe("umask", service.umask);
    for (const auto& [name, value] : service.environment) {
        out.line("environment", quoted(name) + (value ? "=" + quoted(*value) : " removed"));
    }
    out.line("user", service.user ? quoted(service.user->user) +
                                        (service.user->group ? ":" + quoted(*service.user->group)
                                                             : std::string())
                                  : "-");
    out.words("group_add", service.group_add);
    out.line("stdin", word(service.stdin_mode, {"null", "inherit"}));
    out.line("tty", service.tty ? "true" : "false");
    write_order(service, out);
    write_policy(service.policy, out);
    write_limits(service.limits, out);
    write_privileges(service, out);
    return out.text;
}

std::string to_text(const Manifest& manifest) {
    Writer out("");
    std::string stops;
    for (const Signal signal : manifest.stop_signals) {
        stops += " " + std::string(signal_name(signal));
    }
    out.line("stop_signals", stops);
    out.line("snapshot",
             (manifest.snapshot_signal ? std::string(signal_name(*manifest.snapshot_signal))
                                       : std::string("none")) +
                 (manifest.snapshot_json ? " json, " : " text, ") +
                 (manifest.snapshot_maps ? std::to_string(*manifest.snapshot_maps)
                                         : std::string("all")) +
                 " maps");
    out.line("shutdown_timeout", milliseconds(manifest.shutdown_timeout));
    out.maybe("exit_code_from", manifest.exit_code_from);
    out.line("cgroup", word(manifest.cgroup, {"auto", "required", "off"}));
    out.line("log", word(manifest.log_format, {"text", "json"}) + " " +
                        word(manifest.log_level, {"error", "warn", "info", "debug"}));
    out.line("disabled", std::to_string(manifest.disabled));
    for (const Service& service : manifest.services) {
        out.text += service.name + "\n" + to_text(service);
    }
    return out.text;
}

}  // namespace gosv::test
