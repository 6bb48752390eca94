#include "gosv/os/held_group.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

// More processes than this are not looked at: then the group counts as living.
constexpr int kScanBudget = 8192;

// What getdents64(2) fills in; the C library hides it behind an allocating opendir.
struct DirectoryEntry {
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

bool is_living_member(const Proc& proc, const char* pid, Pid group) noexcept {
    char path[32];
    std::snprintf(path, sizeof path, "%.12s/stat", pid);
    char buffer[512];
    const auto text = proc.read(path, buffer);
    if (!text.ok()) {
        return false;
    }
    const auto stat = parse_stat(text.value());
    return stat && stat->group == group && stat->state != 'Z' && stat->state != 'X';
}

}  // namespace

HeldGroup HeldGroup::hold(Pid leader) noexcept {
    HeldGroup group;
    group.number_ = leader;
    Result<Fd> pidfd = sys::pidfd_open(leader);
    if (pidfd.ok()) {
        const Status supported = sys::pidfd_signal_group(pidfd.value().borrow(), Signal{});
        if (supported.ok() || supported.error().err == EPERM) {
            group.leader_ = std::move(pidfd).value();
        }
    }
    return group;
}

bool HeldGroup::number_is_ours() const noexcept {
    const Status leader = sys::kill(number_.value, Signal{});
    return !leader.ok() && leader.error().err == ESRCH;
}

Status HeldGroup::signal(Signal signal) noexcept {
    if (leader_.is_open()) {
        return sys::pidfd_signal_group(leader_.borrow(), signal);
    }
    if (!number_is_ours()) {
        return SysError{ESRCH, "kill"};
    }
    return sys::kill(-number_.value, signal);
}

bool HeldGroup::outlives() noexcept {
    const Status asked = signal(Signal{});
    return asked.ok() || asked.error().err == EPERM;
}

bool HeldGroup::has_living(const Proc& proc) noexcept {
    if (!proc.is_mounted()) {
        return true;
    }
    // A second description of the same directory: reading moves its position.
    const Fd directory(::openat(proc.root().raw(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) {
        return true;
    }
    int left = kScanBudget;
    alignas(DirectoryEntry) char buffer[4096];
    for (;;) {
        const long size = ::syscall(SYS_getdents64, directory.raw(), buffer, sizeof buffer);
        if (size <= 0) {
            return false;
        }
        for (long at = 0; at < size;) {
            const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
            at += entry->length;
            if (entry->name[0] < '1' || entry->name[0] > '9') {
                continue;
            }
            if (--left < 0 || is_living_member(proc, entry->name, number_)) {
                return true;
            }
        }
    }
}

}  // namespace gosv::os
