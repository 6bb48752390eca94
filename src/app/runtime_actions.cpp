// The other half of the runtime: carrying out what the core orders. Errors come back as events or
// go to the log; nothing here ends gosv.
#include <cerrno>

#include "app/runtime.hpp"

namespace gosv::app {

void Runtime::carry_out(const core::Action& action) noexcept {
    // std::visit, without the exception that it keeps for a variant that has lost its value.
    [&]<class... Orders>(const std::variant<Orders...>& one_of) {
        const auto carry_out_if_it_is = [&]<class Order>(const Order* order) {
            if (order != nullptr) {
                carry_out(*order);
            }
        };
        (carry_out_if_it_is(std::get_if<Orders>(&one_of)), ...);
    }(action);
}

void Runtime::carry_out(const core::Spawn& order) noexcept {
    Handle& handle = handles_[index(order.service)];
    remarks_[index(order.service)].forget();
    const Result<Pid> pid = platform_.spawn(order.service);
    if (!pid.ok()) {
        past_[index(order.service)].spawn_error = pid.error();
        // A limit that the kernel refused is refused the next time as well.
        const bool for_good = !platform_.refusal(order.service).empty();
        (void)events_.push(core::SpawnFailed{
            order.service,
            for_good ? core::SpawnFailure::permanent : core::SpawnFailure::no_process, 126});
        return;
    }
    past_[index(order.service)].forget_spawn_error();
    handle.exec_pending = true;
    handle.exec_failed = false;
    handle.silenced = false;
    handle.ending = core::ReportReason::none;
    pids_[index(order.service)] = pid.value();
}

void Runtime::carry_out(const core::SendSignal& order) noexcept {
    send(order.service, order.signal, order.scope);
    if (order.then_continue) {
        send(order.service, kSigCont, order.scope);
    }
}

void Runtime::send(ServiceId service, Signal signal, core::SignalScope scope) noexcept {
    const Pid pid = pids_[index(service)];
    Status sent;
    if (!pid.exists()) {
        if (!handles_[index(service)].tree_held) {
            return;  // it ended while the order was made
        }
        sent = platform_.signal_held_tree(service, signal);
    } else if (scope == core::SignalScope::main) {
        sent = platform_.signal_process(pid, signal);
    } else if (scope == core::SignalScope::group) {
        sent = platform_.signal_group(pid, signal);
    } else {
        sent = platform_.signal_tree(service, pid, signal);
    }
    // ESRCH: gone already, its death is on the way. Anything else (EPERM: it took another user's
    // identity) is told and survived.
    if (!sent.ok() && sent.error().err != ESRCH) {
        log_.write({.event = LogEvent::signal,
                    .level = LogLevel::warn,
                    .service = plan_.execs[index(service)].name,
                    .pid = pid,
                    .signal = signal,
                    .reason = errno_name(sent.error().err),
                    .msg = "cannot send the signal"});
    }
}

void Runtime::carry_out(const core::SweepStragglers& order) noexcept {
    sweeping_ = true;
    sweep_signal_ = order.signal;
    snapshot_.hasten(now_);
    const Pid except[] = {snapshot_.pid()};
    const os::SweepResult result = platform_.sweep(order.signal, except);
    // With no child left at all the next look of the reaper says so; a walk that found nobody alive
    // says it now. While a snapshot is being written, its child is waited for.
    if (result.alive > 0 && order.signal == kSigKill) {
        log_.write({.event = LogEvent::killing,
                    .level = LogLevel::warn,
                    .pid = result.example,
                    .signal = order.signal,
                    .msg = "processes that belong to no service did not end in time"});
    }
    look_for_dead_ = look_again_ = true;  // look at once
}

void Runtime::carry_out(const core::Finish& order) noexcept {
    finished_ = true;
    exit_code_ = order.code;
    log_.hold(false);
}

}  // namespace gosv::app
