#include "validate.hpp"

#include <algorithm>
#include <string>

#include "duration_text.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "name_index.hpp"
#include "path.hpp"
#include "quote.hpp"
#include "validate_order.hpp"

namespace gosv::manifest {

namespace {

constexpr std::size_t kLongestName = 63;

bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_valid_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kLongestName && is_alphanumeric(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
           });
}

std::string line_of(Position at) {
    return concat({"line ", at.line});
}

class Validator {
  public:
    Validator(const ManifestDraft& draft, Report& report) : draft_(draft), report_(report) {}

    void run() {
        check_count();
        check_names();
        check_terminal();
        check_exit_code_from();
        check_signals();
        for (const ServiceDraft& service : draft_.services) {
            if (service.whole) {
                check_service(service);
                validate_readiness(service, report_);
            }
        }
        validate_dependencies(draft_, report_);
    }

  private:
    Position place_of(std::string_view key) const {
        const Position* const at = draft_.given.find(key);
        return at == nullptr ? Position{} : *at;
    }

    void check_count() {
        const auto& services = draft_.services;
        if (services.empty()) {
            if (!report_.has_errors()) {
                report_.error(place_of("services"), "services", "there is no service to run",
                              "write services: {web: {command: [program, argument]}}");
            }
            return;
        }
        if (services.size() > kMaxServices) {
            report_.error(services[kMaxServices].service.at, "services",
                          concat({"there are ", services.size(), " services"}),
                          concat({"gosv takes at most ", kMaxServices}));
        }
        if (std::none_of(services.begin(), services.end(),
                         [](const ServiceDraft& each) { return each.enabled; })) {
            report_.error(place_of("services"), "services",
                          "there is no service to run: every one is disabled",
                          "remove enabled: false from one of them");
        }
    }

    void check_names() {
        NameIndex first;
        for (std::size_t i = 0; i < draft_.services.size(); ++i) {
            const ServiceDraft& each = draft_.services[i];
            const std::string& name = each.service.name;
            if (each.nameless) {
                continue;
            }
            if (!is_valid_name(name)) {
                report_.error(each.name_at, each.path(),
                              concat({"a service cannot be named ", quote(name)}),
                              "names are at most 63 letters, digits, '_', '.' and '-', and begin "
                              "with a letter or a digit");
            }
            const std::size_t seen = first.add(name, i);
            if (seen != i) {
                report_.error(each.name_at, each.path(),
                              concat({"two services are named ", quote(name)}),
                              concat({"the other is at ", line_of(draft_.services[seen].name_at)}));
            }
        }
    }

    void check_terminal() {
        const ServiceDraft* first = nullptr;
        for (const ServiceDraft& each : draft_.services) {
            const bool tty = each.service.tty;
            if (!each.enabled || !(tty || each.service.stdin_mode == StdinMode::inherit)) {
                continue;
            }
            if (first == nullptr) {
                first = &each;
                continue;
            }
            const char* const key = tty ? "tty" : "stdin";
            report_.error(each.place_of(key), child_path(each.path(), key),
                          "only one service can have the container's stdin",
                          concat({quote(first->service.name), " has it already"}));
        }
    }

    void check_exit_code_from() {
        const auto& wanted = draft_.manifest.exit_code_from;
        if (!wanted) {
            return;
        }
        std::vector<std::string_view> names;
        for (const ServiceDraft& each : draft_.services) {
            if (each.service.name == *wanted) {
                if (!each.enabled) {
                    report_.error(place_of("exit_code_from"), "exit_code_from",
                                  concat({"the service ", quote(*wanted), " is disabled"}),
                                  "name a service that runs");
                }
                return;
            }
            names.push_back(each.service.name);
        }
        report_.error(place_of("exit_code_from"), "exit_code_from",
                      concat({"there is no service ", quote(*wanted)}),
                      nearest_hint(*wanted, names, "name one of `services`"));
    }

    bool is_stop_signal(Signal signal) const noexcept {
        const auto& signals = draft_.manifest.stop_signals;
        return std::find(signals.begin(), signals.end(), signal) != signals.end();
    }

