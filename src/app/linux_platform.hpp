#pragma once
// The port implemented with os/. Owns the descriptors of the running part: epoll, signalfds; and
// through classes of their own what becomes of starts (ServiceStarts), what says who belongs to a
// service (ServiceTrees), what services say of themselves (ServiceNotices) and what runs beside
// them (ServiceTasks).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/child_image.hpp"
#include "app/service_cgroups.hpp"
#include "app/service_notices.hpp"
#include "app/service_starts.hpp"
#include "app/service_tasks.hpp"
#include "app/service_trees.hpp"
#include "gosv/app/platform.hpp"
#include "gosv/base/bounded.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/manifest/plan.hpp"
#include "gosv/os/child.hpp"
#include "gosv/os/descendants.hpp"
#include "gosv/os/epoll.hpp"
#include "gosv/os/notify_send.hpp"
#include "gosv/os/procfs.hpp"
#include "gosv/os/spawner.hpp"

namespace gosv::app {

class LinuxPlatform final : public Platform {
  public:
    // Opens and allocates everything; errors here may still end gosv with a message.
    static Result<std::unique_ptr<LinuxPlatform>> open(const manifest::Plan& plan,
                                                       const os::InheritedSignals& inherited,
                                                       ServiceCgroups cgroups = {},
                                                       os::NotifySender supervisor = {});

    bool has_cgroups() const noexcept { return trees_->cgroups().is_open(); }

    // How services come into their leaf, for the log.
    os::CloneMethod clone_method() const noexcept { return spawner_.method(); }

    // At the end, when nothing is left of any service.
    void remove_cgroups() noexcept { trees_->remove(); }

    // `gosv -- CMD`: gives up, for gosv itself, the descriptors that CMD has inherited, and its
    // working directory. To be called once CMD has been cloned.
    void forget_inherited(BorrowedFd log_fd) noexcept;

    MonotonicTime now() noexcept override;
    void wait(MonotonicTime deadline, BorrowedFd full_log) noexcept override;

    std::span<const ServiceId> exec_ready() const noexcept override { return exec_ready_.view(); }

    std::optional<os::SignalInfo> next_signal() noexcept override;

    bool child_signalled() const noexcept override { return child_signalled_; }

    Status take_child_signal() noexcept override;
    os::Peek peek_dead_child() noexcept override;
    Status reap(Pid pid) noexcept override;
    Result<Pid> spawn(ServiceId service) noexcept override;
    std::string_view refusal(ServiceId service) const noexcept override;
    os::ExecStatus exec_status(ServiceId service) noexcept override;
    Status signal_process(Pid pid, Signal signal) noexcept override;
    Status signal_group(Pid leader, Signal signal) noexcept override;
    Status signal_tree(ServiceId service, Pid leader, Signal signal) noexcept override;
    void hold_tree(ServiceId service, Pid leader) noexcept override;
    bool tree_outlives(ServiceId service) noexcept override;
    bool tree_has_living(ServiceId service) noexcept override;
    Status signal_held_tree(ServiceId service, Signal signal) noexcept override;
    void release_tree(ServiceId service) noexcept override;
    std::string_view describe_tree(ServiceId service, std::span<char> buffer) noexcept override;

    Result<Pid> start_task(ServiceId service, core::Task task) noexcept override {
        return tasks_.start(service, task);
    }

    void kill_task(Pid leader) noexcept override { tasks_.kill(leader); }

    TaskEnd end_task(ServiceId service, core::Task task, Pid leader) noexcept override {
        return tasks_.end(service, task, leader);
    }

    std::span<const ServiceId> notices() const noexcept override { return notices_now_.view(); }

    std::optional<Notice> next_notice(ServiceId service, Pid main) noexcept override {
        return notices_.next(service, main, *trees_, epoll_);
    }

    Status announce(std::string_view message) noexcept override {
        return supervisor_.send(message);
    }

    std::span<const ServiceId> tree_news() const noexcept override { return tree_news_.view(); }

    std::optional<os::OomKills> take_oom_kills(ServiceId service) noexcept override;
    os::SweepResult sweep(Signal signal, std::span<const Pid> except) noexcept override;
    void give_back(std::span<std::byte> memory) noexcept override;
    Result<Pid> start_snapshot(const SnapshotInput& input) noexcept override;
    std::optional<Signal> take_stop(Pid pid) noexcept override;
    void give_terminal(Pid group) noexcept override;
    bool has_job_control_parent() noexcept override;
    void stop_self() noexcept override;

  private:
    // What can fail to be opened.
    struct Opened {
        os::SignalQueue signals;
        os::ChildSignal child_signal;
        os::Epoll epoll;
        ServiceNotices notices;
    };

    LinuxPlatform(const manifest::Plan& plan, Opened opened, const os::InheritedSignals& inherited,
                  ServiceCgroups cgroups, os::NotifySender supervisor);

    os::SignalQueue signals_;
    os::ChildSignal child_signal_;
    os::Epoll epoll_;
    os::Proc proc_;
    os::Descendants descendants_;
    os::Spawner spawner_;
    ChildImages images_;
    ServiceStarts starts_;
    std::unique_ptr<ServiceTrees> trees_;
    ServiceNotices notices_;
    ServiceTasks tasks_;
    os::NotifySender supervisor_;
    std::vector<std::string> refusals_;
    BoundedVector<ServiceId> exec_ready_;
    BoundedVector<ServiceId> notices_now_;
    BoundedVector<ServiceId> tree_news_;
    bool signals_ready_ = false;
    bool child_signalled_ = false;
    BorrowedFd watched_log_;
    bool is_pid1_ = false;
    bool owns_terminal_ = false;
};

}  // namespace gosv::app
