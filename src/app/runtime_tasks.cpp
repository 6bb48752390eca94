// Tasks (probes and stop commands): starting and killing them as the core orders, and what it hears
// of their end.
#include <variant>

#include "app/line_writer.hpp"
#include "app/runtime.hpp"
#include "app/start_failure.hpp"
#include "app/task_command.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

using core::Task;

constexpr ExitStatus kGood = ExitStatus::code(0);

std::string_view program_of(const manifest::Exec& exec, Task task) noexcept {
    const manifest::CommandSpec& command = command_of(exec, task);
    return command.exists() ? command.argv[0] : "gosv";
}

// "exit code 1: no response", "killed by SIGSEGV". A probe that is gosv's own says why it has
// failed; its exit code says nothing more.
std::string_view describe_end(const manifest::Exec& exec, Task task, const TaskEnd& end,
                              ExitStatus status, std::span<char> buffer) noexcept {
    if (end.exec.state == os::ExecState::failed) {
        return describe_failed_start(program_of(exec, task), end.exec.stage, SysError{end.exec.err},
                                     buffer);
    }
    LineWriter out(buffer);
    const bool own_words = !command_of(exec, task).exists() && !end.said.empty();
    if (status.kind == ExitStatus::Kind::signalled) {
        out.put("killed by ");
        out.put(signal_name(Signal{status.number}));
    } else if (!own_words) {
        out.put("exit code ");
        out.number(status.number);
    }
    if (!end.said.empty()) {
        out.put(out.view().empty() ? "" : ": ");
        out.put(end.said);
    }
    return out.view();
}

}  // namespace

void Runtime::carry_out(const core::StartTask& order) noexcept {
    const Result<Pid> pid = platform_.start_task(order.service, order.task);
    if (pid.ok()) {
        tasks_.begin(order.service, order.task, pid.value(), now_);
        return;
    }
    char buffer[kMostReasonText];
    tell_task_failure(order.service, order.task, Pid{},
                      app::describe_failed_start({}, os::Stage::none, pid.error(), buffer));
    (void)events_.push(core::TaskEnded{order.service, order.task, false});
}

void Runtime::carry_out(const core::KillTask& order) noexcept {
    RunningTasks::Entry& entry = tasks_.of(order.service, order.task);
    if (!entry.pid.exists()) {
        return;  // it ended while the order was made
    }
    note_silent_probe(order.service);
    entry.killed = true;
    platform_.kill_task(entry.pid);
}

void Runtime::note_silent_probe(ServiceId service) noexcept {
    const Duration limit = plan_.policies[index(service)].health.timeout;
    const RunningTasks::Entry& entry = tasks_.of(service, Task::probe);
    if (!entry.pid.exists() || entry.killed || now_ - entry.since < limit) {
        return;
    }
    char buffer[kMostReasonText];
    LineWriter out(buffer);
    out.put("no answer within ");
    out.duration(limit);
    remarks_[index(service)].probe.assign(out.view());
}

void Runtime::task_died(const RunningTasks::Found& which, const os::DeadChild& child) noexcept {
    const auto [service, task] = which;
    const TaskEnd end = platform_.end_task(service, task, child.pid);
    (void)platform_.reap(child.pid);  // it was just seen dead: cannot fail
    const bool killed = tasks_.of(service, task).killed;
    tasks_.end(service, task);

    const bool ok = child.status == kGood && end.exec.state != os::ExecState::failed;
    if (ok && task == Task::probe) {
        remarks_[index(service)].probe.clear();
    } else if (!ok && !killed) {
        char buffer[kMostReasonText];
        tell_task_failure(
            service, task, child.pid,
            describe_end(plan_.execs[index(service)], task, end, child.status, buffer));
    }
    // If it was the last in the service's leaf, the core hears of that first: nobody is left who
    // could be asked to end.
    let_go_if_empty(service);
    feed(core::TaskEnded{service, task, ok});
}

// A probe's reason is kept until the core has something to say of it; a stop command that fails has
// failed once, and the stop signal follows.
void Runtime::tell_task_failure(ServiceId service, Task task, Pid pid,
                                std::string_view why) noexcept {
    if (task == Task::probe) {
        remarks_[index(service)].probe.assign(why);
        return;
    }
    log_.write({.event = LogEvent::internal,
                .level = LogLevel::warn,
                .service = plan_.execs[index(service)].name,
                .pid = pid,
                .reason = why,
                .msg = "the stop command failed"});
}

}  // namespace gosv::app
