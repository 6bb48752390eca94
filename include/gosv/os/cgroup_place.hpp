#pragma once
// Where gosv's own cgroup is, and whether a tree may be built below it. Looked at once, before the
// first process is started; changes nothing. In two halves, so that both can be tested with what
// real engines show: a pure one that reads /proc/self/cgroup and /proc/self/mountinfo, and a pure
// one that judges what the kernel says of the directory. Source: cgroups(7), cgroup_namespaces(7),
// proc_pid_mountinfo(5).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gosv/base/fd.hpp"

namespace gosv::os {

// Why there can be no tree; each has its own way out, which the app knows.
enum class CgroupObstacle : std::uint8_t {
    none,
    absent,       // no cgroup v2 in this kernel or container
    legacy,       // the controllers are in cgroup v1 (or hybrid)
    foreign,      // the mount shows another part of the hierarchy than ours
    root,         // the machine's root cgroup, and we are not the machine's init
    threaded,     // a threaded cgroup has no memory controller and no processes of its own
    read_only,    // the usual case: engines mount /sys/fs/cgroup read-only
    denied,       // belongs to somebody else
    undelegated,  // a systemd unit or session without Delegate=: systemd would undo what we do
    taken,        // another gosv has its services there
    busy,         // processes that cannot be moved stay in our cgroup
    full,         // cgroup.max.descendants or cgroup.max.depth
    refused,      // the kernel refused a step, see `why`
};

struct CgroupPlace {
    CgroupObstacle obstacle = CgroupObstacle::absent;
    std::string why;        // one line for people, without a full stop
    std::string directory;  // "/sys/fs/cgroup", "/sys/fs/cgroup/kubepods/.../1b2c"
    std::string path;       // the same as /proc/PID/cgroup shows it: "/", "/kubepods/..."
    bool is_root = false;   // the machine's root cgroup, which is ours: processes may stay in it
};

// What /proc/self/cgroup alone says, for mountinfo is the dearest file of a start: that there can
// be no tree (legacy: the memory controller is in v1, and so not in v2), or, for a cgroup that is
// its namespace's root, that it is where all mount it (none). Whether that is so, the list of
// processes there tells. Nothing: only the mounts can tell.
std::optional<CgroupPlace> guess_cgroup(std::string_view self_cgroup);

// Where our own cgroup should be, by the text of /proc/self/cgroup and /proc/self/mountinfo.
// obstacle: none, absent, legacy or foreign.
CgroupPlace locate_cgroup(std::string_view self_cgroup, std::string_view mountinfo);

// What the kernel says of a directory.
struct CgroupFacts {
    bool is_cgroup2 = false;        // statfs(2)
    bool lists_us = false;          // cgroup.procs: the proof that the path is right
    bool read_only = false;         // statfs(2): ST_RDONLY
    bool may_write = false;         // directory, cgroup.procs, cgroup.subtree_control
    bool v1_controllers = false;    // /proc/self/cgroup has numbered hierarchies
    bool is_machine_init = false;   // pid 1 of the kernel's first PID namespace
    bool as_root = false;           // effective uid 0
    bool shared = false;            // $INVOCATION_ID, or not PID 1: others may live there
    bool delegated = false;         // user.delegate or trusted.delegate is set
    bool subgroups_in_use = false;  // a `services` beside us has processes in it
    std::string type;               // cgroup.type; "" in the root cgroup
    std::string controllers;        // cgroup.controllers
    std::uint32_t owner = 0;        // of the directory
};

// Fills in obstacle and why of a place that was located.
void judge_cgroup(const CgroupFacts& facts, CgroupPlace& place);

// All of it: locate, step up from `init` where an earlier gosv or systemd (DelegateSubgroup=) has
// put us, ask the kernel, judge.
CgroupPlace find_own_cgroup();

}  // namespace gosv::os
