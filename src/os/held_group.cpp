#include "gosv/os/held_group.hpp"

#include <cerrno>
#include <optional>

#include "gosv/base/concat.hpp"
#include "gosv/os/directory.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

// More processes than this are not looked at: then the group counts as living.
constexpr int kScanBudget = 8192;

bool is_living_member(const Proc& proc, int pid, Pid group) noexcept {
    const BoundedText<32> path({pid, "/stat"});
    char buffer[512];
    const auto text = proc.read(path.c_str(), buffer);
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
        group.leader_ = std::move(pidfd).value();
    }
    return group;
}

bool HeldGroup::number_is_ours() const noexcept {
    const Status leader = sys::kill(number_.value, Signal{});
    return !leader.ok() && leader.error().err == ESRCH;
}

Status HeldGroup::signal(Signal signal) noexcept {
    if (leader_.is_open()) {
        const Status sent = sys::pidfd_signal_group(leader_.borrow(), signal);
        const bool too_old =
            !sent.ok() && (sent.error().err == EINVAL || sent.error().err == ENOSYS);
        if (!too_old) {
            return sent;
        }
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
    NumericEntries processes = NumericEntries::open(proc.root(), ".");
    if (!processes.is_open()) {
        return true;
    }
    int left = kScanBudget;
    while (const std::optional<int> pid = processes.next()) {
        if (--left < 0 || is_living_member(proc, *pid, number_)) {
            return true;
        }
    }
    return processes.failed();
}

}  // namespace gosv::os
