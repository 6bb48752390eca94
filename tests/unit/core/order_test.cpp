// Who waits for whom: the conditions as a table, graphs as large as a plan may be.
#include <doctest/doctest.h>

#include <algorithm>

#include "gosv/core/supervisor.hpp"
#include "support/machine.hpp"

using namespace gosv;
using namespace std::chrono_literals;
using core::Condition;
using core::Phase;
using core::ReportKind;
using core::ReportReason;
using test::Machine;

namespace {

constexpr ServiceId kFirst{0};
constexpr ServiceId kSecond{1};
constexpr ServiceId kThird{2};
constexpr Signal kTerm{15};

constexpr MonotonicTime at(Duration time) {
    return MonotonicTime{time};
}

constexpr ServiceId id_of(std::size_t i) {
    return static_cast<ServiceId>(i);
}

core::Dependency on(std::size_t service, Condition condition = Condition::started) {
    return {id_of(service), condition};
}

template <class Order>
std::vector<Order> only(std::span<const core::Action> actions) {
    std::vector<Order> found;
    for (const core::Action& action : actions) {
        if (const auto* order = std::get_if<Order>(&action)) {
            found.push_back(*order);
        }
    }
    return found;
}

std::size_t reports(std::span<const core::Action> actions, ReportKind kind) {
    const auto all = only<core::Report>(actions);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(),
                      [kind](const core::Report& report) { return report.kind == kind; }));
}

// Each after the one before.
test::Dependencies chain_of(std::size_t services) {
    test::Dependencies edges(services);
    for (std::size_t i = 1; i < services; ++i) {
        edges[i] = {on(i - 1)};
    }
    return edges;
}

// All after the first.
test::Dependencies star_of(std::size_t services) {
    test::Dependencies edges(services);
    for (std::size_t i = 1; i < services; ++i) {
        edges[i] = {on(0)};
    }
    return edges;
}

std::vector<core::ServicePolicy> alike(std::size_t services,
                                       core::ServicePolicy policy = test::default_policy()) {
    std::vector<core::ServicePolicy> policies(services, policy);
    return policies;
}

// A dependency in this state, and one that waits for it.
Machine waiting_for(const core::Dependency& dependency, const core::ServiceState& state) {
    Machine machine(alike(2), {}, {{}, {dependency}});
    machine.states[0] = state;
    return machine;
}

bool holds(Condition condition, const core::ServiceState& state) {
    Machine machine = waiting_for(on(0, condition), state);
    return core::waits_for(machine.supervisor(), kSecond) == nullptr;
}

core::ServiceState running(bool ready, core::Health health,
                           ReportReason ending = ReportReason::none) {
    core::ServiceState state;
    state.phase = Phase::running;
    state.main_alive = true;
    state.ready = ready;
    state.health = health;
    state.ending = ending;
    return state;
}

core::ServiceState in_phase(Phase phase) {
    core::ServiceState state;
    state.phase = phase;
    return state;
}

}  // namespace

TEST_CASE("each condition asks for its own thing of who runs") {
    struct Row {
        bool ready;
        core::Health health;
        bool ready_holds, healthy_holds;
    };

    const Row rows[] = {
        {false, core::Health::none, false, false},    {false, core::Health::starting, false, false},
        {false, core::Health::healthy, false, true},  // it has not notified yet
        {true, core::Health::none, true, false},      {true, core::Health::healthy, true, true},
        {true, core::Health::unhealthy, true, false},  // on_unhealthy: none
    };
    for (const Row& row : rows) {
        CAPTURE(row.ready);
        CAPTURE(static_cast<int>(row.health));
        const core::ServiceState state = running(row.ready, row.health);
        CHECK(holds(Condition::started, state));
        CHECK(holds(Condition::ready, state) == row.ready_holds);
        CHECK(holds(Condition::healthy, state) == row.healthy_holds);
        CHECK_FALSE(holds(Condition::completed, state));
        const core::ServiceState ending =
            running(row.ready, row.health, ReportReason::dependency_restarts);
        CHECK_FALSE(holds(Condition::started, ending));
        CHECK_FALSE(holds(Condition::ready, ending));
        CHECK_FALSE(holds(Condition::healthy, ending));
    }
}

