#pragma once
// A kernel that a test plays: processes that start, die and leave groups behind when the test says
// so, and a clock that jumps to the next deadline; its signals and what services say are in files
// of their own. Fixed arrays only, so that the allocation tripwire sees the runtime's allocations
// and not the fake's. It counts as misuse what could hit a stranger in a real kernel: signals to
// what is reaped or not held.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "gosv/app/platform.hpp"
#include "support/fake_notices.hpp"
#include "support/fake_signals.hpp"
#include "support/fixed_queue.hpp"

namespace gosv::test {

struct Sent {
    Pid to;  // the leader for a group or tree
    Signal signal;
    enum class How { process, group, tree, held_tree, task } how;
};

struct StartedTask {
    ServiceId service;
    core::Task task;
    Pid pid;
};

class FakePlatform final : public app::Platform, public FakeSignals, public FakeNotices {
  public:
    // What the test sets.
    std::optional<SysError> spawn_error;  // every spawn fails with it
    os::ExecStatus next_exec{os::ExecState::succeeded, os::Stage::none, 0};
    std::size_t stragglers = 0;  // alive descendants of no service
    bool wait_fails = false;     // waitid answers ECHILD whatever lives...
    int wait_error = 0;          // ... or this
    // Dies just after a look has found nobody; one a look.
    FixedQueue<os::DeadChild, 16> dies_after_empty_look;
    std::optional<SysError> snapshot_error;
    std::array<bool, 64> tree_left{};  // it outlives the main process
    std::array<bool, 64> tree_only_zombies{};
    std::string_view left_of_tree;
    std::array<std::optional<os::OomKills>, 64> oom_kills{};
    std::array<std::string_view, 64> refusals{};
    FixedQueue<ServiceId, 64> news;      // of trees, told by the next wait
    std::optional<SysError> task_error;  // every start of a task fails with it
    app::TaskEnd task_end;               // of every task that ends
    bool job_control_parent = false;
    std::optional<Signal> stop_of_terminal_process;

    void die(Pid pid, ExitStatus status) {
        dead.push({pid, status});
        signal(SIGCHLD);
    }

    // The task ends that was started last.
    void end_task_with(ExitStatus status, std::string_view said_by_it = {}) {
        task_end.said = said_by_it;
        die(tasks[tasks.size() - 1].pid, status);
    }

    // What the test reads.
    FixedQueue<StartedTask, 256> tasks;
    FixedQueue<ServiceId, 256> spawned;
    std::array<Pid, 64> pid_of{};
    FixedQueue<Sent, 1024> sent;
    FixedQueue<Signal, 16> sweeps;
    int snapshots = 0;
    std::size_t given_back = 0;  // bytes
    Pid snapshot_pid{};
    int stops_of_self = 0;
    FixedQueue<Pid, 16> terminal_given_to;
    MonotonicTime time{std::chrono::seconds(1000)};
    MonotonicTime last_deadline{};
    std::size_t live_children = 0;
    std::size_t live_tasks = 0;
    std::size_t reaped_orphans = 0;
    std::size_t waits = 0;
    std::size_t misuses = 0;

    MonotonicTime now() noexcept override { return time; }

    void wait(MonotonicTime deadline, BorrowedFd) noexcept override {
        last_deadline = deadline;
        ++waits;
        news_now_.clear();
        while (!news.empty()) {
            news_now_.push(news.pop());
        }
        exec_now_.clear();
        while (!exec_next_.empty()) {
            exec_now_.push(exec_next_.pop());
        }
        // The dead themselves wake nobody.
        const bool somebody_died = hear_of_children();
        const bool somebody_speaks = find_speakers();
        if (!signals.empty() || somebody_died || somebody_speaks || !exec_now_.empty() ||
            !news_now_.empty() || deadline <= time) {
            idle_waits_ = 0;
            return;
        }
        if (deadline != kNever) {
            time = deadline;
        } else if (++idle_waits_ > kMostIdleWaits) {
            std::abort();  // a test that waits for what never comes
        }
    }

