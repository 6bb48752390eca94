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

// Whether only the dead leader is left in the group. Nothing counts a group's members, but there is
// a call for the lowest nice value among them. The leader gets the highest one, as nobody runs by
// its own any more: if the group has none that is lower now, it has nobody else. Where that may not
// be done or says nothing (all have the highest one anyway), it is not known.
bool is_alone(Pid leader) noexcept {
    constexpr int kHighest = 19;
    const Result<int> before = sys::lowest_nice(leader);
    if (!before.ok() || before.value() == kHighest || !sys::set_nice(leader, kHighest).ok()) {
        return false;
    }
    const Result<int> now = sys::lowest_nice(leader);
    return now.ok() && now.value() == kHighest;
}

bool is_nobody(const Status& asked) noexcept {
    return !asked.ok() && asked.error().err == ESRCH;
}

}  // namespace

HeldGroup HeldGroup::hold(Pid leader) noexcept {
    HeldGroup group;
    group.number_ = leader;
    if (is_alone(leader)) {
        return group;
    }
    Result<Fd> pidfd = sys::pidfd_open(leader);
    if (pidfd.ok()) {
        group.leader_ = std::move(pidfd).value();
    }
    return group;
}

bool HeldGroup::number_is_ours() const noexcept {
    return is_nobody(sys::kill(number_.value, Signal{}));
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
    // To ask by the number harms nobody, whosever it is by now. And nobody is ever ours as well.
    if (is_nobody(sys::kill(-number_.value, Signal{}))) {
        return false;
    }
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
