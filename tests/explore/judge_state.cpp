// The other half of the judge: the state that a step leaves the core in.
#include <algorithm>

#include "explore/judge.hpp"

namespace gosv::explore {

namespace {

constexpr Duration kKillAgain = std::chrono::seconds(5);

bool is_over(core::Phase phase) {
    return phase == core::Phase::completed || phase == core::Phase::failed ||
           phase == core::Phase::stopped;
}

}  // namespace

void Judge::compare(test::Machine& machine) {
    for (std::size_t i = 0; i < services(); ++i) {
        compare_service(i, machine.states[i]);
        compare_watch(i, machine.states[i], machine.probes[i]);
        expect(seen_[i] == expected_[i], "told other than what became of it", i);
    }
    compare_whole(machine.self);
    compare_stops();
    compare_order(machine);
    MonotonicTime earliest = machine.self.deadline;
    for (const core::ServiceState& state : machine.states) {
        earliest = std::min({earliest, state.deadline, state.start_deadline,
                             state.watchdog_deadline, state.waiting_deadline});
    }
    for (const core::ProbeState& probe : machine.probes) {
        earliest = std::min(earliest, probe.probe_deadline);
    }
    const MonotonicTime next = machine.next_deadline();
    expect(next == (world_.finished ? kNever : earliest), "next_deadline() is another");
    // Else the loop would turn without end. What takes no time at all may be due once more.
    const bool at_once = plan_.whole.abandon_after == Duration{};
    expect(!deadline_ || next > now_ || (at_once && (kill_everything_ || world_.sweep_kills)),
           "a deadline that was met is still due");
}

core::Phase Judge::expected_phase(const Run& run) const {
    using core::Phase;
    switch (run.fate) {
        case Fate::completed:
            return Phase::completed;
        case Fate::failed:
            return Phase::failed;
        case Fate::stopped:
            return Phase::stopped;
        case Fate::going:
            break;
    }
    if (run.alive()) {
        return run.killed        ? Phase::killing
               : !run.main_alive ? Phase::draining
               : run.asked       ? Phase::stopping
               : run.exec_told   ? Phase::running
                                 : Phase::starting;
    }
    return world_.booted && !run.waiting ? Phase::backoff : Phase::pending;
}

MonotonicTime Judge::expected_deadline(const Run& run, const core::ServicePolicy& policy) const {
    switch (expected_phase(run)) {
        case core::Phase::running:
            return run.in_row > 0 && !world_.shutting_down
                       ? saturating_add(run.since, policy.stable_after)
                       : kNever;
        case core::Phase::stopping:
        case core::Phase::draining:
            return run.grace_until;
        case core::Phase::backoff:
            return run.start_at;
        default:
            return kNever;
    }
}

void Judge::compare_service(std::size_t i, const core::ServiceState& state) {
    const Run& run = world_.runs[i];
    expect(state.main_alive == run.main_alive && state.tree_populated == run.populated,
           "the core is wrong about who lives", i);
    expect(state.phase == expected_phase(run), "another phase than events and orders say", i);
    expect(state.restarts_in_row == run.in_row, "restarts in a row miscounted", i);
    expect(state.spawn_failures == run.no_process, "failed clones miscounted", i);
    expect(!run.has_run || state.last_status == run.last, "another last status", i);
    expect(state.has_run == run.has_run, "wrong about whether it has run", i);
    if (state.phase == core::Phase::killing) {
        expect(world_.finished || (state.deadline != kNever && state.deadline <= now_ + kKillAgain),
               "I5: a KILL that is not repeated", i);
    } else {
        expect(state.deadline == expected_deadline(run, plan_.policies[i]),
               "I5: another deadline than it should wait for", i);
    }
    const bool due = !world_.shutting_down && run.start_at <= now_ && world_.booted;
    expect(!due || !deadline_, "a start that was due did not happen", i);
    expect(!run.main_alive || !forwarding_ || run.asked ||
               forwarded_[i] == (plan_.policies[i].signals[to_forward_.number] != 0 ? 1 : 0),
           "a signal that was not forwarded, or twice", i);
}

void Judge::compare_whole(const core::SupervisorState& self) {
    using core::Stage;
    const bool alive = anybody_alive(world_, services());
    const Stage stage = world_.finished                      ? Stage::finished
                        : !world_.shutting_down              ? Stage::supervising
                        : world_.hurry || world_.sweep_kills ? Stage::killing
                        : alive                              ? Stage::stopping
                                                             : Stage::sweeping;
    expect(self.stage == stage, "another stage than events and orders say");
    expect(told_shutdown_ == began_now_, "a shutdown begins and is not told");
    expect(told_stopping_ == (began_now_ && plan_.whole.announces),
           "a shutdown begins and is not announced");
    expect(!to_announce_, "everything is ready and that is not announced");
    expect(self.announced == world_.announced, "wrong about what was announced");
    expect(told_hurry_ == hurried_now_, "a hurry and its report do not go together");
    expect(self.something_killed == world_.killed_in_shutdown, "a KILL is not remembered");
    expect(!gone_ || world_.finished, "stragglers are gone and it does not end");
    if (stage == Stage::supervising) {
        expect(self.deadline == kNever, "a deadline of the whole while supervising");
    } else if (stage != Stage::finished) {
        const MonotonicTime limit = saturating_add(world_.began_at, plan_.whole.shutdown_timeout);
        expect(self.deadline != kNever, "I4: a shutdown without a deadline");
        expect(stage == Stage::killing
                   ? self.deadline <= saturating_add(now_, plan_.whole.abandon_after)
                   : self.deadline <= limit,
               "I4: a shutdown that takes longer than it may");
        expect(stage != Stage::killing ||
                   self.deadline == saturating_add(world_.last_call, plan_.whole.abandon_after),
               "I4: the last deadline moves");
    }
    // Stragglers have their turn as soon as no service is left, and at the very end in any case.
    expect(stage == Stage::supervising || gone_ || world_.sweep_open ||
               (alive && stage != Stage::finished),
           "nobody looks for stragglers");
}

void Judge::compare_stops() {
    for (std::size_t i = 0; i < services(); ++i) {
        const Run& run = world_.runs[i];
        expect(!run.main_alive || !run.asked || run.signalled || run.killed || run.command,
               "after its stop command nobody asks it to end", i);
        expect(run.main_alive || !run.populated || run.tree_asked || run.killed || run.task(),
               "what is left of it was never asked to end", i);
        expect(!run.command || !run.killed || run.command_killed,
               "its stop command was not killed with it", i);
        expect(!kill_everything_ || !run.alive() || run.killed, "it should be killed now", i);
        expect(!world_.finished || is_over(expected_phase(run)) || abandoned_[i],
               "I3: it is not over, and not abandoned", i);
    }
    expect(!kill_everything_ || !world_.sweep_open || world_.sweep_kills,
           "stragglers should be killed now");
}

}  // namespace gosv::explore
