#include "explore/explorer.hpp"

#include <algorithm>
#include <tuple>

#include "explore/graph.hpp"
#include "explore/judge.hpp"
#include "explore/state_key.hpp"
#include "explore/story.hpp"

namespace gosv::explore {

namespace {

constexpr std::size_t kMostStates = 2'000'000;  // a state space that is not finite ends here

bool same(const core::Event& a, const core::Event& b) {
    if (a.index() != b.index()) {
        return false;
    }
    if (const auto* exited = std::get_if<core::Exited>(&a)) {
        const auto& other = std::get<core::Exited>(b);
        return exited->service == other.service && exited->status == other.status &&
               exited->tree_populated == other.tree_populated;
    }
    if (const auto* started = std::get_if<core::Started>(&a)) {
        return started->service == std::get<core::Started>(b).service;
    }
    if (const auto* emptied = std::get_if<core::TreeEmptied>(&a)) {
        return emptied->service == std::get<core::TreeEmptied>(b).service;
    }
    if (const auto* said = std::get_if<core::NotifiedReady>(&a)) {
        return said->service == std::get<core::NotifiedReady>(b).service;
    }
    if (const auto* ended = std::get_if<core::TaskEnded>(&a)) {
        const auto& other = std::get<core::TaskEnded>(b);
        return ended->service == other.service && ended->task == other.task &&
               ended->ok == other.ok;
    }
    return true;
}

auto fields(const core::ServiceState& state) {
    return std::tie(state.phase, state.main_alive, state.tree_populated, state.has_run,
                    state.restarts_in_row, state.restarts_total, state.spawn_failures, state.since,
                    state.deadline, state.last_status, state.notified, state.ready, state.health,
                    state.probe_alive, state.stop_command_alive, state.tree_asked, state.drain_held,
                    state.ending, state.start_deadline, state.watchdog_deadline,
                    state.waiting_deadline, state.failure_code);
}

auto fields(const core::ProbeState& probe) {
    return std::tie(probe.been_healthy, probe.probe_stale, probe.probe_forgiven,
                    probe.probe_failures, probe.counted_failures, probe.probe_deadline,
                    probe.start_period_end);
}

bool is_finished(const Case&, const World& world) {
    return world.finished;
}

auto fields(const core::SupervisorState& self) {
    return std::tie(self.stage, self.why, self.something_killed, self.has_failure,
                    self.failure_code, self.stop_requested, self.deadline, self.shutdown_deadline);
}

class Explorer {
  public:
    explicit Explorer(const Case& explored)
        : case_(explored),
          machine_(explored.plan.policies, explored.plan.whole, explored.plan.dependencies) {}

    Outcome run() {
        Node first{};
        add(first, kNone);
        for (std::uint32_t at = 0; at < nodes_.size() && outcome_.fault.empty(); ++at) {
            expand(at);
            if (nodes_.size() > kMostStates) {
                complain("I7: more states than there should be", at);
            }
        }
        if (outcome_.fault.empty()) {
            follow_to_the_end();
        }
        if (outcome_.fault.empty() && !is_scenario(story_of(case_.plan, events_to(last())))) {
            complain("this story is no scenario", last());
        }
        outcome_.states = nodes_.size();
        return outcome_;
    }

  private:
    std::uint32_t last() const { return static_cast<std::uint32_t>(nodes_.size() - 1); }

    std::size_t services() const { return case_.plan.policies.size(); }

    void load(const Node& node) {
        machine_.self = node.self;
        std::copy_n(node.services.begin(), services(), machine_.states.begin());
        std::copy_n(node.probes.begin(), services(), machine_.probes.begin());
    }

    StateKey key_of(const Node& node) const {
        return {case_, node.self, std::span(node.services).first(services()), node.world, node.now};
    }

    std::uint32_t add(Node& node, std::uint32_t parent) {
        const auto [number, is_new] = known_.insert(key_of(node));
        if (is_new) {
            node.parent = parent;
            node.when_nobody_dies = node.when_all_obey = node.when_all_goes_well = kNone;
            nodes_.push_back(node);
        }
        return number;
    }

    void expand(std::uint32_t at) {
        load(nodes_[at]);
        const MonotonicTime now = nodes_[at].now;
        const MonotonicTime due = machine_.next_deadline();
        events_.clear();
        list_possible(case_, nodes_[at].world, events_);
        if (nodes_[at].world.finished) {
            for (const core::Event& event : events_) {
                expect_nothing(at, event, false);
            }
            expect_nothing(at, core::DeadlineReached{}, false);
            return;
        }
        const core::Event obedient = well_behaved(case_, nodes_[at].world);
        const core::Event wished = goes_well(case_, nodes_[at].world);
        for (const core::Event& event : events_) {
            const std::uint32_t next = take(at, event);
            if (same(event, obedient)) {
                nodes_[at].when_all_obey = next;
            }
            if (same(event, wished)) {
                nodes_[at].when_all_goes_well = next;
            }
        }
        if (due <= now) {
            nodes_[at].when_nobody_dies = take(at, core::DeadlineReached{});
        } else {
            expect_nothing(at, core::DeadlineReached{}, false);
            if (due != kNever) {
                nodes_[at].when_nobody_dies = wait_until(at, due);
            }
            if (case_.late) {
                wait_until(at, latest_deadline(at));
            }
        }
        if (same(wished, core::DeadlineReached{})) {
            nodes_[at].when_all_goes_well = nodes_[at].when_nobody_dies;
        }
        if (!case_.impossible) {
            return;
        }
        events_.clear();
        list_impossible(case_, nodes_[at].world, events_);
        for (const core::Event& event : events_) {
            expect_nothing(at, event, true);
            ++outcome_.impossible;
        }
    }

