#pragma once
// From what the user wrote, and what is known of the host, to a plan.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gosv/manifest/diagnostic.hpp"
#include "gosv/manifest/manifest.hpp"
#include "gosv/manifest/plan_draft.hpp"

namespace gosv::manifest {

// What planning must know of the host, passed in as data so that planning can be tested.
struct HostFacts {
    std::vector<std::string> environment;  // "K=V", gosv's own, in order
    std::string passwd;                    // text of /etc/passwd, empty when there is none
    std::string group;                     // text of /etc/group
    std::uint32_t uid = 0;                 // gosv's own
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  // supplementary
};

// What planning found. The plan is made of it by one step more, draft.finish(), so that nothing of
// loading and planning need outlive it.
struct PlanResult {
    PlanDraft draft;          // complete only when !has_errors(diagnostics)
    Diagnostics diagnostics;  // an unknown user or group, E2BIG, ...
};

PlanResult make_plan(const Manifest& manifest, const HostFacts& host);

// The same, with the problems that loading found before those of planning. Planned is what there
// is, so that an unknown user is told together with an unknown key.
PlanResult make_plan(const LoadResult& loaded, const HostFacts& host);

// The plan of `gosv -- CMD ARG...`: one service "main", no restart, exit code from it, every signal
// forwarded, environment, directory, user and stdin as inherited.
PlanDraft make_command_plan(const std::vector<std::string>& argv, const HostFacts& host,
                            core::KillMode kill_mode, std::optional<Signal> snapshot_signal);

}  // namespace gosv::manifest