    std::span<const ServiceId> exec_ready() const noexcept override {
        return {&exec_now_[0], exec_now_.size()};
    }

    std::optional<os::SignalInfo> next_signal() noexcept override { return take_signal(); }

    bool child_signalled() const noexcept override { return child_told(); }

    Status take_child_signal() noexcept override { return take_child(); }

    os::Peek peek_dead_child() noexcept override {
        if (wait_fails) {
            return {wait_error == 0 ? os::PeekOutcome::no_children : os::PeekOutcome::failed,
                    {},
                    wait_error};
        }
        if (!dead.empty()) {
            return {os::PeekOutcome::found, dead.front(), 0};
        }
        const bool some =
            live_children > 0 || live_tasks > 0 || stragglers > 0 || snapshot_pid.exists();
        if (!dies_after_empty_look.empty()) {
            const os::DeadChild late = dies_after_empty_look.pop();
            die(late.pid, late.status);
        }
        return {some ? os::PeekOutcome::none : os::PeekOutcome::no_children, {}, 0};
    }

    Status reap(Pid pid) noexcept override {
        if (dead.empty() || dead.front().pid != pid) {
            return SysError{ECHILD, "waitid"};
        }
        dead.pop();
        if (pid == snapshot_pid) {
            snapshot_pid = Pid{};
        } else if (const std::size_t service = service_of(pid); service < alive_.size()) {
            alive_[service] = false;
            --live_children;
        } else if (Pid* const task = task_of(pid)) {
            *task = Pid{};
            --live_tasks;
        } else {
            ++reaped_orphans;
        }
        return {};
    }

    Result<Pid> spawn(ServiceId service) noexcept override {
        if (!refusals[index(service)].empty()) {
            return SysError{EINVAL, "cgroup"};
        }
        if (spawn_error) {
            return *spawn_error;
        }
        const Pid pid{next_pid_++};
        expect(!alive_[index(service)] && !held_[index(service)].exists());
        pid_of[index(service)] = pid;
        alive_[index(service)] = true;
        exec_[index(service)] = next_exec;
        ++live_children;
        spawned.push(service);
        if (next_exec.state != os::ExecState::pending) {
            exec_next_.push(service);
        }
        return pid;
    }

    Result<Pid> start_task(ServiceId service, core::Task task) noexcept override {
        if (task_error) {
            return *task_error;
        }
        Pid& running = running_tasks_[index(service)][static_cast<std::size_t>(task)];
        expect(!running.exists());
        running = Pid{next_pid_++};
        ++live_tasks;
        tasks.push({service, task, running});
        return running;
    }

    void kill_task(Pid leader) noexcept override {
        expect(task_of(leader) != nullptr);
        sent.push({leader, Signal{9}, Sent::How::task});
    }

    app::TaskEnd end_task(ServiceId, core::Task, Pid leader) noexcept override {
        expect(!dead.empty() && dead.front().pid == leader && task_of(leader) != nullptr);
        return task_end;
    }

    std::span<const ServiceId> notices() const noexcept override { return speakers(); }

    std::optional<app::Notice> next_notice(ServiceId service, Pid) noexcept override {
        return take_notice(service);
    }

    Status announce(std::string_view message) noexcept override {
        return take_announcement(message);
    }

    os::ExecStatus exec_status(ServiceId service) noexcept override {
        return exec_[index(service)];
    }

    Status signal_process(Pid pid, Signal signal) noexcept override {
        expect(pid == snapshot_pid || service_of(pid) < alive_.size());
        sent.push({pid, signal, Sent::How::process});
        return {};
    }

    Status signal_group(Pid leader, Signal signal) noexcept override {
        expect(service_of(leader) < alive_.size());
        sent.push({leader, signal, Sent::How::group});
        return {};
    }