    std::uint32_t take(std::uint32_t at, const core::Event& event) {
        if (!outcome_.fault.empty()) {
            return kNone;
        }
        ++outcome_.transitions;
        Node next = nodes_[at];
        load(next);
        Judge judge(case_, next.world, next.now);
        judge.hear(event);
        judge.see(machine_.feed(event, next.now));
        judge.compare(machine_);
        if (!judge.complaint().empty()) {
            complain(judge.complaint(), at, event);
            return kNone;
        }
        next.self = machine_.self;
        std::copy(machine_.states.begin(), machine_.states.end(), next.services.begin());
        std::copy(machine_.probes.begin(), machine_.probes.end(), next.probes.begin());
        next.event = event;
        return add(next, at);
    }

    std::uint32_t wait_until(std::uint32_t at, MonotonicTime then) {
        if (then == kNever || !outcome_.fault.empty()) {
            return kNone;
        }
        Node next = nodes_[at];
        next.now = then;
        next.event.reset();
        return add(next, at);
    }

    MonotonicTime latest_deadline(std::uint32_t at) const {
        const Node& node = nodes_[at];
        MonotonicTime latest = node.self.deadline;
        for (std::size_t i = 0; i < services(); ++i) {
            const core::ServiceState& state = node.services[i];
            for (const MonotonicTime each :
                 {state.deadline, state.start_deadline, state.watchdog_deadline,
                  node.probes[i].probe_deadline, state.waiting_deadline}) {
                if (each != kNever && (latest == kNever || each > latest)) {
                    latest = each;
                }
            }
        }
        return latest;
    }

    // An event that must not change anything, and of which at most is told that it is unexpected.
    void expect_nothing(std::uint32_t at, const core::Event& event, bool told) {
        if (!outcome_.fault.empty()) {
            return;
        }
        load(nodes_[at]);
        const auto actions = machine_.feed(event, nodes_[at].now);
        const auto* report = actions.size() == 1 ? std::get_if<core::Report>(&actions[0]) : nullptr;
        const bool as_told = told
                                 ? report != nullptr && report->kind == core::ReportKind::unexpected
                                 : actions.empty();
        if (!as_told) {
            complain("an event that means nothing here is answered", at, event);
        } else if (!unchanged(nodes_[at])) {
            complain("an event that means nothing here changes the state", at, event);
        }
    }

    // Whether the machine is as it was when it was loaded.
    bool unchanged(const Node& node) const {
        for (std::size_t i = 0; i < services(); ++i) {
            if (fields(machine_.states[i]) != fields(node.services[i]) ||
                fields(machine_.probes[i]) != fields(node.probes[i])) {
                return false;
            }
        }
        return fields(machine_.self) == fields(node.self);
    }

    void follow_to_the_end();
    std::vector<scenario::TimedEvent> events_to(std::uint32_t at) const;
    void complain(const std::string& fault, std::uint32_t at,
                  const std::optional<core::Event>& last = std::nullopt);

    const Case& case_;
    test::Machine machine_;
    std::vector<Node> nodes_;
    StateSet known_;
    std::vector<core::Event> events_;
    Outcome outcome_;
};

// Liveness. A shutdown ends by its deadlines alone, though no process ever dies; from every state,
// asked to stop, a world in which everybody obeys ends at once, with nobody killed; and in one in
// which all goes well everything gets ready: nothing waits for ever.
void Explorer::follow_to_the_end() {
    const std::vector<End> stubborn =
        ends_along(nodes_, &Node::when_nobody_dies, is_finished, case_);
    const std::vector<End> obedient = ends_along(nodes_, &Node::when_all_obey, is_finished, case_);
    const std::vector<End> fortunate =
        ends_along(nodes_, &Node::when_all_goes_well, has_arrived, case_);
    for (std::uint32_t at = 0; at < nodes_.size(); ++at) {
        const World& world = nodes_[at].world;
        if (world.shutting_down) {
            if (stubborn[at].node == kNone) {
                complain("from here the shutdown never ends, when no process ever dies", at);
                return;
            }
            outcome_.longest_stop = std::max(outcome_.longest_stop, stubborn[at].steps);
        }
        if (obedient[at].node == kNone) {
            complain("from here it never ends, though everybody obeys", at);
            return;
        }
        if (fortunate[at].node == kNone && !case_.only_shutdown && !case_.plan.whole.command_mode) {
            complain("from here not everything gets ready, though all goes well", at);
            return;
        }
        const World& end = nodes_[obedient[at].node].world;
        if (!world.shutting_down &&
            (end.killed_in_shutdown || (!case_.plan.whole.exit_code_from && end.final_code != 0))) {
            complain("from here a stop is not a good end, though everybody obeys", at);
            return;
        }
    }
}

std::vector<scenario::TimedEvent> Explorer::events_to(std::uint32_t at) const {
    std::vector<scenario::TimedEvent> events;
    for (; at != kNone; at = nodes_[at].parent) {
        if (nodes_[at].event) {
            events.push_back({nodes_[at].now, *nodes_[at].event});
        }
    }
    std::reverse(events.begin(), events.end());
    return events;
}

void Explorer::complain(const std::string& fault, std::uint32_t at,
                        const std::optional<core::Event>& last) {
    std::vector<scenario::TimedEvent> events = events_to(at);
    if (last) {
        events.push_back({nodes_[at].now, *last});
    }
    outcome_.fault = fault;
    outcome_.story = story_of(case_.plan, events);
}

}  // namespace

Outcome explore(const Case& explored) {
    return Explorer(explored).run();
}

}  // namespace gosv::explore
