// Without cgroups: a service is its process group.
#include <cerrno>
#include <vector>

#include "app/service_trees.hpp"
#include "gosv/os/held_group.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

class GroupTrees final : public ServiceTrees {
  public:
    GroupTrees(std::size_t services, const os::Proc& proc) : groups_(services), proc_(proc) {}

    Result<Fd> birthplace(ServiceId) noexcept override { return Fd(); }

    Status signal(ServiceId, Pid leader, Signal signal) noexcept override {
        return signal_group_of(leader, signal);
    }

    void hold(ServiceId service, Pid leader) noexcept override {
        groups_[index(service)] = os::HeldGroup::hold(leader);
    }

    bool outlives(ServiceId service) noexcept override {
        return groups_[index(service)].outlives();
    }

    bool has_living(ServiceId service) noexcept override {
        return groups_[index(service)].has_living(proc_);
    }

    Status signal_held(ServiceId service, Signal signal) noexcept override {
        return groups_[index(service)].signal(signal);
    }

    void release(ServiceId service) noexcept override { groups_[index(service)] = {}; }

    os::Membership membership(ServiceId, Pid main, Pid process) noexcept override {
        return os::membership_by_descent(proc_, main, process);
    }

    std::string_view describe(ServiceId, std::span<char>) noexcept override { return {}; }

    std::optional<os::OomKills> take_oom_kills(ServiceId) noexcept override { return std::nullopt; }

    BorrowedFd events() const noexcept override { return {}; }

    void read_events(BoundedVector<ServiceId>&) noexcept override {}

    BorrowedFd cgroups() const noexcept override { return {}; }

    std::string_view leaf_path(ServiceId) const noexcept override { return {}; }

    void remove() noexcept override {}

  private:
    std::vector<os::HeldGroup> groups_;
    const os::Proc& proc_;
};

}  // namespace

std::unique_ptr<ServiceTrees> make_group_trees(std::size_t services, const os::Proc& proc) {
    return std::make_unique<GroupTrees>(services, proc);
}

Status signal_group_of(Pid leader, Signal signal) noexcept {
    if (!leader.exists()) {
        return SysError{ESRCH, "kill"};
    }
    const Status group = sys::kill(-leader.value, signal);
    // The main process may have left the group that was made for it (setsid, a shell's job
    // control): then the group's signal did not reach it.
    const Result<Pid> its_group = sys::getpgid(leader);
    if (its_group.ok() && its_group.value() != leader) {
        return sys::kill(leader.value, signal);
    }
    return group;
}

}  // namespace gosv::app
