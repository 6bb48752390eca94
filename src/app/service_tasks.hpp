#pragma once
// The children that gosv runs beside the services: probes and stop commands. A command of the
// user's runs as its service does (leaf, user, environment, limits); the built-in probes are forks
// of gosv in gosv's own cgroup, for PID 1 itself never connects, waits for an answer or looks at a
// path. Each leads a process group of its own. Loop thread only; nothing allocates once it is made.
#include <array>
#include <memory>

#include "app/child_image.hpp"
#include "app/service_trees.hpp"
#include "gosv/app/platform.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/rare_array.hpp"
#include "gosv/manifest/plan.hpp"
#include "gosv/os/epoll.hpp"
#include "gosv/os/first_line.hpp"
#include "gosv/os/probe.hpp"
#include "gosv/os/spawner.hpp"

namespace gosv::app {

class ServiceTasks {
  public:
    // All that it is given by reference outlives it.
    ServiceTasks(const manifest::Plan& plan, const ChildImages& images, os::Spawner& spawner,
                 const os::Proc& proc, ServiceTrees& trees, os::Epoll& epoll);

    // Platform::start_task(), kill_task(), end_task().
    Result<Pid> start(ServiceId service, core::Task task) noexcept;
    void kill(Pid leader) noexcept;
    TaskEnd end(ServiceId service, core::Task task, Pid leader) noexcept;

    // The probe's output is readable, for epoll's token. Read at once and in bounds, so that no
    // probe is ever held up by a full pipe.
    void read_output(ServiceId service, std::uint32_t generation) noexcept;

  private:
    struct Probe {
        Fd output;
        std::uint32_t generation = 0;
        os::FirstLine line;
    };

    struct Entry {
        std::array<Fd, 2> status;      // by core::Task, of the user's commands
        std::unique_ptr<Probe> probe;  // null: no healthcheck
    };

    Result<Pid> start_command(ServiceId service, core::Task task, Entry& entry) noexcept;
    Result<Pid> start_built_in(ServiceId service, Probe& probe) noexcept;
    [[noreturn]] void run_built_in(ServiceId service, const os::ProbeChild& child) noexcept;
    void watch(ServiceId service, Probe& probe, Fd output) noexcept;
    void close_output(Probe& probe) noexcept;

    const manifest::Plan& plan_;
    const ChildImages& images_;
    os::Spawner& spawner_;
    const os::Proc& proc_;
    ServiceTrees& trees_;
    os::Epoll& epoll_;
    RareArray<Entry> entries_;  // of those that have any task
};

}  // namespace gosv::app
