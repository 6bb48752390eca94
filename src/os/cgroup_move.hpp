#pragma once
// Everybody from one cgroup into another, while gosv builds its tree or gives it up again. A pass
// over those who are there now: who comes or is forked meanwhile is for the next one. May allocate.
#include <string>

#include "gosv/base/fd.hpp"

namespace gosv::os::cgroup {

struct Moved {
    bool somebody = false;  // was there, moved or not
    std::string unmoved;    // the last one who could not be moved, and why; "" none
};

// From one cgroup.procs file to another, relative to `own`.
Moved move_processes(BorrowedFd own, const char* from, const char* to);

}  // namespace gosv::os::cgroup
