#include "gosv/manifest/planning.hpp"

#include <algorithm>

#include "bounds.hpp"
#include "gosv/base/concat.hpp"
#include "identity.hpp"
#include "path.hpp"
#include "plan_order.hpp"
#include "quote.hpp"
#include "report.hpp"
#include "service_environment.hpp"

namespace gosv::manifest {

namespace {

// What one exec takes at most, command and environment (_STK_LIM / 4 * 3). What it takes below that
// depends on the stack limit with which the service is started: only the kernel can tell.
constexpr std::size_t kLargestTotal = std::size_t{6} * 1024 * 1024;

std::size_t size_in_kernel(const std::vector<std::string>& strings) noexcept {
    std::size_t size = 0;
    for (const std::string& each : strings) {
        size += each.size() + 1 + sizeof(char*);
    }
    return size;
}

std::string path_of(const Service& service, std::string_view key) {
    return child_path(child_path("services", service.name), key);
}

void check_words(const std::vector<std::string>& words, Position at, const Service& service,
                 std::string_view key, Report& report) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].size() > kMaxString) {
            report.error(at, path_of(service, key),
                         concat({"word ", i + 1, " of the command is longer than 128 KiB"}),
                         "the kernel takes no longer one; put it into a file");
        }
    }
}

// What execve(2) would answer with E2BIG however often it is tried.
void check_sizes(const Service& service, const std::vector<std::string>& environment,
                 Report& report) {
    check_words(service.argv, service.command_at, service, "command", report);
    check_words(service.stop_command, service.at, service, "stop_command", report);
    if (const auto* const probe = std::get_if<ExecProbe>(&service.probe)) {
        check_words(probe->argv, service.at, service, "healthcheck.test", report);
    }
    for (const std::string& entry : environment) {
        if (entry.size() > kMaxString) {
            report.error(
                service.at, path_of(service, "environment"),
                concat({quote(entry.substr(0, entry.find('='))), " is longer than 128 KiB"}),
                "the kernel takes no longer entry; put it into a file");
        }
    }
    if (size_in_kernel(service.argv) + size_in_kernel(environment) > kLargestTotal) {
        report.error(service.at, child_path("services", service.name),
                     "command and environment together are larger than 6 MiB",
                     "the kernel takes no more, whatever the stack limit is");
    }
}

// What the service's own changes to its environment are, and what its type adds.
EnvironmentChanges changes_of(const Service& service) {
    EnvironmentChanges changes = service.environment;
    if (service.type == ServiceType::notify) {
        changes.emplace_back("NOTIFY_SOCKET", kNotifySocketUnbound);
        if (service.policy.watchdog > Duration::zero()) {
            changes.emplace_back(
                "WATCHDOG_USEC",
                std::to_string(
                    std::chrono::duration_cast<std::chrono::microseconds>(service.policy.watchdog)
                        .count()));
        }
    }
    return changes;
}

CommandSpec make_command(const std::vector<std::string>& argv,
                         const std::vector<std::string>& environment) {
    if (argv.empty()) {
        return {};
    }
    return {StringBlock(argv), StringBlock(exec_candidates(argv.front(), environment))};
}

// What the policy says that stands elsewhere in the manifest.
core::ServicePolicy make_policy(const Service& service) {
    core::ServicePolicy policy = service.policy;
    policy.oneshot = service.type == ServiceType::oneshot;
    policy.notifies = service.type == ServiceType::notify || service.notify_fd;
    policy.health.probes = !std::holds_alternative<std::monostate>(service.probe);
    policy.stop_command = !service.stop_command.empty();
    if (service.oom_policy == OomPolicy::exit) {
        policy.oom_action = core::FinalAction::exit;
    }
    return policy;
}

// All but its environment and its user.
ExecSpec make_exec(const Service& service, const std::vector<std::string>& environment) {
    ExecSpec exec;
    exec.name = service.name;
    exec.argv = StringBlock(service.argv);
    exec.candidates =
        StringBlock(exec_candidates(service.argv.empty() ? "" : service.argv.front(), environment));
    exec.working_dir = service.working_dir;
    exec.umask = service.umask;
    exec.stdin_mode = service.stdin_mode;
    exec.tty = service.tty;
    exec.oom_score_adj = service.oom_score_adj;
    exec.nice = service.nice;
    exec.ulimits = service.ulimits;
    exec.capabilities = service.capabilities;
    exec.no_new_privileges = service.no_new_privileges;
    exec.limits = service.limits;
    exec.oom_policy = service.oom_policy;
    exec.notify_socket = service.type == ServiceType::notify;
    exec.notify_fd = service.notify_fd;
    exec.probe = service.probe;
    if (const auto* const probe = std::get_if<ExecProbe>(&service.probe)) {
        exec.probe_command = make_command(probe->argv, environment);
    }
    exec.stop_command = make_command(service.stop_command, environment);
    return exec;
}