    void check_signals() {
        const auto snapshot = draft_.manifest.snapshot_signal;
        if (snapshot && is_stop_signal(*snapshot)) {
            const char* const key = draft_.given.find("snapshot_signal") != nullptr
                                        ? "snapshot_signal"
                                        : "stop_signals";
            report_.error(place_of(key), key,
                          concat({signal_name(*snapshot),
                                  " cannot be both a stop signal and the snapshot signal"}),
                          "write snapshot_signal: none, or choose another signal");
        }
    }

    void check_service(const ServiceDraft& draft) {
        check_restart(draft);
        check_stop(draft);
        check_forwarding(draft);
        check_limits(draft);
    }

    void check_restart(const ServiceDraft& draft) {
        const core::ServicePolicy& policy = draft.service.policy;
        if (draft.service.type == ServiceType::oneshot &&
            draft.restart == core::RestartPolicy::always) {
            report_.error(
                draft.place_of("restart"), child_path(draft.path(), "restart"),
                "a oneshot that is always restarted never completes",
                concat({"write restart: no or on-failure in ", quote(draft.service.name)}));
        }
        if (draft.restart_count && draft.has("max_restarts")) {
            report_.error(draft.place_of("max_restarts"), child_path(draft.path(), "max_restarts"),
                          "restart: on-failure:N and max_restarts both tell how often",
                          "keep one of the two");
        }
        if (draft.restart_max_delay && policy.backoff.first > *draft.restart_max_delay) {
            report_.error(draft.place_of("restart_delay"),
                          child_path(draft.path(), "restart_delay"),
                          concat({"restart_delay is longer than restart_max_delay, ",
                                  duration_text(*draft.restart_max_delay)}),
                          "the first delay cannot be above the cap of all");
        }
        const bool restarts = policy.restart != core::RestartPolicy::never;
        if (restarts && policy.backoff.first == Duration::zero() &&
            policy.max_restarts == core::kUnlimited) {
            report_.warning(draft.place_of("restart_delay"),
                            child_path(draft.path(), "restart_delay"),
                            "a service that fails at once is restarted without a pause, for ever",
                            "write a delay, or a number for max_restarts");
        }
    }

    void check_stop(const ServiceDraft& draft) {
        const Duration grace = draft.service.policy.stop_grace_period;
        const Duration whole = draft_.manifest.shutdown_timeout;
        if (draft.has("stop_grace_period") && grace > whole) {
            report_.warning(draft.place_of("stop_grace_period"),
                            child_path(draft.path(), "stop_grace_period"),
                            concat({"the grace period is cut short by shutdown_timeout, ",
                                    duration_text(whole)}),
                            "raise shutdown_timeout too, and docker's own: docker stop -t, or "
                            "stop_grace_period in compose.yaml");
        }
    }

    void check_forwarding(const ServiceDraft& draft) {
        const auto snapshot = draft_.manifest.snapshot_signal;
        const core::SignalMap& map = draft.service.policy.signals;
        for (std::uint8_t number = 1; number <= kMaxSignal; ++number) {
            const Signal signal{number};
            if (map[number] == number) {
                continue;
            }
            const bool stops = is_stop_signal(signal);
            if (stops || snapshot == signal) {
                report_.warning(
                    draft.place_of("signals"), child_path(draft.path(), "signals"),
                    concat({signal_name(signal), " is never forwarded: gosv takes it for a ",
                            stops ? "stop" : "snapshot"}),
                    stops ? "stop_signal is what the service gets then"
                          : "write snapshot_signal: none to have it forwarded");
            }
        }
    }

    void check_limits(const ServiceDraft& draft) {
        const Limits& limits = draft.service.limits;
        if (limits.memory && limits.memory_low && *limits.memory_low > *limits.memory) {
            report_.warning(draft.place_of("limits"), child_path(draft.path(), "limits"),
                            "memory_low is above the memory limit",
                            "what is protected cannot be more than what is allowed");
        }
    }

    const ManifestDraft& draft_;
    Report& report_;
};

}  // namespace

void validate(const ManifestDraft& draft, Report& report) {
    Validator(draft, report).run();
}

}  // namespace gosv::manifest
