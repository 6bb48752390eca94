#include "explore/state_key.hpp"

#include <algorithm>
#include <cstdlib>

#include "gosv/core/backoff.hpp"

namespace gosv::explore {

namespace {

// From this many on, counts are alike: the next delay is the cap already.
std::uint32_t counts_until_cap(const core::BackoffPolicy& policy) {
    std::uint32_t count = 0;
    while (count < 7 && core::restart_delay(policy, count + 1) < policy.cap) {
        ++count;
    }
    return count;
}

std::uint64_t bits_of(ExitStatus status) {
    return static_cast<std::uint64_t>(status.number) << 1U |
           (status.kind == ExitStatus::Kind::signalled ? 1U : 0U);
}

}  // namespace

void StateKey::add(std::uint64_t bits, int width) {
    if (shift_ + width > 64) {
        ++used_;
        shift_ = 0;
        if (used_ == words_.size()) {
            std::abort();  // the key is too small for so many services
        }
    }
    words_[used_] |= bits << shift_;
    shift_ += width;
}

// Milliseconds from now; what is longer ago than it matters is all the same.
void StateKey::add_time(MonotonicTime time, MonotonicTime now, Duration matters_for) {
    constexpr std::uint64_t kNeverBits = 0xffffff;
    if (time == kNever) {
        add(kNeverBits, 24);
        return;
    }
    const Duration relative = std::max(time - now, -matters_for);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(relative).count();
    add(static_cast<std::uint64_t>(ms + 0x400000) & 0xffffffU, 24);
}

StateKey::StateKey(const Case& explored, const core::SupervisorState& self,
                   std::span<const core::ServiceState> services, const World& world,
                   MonotonicTime now) {
    const core::SupervisorPolicy& whole = explored.plan.whole;
    add(static_cast<std::uint64_t>(self.stage), 3);
    add(static_cast<std::uint64_t>(self.why), 5);
    add(self.something_killed, 1);
    add(self.has_failure, 1);
    add(self.stop_requested, 1);
    add(self.failure_code, 8);
    add_time(self.deadline, now, Duration{});
    add(world.booted, 1);
    add(world.shutting_down, 1);
    add(world.hurry, 1);
    add(world.sweep_open, 1);
    add(world.sweep_kills, 1);
    add(world.killed_in_shutdown, 1);
    add(world.has_failure, 1);
    add(world.finished, 1);
    add(world.stops, 2);
    add(world.failure_code, 8);
    add(world.final_code, 8);
    add(static_cast<std::uint64_t>(world.cause), 5);
    add(world.announced, 1);
    // Once the last deadline runs nothing goes by the others any more.
    if (world.hurry || world.sweep_kills || self.stage == core::Stage::killing) {
        add_time(world.last_call, now, whole.abandon_after);
    } else if (world.shutting_down) {
        add_time(self.shutdown_deadline, now, Duration{});
        add_time(world.began_at, now, whole.shutdown_timeout);
        add_time(world.sweep_open ? world.sweep_at : now, now, whole.straggler_grace);
    }
    for (std::size_t i = 0; i < services.size(); ++i) {
        const core::ServiceState& state = services[i];
        const core::ServicePolicy& policy = explored.plan.policies[i];
        const Run& run = world.runs[i];
        add(static_cast<std::uint64_t>(state.phase), 4);
        add(state.main_alive, 1);
        add(state.tree_populated, 1);
        const std::uint32_t until_cap = counts_until_cap(policy.backoff);
        const std::uint32_t in_row_counts =
            policy.max_restarts == core::kUnlimited ? std::max(until_cap, 1U) : policy.max_restarts;
        add(std::min(state.restarts_in_row, in_row_counts), 3);
        add(std::min(state.spawn_failures, until_cap), 3);
        add_time(state.deadline, now, Duration{});
        add(static_cast<std::uint64_t>(run.fate), 2);
        add(run.main_alive, 1);
        add(run.exec_told, 1);
        add(run.populated, 1);
        add(run.command, 1);
        if (run.alive()) {  // else it is the past
            add(run.asked, 1);
            add(run.signalled, 1);
            add(run.tree_asked, 1);
            add(state.tree_asked, 1);
            add(state.drain_held, 1);
            add(run.killed, 1);
            add(run.command_killed, 1);
        }
        add(std::min(run.in_row, in_row_counts), 3);
        add(std::min(run.no_process, until_cap), 3);
        // How it ended last is decided by once nothing of it is left, and never again, unless it
        // gives the exit code.
        if (state.tree_populated || (run.alive() && !run.main_alive) || whole.exit_code_from) {
            add(state.has_run, 1);
            add(run.has_run, 1);
            add(state.out_of_memory, 1);
            add(run.out_of_memory, 1);
            add(bits_of(state.last_status), 9);
            add(bits_of(run.last), 9);
        }
        const bool forgives = policy.stable_after != Duration::max();
        if ((state.main_alive || run.main_alive) && forgives) {
            // Without a restart to be forgiven it makes no difference how long it has been running.
            add_time(run.in_row > 0 ? run.since : now, now, policy.stable_after);
            add_time(state.restarts_in_row > 0 ? state.since : now, now, policy.stable_after);
        }
        if ((run.asked || !run.main_alive) && !run.killed && run.alive()) {
            add_time(run.grace_until, now, Duration{});
        }
        add_time(run.start_at, now, Duration{});
        add_watch(policy, run, now);
    }
}

// Where the judge holds core and world to be the same, the world's is enough. For how long it
// waits, and how many of its forgiven probes have failed, is told and nothing goes by it.
void StateKey::add_watch(const core::ServicePolicy& policy, const Run& run, MonotonicTime now) {
    add(run.waiting, 1);
    add(static_cast<std::uint64_t>(run.ending), 5);
    if (run.ending == core::ReportReason::dependency_restarts) {
        add(run.ending_with, 2);
    }
    if (run.fate == Fate::failed) {
        add(run.failure_code, 8);
    }
    add(run.ready, 1);
    if (run.main_alive) {
        add(run.notified, 1);
        add(run.been_healthy, 1);
    }
    for (const MonotonicTime each : {run.tell_at, run.ready_by, run.alive_by, run.probe_at}) {
        add(each != kNever, 1);
        if (each != kNever) {
            add_time(each, now, Duration{});
        }
    }
    if (!policy.health.probes) {
        return;
    }
    add(static_cast<std::uint64_t>(run.health), 2);
    add(run.probe, 1);
    add(run.probe_killed, 1);
    add(run.probe_answers, 1);
    if (run.probe_answers) {
        add(run.probe_forgiven, 1);
        add_time(run.probe_until, now, Duration{});
    }
    if (run.main_alive && run.exec_told) {
        add(std::min(run.counted, policy.health.retries), 3);
        add_time(run.forgiven_until, now, Duration{});
    }
}

std::uint64_t StateKey::hash() const {
    std::uint64_t mixed = 0x9e3779b97f4a7c15U;
    for (std::size_t i = 0; i <= used_; ++i) {
        mixed ^= words_[i];
        mixed *= 0xff51afd7ed558ccdU;
        mixed ^= mixed >> 32U;
    }
    return mixed;
}

std::uint32_t& StateSet::slot_of(const StateKey& key) {
    std::size_t at = key.hash() & (slots_.size() - 1);
    while (slots_[at] != kFree && !(keys_[slots_[at]] == key)) {
        at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at];
}

std::pair<std::uint32_t, bool> StateSet::insert(const StateKey& key) {
    std::uint32_t& slot = slot_of(key);
    if (slot != kFree) {
        return {slot, false};
    }
    const auto number = static_cast<std::uint32_t>(keys_.size());
    slot = number;
    keys_.push_back(key);
    if (2 * keys_.size() > slots_.size()) {
        grow();
    }
    return {number, true};
}

void StateSet::grow() {
    slots_.assign(2 * slots_.size(), kFree);
    for (std::uint32_t i = 0; i < keys_.size(); ++i) {
        slot_of(keys_[i]) = i;
    }
}

}  // namespace gosv::explore