    Status signal_tree(ServiceId, Pid leader, Signal signal) noexcept override {
        expect(service_of(leader) < alive_.size());
        sent.push({leader, signal, Sent::How::tree});
        return {};
    }

    void hold_tree(ServiceId service, Pid leader) noexcept override {
        // While the dead leader is not reaped its number is its own.
        expect(!dead.empty() && dead.front().pid == leader);
        held_[index(service)] = leader;
    }

    bool tree_outlives(ServiceId service) noexcept override {
        expect(held_[index(service)].exists());
        return tree_left[index(service)];
    }

    bool tree_has_living(ServiceId service) noexcept override {
        return tree_left[index(service)] && !tree_only_zombies[index(service)];
    }

    Status signal_held_tree(ServiceId service, Signal signal) noexcept override {
        expect(held_[index(service)].exists());
        sent.push({held_[index(service)], signal, Sent::How::held_tree});
        return {};
    }

    void release_tree(ServiceId service) noexcept override { held_[index(service)] = Pid{}; }

    std::string_view describe_tree(ServiceId, std::span<char>) noexcept override {
        return left_of_tree;
    }

    std::span<const ServiceId> tree_news() const noexcept override {
        return {&news_now_[0], news_now_.size()};
    }

    std::optional<os::OomKills> take_oom_kills(ServiceId service) noexcept override {
        return std::exchange(oom_kills[index(service)], std::nullopt);
    }

    std::string_view refusal(ServiceId service) const noexcept override {
        return refusals[index(service)];
    }

    os::SweepResult sweep(Signal signal, std::span<const Pid>) noexcept override {
        sweeps.push(signal);
        return {stragglers, stragglers, true, Pid{kFirstOrphan}};
    }

    // Whoever still uses it will be seen.
    void give_back(std::span<std::byte> memory) noexcept override {
        std::fill(memory.begin(), memory.end(), std::byte{0xa5});
        given_back += memory.size();
    }

    Result<Pid> start_snapshot(const app::SnapshotInput&) noexcept override {
        if (snapshot_error) {
            return *snapshot_error;
        }
        ++snapshots;
        snapshot_pid = Pid{next_pid_++};
        return snapshot_pid;
    }

    std::optional<Signal> take_stop(Pid) noexcept override {
        const auto stop = stop_of_terminal_process;
        stop_of_terminal_process.reset();
        return stop;
    }

    void give_terminal(Pid group) noexcept override { terminal_given_to.push(group); }

    bool has_job_control_parent() noexcept override { return job_control_parent; }

    void stop_self() noexcept override { ++stops_of_self; }

    static constexpr pid_t kFirstOrphan = 100000;

    FixedQueue<os::DeadChild, 16384> dead;

  private:
    static constexpr int kMostIdleWaits = 10000;

    void expect(bool promise_kept) { misuses += promise_kept ? 0U : 1U; }

    // The service whose main process this is, dead perhaps but not reaped.
    std::size_t service_of(Pid pid) const {
        std::size_t service = 0;
        while (service < alive_.size() && !(alive_[service] && pid_of[service] == pid)) {
            ++service;
        }
        return service;
    }

    Pid* task_of(Pid leader) {
        for (auto& kinds : running_tasks_) {
            for (Pid& pid : kinds) {
                if (pid.exists() && pid == leader) {
                    return &pid;
                }
            }
        }
        return nullptr;
    }

    pid_t next_pid_ = 100;
    std::array<os::ExecStatus, 64> exec_{};
    std::array<Pid, 64> held_{};
    std::array<bool, 64> alive_{};
    int idle_waits_ = 0;
    FixedQueue<ServiceId, 64> exec_now_;
    FixedQueue<ServiceId, 64> exec_next_;
    FixedQueue<ServiceId, 64> news_now_;
    std::array<std::array<Pid, 2>, 64> running_tasks_{};
};

}  // namespace gosv::test
