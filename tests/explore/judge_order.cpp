// The judge's model of who waits for whom, from the manifest's reference: what holds, what never
// will, whose turn it is to start and to stop.
#include <algorithm>

#include "explore/judge.hpp"

namespace gosv::explore {

namespace {

using core::Condition;
using core::ReportReason;

}  // namespace

std::span<const core::Dependency> Judge::edges_of(std::size_t i) const {
    return has_edges() ? std::span<const core::Dependency>(plan_.dependencies[i])
                       : std::span<const core::Dependency>();
}

bool Judge::is_satisfied(const core::Dependency& edge) const {
    const Run& on = world_.runs[index(edge.on)];
    const bool completed = on.fate == Fate::completed;
    switch (edge.condition) {
        case Condition::started:
            return is_watched(on) || completed;
        case Condition::ready:
            return is_watched(on) && on.ready;
        case Condition::healthy:
            return is_watched(on) && on.health == core::Health::healthy;
        case Condition::completed:
            return completed;
    }
    return false;
}

// It can never be satisfied any more.
bool Judge::is_lost(const core::Dependency& edge) const {
    const Fate fate = world_.runs[index(edge.on)].fate;
    return fate == Fate::failed || (fate == Fate::completed && !is_satisfied(edge));
}

// The first that keeps it from starting.
const core::Dependency* Judge::missing(std::size_t i) const {
    for (const core::Dependency& edge : edges_of(i)) {
        if (!is_satisfied(edge) && (edge.required || !is_lost(edge))) {
            return &edge;
        }
    }
    return nullptr;
}

const core::Dependency* Judge::lost(std::size_t i) const {
    for (const core::Dependency& edge : edges_of(i)) {
        if (edge.required && is_lost(edge)) {
            return &edge;
        }
    }
    return nullptr;
}

bool Judge::depends_on(std::size_t i, std::size_t on) const {
    const auto edges = edges_of(i);
    return std::any_of(edges.begin(), edges.end(),
                       [on](const core::Dependency& edge) { return index(edge.on) == on; });
}

bool Judge::depends_through_others_on(std::size_t i, std::size_t on) const {
    if (depends_on(i, on)) {
        return true;
    }
    const auto edges = edges_of(i);
    return std::any_of(edges.begin(), edges.end(), [this, on](const core::Dependency& edge) {
        return depends_through_others_on(index(edge.on), on);
    });
}

// Nobody who has to end first is still there.
bool Judge::may_stop(std::size_t i) const {
    for (std::size_t k = 0; k < services(); ++k) {
        const Run& other = world_.runs[k];
        const bool first = world_.shutting_down
                               ? other.fate == Fate::going
                               : world_.runs[i].ending == ReportReason::dependency_restarts &&
                                     other.ending == ReportReason::dependency_restarts;
        if (first && (world_.shutting_down ? depends_through_others_on(k, i) : depends_on(k, i))) {
            return false;
        }
    }
    return true;
}

// Its time to start has come: where there is an order, when all that it needs holds.
void Judge::wait_for_dependencies(std::size_t i) {
    Run& run = world_.runs[i];
    if (!has_edges()) {
        return;
    }
    run.start_at = kNever;
    run.waiting = true;
    run.waiting_since = now_;
    run.tell_at = saturating_add(now_, plan_.whole.first_waiting);
}

// A failure goes along the graph: who can never start any more fails, and so who needs that.
void Judge::spread_failures() {
    bool again = has_edges();
    while (again) {
        again = false;
        for (std::size_t i = 0; i < services() && !world_.shutting_down; ++i) {
            const core::Dependency* edge = world_.runs[i].waiting ? lost(i) : nullptr;
            if (edge == nullptr) {
                continue;
            }
            bool first = true;  // of those that could fail now: what one fails by fails before it
            for (std::size_t k = 0; k < services(); ++k) {
                first =
                    first && !(depends_on(i, k) && world_.runs[k].waiting && lost(k) != nullptr);
            }
            if (first) {
                const Run& on = world_.runs[index(edge->on)];
                fail(i, on.fate == Fate::failed ? on.failure_code : std::uint8_t{1});
                again = true;
            }
        }
    }
}

void Judge::spread_restarts() {
    bool again = has_edges() && !world_.shutting_down;
    while (again) {
        again = false;
        for (std::size_t i = 0; i < services(); ++i) {
            Run& run = world_.runs[i];
            if (!run.main_alive || run.asked || run.ending != ReportReason::none) {
                continue;
            }
            for (const core::Dependency& edge : edges_of(i)) {
                const std::size_t on = index(edge.on);
                if (edge.restart && (restarted_[on] ||
                                     world_.runs[on].ending == ReportReason::dependency_restarts)) {
                    run.ending = ReportReason::dependency_restarts;
                    run.ending_with = on;
                    again = true;
                    break;
                }
            }
        }
    }
}

void Judge::order_waiting(const core::Report& report) {
    const std::size_t i = index(report.service);
    const core::Dependency* edge = missing(i);
    expect(world_.runs[i].waiting && edge != nullptr, "said to wait, and does not", i);
    if (edge != nullptr) {
        expect(report.other == edge->on && report.condition == edge->condition,
               "said to wait for another", i);
        expect(report.attempt == world_.runs[index(edge->on)].failures,
               "the failures of whom it waits for are miscounted", i);
    }
    expect(report.uptime == now_ - world_.runs[i].waiting_since, "waits since another time", i);
}

void Judge::compare_order(test::Machine& machine) {
    for (std::size_t i = 0; i < services(); ++i) {
        const Run& run = world_.runs[i];
        const core::Dependency* named =
            core::waits_for(machine.supervisor(), static_cast<ServiceId>(i));
        const core::Dependency* edge = run.waiting ? missing(i) : nullptr;
        expect(!run.waiting || edge != nullptr, "I8: it could start and does not", i);
        expect(!run.waiting || lost(i) == nullptr, "I9: it waits for what can never be", i);
        expect((named != nullptr) == (edge != nullptr), "I9: waits_for() knows no reason", i);
        expect(named == nullptr || edge == nullptr ||
                   (named->on == edge->on && named->condition == edge->condition),
               "I9: waits_for() names another reason", i);
        expect(machine.states[i].waiting_deadline == run.tell_at,
               "another time to tell that it waits", i);
        const bool has_to_end = world_.shutting_down || run.ending != ReportReason::none;
        expect(!run.main_alive || run.asked || run.killed || !has_to_end || !may_stop(i),
               world_.shutting_down ? "I10: its turn to stop has come, and nobody asks it"
                                    : "I12: its turn to end has come, and nobody asks it",
               i);
    }
}

}  // namespace gosv::explore
