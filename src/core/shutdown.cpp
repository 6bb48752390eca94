#include "shutdown.hpp"

#include <algorithm>

#include "ending.hpp"
#include "order.hpp"
#include "watch.hpp"

namespace gosv::core {

namespace {

constexpr Signal kTerm{15};

// An unhealthy service has no code of its own: it runs.
constexpr std::uint8_t kUnhealthyCode = 1;

ServiceId id_of(std::size_t i) noexcept {
    return static_cast<ServiceId>(i);
}

// From the end: a thousand services that are asked to stop end more or less in their order, and
// each of them makes us look.
bool all_final(const Step& step) noexcept {
    const auto services = step.supervisor.services;
    return std::all_of(services.rbegin(), services.rend(),
                       [](const ServiceState& state) { return is_final(state.phase); });
}

void finish(const Step& step) noexcept {
    SupervisorState& self = step.self();
    self.stage = Stage::finished;
    self.deadline = kNever;
    const std::uint8_t code = exit_code(self, step.supervisor.policy, step.supervisor.services);
    step.order(Report{.kind = ReportKind::end, .reason = self.why, .code = code});
    step.order(Finish{code});
}

void kill_stragglers(const Step& step) noexcept {
    SupervisorState& self = step.self();
    self.stage = Stage::killing;
    self.something_killed = true;
    self.deadline = step.after(step.supervisor.policy.abandon_after);
    step.order(SweepStragglers{kSigKill});
}

// Everything that lives gets KILL. What is then left when the last deadline comes is abandoned.
void kill_all(const Step& step, ReportReason reason) noexcept {
    step.self().stage = Stage::killing;
    step.self().deadline = step.after(step.supervisor.policy.abandon_after);
    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
        kill(step, id_of(i), reason);
    }
}

// Who has to wait for its turn is left alone until then.
void watch_no_more(const Step& step) noexcept {
    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
        ServiceState& state = step.state(id_of(i));
        if (state.phase == Phase::starting || state.phase == Phase::running) {
            unwatch(step, id_of(i));
            state.ending = ReportReason::none;
            state.deadline = kNever;
        }
    }
}

}  // namespace

void begin_shutdown(const Step& step, ReportReason why, Signal signal) noexcept {
    SupervisorState& self = step.self();
    if (self.stage != Stage::supervising) {
        return;
    }
    self.stage = Stage::stopping;
    self.why = why;
    self.deadline = step.after(step.supervisor.policy.shutdown_timeout);
    self.shutdown_deadline = self.deadline;
    step.order(Report{.kind = ReportKind::shutdown, .reason = why, .signal = signal});
    if (step.supervisor.policy.announces) {
        step.order(Announce{Announce::What::stopping});
    }
    watch_no_more(step);
    stop_in_order(step);
    step.changed = true;
}

void request_stop(const Step& step, Signal signal) noexcept {
    SupervisorState& self = step.self();
    if (!self.stop_requested) {
        // Should the shutdown be under way for another reason, it is what this one asks for: only
        // somebody who asks twice is in a hurry.
        self.stop_requested = true;
        self.hurry_from = step.after(step.supervisor.policy.stop_repeat);
        begin_shutdown(step, ReportReason::stop_signal, signal);
    } else if (step.now < self.hurry_from) {
        return;
    } else if (self.stage == Stage::stopping) {
        step.order(Report{.kind = ReportKind::hurried, .signal = signal});
        kill_all(step, ReportReason::hurry);
    } else if (self.stage == Stage::sweeping) {
        step.order(Report{.kind = ReportKind::hurried, .signal = signal});
        kill_stragglers(step);
    }
}

void note_failure(const Step& step, ServiceId id) noexcept {
    SupervisorState& self = step.self();
    const bool ends_all =
        step.policy(id).failure_action == FinalAction::exit ||
        (step.state(id).out_of_memory && step.policy(id).oom_action == FinalAction::exit);
    if (ends_all || !self.has_failure) {
        self.has_failure = true;
        self.failure_code = step.state(id).failure_code;
    }
    if (ends_all) {
        begin_shutdown(step, ReportReason::service_failed);
    }
}

void note_unhealthy(const Step& step) noexcept {
    step.self().has_failure = true;
    step.self().failure_code = kUnhealthyCode;
    begin_shutdown(step, ReportReason::unhealthy);
}

void note_completion(const Step& step, ServiceId id) noexcept {
    if (step.policy(id).success_action == FinalAction::exit) {
        begin_shutdown(step, ReportReason::service_completed);
    }
}

void advance(const Step& step) noexcept {
    SupervisorState& self = step.self();
    if (self.stage == Stage::finished || self.stage == Stage::sweeping || !all_final(step)) {
        return;
    }
    if (self.stage == Stage::supervising) {
        begin_shutdown(step, ReportReason::nothing_left);
    }
    if (self.stage == Stage::killing) {
        // The time is up, or somebody is in a hurry: no grace for stragglers either.
        step.order(SweepStragglers{kSigKill});
        return;
    }
    self.stage = Stage::sweeping;
    self.deadline =
        std::min(step.after(step.supervisor.policy.straggler_grace), self.shutdown_deadline);
    step.order(SweepStragglers{kTerm});
}

void on_stragglers_gone(const Step& step) noexcept {
    if ((step.self().stage == Stage::sweeping || step.self().stage == Stage::killing) &&
        all_final(step)) {
        finish(step);
    } else {
        step.order(Report{.kind = ReportKind::unexpected});
    }
}

void on_global_deadline(const Step& step) noexcept {
    SupervisorState& self = step.self();
    switch (self.stage) {
        case Stage::supervising:
        case Stage::finished:
            return;
        case Stage::stopping:
            kill_all(step, ReportReason::shutdown_timeout);
            return;
        case Stage::sweeping:
            kill_stragglers(step);
            return;
        case Stage::killing:
            // State D, or worse: told, and left to the kernel, which ends the namespace with us.
            for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {
                if (is_alive(step.state(id_of(i)))) {
                    step.order(Report{.kind = ReportKind::abandoned, .service = id_of(i)});
                }
            }
            if (!all_final(step)) {
                // Stragglers were to have their turn after the services. Where gosv is not PID 1
                // nobody would ever end them.
                step.order(SweepStragglers{kSigKill});
            }
            finish(step);
            return;
    }
}

}  // namespace gosv::core
