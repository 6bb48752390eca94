#pragma once
// Ends a probe or a stop command with everything that it has started. Its process group is not
// enough: timeout(1), a shell with job control and whatever calls setsid(2) make groups of their
// own, and once their parent is dead nothing tells any more whose they were. So the tree is taken
// while its root still lives, through /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN; without it
// the group is all that is reached).
//
// Why nobody slips away: each process is stopped before its children are listed, and looked at
// again until it has stopped indeed, for a fork that had begun still goes through; in bounds, so
// that one that cannot stop (state D) holds nothing up. Why no stranger is hit: a child is opened
// with pidfd_open(2) first and looked at then; that its parent is still the process that we have
// stopped shows that it is a child of that one. No allocation; of a tree of more than a few hundred
// the rest is left alone.
#include "gosv/base/ids.hpp"
#include "gosv/os/procfs.hpp"

namespace gosv::os {

// `root` is a child of ours, not yet reaped, that leads a process group. Also to be called when it
// is already dead: then what is left of its group ends.
void kill_process_tree(const Proc& proc, Pid root) noexcept;

}  // namespace gosv::os
