// Signals to all of a leaf, and its end.
#include <cerrno>

#include "cgroup_leaf_file.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/os/cgroup.hpp"
#include "gosv/os/cgroup_below.hpp"
#include "gosv/os/cgroup_files.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

Status CgroupTree::signal_member(const Leaf& leaf, Pid pid, Signal signal) const noexcept {
    // First the pidfd, then the look: if the process is still there when the signal goes through
    // the pidfd, the look was at the same process, whatever numbers were used anew meanwhile.
    const Result<Fd> process = sys::pidfd_open(pid);
    if (!is_member(leaf, pid)) {
        return SysError{ESRCH, "kill"};
    }
    if (!process.ok()) {
        // Before Linux 5.3, or out of descriptors: the look was a moment ago.
        return process.error().err == ESRCH ? Status(process.error())
                                            : sys::kill(pid.value, signal);
    }
    return sys::pidfd_signal(process.value().borrow(), signal);
}

Status CgroupTree::signal(std::size_t index, Signal signal, Pid except) noexcept {
    const Leaf& leaf = leaves_[index];
    cgroup::Processes processes =
        cgroup::Processes::open(own_.borrow(), LeafFile(leaf.path, "cgroup.procs").c_str());
    Status first_failure = SysError{ESRCH, "kill"};
    bool reached = false;
    for (int left = kMostAtOnce; left > 0; --left) {
        const auto pid = processes.next();
        if (!pid) {
            break;
        }
        if (*pid == except) {
            continue;
        }
        const Status sent =
            pid->exists() ? signal_member(leaf, *pid, signal) : Status(SysError{EPERM, "kill"});
        reached = reached || sent.ok();
        if (!sent.ok() && sent.error().err != ESRCH) {
            first_failure = sent;
        }
    }
    return reached ? Status() : first_failure;
}

void CgroupTree::kill_listed(const Leaf& leaf, BorrowedFd dir, const char* procs,
                             int& left) const noexcept {
    cgroup::Processes processes = cgroup::Processes::open(dir, procs);
    for (; left > 0; --left) {
        const auto pid = processes.next();
        if (!pid) {
            return;
        }
        if (pid->exists()) {
            (void)signal_member(leaf, *pid, kSigKill);
        }
    }
}

Status CgroupTree::freeze_and_kill(Leaf& leaf) noexcept {
    // Whoever is frozen forks no more; a KILL ends the frozen too. Freezing takes the kernel a
    // moment, hence the rounds; what is born after the last of them is met by the next look.
    constexpr int kRounds = 4;
    (void)write(leaf, "cgroup.freeze", "1");
    int left = kMostAtOnce;
    for (int round = 0; round < kRounds && left > 0; ++round) {
        const int before = left;
        kill_listed(leaf, own_.borrow(), LeafFile(leaf.path, "cgroup.procs").c_str(), left);
        (void)cgroup::each_below(own_.borrow(), leaf.path.c_str(),
                                 [&](BorrowedFd parent, const char* name) noexcept {
                                     // A name has at most 255 characters.
                                     const BoundedText<288> procs({name, "/cgroup.procs"});
                                     kill_listed(leaf, parent, procs.c_str(), left);
                                 });
        if (left == before) {
            break;
        }
    }
    // With more than that the next look goes on, and until then nobody in there runs: thawed, they
    // could fork faster than they are killed.
    if (left > 0) {
        (void)write(leaf, "cgroup.freeze", "0");
    }
    leaf.kill_again = true;
    return {};
}

Status CgroupTree::kill(std::size_t index) noexcept {
    Leaf& leaf = leaves_[index];
    const Status killed = write(leaf, "cgroup.kill", "1");
    leaf.was_killed = leaf.was_killed || killed.ok();
    return killed.ok() ? killed : freeze_and_kill(leaf);
}

void CgroupTree::suspect_kill(std::size_t index) noexcept {
    Leaf& leaf = leaves_[index];
    char buffer[512];
    const auto events = read(leaf, "memory.events", buffer);
    const bool out_of_memory =
        events.ok() && cgroup::keyed_value(events.value(), "oom_kill").value_or(0) > leaf.oom_kills;
    // What an OOM kill has left to be counted would be lost with the leaf.
    leaf.was_killed = leaf.was_killed || !out_of_memory;
}

}  // namespace gosv::os
