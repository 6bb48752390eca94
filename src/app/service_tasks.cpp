#include "app/service_tasks.hpp"

#include <cerrno>
#include <string>
#include <variant>

#include "app/epoll_token.hpp"
#include "app/task_command.hpp"
#include "gosv/os/process_tree.hpp"

namespace gosv::app {

namespace {

using core::Task;

constexpr std::size_t kTasks = 2;

os::ProbeResult ask(const manifest::HttpProbe& probe, Duration timeout) noexcept {
    return os::probe_http(probe.endpoints, {probe.host, probe.target, "gosv/" GOSV_VERSION},
                          timeout);
}

os::ProbeResult ask(const manifest::TcpProbe& probe, Duration timeout) noexcept {
    return os::probe_tcp(probe.endpoints, timeout);
}

os::ProbeResult ask(const manifest::FileProbe& probe, Duration) noexcept {
    return os::probe_file(probe.path.c_str());
}

}  // namespace

ServiceTasks::ServiceTasks(const manifest::Plan& plan, const ChildImages& images,
                           os::Spawner& spawner, const os::Proc& proc, ServiceTrees& trees,
                           os::Epoll& epoll)
    : plan_(plan),
      images_(images),
      spawner_(spawner),
      proc_(proc),
      trees_(trees),
      epoll_(epoll),
      entries_(plan.execs.size()) {
    for (std::size_t i = 0; i < plan.execs.size(); ++i) {
        const manifest::ExecSettings& settings = *plan.execs[i].settings;
        if (!std::holds_alternative<std::monostate>(settings.probe)) {
            entries_.make(i).probe = std::make_unique<Probe>();
        } else if (settings.stop_command.exists()) {
            entries_.make(i);
        }
    }
    static_assert(std::tuple_size_v<decltype(Entry::status)> == kTasks);
}

Result<Pid> ServiceTasks::start(ServiceId service, Task task) noexcept {
    Entry* const entry = entries_.find(index(service));
    if (entry == nullptr) {
        return SysError{ENOENT, "no such command"};
    }
    Probe* const probe = task == Task::probe ? entry->probe.get() : nullptr;
    if (probe != nullptr) {
        probe->line.clear();
    }
    if (command_of(plan_.execs[index(service)], task).exists()) {
        return start_command(service, task, *entry);
    }
    return probe != nullptr ? start_built_in(service, *probe)
                            : Result<Pid>(SysError{ENOENT, "no such command"});
}

Result<Pid> ServiceTasks::start_command(ServiceId service, Task task, Entry& entry) noexcept {
    const Result<Fd> leaf = trees_.birthplace(service);
    if (!leaf.ok()) {
        return leaf.error();
    }
    Result<os::Spawned> spawned =
        spawner_.spawn(images_.of_task(service, task), leaf.value().borrow());
    if (!spawned.ok()) {
        return spawned.error();
    }
    entry.status[static_cast<std::size_t>(task)] = std::move(spawned.value().status);
    if (task == Task::probe) {
        watch(service, *entry.probe, std::move(spawned.value().output));
    }
    return spawned.value().pid;
}

Result<Pid> ServiceTasks::start_built_in(ServiceId service, Probe& probe) noexcept {
    Result<os::ProbeChild> forked = os::fork_probe();
    if (!forked.ok()) {
        return forked.error();
    }
    if (!forked.value().pid.exists()) {
        run_built_in(service, forked.value());
    }
    watch(service, probe, std::move(forked.value().answer));
    return forked.value().pid;
}

void ServiceTasks::run_built_in(ServiceId service, const os::ProbeChild& child) noexcept {
    const Duration timeout = plan_.policies[index(service)].health.timeout;
    const manifest::Probe& probe = plan_.execs[index(service)].settings->probe;
    os::ProbeResult result = os::ProbeResult::good();
    if (const auto* http = std::get_if<manifest::HttpProbe>(&probe)) {
        result = ask(*http, timeout);
    } else if (const auto* tcp = std::get_if<manifest::TcpProbe>(&probe)) {
        result = ask(*tcp, timeout);
    } else if (const auto* file = std::get_if<manifest::FileProbe>(&probe)) {
        result = ask(*file, timeout);
    }
    os::end_probe(child, result);
}

void ServiceTasks::watch(ServiceId service, Probe& probe, Fd output) noexcept {
    probe.output = std::move(output);
    ++probe.generation;
    // If it cannot be watched (ENOMEM, ENOSPC), it is read when the probe ends; one that fills the
    // pipe meanwhile runs into its timeout.
    (void)epoll_.add_readable(probe.output.borrow(),
                              make_token(TokenKind::probe_output, service, probe.generation));
}

void ServiceTasks::close_output(Probe& probe) noexcept {
    if (probe.output.is_open()) {
        // By hand: whoever holds a copy keeps the description alive, and epoll goes by that.
        epoll_.remove(probe.output.borrow());
        probe.output.reset();
        ++probe.generation;
    }
}

void ServiceTasks::read_output(ServiceId service, std::uint32_t generation) noexcept {
    Entry* const entry = entries_.find(index(service));
    Probe* const probe = entry != nullptr ? entry->probe.get() : nullptr;
    if (probe != nullptr && probe->generation == generation && probe->output.is_open() &&
        !probe->line.read_from(probe->output.borrow())) {
        close_output(*probe);
    }
}

void ServiceTasks::kill(Pid leader) noexcept {
    os::kill_process_tree(proc_, leader);
}

TaskEnd ServiceTasks::end(ServiceId service, Task task, Pid leader) noexcept {
    Entry& entry = *entries_.find(index(service));
    TaskEnd end;
    if (Fd& status = entry.status[static_cast<std::size_t>(task)]; status.is_open()) {
        end.exec = os::read_exec_status(status.borrow());
        status.reset();
    }
    if (Probe* const probe = entry.probe.get(); probe != nullptr && task == Task::probe) {
        if (probe->output.is_open()) {
            (void)probe->line.read_from(probe->output.borrow());
        }
        close_output(*probe);
        end.said = probe->line.text();
    }
    os::kill_process_tree(proc_, leader);
    return end;
}

}  // namespace gosv::app
