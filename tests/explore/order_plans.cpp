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

core::HealthPolicy probes(UnhealthyAction action, Duration start_period = 10s) {
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
                    each.late = true;
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

// The same, of services that end in other ways and are ready in other ways themselves.
Case two_others(const Pair& pair, const Edge& edge) {
    Case each = two(pair, edge, true);
    each.title += ", others";
    each.impossible = false;
    core::ServicePolicy& dependency = each.plan.policies[0];
    dependency.restart = RestartPolicy::on_failure;
    dependency.failure_action = FinalAction::exit;
    core::ServicePolicy& dependent = each.plan.policies[1];
    dependent.notifies = true;
    dependent.start_timeout = 10s;
    dependent.failure_action = FinalAction::none;
    return each;
}

// What the others leave out: all that can be left of a run, and every way in which a start fails.
Case two_with_leftovers(const Pair& pair, const Edge& edge, KillMode mode) {
    Case each = two(pair, edge, true);
    each.title += ", leftovers, mode " + std::to_string(static_cast<int>(mode));
    each.leftovers = true;
    each.all_spawn_failures = true;
    each.impossible = false;
    for (core::ServicePolicy& policy : each.plan.policies) {
        policy.kill_mode = mode;
        policy.stop_command = mode == KillMode::group;
        policy.oom_action = mode == KillMode::mixed ? FinalAction::exit : FinalAction::none;
    }
    return each;
}

// What others wait for in a plan of three, and the condition that it comes to.
const Pair kThings[] = {
    {kPlain, Condition::started}, {kNotify, Condition::ready}, {kOneshot, Condition::completed}};

// a <- b <- c, each edge of every kind; the numbers in either direction.
Case chain(const Pair& a, const Pair& b, const Edge& to_a, const Edge& to_b, bool backwards) {
    core::ServicePolicy last = base_policy();
    last.failure_action = FinalAction::exit;
    const std::string title = std::string("chain: ") + a.kind.title + to_a.title + " <- " +
                              b.kind.title + to_b.title + (backwards ? ", backwards" : "");
    const std::size_t first = backwards ? 2 : 0;
    const std::size_t third = 2 - first;
    std::vector<core::ServicePolicy> policies(3, last);
    policies[first] = policy_of(a.kind);
    policies[1] = policy_of(b.kind);
    test::Dependencies edges(3);
    edges[1] = {on(first, a.condition, to_a.restart, to_a.required)};
    edges[third] = {on(1, b.condition, to_b.restart, to_b.required)};
    return case_of(title, std::move(policies), std::move(edges));
}

// b and c wait for a.
Case star(const Pair& a, const Edge& of_b, const Edge& of_c) {
    core::ServicePolicy last = base_policy();
    last.failure_action = FinalAction::exit;
    return case_of(std::string("star: ") + a.kind.title + of_b.title + " /" + of_c.title,
                   {policy_of(a.kind), base_policy(), last},
                   {{},
                    {on(0, a.condition, of_b.restart, of_b.required)},
                    {on(0, a.condition, of_c.restart, of_c.required)}});
}

// c waits for a and b; b may wait for a, too, as a migration waits for the database.
Case needs_two(const Pair& a, const Pair& b, const Edge& edge, bool b_needs_a) {
    test::Dependencies edges(3);
    edges[2] = {on(1, b.condition, edge.restart, edge.required), on(0, a.condition)};
    if (b_needs_a) {
        edges[1] = {on(0, a.condition)};
    }
    return case_of(std::string("needs two: ") + a.kind.title + ", " + b.kind.title + edge.title +
                       (b_needs_a ? ", in a row" : ""),
                   {policy_of(a.kind), policy_of(b.kind), base_policy()}, std::move(edges));
}

}  // namespace

std::vector<Case> two_in_order() {
    std::vector<Case> cases;
    for (const Pair& pair : pairs()) {
        for (const Edge& edge : kEdges) {
            cases.push_back(two(pair, edge, true));
            cases.push_back(two(pair, edge, false));
            cases.push_back(two_others(pair, edge));
        }
    }
    for (const Pair& pair : kThings) {
        for (const KillMode mode : {KillMode::group, KillMode::mixed}) {
            cases.push_back(two_with_leftovers(pair, kEdges[0], mode));
            cases.push_back(two_with_leftovers(pair, kEdges[1], mode));
        }
    }
    return cases;
}

std::vector<Case> three_in_order() {
    std::vector<Case> cases;
    for (const Pair& a : kThings) {
        for (const Pair& b : kThings) {
            for (const Edge& edge : kEdges) {
                cases.push_back(chain(a, b, edge, edge, false));
                cases.push_back(chain(a, b, edge, kEdges[0], true));
                cases.push_back(chain(a, b, kEdges[1], edge, true));
                cases.push_back(needs_two(a, b, edge, false));
                cases.push_back(needs_two(a, b, edge, true));
            }
        }
        for (const Edge& edge : kEdges) {
            cases.push_back(star(a, edge, edge));
            cases.push_back(star(a, kEdges[0], edge));
        }
    }
    for (Case& each : cases) {
        each.leftovers = false;
        each.impossible = false;
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
