#include "app/service_cgroups.hpp"

#include <algorithm>

#include "app/cgroup_settings.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

using manifest::CgroupMode;
using os::CgroupObstacle;

std::string names_of_limited(const manifest::Plan& plan) {
    std::string names;
    for (const manifest::Exec& exec : plan.execs) {
        if (exec.settings->limits.any()) {
            append_to(names, {names.empty() ? "" : ", ", exec.name.view()});
        }
    }
    return names;
}

// "web: memory.swap.max 0: No such file or directory"
std::string text_of(const os::SettingProblem& problem) {
    if (problem.unavailable) {
        const std::string file = problem.file;
        return concat({file, " is not to be had here: the ", file.substr(0, file.find('.')),
                       " controller is not offered, or this kernel does not know the file"});
    }
    return concat(
        {problem.file, ": cannot write '", problem.value, "': ", errno_text(problem.err)});
}

std::vector<os::LeafSpec> leaves_of(const manifest::Plan& plan) {
    std::vector<os::LeafSpec> leaves;
    for (const manifest::Exec& exec : plan.execs) {
        leaves.push_back({std::string(exec.name),
                          settings_of(exec.settings->limits, exec.settings->oom_policy)});
    }
    return leaves;
}

os::CgroupSetUp set_up(const manifest::Plan& plan) {
    os::CgroupPlace place = os::find_own_cgroup();
    if (place.obstacle == CgroupObstacle::none) {
        Result<Fd> own = sys::open_directory(place.directory.c_str());
        if (own.ok()) {
            return os::build_cgroup_tree(place, std::move(own).value(), leaves_of(plan));
        }
        place.obstacle = CgroupObstacle::refused;
        place.why = concat({place.directory, ": ", errno_text(own.error().err)});
    }
    os::CgroupSetUp nothing;
    nothing.obstacle = place.obstacle;
    nothing.why = place.why;
    return nothing;
}

void without_tree(const manifest::Plan& plan, const os::CgroupSetUp& set_up,
                  CgroupDecision& decision) {
    const std::string limited = names_of_limited(plan);
    const std::string way_out(way_out_of(set_up.obstacle));
    if (limited.empty()) {
        decision.note = concat({"no cgroups: ", set_up.why});  // nobody asked for any
    } else if (plan.cgroup == CgroupMode::required) {
        decision.fatal = concat({"gosv: cgroup: required, but ", set_up.why,
                                 "\nservices with limits: ", limited, "\nhint: ", way_out, "\n"});
    } else {
        decision.warnings.push_back(
            concat({"limits of ", limited, " are not enforced: ", set_up.why, ". ", way_out}));
    }
}

// The limit is in force, but the container's own is reached first.
void compare(const manifest::Exec& exec, const os::OwnLimits& own, CgroupDecision& decision) {
    const auto above = [&](const char* key, const char* file, std::optional<std::uint64_t> limit,
                           std::optional<std::uint64_t> of_container, const char* unit) {
        if (limit && of_container && *limit != UINT64_MAX && *limit > *of_container) {
            decision.warnings.push_back(
                concat({"limits.", key, " of ", exec.name.view(), ", ", *limit, unit,
                        ", cannot be reached: the container itself has ", *of_container, unit, " (",
                        file, ")"}));
        }
    };
    above("memory", "memory.max", exec.settings->limits.memory, own.memory, " bytes");
    above("pids", "pids.max", exec.settings->limits.pids, own.pids, " processes");
    above("cpus", "cpu.max", exec.settings->limits.cpus_milli, own.cpus_milli,
          " thousandths of a CPU");
}

[[gnu::noinline]] void with_tree(const manifest::Plan& plan, os::CgroupSetUp& set_up,
                                 CgroupDecision& decision) {
    decision.note = "limits are enforced";
    if (!set_up.tree->controllers().empty()) {
        append_to(decision.note, {", controllers: ", set_up.tree->controllers()});
    }
    if (!set_up.tree->events().is_open()) {
        decision.note += "; no inotify instance left: OOM kills are told when their service ends";
    }
    for (const manifest::Exec& exec : plan.execs) {
        compare(exec, set_up.own_limits, decision);
    }
    std::string fatal;
    for (const os::SettingProblem& problem : set_up.problems) {
        const std::string_view name = plan.execs[problem.leaf].name;
        const std::string text = text_of(problem);
        if (plan.cgroup == CgroupMode::required) {
            fatal.append("gosv: cgroup: required, but a limit of ").append(name);
            fatal.append(" is not in force: ").append(text).append("\n");
        } else if (problem.unavailable) {
            std::string& warning = decision.warnings.emplace_back("a limit of ");
            warning.append(name).append(" is not enforced: ").append(text);
        } else {
            decision.cgroups.refusals.resize(plan.execs.size());
            decision.cgroups.refusals[problem.leaf] = text;
        }
    }
    if (!fatal.empty()) {
        set_up.tree->undo();
        decision.fatal = fatal;
        return;
    }
    decision.cgroups.tree = std::move(set_up.tree);
}

}  // namespace

CgroupDecision decide_on_cgroups(const manifest::Plan& plan, os::CgroupSetUp set_up) {
    CgroupDecision decision;
    if (set_up.tree) {
        with_tree(plan, set_up, decision);
    } else {
        without_tree(plan, set_up, decision);
    }
    return decision;
}

CgroupDecision set_up_cgroups(const manifest::Plan& plan) {
    if (plan.cgroup == CgroupMode::off) {
        return {};
    }
    return decide_on_cgroups(plan, set_up(plan));
}

std::string_view way_out_of(CgroupObstacle obstacle) noexcept {
    switch (obstacle) {
        case CgroupObstacle::none:
            return "";
        case CgroupObstacle::absent:
            return "The host must use cgroup v2, and the container must see it mounted on "
                   "/sys/fs/cgroup";
        case CgroupObstacle::legacy:
            return "Boot the host with systemd.unified_cgroup_hierarchy=1";
        case CgroupObstacle::foreign:
            return "Start the container without -v /sys/fs/cgroup:/sys/fs/cgroup";
        case CgroupObstacle::root:
            return "Start gosv in a cgroup of its own: systemd-run --scope -p Delegate=yes, or a "
                   "container with a private cgroup namespace";
        case CgroupObstacle::threaded:
            return "Start gosv in a cgroup whose type is domain";
        case CgroupObstacle::read_only:
            return "docker run --security-opt writable-cgroups=true (Engine 28), podman run "
                   "--security-opt unmask=/sys/fs/cgroup, Kubernetes: cgroup_writable = true of "
                   "containerd's runtime class; see docker/cgroups.md";
        case CgroupObstacle::denied:
            return "Start gosv as root (services may have a user: of their own), or delegate the "
                   "cgroup to its user";
        case CgroupObstacle::undelegated:
            return "Add Delegate=yes to the unit, or start gosv by systemd-run --scope -p "
                   "Delegate=yes";
        case CgroupObstacle::taken:
            return "One gosv manages a container's services; start this one with --no-cgroup";
        case CgroupObstacle::busy:
            return "Start gosv in a cgroup of its own";
        case CgroupObstacle::full:
            return "Raise cgroup.max.descendants and cgroup.max.depth of the container's cgroup";
        case CgroupObstacle::refused:
            return "See cgroups(7) for the file";
    }
    return "";
}

}  // namespace gosv::app
