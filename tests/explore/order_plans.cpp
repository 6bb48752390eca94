// The plans of what is watched while it runs, and of services that depend on each other.
#include "explore/plans.hpp"
#include "gosv/core/names.hpp"

namespace gosv::explore {

namespace {

using namespace std::chrono_literals;
using core::Condition;
using core::FinalAction;
using core::KillMode;
using core::RestartPolicy;
using core::UnhealthyAction;

constexpr ExitStatus kGood = ExitStatus::code(0);
constexpr ExitStatus kBad = ExitStatus::code(3);

// A run is never stable here: that is the other families' subject, and this keeps the states few.
core::ServicePolicy base_policy() {
    core::ServicePolicy policy = test::default_policy();
    policy.backoff = {5s, 2.0, 5s};
    policy.stable_after = Duration::max();
    policy.stop_grace_period = 5s;
    policy.max_restarts = 1;
    policy.failure_action = FinalAction::none;
    return policy;
}

core::HealthPolicy probes(UnhealthyAction action, Duration start_period = 5s) {
    core::HealthPolicy health;
    health.probes = true;
    health.interval = 10s;
    health.start_interval = 5s;
    health.timeout = 5s;
    health.start_period = start_period;
    health.retries = 2;
    health.on_unhealthy = action;
    return health;
}

// What a service can be to others; each is one kind of readiness, or more.
struct Kind {
    const char* title;
    bool oneshot = false;
    bool notifies = false;
    core::HealthPolicy health{};
    Duration start_timeout{};
    Duration watchdog{};
};

const Kind kPlain{.title = "plain"};
const Kind kNotify{.title = "notify", .notifies = true};
const Kind kProbed{.title = "probed", .health = probes(UnhealthyAction::restart)};
const Kind kOneshot{.title = "oneshot", .oneshot = true};

core::ServicePolicy policy_of(const Kind& kind) {
    core::ServicePolicy policy = base_policy();
    policy.oneshot = kind.oneshot;
    policy.notifies = kind.notifies;
    policy.health = kind.health;
    policy.start_timeout = kind.start_timeout;
    policy.watchdog = kind.watchdog;
    if (kind.oneshot) {
        policy.restart = RestartPolicy::on_failure;
    }
    return policy;
}

Case case_of(std::string title, std::vector<core::ServicePolicy> policies,
             test::Dependencies dependencies = {}) {
    Case each{.title = std::move(title), .plan = {}, .statuses = {kGood, kBad}};
    const char* const names[] = {"a", "b", "c"};
    for (std::size_t i = 0; i < policies.size(); ++i) {
        each.plan.names.emplace_back(names[i]);
    }
    each.plan.policies = std::move(policies);
    each.plan.dependencies = std::move(dependencies);
    core::SupervisorPolicy& whole = each.plan.whole;
    whole.shutdown_timeout = 15s;
    whole.straggler_grace = 5s;
    whole.abandon_after = 5s;
    whole.stop_repeat = Duration{};
    whole.first_waiting = 10s;
    whole.next_waiting = 20s;
    each.all_spawn_failures = false;
    return each;
}

core::Dependency on(std::size_t service, Condition condition, bool restart = false,
                    bool required = true) {
    return {static_cast<ServiceId>(service), condition, restart, required};
}

}  // namespace

std::vector<Case> watched() {
    const Kind kinds[] = {
        {.title = "plain, start_timeout", .start_timeout = 10s},
        {.title = "notify, start_timeout", .notifies = true, .start_timeout = 10s},
        {.title = "notify, watchdog", .notifies = true, .watchdog = 10s},
        {.title = "probed, restart", .health = probes(UnhealthyAction::restart)},
        {.title = "probed, exit", .health = probes(UnhealthyAction::exit, 0s)},
        {.title = "probed, none", .health = probes(UnhealthyAction::none)},
        {.title = "notify, probed",
         .notifies = true,
         .health = probes(UnhealthyAction::none, 0s),
         .start_timeout = 15s,
         .watchdog = 10s},
        {.title = "oneshot, start_timeout", .oneshot = true, .start_timeout = 10s},
    };
    std::vector<Case> cases;
    for (const Kind& kind : kinds) {
        for (const RestartPolicy restart : {RestartPolicy::never, RestartPolicy::always}) {
            for (const KillMode mode : {KillMode::group, KillMode::process, KillMode::mixed}) {
                for (const bool stop_command : {false, true}) {
                    core::ServicePolicy policy = policy_of(kind);
                    policy.restart = restart;
                    policy.kill_mode = mode;
                    policy.stop_command = stop_command;
                    Case each = case_of(std::string(kind.title) +
                                            (restart == RestartPolicy::never ? ", never" : "") +
                                            (stop_command ? ", stop command" : "") + ", mode " +
                                            std::to_string(static_cast<int>(mode)),
                                        {policy});
                    each.troubles = true;
                    each.extended_by = kind.notifies ? Duration(10s) : Duration{};
                    each.plan.whole.announces = true;
                    each.all_spawn_failures = true;
                    cases.push_back(std::move(each));
                }
            }
        }
    }
    return cases;
}

namespace {

struct Edge {
    const char* title;
    bool restart;
    bool required;
};

constexpr Edge kEdges[] = {{"", false, true},
                           {", restart", true, true},
                           {", optional", false, false},
                           {", restart, optional", true, false}};

// Every condition, with each kind of service that can come to it.
struct Pair {
    Kind kind;
    Condition condition;
};

std::vector<Pair> pairs() {
    return {
        {kPlain, Condition::started},
        {kNotify, Condition::ready},
        {kProbed, Condition::ready},
        {kProbed, Condition::healthy},
        {{.title = "probed, none", .health = probes(UnhealthyAction::none, 0s)},
         Condition::healthy},
        {{.title = "probed, exit", .health = probes(UnhealthyAction::exit, 0s)},
         Condition::started},
        {{.title = "notify, timeouts", .notifies = true, .start_timeout = 10s, .watchdog = 10s},
         Condition::ready},
        {kOneshot, Condition::completed},
        {kOneshot, Condition::started},
        {kOneshot, Condition::ready},  // which it never comes to
    };
}

// Two services, the second of which waits for the first; or the other way round.
Case two(const Pair& pair, const Edge& edge, bool dependency_first) {
    const core::ServicePolicy dependency = policy_of(pair.kind);
    core::ServicePolicy dependent = base_policy();
    dependent.failure_action = FinalAction::exit;
    const std::size_t first = dependency_first ? 0 : 1;
    test::Dependencies edges(2);
    edges[1 - first] = {on(first, pair.condition, edge.restart, edge.required)};
    const std::string title = std::string(pair.kind.title) + " " +
                              std::string(core::name(pair.condition)) + edge.title +
                              (dependency_first ? "" : ", the other way round");
    Case each = dependency_first ? case_of(title, {dependency, dependent}, edges)
                                 : case_of(title, {dependent, dependency}, edges);
    each.leftovers = false;
    each.plan.whole.announces = dependency_first;
    each.impossible = dependency_first;
    return each;
}

}  // namespace

std::vector<Case> two_in_order() {
    std::vector<Case> cases;
    for (const Pair& pair : pairs()) {
        for (const Edge& edge : kEdges) {
            cases.push_back(two(pair, edge, true));
            cases.push_back(two(pair, edge, false));
        }
    }
    // What the others leave out, for the two edges that differ most: all that can be left of a run,
    // and every way in which a start can fail.
    for (const Pair& pair : {Pair{kPlain, Condition::started}, Pair{kNotify, Condition::ready},
                             Pair{kOneshot, Condition::completed}}) {
        for (const KillMode mode : {KillMode::group, KillMode::mixed}) {
            for (const bool restart : {false, true}) {
                Case each = two(pair, {", all ends", restart, true}, true);
                each.title += restart ? ", restart" : "";
                each.leftovers = true;
                each.all_spawn_failures = true;
                each.impossible = false;
                for (core::ServicePolicy& policy : each.plan.policies) {
                    policy.kill_mode = mode;
                    policy.stop_command = mode == KillMode::group;
                    policy.oom_action =
                        mode == KillMode::mixed ? FinalAction::exit : FinalAction::none;
                }
                cases.push_back(std::move(each));
            }
        }
    }
    return cases;
}

std::vector<Case> three_in_order() {
    const core::ServicePolicy plain = base_policy();
    core::ServicePolicy fatal = plain;
    fatal.failure_action = FinalAction::exit;
    const core::ServicePolicy notify = policy_of(kNotify);
    const core::ServicePolicy oneshot = policy_of(kOneshot);
    std::vector<Case> cases;
    for (const bool restart : {false, true}) {
        const std::string how = restart ? ", restart" : "";
        // The chain, in both directions of the numbers.
        cases.push_back(case_of(
            "chain" + how, {plain, plain, fatal},
            {{}, {on(0, Condition::started, restart)}, {on(1, Condition::started, restart)}}));
        cases.push_back(case_of(
            "chain backwards" + how, {fatal, plain, plain},
            {{on(1, Condition::started, restart)}, {on(2, Condition::started, restart)}, {}}));
        cases.push_back(case_of("chain of the contract" + how, {notify, oneshot, plain},
                                {{},
                                 {on(0, Condition::ready, restart)},
                                 {on(1, Condition::completed), on(0, Condition::ready, restart)}}));
        cases.push_back(case_of(
            "star" + how, {plain, plain, fatal},
            {{}, {on(0, Condition::started, restart)}, {on(0, Condition::started, !restart)}}));
        cases.push_back(case_of(
            "one needs two" + how, {plain, oneshot, plain},
            {{},
             {},
             {on(0, Condition::started, restart), on(1, Condition::completed, false, restart)}}));
    }
    for (Case& each : cases) {
        each.leftovers = false;
        each.impossible = false;
        each.statuses = {kGood, kBad};
    }
    // Their shutdown alone, with everything that can be left and in every mode.
    for (const KillMode mode : {KillMode::group, KillMode::process, KillMode::mixed}) {
        core::ServicePolicy policy = base_policy();
        policy.kill_mode = mode;
        policy.stop_command = mode != KillMode::group;
        for (const bool star : {false, true}) {
            Case each =
                case_of(std::string("shutdown of a ") + (star ? "star" : "chain") + ", mode " +
                            std::to_string(static_cast<int>(mode)),
                        {policy, policy, policy},
                        {{}, {on(0, Condition::started)}, {on(star ? 0 : 1, Condition::started)}});
            each.statuses = {kGood};
            each.only_shutdown = true;
            cases.push_back(std::move(each));
        }
    }
    return cases;
}

}  // namespace gosv::explore
