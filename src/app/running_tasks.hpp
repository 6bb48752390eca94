#pragma once
// The tasks (probes, stop commands) that are under way: who they are, for the reaper, and since
// when, for log and snapshot. At most one of a kind and service. Loop thread only; allocates only
// when it is made.
#include <array>
#include <cstddef>
#include <optional>

#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"
#include "gosv/base/zeroed.hpp"
#include "gosv/core/event.hpp"

namespace gosv::app {

class RunningTasks {
  public:
    struct Entry {
        Pid pid;  // leader of its group; Pid{}: none is running
        MonotonicTime since{};
        bool killed = false;  // by gosv
    };

    struct Found {
        ServiceId service;
        core::Task task;
    };

    explicit RunningTasks(std::size_t services) : entries_(services) {}

    void begin(ServiceId service, core::Task task, Pid pid, MonotonicTime now) noexcept {
        of(service, task) = {pid, now, false};
        ++count_;
    }

    void end(ServiceId service, core::Task task) noexcept {
        of(service, task) = {};
        --count_;
    }

    Entry& of(ServiceId service, core::Task task) noexcept {
        return entries_[index(service)][static_cast<std::size_t>(task)];
    }

    const Entry& of(ServiceId service, core::Task task) const noexcept {
        return entries_[index(service)][static_cast<std::size_t>(task)];
    }

    bool any() const noexcept { return count_ > 0; }

    // Whose leader this is; an orphan's death asks it too, so it is cheap while no task runs.
    std::optional<Found> find(Pid pid) const noexcept {
        for (std::size_t i = 0; any() && i < entries_.size(); ++i) {
            for (const core::Task task : {core::Task::probe, core::Task::stop_command}) {
                if (entries_[i][static_cast<std::size_t>(task)].pid == pid) {
                    return Found{static_cast<ServiceId>(i), task};
                }
            }
        }
        return std::nullopt;
    }

  private:
    ZeroedArray<std::array<Entry, 2>> entries_;
    std::size_t count_ = 0;
};

}  // namespace gosv::app