TEST_CASE("who does not run satisfies no condition, but for who has completed") {
    for (const Phase phase : {Phase::pending, Phase::starting, Phase::stopping, Phase::killing,
                              Phase::draining, Phase::backoff, Phase::failed, Phase::stopped}) {
        CAPTURE(static_cast<int>(phase));
        for (const Condition condition :
             {Condition::started, Condition::ready, Condition::healthy, Condition::completed}) {
            CHECK_FALSE(holds(condition, in_phase(phase)));
        }
    }
    CHECK(holds(Condition::started, in_phase(Phase::completed)));
    CHECK(holds(Condition::completed, in_phase(Phase::completed)));
    CHECK_FALSE(holds(Condition::ready, in_phase(Phase::completed)));
    CHECK_FALSE(holds(Condition::healthy, in_phase(Phase::completed)));
}

TEST_CASE("what is not required is waited for as long as there is hope") {
    core::Dependency wish = on(0, Condition::ready);
    wish.required = false;
    for (const Phase phase : {Phase::pending, Phase::starting, Phase::backoff, Phase::draining}) {
        Machine machine = waiting_for(wish, in_phase(phase));
        CHECK(core::waits_for(machine.supervisor(), kSecond) != nullptr);
    }
    for (const Phase phase : {Phase::completed, Phase::failed}) {
        Machine machine = waiting_for(wish, in_phase(phase));
        CHECK(core::waits_for(machine.supervisor(), kSecond) == nullptr);
    }
}

TEST_CASE("the first dependency that does not hold is named, and none once it runs") {
    Machine machine(alike(3), {}, {{}, {}, {on(0), on(1, Condition::completed)}});
    machine.feed(core::Booted{}, at(0s));
    const core::Dependency* named = core::waits_for(machine.supervisor(), kThird);
    REQUIRE(named != nullptr);
    CHECK(named->on == kFirst);
    machine.feed(core::Started{kFirst}, at(1s));
    named = core::waits_for(machine.supervisor(), kThird);
    REQUIRE(named != nullptr);
    CHECK(named->on == kSecond);
    CHECK(named->condition == Condition::completed);
    CHECK(core::waits_for(machine.supervisor(), kFirst) == nullptr);
}

TEST_CASE("what nothing depends on starts side by side, and pays nothing for order") {
    Machine machine(alike(3));
    CHECK(only<core::Spawn>(machine.feed(core::Booted{}, at(0s))).size() == 3);
    CHECK(machine.next_deadline() == kNever);
    machine.feed(core::Started{kFirst}, at(1s));
    machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1s));
    CHECK(machine.states[0].phase == Phase::backoff);
    CHECK(only<core::Spawn>(machine.feed(core::DeadlineReached{}, at(2s))).size() == 1);
}

TEST_CASE("a second boot starts nothing twice, and nobody waits anew") {
    Machine machine(alike(2), {}, chain_of(2));
    machine.feed(core::Booted{}, at(0s));
    CHECK(machine.feed(core::Booted{}, at(3s)).empty());
    CHECK(machine.next_deadline() == at(5s));
}

TEST_CASE("a stop before the boot starts nothing, in whatever order") {
    Machine machine(alike(3), {}, chain_of(3));
    const auto actions = machine.feed(core::StopRequested{kTerm}, at(0s));
    CHECK(reports(actions, ReportKind::stopped) == 3);
    CHECK(machine.feed(core::Booted{}, at(1s)).empty());
}

TEST_CASE("500 in a chain start one by one and stop the other way, one step for each") {
    constexpr std::size_t kServices = 500;
    Machine machine(alike(kServices), {}, chain_of(kServices));
    auto spawned = only<core::Spawn>(machine.feed(core::Booted{}, at(0s)));
    for (std::size_t i = 0; i < kServices; ++i) {
        REQUIRE(spawned.size() == 1);
        REQUIRE(spawned[0].service == id_of(i));
        spawned = only<core::Spawn>(machine.feed(core::Started{id_of(i)}, at(1s)));
    }
    CHECK(spawned.empty());
    CHECK(machine.next_deadline() == kNever);
    auto asked = only<core::SendSignal>(machine.feed(core::StopRequested{kTerm}, at(2s)));
    for (std::size_t i = kServices; i-- > 0;) {
        REQUIRE(asked.size() == 1);
        REQUIRE(asked[0].service == id_of(i));
        asked = only<core::SendSignal>(
            machine.feed(core::Exited{id_of(i), ExitStatus::code(0)}, at(2s)));
    }
    CHECK(machine.self.stage == core::Stage::sweeping);
}