// What is the same for both is the environment, but for GOSV_SERVICE.
bool have_one_environment(const Service& a, const Service& b) {
    return a.environment == b.environment && a.user == b.user && a.type == b.type &&
           a.policy.watchdog == b.policy.watchdog;
}

// Takes one service after the other.
class Planner {
  public:
    Planner(const HostFacts& host, Report& report)
        : host_(host),
          report_(report),
          database_(host.passwd, host.group),
          inherited_(inheritable(host.environment)) {}

    void add(const Service& service, PlanDraft& draft) {
        const std::optional<Identity> identity =
            resolve_identity(service, host_, database_, report_);
        const bool alike = before_ != nullptr && have_one_environment(*before_, service);
        before_ = &service;
        if (alike) {
            environment_[name_at_] = concat({kNameVariable, service.name});
        } else {
            environment_ = service_environment(inherited_, identity ? &*identity : nullptr,
                                               changes_of(service), service.name);
            name_at_ = place_of_name();
        }
        check_sizes(service, environment_, report_);
        ExecSpec exec = make_exec(service, environment_);
        if (identity) {
            exec.credentials = identity->credentials;
        }
        if (alike) {
            draft.add_alike(make_policy(service), exec, name_at_, environment_[name_at_]);
        } else {
            exec.envp = StringBlock(environment_);
            draft.add(make_policy(service), exec);
        }
    }

  private:
    std::size_t place_of_name() const noexcept {
        const auto found =
            std::find_if(environment_.begin(), environment_.end(),
                         [](const std::string& entry) { return entry.starts_with(kNameVariable); });
        return static_cast<std::size_t>(found - environment_.begin());
    }

    const HostFacts& host_;
    Report& report_;
    const UserDatabase database_;
    const Environment inherited_;
    const Service* before_ = nullptr;
    std::vector<std::string> environment_;  // of that service
    std::size_t name_at_ = 0;               // of GOSV_SERVICE in it
};

std::optional<ServiceId> find_service(const std::vector<Service>& services,
                                      const std::string& name) noexcept {
    const auto found = std::find_if(services.begin(), services.end(),
                                    [&](const Service& each) { return each.name == name; });
    if (found == services.end()) {
        return std::nullopt;
    }
    return static_cast<ServiceId>(found - services.begin());
}

}  // namespace

PlanResult make_plan(const Manifest& manifest, const HostFacts& host) {
    PlanResult result;
    Report report;
    Planner planner(host, report);
    for (const Service& service : manifest.services) {
        planner.add(service, result.draft);
    }
    link_services(manifest, result.draft);
    PlanOfAll& plan = result.draft.of_all;
    plan.supervisor.shutdown_timeout = manifest.shutdown_timeout;
    if (manifest.exit_code_from) {
        plan.supervisor.exit_code_from = find_service(manifest.services, *manifest.exit_code_from);
    }
    plan.stop_signals = manifest.stop_signals;
    plan.snapshot_signal = manifest.snapshot_signal;
    plan.snapshot_json = manifest.snapshot_json;
    plan.snapshot_maps = manifest.snapshot_maps;
    plan.cgroup = manifest.cgroup;
    plan.log_format = manifest.log_format;
    plan.log_level = manifest.log_level;
    result.diagnostics = report.take();
    return result;
}

PlanResult make_plan(const LoadResult& loaded, const HostFacts& host) {
    PlanResult result = make_plan(loaded.manifest, host);
    result.diagnostics.insert(result.diagnostics.begin(), loaded.diagnostics.begin(),
                              loaded.diagnostics.end());
    return result;
}

PlanDraft make_command_plan(const std::vector<std::string>& argv, const HostFacts& host,
                            core::KillMode kill_mode, std::optional<Signal> snapshot_signal) {
    // What CMD leaves behind has this long between TERM and KILL. Twice, at the worst: its own
    // group and then what has left that. Docker gives the whole ten seconds.
    constexpr Duration kGrace = std::chrono::seconds(3);

    core::ServicePolicy policy;
    policy.restart = core::RestartPolicy::never;
    policy.max_restarts = 0;
    policy.success.codes.set(0);
    policy.stop_grace_period = kGrace;
    policy.kill_mode = kill_mode;
    policy.retry_spawn = false;

    ExecSpec exec;
    exec.name = "main";
    exec.argv = StringBlock(argv);
    exec.envp = StringBlock(host.environment);
    exec.candidates =
        StringBlock(exec_candidates(argv.empty() ? "" : argv.front(), host.environment));
    exec.stdin_mode = StdinMode::inherit;

    PlanDraft draft;
    draft.add(policy, exec);
    PlanOfAll& plan = draft.of_all;
    plan.supervisor.straggler_grace = kGrace;
    plan.supervisor.exit_code_from = ServiceId{0};
    plan.supervisor.command_mode = true;
    plan.snapshot_signal = snapshot_signal;
    plan.cgroup = CgroupMode::off;
    return draft;
}

}  // namespace gosv::manifest
