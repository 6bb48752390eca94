#pragma once
// Whether a process belongs to a service when there is no cgroup leaf to tell (with one:
// CgroupTree::membership()). The number may be somebody else's by the time it is looked at: good
// enough to decide whether a message is believed, never whom to signal.
#include <cstdint>

#include "gosv/base/ids.hpp"
#include "gosv/os/procfs.hpp"

namespace gosv::os {

enum class Membership : std::uint8_t {
    inside,
    outside,
    gone,  // it has ended: nothing can be said any more
};

// Inside: the main process itself, who is in its process group, and who descends from it, by a
// bounded number of looks at /proc. A daemon that has left the group and whose parent has died is
// outside; without /proc only the first two can be told.
Membership membership_by_descent(const Proc& proc, Pid main, Pid process) noexcept;

}  // namespace gosv::os
