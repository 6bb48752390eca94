// Keys that people try, from compose, systemd, supervisord and this program's own future, and what
// to write instead.
#include "schema.hpp"

namespace gosv::manifest {

namespace {

constexpr bool kLater = true;

constexpr std::string_view kContainer =
    "gosv runs inside one container: this belongs to the Dockerfile, docker run or compose.yaml";
constexpr std::string_view kOutput =
    "services write to gosv's own stdout and stderr; gosv's lines are set with `log`";
constexpr std::string_view kHealth =
    "write healthcheck: {test: [program, argument]}, or {http: URL}, {tcp: PORT}, {file: PATH}";
constexpr std::string_view kSteps =
    "write a service with type: oneshot and depends_on for what comes before";
constexpr std::string_view kWeak = "write depends_on: {NAME: {required: false}}";
constexpr std::string_view kReserved = "the name is reserved for a later version: remove it";

constexpr ForeignKey kServiceKeys[] = {
    // reserved
    {"schedule", kReserved, kLater},
    {"scale", kReserved, kLater},
    {"profiles", kReserved, kLater},
    {"secrets", kReserved, kLater},
    {"listen", kReserved, kLater},
    // compose
    {"image", kContainer},
    {"build", kContainer},
    {"ports", kContainer},
    {"expose", kContainer},
    {"volumes", kContainer},
    {"networks", kContainer},
    {"network_mode", kContainer},
    {"container_name", kContainer},
    {"hostname", kContainer},
    {"labels", kContainer},
    {"devices", kContainer},
    {"privileged", kContainer},
    {"read_only", kContainer},
    {"tmpfs", kContainer},
    {"dns", kContainer},
    {"extra_hosts", kContainer},
    {"links", kContainer},
    {"sysctls", kContainer},
    {"shm_size", kContainer},
    {"platform", kContainer},
    {"pull_policy", kContainer},
    {"configs", kContainer},
    {"pid", kContainer},
    {"ipc", kContainer},
    {"entrypoint", "put the program and all its arguments into `command`"},
    {"init", "remove it: gosv is the init"},
    {"logging", kOutput},
    {"deploy", "write limits: {memory: 256M, cpus: 0.5} and restart"},
    {"security_opt", "no-new-privileges is no_new_privileges: true"},
    {"stdin_open", "write stdin: inherit"},
    {"env", "did you mean 'environment'?"},
    {"memswap_limit", "write limits: {memory_swap: SIZE}, the swap alone"},
    {"mem_reservation", "write limits: {memory_low: SIZE}"},
    {"mem_swappiness", "cgroup v2 has none"},
    {"cpu_shares", "write limits: {cpu_weight: N}, from 1 to 10000, 100 by default"},
    {"cpu_quota", "write limits: {cpus: 0.5}"},
    {"cpu_period", "write limits: {cpus: 0.5}"},
    {"cpuset", "write limits: {cpuset: \"0-3\"}"},
    {"blkio_config", "write limits: {io_weight: N}"},
    {"oom_kill_disable", "write oom_score_adj or oom_policy"},
    {"extends", "use an anchor and a merge key, <<: *base, or `defaults`"},
    // systemd, supervisord and others
    {"exec", "did you mean 'command'?"},
    {"exec_start", "did you mean 'command'?"},
    {"cmd", "did you mean 'command'?"},
    {"run", "did you mean 'command'?"},
    {"program", "did you mean 'command'?"},
    {"arguments", "did you mean 'args'?"},
    {"working_directory", "did you mean 'working_dir'?"},
    {"cwd", "did you mean 'working_dir'?"},
    {"workdir", "did you mean 'working_dir'?"},
    {"directory", "did you mean 'working_dir'?"},
    {"uid", "write user: uid:gid"},
    {"gid", "write user: uid:gid"},
    {"group", "write user: user:group"},
    {"groups", "did you mean 'group_add'?"},
    {"autostart", "did you mean 'enabled'?"},
    {"disabled", "write enabled: false"},
    {"autorestart", "did you mean 'restart'?"},
    {"start_limit_burst", "did you mean 'max_restarts'?"},
    {"restart_policy", "did you mean 'restart'?"},
    {"startretries", "did you mean 'max_restarts'?"},
    {"retries", "did you mean 'max_restarts'?"},
    {"restart_sec", "did you mean 'restart_delay'?"},
    {"backoff", "write restart_delay, restart_multiplier and restart_max_delay"},
    {"startsecs", "did you mean 'stable_after'?"},
    {"exitcodes", "did you mean 'success_exit_status'?"},
    {"stopwaitsecs", "did you mean 'stop_grace_period'?"},
    {"kill_signal", "did you mean 'stop_signal'?"},
    {"timeout_stop_sec", "did you mean 'stop_grace_period'?"},
    {"termination_grace_period_seconds", "did you mean 'stop_grace_period'?"},
    {"stop_timeout", "did you mean 'stop_grace_period'?"},
    {"kill_timeout", "did you mean 'stop_grace_period'?"},
    {"timeout", "did you mean 'stop_grace_period'?"},
    {"priority", "write depends_on: [NAME] in the one that waits; others start side by side"},
    {"environment_file", "did you mean 'env_file'?"},
    {"env_from", "did you mean 'env_file'?"},
    {"oom_score_adjust", "did you mean 'oom_score_adj'?"},
    {"limit_nofile", "write ulimits: {nofile: N}"},
    {"numprocs", "write one service for each"},
    {"replicas", "write one service for each"},
    {"stdout_logfile", kOutput},
    {"stderr_logfile", kOutput},
    {"redirect_stderr", kOutput},
    {"standard_output", kOutput},
    {"standard_error", kOutput},
    {"resources", "write limits: {memory: 256M, cpus: 0.5}"},
    {"volume_mounts", kContainer},
    {"liveness_probe", kHealth},
    {"readiness_probe", kHealth},
    {"startup_probe", kHealth},
    {"probe", kHealth},
    {"check", kHealth},
    {"checks", kHealth},
    {"health", kHealth},
    {"healthcmd", kHealth},
    {"init_containers", "write services with type: oneshot, and depends_on in those that wait"},
    {"lifecycle", "preStop is stop_command; postStart is a oneshot with depends_on"},
    {"pre_stop", "did you mean 'stop_command'?"},
    {"exec_stop", "did you mean 'stop_command'?"},
    {"exec_stop_post", kSteps},
    {"exec_start_pre", kSteps},
    {"exec_start_post", kSteps},
    {"exec_condition", kSteps},
    {"pre_start", kSteps},
    {"post_start", kSteps},
    {"exec_reload", "signals such as HUP are forwarded: see `signals`"},
    {"after", "did you mean 'depends_on'?"},
    {"start_after", "did you mean 'depends_on'?"},
    {"requires", "did you mean 'depends_on'?"},
    {"requisite", "did you mean 'depends_on'?"},
    {"require", "did you mean 'depends_on'?"},
    {"needs", "did you mean 'depends_on'?"},
    {"dependencies", "did you mean 'depends_on'?"},
    {"dependencies.d", "did you mean 'depends_on'?"},
    {"wants", kWeak},
    {"waits_for", kWeak},
    {"binds_to", "write depends_on: {NAME: {restart: true}}"},
    {"part_of", "write depends_on: {NAME: {restart: true}}"},
    {"before", "write depends_on: [NAME] in the one that waits"},
    {"required_by", "write depends_on: [NAME] in the one that waits"},
    {"wanted_by", "write depends_on: [NAME] in the one that waits"},
    {"timeout_start_sec", "did you mean 'start_timeout'?"},
    {"timeout_up", "did you mean 'start_timeout'?"},
    {"ready_timeout", "did you mean 'start_timeout'?"},
    {"timeout_sec", "write start_timeout and stop_grace_period"},
    {"timeout_down", "did you mean 'stop_grace_period'?"},
    {"timeout_kill", "did you mean 'stop_grace_period'?"},
    {"down_signal", "did you mean 'stop_signal'?"},
    {"watchdog_sec", "did you mean 'watchdog'?"},
    {"notification_fd", "did you mean 'notify_fd'?"},
    {"ready_notification", "write type: notify, or notify_fd: 3"},
    {"sd_notify", "write type: notify"},
    {"notify", "write type: notify"},
    {"notify_access", "remove it: whatever belongs to the service may notify"},
    {"remain_after_exit", "write type: oneshot, which stays completed"},
    {"oneshot", "write type: oneshot"},
    {"nofile", "write ulimits: {nofile: N}"},
    {"memory", "write limits: {memory: 256M}"},
    {"cpu", "write limits: {cpus: 0.5}"},
    {"pids", "write limits: {pids: 100}"},
    {"capabilities", "write cap_add and cap_drop"},
    {"shell", "write command: [/bin/sh, -c, \"...\"]"},
};

// Kubernetes, Pebble and process-compose.
constexpr ForeignKey kHealthKeys[] = {
    {"period_seconds", "did you mean 'interval'?"},
    {"period", "did you mean 'interval'?"},
    {"timeout_seconds", "did you mean 'timeout'?"},
    {"failure_threshold", "did you mean 'retries'?"},
    {"threshold", "did you mean 'retries'?"},
    {"success_threshold", "remove it: one good answer is enough"},
    {"initial_delay_seconds", "did you mean 'start_period'? It ends with the first good answer"},
    {"initial_delay", "did you mean 'start_period'? It ends with the first good answer"},
    {"termination_grace_period_seconds", "stop_grace_period of the service is what counts"},
    {"http_get", "write http: \"http://127.0.0.1:8080/health\""},
    {"url", "write http: \"http://127.0.0.1:8080/health\""},
    {"path", "write http: \"http://127.0.0.1:8080/health\", or file: /run/ready"},
    {"port", "write tcp: 8080"},
    {"tcp_socket", "write tcp: 8080"},
    {"grpc", "write test: [grpc_health_probe, -addr=127.0.0.1:9000]"},
    {"exec", "write test: [program, argument]"},
    {"command", "write test: [program, argument]"},
    {"cmd", "write test: [program, argument]"},
    {"level", "remove it: readiness and liveness are asked the same"},
    {"action", "did you mean 'on_unhealthy'?"},
    {"on_failure", "did you mean 'on_unhealthy'?"},
    {"enabled", "write disable: true, or healthcheck: none"},
};

constexpr ForeignKey kDependencyKeys[] = {
    {"optional", "write required: false"},
    {"soft", "write required: false"},
    {"when", "did you mean 'condition'?"},
    {"state", "did you mean 'condition'?"},
};

constexpr ForeignKey kTopLevelKeys[] = {
    {"schedule", kReserved, kLater},
    {"scale", kReserved, kLater},
    {"profiles", kReserved, kLater},
    {"secrets", kReserved, kLater},
    {"listen", kReserved, kLater},
    {"networks", kContainer},
    {"volumes", kContainer},
    {"configs", kContainer},
    {"name", "remove it: a manifest has no name"},
    {"api_version", "this looks like Kubernetes: a manifest begins with `services:`"},
    {"include", "a manifest is one file: use anchors and `defaults`"},
    {"command", "put it below services: and the service's name"},
    {"env", "did you mean 'environment'?"},
    {"logging", "did you mean 'log'?"},
    {"log_level", "write log: {level: info}"},
    {"log_format", "write log: {format: json}"},
    {"programs", "did you mean 'services'?"},
    {"processes", "did you mean 'services'?"},
    {"stop_signal", "did you mean 'stop_signals'? A service's own is set in the service"},
    {"stop_timeout", "did you mean 'shutdown_timeout'?"},
    {"stop_grace_period",
     "write it in `defaults` for all services; the whole shutdown is shutdown_timeout"},
    {"restart", "write it in `defaults` for all services"},
    {"max_restarts", "write it in `defaults` for all services"},
    {"limits", "write it in `defaults` for every service"},
    {"user", "write it in `defaults` for all services"},
};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same_but_for_style(std::string_view a, std::string_view b) noexcept {
    const auto skip = [](std::string_view& text) {
        while (!text.empty() && (text.front() == '_' || text.front() == '-')) {
            text.remove_prefix(1);
        }
    };
    for (skip(a), skip(b); !a.empty() && !b.empty(); skip(a), skip(b)) {
        if (lower(a.front()) != lower(b.front())) {
            return false;
        }
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return a.empty() && b.empty();
}

std::span<const ForeignKey> foreign_keys(Section section) noexcept {
    switch (section) {
        case Section::top_level:
            return kTopLevelKeys;
        case Section::service:
            return kServiceKeys;
        case Section::depends_on:
            return kDependencyKeys;
        case Section::healthcheck:
            return kHealthKeys;
        case Section::log:
        case Section::limits:
            return {};
    }
    return {};
}

}  // namespace

const ForeignKey* find_foreign_key(Section section, std::string_view key) noexcept {
    for (const ForeignKey& each : foreign_keys(section)) {
        if (same_but_for_style(each.name, key)) {
            return &each;
        }
    }
    return nullptr;
}

}  // namespace gosv::manifest
