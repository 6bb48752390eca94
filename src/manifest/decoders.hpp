#pragma once
// Decoders of service keys, by subject; the table in decode_service.cpp names them. Each decodes
// one key into the draft and reports what is wrong with its value.
#include "draft.hpp"

namespace gosv::manifest::decode {

// decode_command.cpp: what runs
void command(const Field& field, ServiceDraft& draft);
void args(const Field& field, ServiceDraft& draft);
void enabled(const Field& field, ServiceDraft& draft);
void type(const Field& field, ServiceDraft& draft);
void working_dir(const Field& field, ServiceDraft& draft);
void umask(const Field& field, ServiceDraft& draft);
void stdin_mode(const Field& field, ServiceDraft& draft);
void tty(const Field& field, ServiceDraft& draft);
// argv from command and args, when all keys are known.
void join_command(const Field& service, ServiceDraft& draft);

// decode_environment.cpp; the first two are for the top level as well
void environment_changes(const Field& field, EnvironmentChanges& changes);
void env_file_changes(const Field& field, EnvironmentChanges& changes);
void environment(const Field& field, ServiceDraft& draft);
void env_file(const Field& field, ServiceDraft& draft);

// decode_order.cpp: order and readiness
void depends_on(const Field& field, ServiceDraft& draft);
void start_timeout(const Field& field, ServiceDraft& draft);
void notify_fd(const Field& field, ServiceDraft& draft);
void watchdog(const Field& field, ServiceDraft& draft);
// Takes back what `defaults` says and this type of service cannot have.
void settle_readiness(const Field& service, ServiceDraft& draft);

// decode_health.cpp
void healthcheck(const Field& field, ServiceDraft& draft);
// The probe from what was given, when all keys are known.
void settle_health(const Field& service, ServiceDraft& draft);

// decode_restart.cpp: restart, and the container's fate
void restart(const Field& field, ServiceDraft& draft);
void max_restarts(const Field& field, ServiceDraft& draft);
void restart_delay(const Field& field, ServiceDraft& draft);
void restart_multiplier(const Field& field, ServiceDraft& draft);
void restart_max_delay(const Field& field, ServiceDraft& draft);
void stable_after(const Field& field, ServiceDraft& draft);
void success_exit_status(const Field& field, ServiceDraft& draft);
void failure_action(const Field& field, ServiceDraft& draft);
void success_action(const Field& field, ServiceDraft& draft);
// The policy from what was given and the type, when all keys are known.
void settle_restart(ServiceDraft& draft);

// decode_stop.cpp: stop and signals
void stop_signal(const Field& field, ServiceDraft& draft);
void stop_grace_period(const Field& field, ServiceDraft& draft);
void kill_mode(const Field& field, ServiceDraft& draft);
void stop_command(const Field& field, ServiceDraft& draft);
void signals(const Field& field, ServiceDraft& draft);

// decode_limits.cpp
void limits(const Field& field, ServiceDraft& draft);
void memory_mb(const Field& field, ServiceDraft& draft);
void cpu_percent(const Field& field, ServiceDraft& draft);
void mem_limit(const Field& field, ServiceDraft& draft);
void cpus(const Field& field, ServiceDraft& draft);
void pids_limit(const Field& field, ServiceDraft& draft);
void oom_policy(const Field& field, ServiceDraft& draft);

// decode_privileges.cpp
void user(const Field& field, ServiceDraft& draft);
void group_add(const Field& field, ServiceDraft& draft);
void oom_score_adj(const Field& field, ServiceDraft& draft);
void nice(const Field& field, ServiceDraft& draft);
void ulimits(const Field& field, ServiceDraft& draft);
void cap_add(const Field& field, ServiceDraft& draft);
void cap_drop(const Field& field, ServiceDraft& draft);
void no_new_privileges(const Field& field, ServiceDraft& draft);

}  // namespace gosv::manifest::decode
