#pragma once
// What belongs to a service, whatever becomes of its main process. Where gosv has a cgroup tree
// that is the leaf: nothing escapes it, and it tells of itself. Where it has none, it is the
// process group: what has left that is found at the end, when everything goes. Absence is an
// implementation: who calls does not ask which it is. Loop thread only; nothing allocates.
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "gosv/base/bounded.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/os/cgroup.hpp"
#include "gosv/os/membership.hpp"
#include "gosv/os/procfs.hpp"

namespace gosv::app {

class ServiceTrees {
  public:
    virtual ~ServiceTrees() = default;

    // The leaf in which its next process begins; not open: where gosv is.
    virtual Result<Fd> birthplace(ServiceId service) noexcept = 0;

    // While the main process (`leader` of its group) is not yet reaped. KILL also reaches who is
    // being forked.
    virtual Status signal(ServiceId service, Pid leader, Signal signal) noexcept = 0;

    // hold() comes before the leader is reaped, the others between that and release().
    // outlives() is cheap; has_living() also looks whether those left are more than zombies.
    virtual void hold(ServiceId service, Pid leader) noexcept = 0;
    virtual bool outlives(ServiceId service) noexcept = 0;
    virtual bool has_living(ServiceId service) noexcept = 0;
    virtual Status signal_held(ServiceId service, Signal signal) noexcept = 0;
    virtual void release(ServiceId service) noexcept = 0;

    // Whether `process` belongs to the service whose main process is `main`, to decide whether what
    // it says is believed. A few reads of /proc.
    virtual os::Membership membership(ServiceId service, Pid main, Pid process) noexcept = 0;

    // Who is left, in a few words; "" when that is not known.
    virtual std::string_view describe(ServiceId service, std::span<char> buffer) noexcept = 0;

    // OOM kills since they were last asked for.
    virtual std::optional<os::OomKills> take_oom_kills(ServiceId service) noexcept = 0;

    // Readable when there is news of one of them; not open when they do not tell.
    virtual BorrowedFd events() const noexcept = 0;
    virtual void read_events(BoundedVector<ServiceId>& services) noexcept = 0;

    // The directory that os::CgroupTree::leaf_path() is relative to; not open without cgroups.
    virtual BorrowedFd cgroups() const noexcept = 0;
    virtual std::string_view leaf_path(ServiceId service) const noexcept = 0;

    // At the end, when nothing is left.
    virtual void remove() noexcept = 0;
};

// `proc` outlives them.
std::unique_ptr<ServiceTrees> make_group_trees(std::size_t services, const os::Proc& proc);
std::unique_ptr<ServiceTrees> make_leaf_trees(std::unique_ptr<os::CgroupTree> tree);

// KILL, TERM, ... to the group that `leader` leads, and to `leader` itself should it have left it.
Status signal_group_of(Pid leader, Signal signal) noexcept;

}  // namespace gosv::app
