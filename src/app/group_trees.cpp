// Without cgroups: a service is its process group.
#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "app/service_trees.hpp"
#include "gosv/os/held_group.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

class GroupTrees final : public ServiceTrees {
  public:
    GroupTrees(std::size_t services, const os::Proc& proc) : proc_(proc) {
        held_.reserve(services);
    }

    Result<Fd> birthplace(ServiceId) noexcept override { return Fd(); }

    Status signal(ServiceId, Pid leader, Signal signal) noexcept override {
        return signal_group_of(leader, signal);
    }

    void hold(ServiceId service, Pid leader) noexcept override {
        release(service);
        held_.push_back({service, os::HeldGroup::hold(leader)});
    }

    bool outlives(ServiceId service) noexcept override {
        Held* const held = find(service);
        return held != nullptr && held->group.outlives();
    }

    bool has_living(ServiceId service) noexcept override {
        Held* const held = find(service);
        return held != nullptr && held->group.has_living(proc_);
    }

    Status signal_held(ServiceId service, Signal signal) noexcept override {
        Held* const held = find(service);
        return held != nullptr ? held->group.signal(signal) : SysError{ESRCH, "kill"};
    }

    void release(ServiceId service) noexcept override {
        if (Held* const held = find(service)) {
            *held = std::move(held_.back());
            held_.pop_back();
        }
    }

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
    struct Held {
        ServiceId service;
        os::HeldGroup group;
    };

    Held* find(ServiceId service) noexcept {
        const auto found = std::find_if(held_.begin(), held_.end(), [service](const Held& each) {
            return each.service == service;
        });
        return found == held_.end() ? nullptr : &*found;
    }

    // Those that are held now: few, and none most of the time. There is room for all.
    std::vector<Held> held_;
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
