// With cgroups: a service is what is in its leaf.
#include <cerrno>

#include "app/service_trees.hpp"
#include "gosv/os/reaper.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

class LeafTrees final : public ServiceTrees {
  public:
    explicit LeafTrees(std::unique_ptr<os::CgroupTree> tree) : tree_(std::move(tree)) {}

    Result<Fd> birthplace(ServiceId service) noexcept override {
        return tree_->open_leaf(index(service));
    }

    Status signal(ServiceId service, Pid leader, Signal signal) noexcept override {
        if (signal == kSigKill) {
            (void)tree_->kill(index(service));
            // A child that has not joined its leaf yet, or a root service that has left it.
            return signal_group_of(leader, signal);
        }
        // The main process by its number, wherever it is, and never twice: to many programs a
        // second TERM means something else than the first.
        const Status others = tree_->signal(index(service), signal, leader);
        const Status main =
            leader.exists() ? sys::kill(leader.value, signal) : Status(SysError{ESRCH, "kill"});
        return main.ok() && !others.ok() && others.error().err != ESRCH ? others : main;
    }

    void hold(ServiceId service, Pid leader) noexcept override {
        const os::Peek dead = os::peek_dead_child(leader);
        if (dead.outcome == os::PeekOutcome::found &&
            dead.child.status == ExitStatus::killed_by(kSigKill)) {
            tree_->suspect_kill(index(service));
        }
    }

    bool outlives(ServiceId service) noexcept override {
        return tree_->is_populated(index(service));
    }

    // A zombie does not populate a cgroup.
    bool has_living(ServiceId service) noexcept override { return outlives(service); }

    Status signal_held(ServiceId service, Signal signal) noexcept override {
        return signal == kSigKill ? tree_->kill(index(service))
                                  : tree_->signal(index(service), signal, Pid{});
    }

    void release(ServiceId) noexcept override {}

    os::Membership membership(ServiceId service, Pid main, Pid process) noexcept override {
        // A main process that has left its leaf (it is root, and may) is still the main process.
        return process.exists() && process == main ? os::Membership::inside
                                                   : tree_->membership(index(service), process);
    }

    std::string_view describe(ServiceId service, std::span<char> buffer) noexcept override {
        return tree_->describe(index(service), buffer);
    }

    std::optional<os::OomKills> take_oom_kills(ServiceId service) noexcept override {
        return tree_->take_oom_kills(index(service));
    }

    BorrowedFd events() const noexcept override { return tree_->events(); }

    void read_events(BoundedVector<ServiceId>& services) noexcept override {
        tree_->read_events(services);
    }

    BorrowedFd cgroups() const noexcept override { return tree_->own(); }

    std::string_view leaf_path(ServiceId service) const noexcept override {
        return tree_->leaf_path(index(service));
    }

    void remove() noexcept override { tree_->remove(); }

  private:
    std::unique_ptr<os::CgroupTree> tree_;
};

}  // namespace

std::unique_ptr<ServiceTrees> make_leaf_trees(std::unique_ptr<os::CgroupTree> tree) {
    return std::make_unique<LeafTrees>(std::move(tree));
}

}  // namespace gosv::app
