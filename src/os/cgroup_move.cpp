#include "cgroup_move.hpp"

#include <cerrno>

#include "gosv/base/concat.hpp"
#include "gosv/base/result.hpp"
#include "gosv/os/cgroup_files.hpp"

namespace gosv::os::cgroup {

Moved move_processes(BorrowedFd own, const char* from, const char* to) {
    Moved result;
    Processes processes = Processes::open(own, from);
    while (const auto pid = processes.next()) {
        result.somebody = true;
        if (!pid->exists()) {
            result.unmoved = "a process of another PID namespace";
            continue;
        }
        const std::string number = std::to_string(pid->value);
        const Status moved = write_file(own, to, number);
        if (!moved.ok() && moved.error().err != ESRCH) {
            result.unmoved = concat({"process ", number, ": ", errno_text(moved.error().err)});
        }
    }
    if (processes.error() != 0) {
        result.unmoved = concat({from, ": ", errno_text(processes.error())});
    }
    return result;
}

}  // namespace gosv::os::cgroup
