#pragma once
// `cgroup: auto | required | off`: whether there will be a cgroup tree, and what is said about it.
// Everything is decided here, before the first service is started; afterwards limits are in force
// or have been told not to be.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gosv/manifest/plan.hpp"
#include "gosv/os/cgroup.hpp"

namespace gosv::app {

struct ServiceCgroups {
    std::unique_ptr<os::CgroupTree> tree;  // null: services are process groups
    // For each service why it can never be started: a limit that the kernel refused. Empty: none.
    std::vector<std::string> refusals;
};

struct CgroupDecision {
    ServiceCgroups cgroups;
    std::optional<std::string> fatal;   // `required`, and not to be had; several lines
    std::vector<std::string> warnings;  // what is not enforced, why, and the way out; a line each
    std::string note;                   // what there is, for the log; empty: nothing to be said
};

// Does what the plan wishes. Changes the machine only by what build_cgroup_tree() does.
CgroupDecision set_up_cgroups(const manifest::Plan& plan);

// The pure half: what follows from what came of it.
CgroupDecision decide_on_cgroups(const manifest::Plan& plan, os::CgroupSetUp set_up);

// The way out of an obstacle, in one line: which flag of docker run, podman or Kubernetes.
std::string_view way_out_of(os::CgroupObstacle obstacle) noexcept;

}  // namespace gosv::app
