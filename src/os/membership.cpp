#include "gosv/os/membership.hpp"

#include <unistd.h>

#include <cerrno>
#include <optional>

#include "gosv/base/concat.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

// More levels than these are not climbed.
constexpr int kMostLevels = 64;

Result<Pid> parent_of(const Proc& proc, Pid pid) noexcept {
    const BoundedText<32> path({pid.value, "/stat"});
    char buffer[512];
    const auto text = proc.read(path.c_str(), buffer);
    if (!text.ok()) {
        return text.error();
    }
    const std::optional<ProcStat> stat = parse_stat(text.value());
    if (!stat) {
        return SysError{EINVAL, "stat"};
    }
    return stat->parent;
}

}  // namespace

Membership membership_by_descent(const Proc& proc, Pid main, Pid process) noexcept {
    if (!main.exists() || !process.exists()) {
        return Membership::outside;
    }
    if (process == main) {
        return Membership::inside;
    }
    const Result<Pid> group = sys::getpgid(process);
    if (!group.ok() && group.error().err == ESRCH) {
        return Membership::gone;
    }
    if (group.ok() && group.value() == main) {
        return Membership::inside;
    }
    const Pid self{::getpid()};
    Pid at = process;
    for (int level = 0; level < kMostLevels; ++level) {
        const Result<Pid> parent = parent_of(proc, at);
        if (!parent.ok()) {
            // Of a sender that is there, a parent in between may have died: what was below it has
            // been adopted, by gosv as a rule.
            return at == process && proc.is_mounted() ? Membership::gone : Membership::outside;
        }
        if (parent.value() == main) {
            return Membership::inside;
        }
        if (!parent.value().exists() || parent.value() == self) {
            return Membership::outside;
        }
        at = parent.value();
    }
    return Membership::outside;
}

}  // namespace gosv::os