TEST_CASE("500 in a star start in one step after the first and stop in one before it") {
    constexpr std::size_t kServices = 500;
    Machine machine(alike(kServices), {}, star_of(kServices));
    CHECK(only<core::Spawn>(machine.feed(core::Booted{}, at(0s))).size() == 1);
    CHECK(only<core::Spawn>(machine.feed(core::Started{kFirst}, at(1s))).size() == kServices - 1);
    for (std::size_t i = 1; i < kServices; ++i) {
        machine.feed(core::Started{id_of(i)}, at(1s));
    }
    CHECK(only<core::SendSignal>(machine.feed(core::StopRequested{kTerm}, at(2s))).size() ==
          kServices - 1);
    for (std::size_t i = 1; i + 1 < kServices; ++i) {
        const auto actions = machine.feed(core::Exited{id_of(i), ExitStatus::code(0)}, at(2s));
        REQUIRE(only<core::SendSignal>(actions).empty());
    }
    const auto last = machine.feed(core::Exited{id_of(kServices - 1), ExitStatus::code(0)}, at(2s));
    const auto asked = only<core::SendSignal>(last);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].service == kFirst);
}

TEST_CASE("a failure goes along the longest chain that a plan may have, in one step that fits") {
    core::ServicePolicy policy = test::default_policy();
    policy.restart = core::RestartPolicy::never;
    policy.failure_action = core::FinalAction::none;
    Machine machine(alike(kMaxServices, policy), {}, chain_of(kMaxServices));
    machine.feed(core::Booted{}, at(0s));
    const auto actions = machine.feed(core::Exited{kFirst, ExitStatus::code(42)}, at(1s));
    CHECK(actions.size() <= core::action_capacity(kMaxServices));
    CHECK(reports(actions, ReportKind::failed) == kMaxServices);
    CHECK(machine.states.back().failure_code == 42);
    CHECK(machine.self.failure_code == 42);
    CHECK(machine.self.stage == core::Stage::sweeping);
}

TEST_CASE("a restart reaches along the longest chain of edges, and ends it from the far end") {
    test::Dependencies edges = chain_of(kMaxServices);
    for (auto& each : edges) {
        for (core::Dependency& edge : each) {
            edge.restart = true;
        }
    }
    Machine machine(alike(kMaxServices), {}, edges);
    machine.feed(core::Booted{}, at(0s));
    for (std::size_t i = 0; i < 50; ++i) {
        machine.feed(core::Started{id_of(i)}, at(0s));
    }
    const auto actions = machine.feed(core::Exited{kFirst, ExitStatus::code(1)}, at(1s));
    const auto asked = only<core::SendSignal>(actions);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].service == id_of(50));  // whose exec is under way
    CHECK(std::count_if(machine.states.begin(), machine.states.end(), [](const auto& state) {
              return state.ending == ReportReason::dependency_restarts;
          }) == 50);
}

TEST_CASE("who waits without end for being told is never told, and never keeps gosv awake") {
    core::SupervisorPolicy whole;
    whole.first_waiting = Duration::max();
    Machine machine(alike(2), whole, chain_of(2));
    machine.feed(core::Booted{}, at(1h));
    CHECK(machine.next_deadline() == kNever);
}

TEST_CASE(
    "as many as a plan may have, watched and with stop commands, fit the sink in every step") {
    core::ServicePolicy policy = test::default_policy();
    policy.notifies = true;
    policy.stop_command = true;
    policy.health.probes = true;
    policy.health.start_period = 0s;
    policy.health.interval = 1s;
    policy.health.timeout = 1s;
    policy.health.retries = 1;
    core::SupervisorPolicy whole;
    whole.announces = true;
    const std::size_t capacity = core::action_capacity(kMaxServices);
    for (const auto action : {core::UnhealthyAction::restart, core::UnhealthyAction::exit}) {
        policy.health.on_unhealthy = action;
        Machine machine(alike(kMaxServices, policy), whole, star_of(kMaxServices));
        machine.feed(core::Booted{}, at(0s));
        machine.feed(core::Started{kFirst}, at(0s));
        for (std::size_t i = 1; i < kMaxServices; ++i) {
            machine.states[i] = machine.states[0];
            machine.probes[i] = machine.probes[0];
        }
        CHECK(machine.feed(core::DeadlineReached{}, at(1s)).size() == kMaxServices);
        const auto late = machine.feed(core::DeadlineReached{}, at(2s));
        CHECK(late.size() <= capacity);
        CHECK(reports(late, ReportKind::unhealthy) ==
              (action == core::UnhealthyAction::exit ? 1 : kMaxServices));
        CHECK(machine.feed(core::StopRequested{kTerm}, at(2s)).size() <= capacity);
        CHECK(machine.feed(core::StopRequested{kTerm}, at(3s)).size() <= capacity);
        CHECK(machine.feed(core::DeadlineReached{}, at(1h)).size() <= capacity);
        CHECK(machine.self.stage == core::Stage::finished);
    }
}
