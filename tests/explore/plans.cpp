#include "explore/plans.hpp"

#include "gosv/core/names.hpp"

namespace gosv::explore {

namespace {

using namespace std::chrono_literals;
using core::FinalAction;
using core::KillMode;
using core::RestartPolicy;

constexpr RestartPolicy kRestarts[] = {RestartPolicy::never, RestartPolicy::on_failure,
                                       RestartPolicy::always};
constexpr FinalAction kActions[] = {FinalAction::none, FinalAction::exit};
constexpr KillMode kKillModes[] = {KillMode::group, KillMode::process, KillMode::mixed};

constexpr ExitStatus kGood = ExitStatus::code(0);
constexpr ExitStatus kBad = ExitStatus::code(3);
constexpr ExitStatus kKilled = ExitStatus::killed_by(Signal{9});

const char* word(RestartPolicy policy) {
    return policy == RestartPolicy::never        ? "never"
           : policy == RestartPolicy::on_failure ? "on_failure"
                                                 : "always";
}

const char* word(KillMode mode) {
    return mode == KillMode::group ? "group" : mode == KillMode::process ? "process" : "mixed";
}

std::string title_of(const core::ServicePolicy& policy) {
    std::string title = std::string(word(policy.restart)) + "/" + word(policy.kill_mode);
    if (policy.failure_action == FinalAction::exit) {
        title += "/failure exits";
    }
    if (policy.success_action == FinalAction::exit) {
        title += "/success exits";
    }
    return title;
}

// Every combination of the four choices that decide about a service's end.
std::vector<core::ServicePolicy> every_choice() {
    std::vector<core::ServicePolicy> all;
    for (const RestartPolicy restart : kRestarts) {
        for (const FinalAction failure : kActions) {
            for (const FinalAction success : kActions) {
                for (const KillMode mode : kKillModes) {
                    core::ServicePolicy policy = test::default_policy();
                    policy.restart = restart;
                    policy.failure_action = failure;
                    policy.success_action = success;
                    policy.kill_mode = mode;
                    all.push_back(policy);
                }
            }
        }
    }
    return all;
}

scenario::Plan plan_of(std::vector<core::ServicePolicy> policies) {
    scenario::Plan plan;
    const char* const names[] = {"a", "b", "c"};
    for (std::size_t i = 0; i < policies.size(); ++i) {
        plan.names.emplace_back(names[i]);
    }
    plan.policies = std::move(policies);
    return plan;
}

struct Times {
    const char* title;
    Duration delay, cap, stable, grace, timeout, straggler_grace, abandon;
};

void set(const Times& times, scenario::Plan& plan) {
    for (core::ServicePolicy& policy : plan.policies) {
        policy.backoff = {times.delay, 2.0, times.cap};
        policy.stable_after = times.stable;
        policy.stop_grace_period = times.grace;
    }
    plan.whole.shutdown_timeout = times.timeout;
    plan.whole.straggler_grace = times.straggler_grace;
    plan.whole.abandon_after = times.abandon;
    plan.whole.stop_repeat = Duration{};  // the second stop at any time; a scenario has the pause
}

// All on one grid, which is also that of the repeated KILL (5 s).
constexpr Times kGrid{"grid", 5s, 5s, 5s, 5s, 10s, 5s, 5s};

constexpr Times kOneService[] = {
    {"usual", 1s, 2s, 4s, 2s, 3s, 1s, 1s},
    {"long grace", 1s, 2s, 1s, 20s, 7s, 9s, 6s},
    {"at once", 0s, 0s, 0s, 0s, 0s, 0s, 0s},
    {"no grace", 1s, 4s, 3s, 0s, 6s, 2s, 1s},
};

std::vector<Case> one_service() {
    std::vector<Case> cases;
    for (const Times& times : kOneService) {
        for (core::ServicePolicy policy : every_choice()) {
            policy.max_restarts = 1;
            policy.signals[1] = 10;
            policy.signals[28] = 0;
            Case each{.title = std::string(times.title) + ": " + title_of(policy),
                      .plan = plan_of({policy}),
                      .statuses = {kGood, kBad, kKilled},
                      .signals = true,
                      .late = true};
            set(times, each.plan);
            cases.push_back(each);
        }
        for (const std::uint32_t restarts : {0U, 2U, core::kUnlimited}) {
            core::ServicePolicy policy = test::default_policy();
            policy.max_restarts = restarts;
            policy.success.codes.set(3);
            policy.success.signals.set(9);
            Case each{
                .title = std::string(times.title) + ": max_restarts " +
                         (restarts == core::kUnlimited ? "unlimited" : std::to_string(restarts)),
                .plan = plan_of({policy}),
                .statuses = {kGood, kBad},
                .late = true};
            set(times, each.plan);
            each.plan.whole.exit_code_from = ServiceId{0};
            cases.push_back(each);
        }
        for (core::ServicePolicy policy : every_choice()) {
            policy.max_restarts = 1;
            policy.oom_action = FinalAction::exit;
            Case each{.title = std::string(times.title) + ": " + title_of(policy) + "/oom exits",
                      .plan = plan_of({policy}),
                      .statuses = {kGood, kBad},
                      .late = true};
            set(times, each.plan);
            cases.push_back(each);
        }
    }
    return cases;
}

std::vector<Case> two_services() {
    std::vector<Case> cases;
    auto choices = every_choice();
    std::erase_if(choices, [](const core::ServicePolicy& policy) {
        return policy.restart == RestartPolicy::always &&
               policy.success_action == FinalAction::exit;  // which it never comes to
    });
    for (std::size_t i = 0; i < choices.size(); ++i) {
        for (std::size_t k = i; k < choices.size(); ++k) {
            Case each{.title = title_of(choices[i]) + " + " + title_of(choices[k]),
                      .plan = plan_of({choices[i], choices[k]}),
                      .statuses = {kGood, kBad},
                      .all_spawn_failures = false,
                      .impossible = i == k};
            for (core::ServicePolicy& policy : each.plan.policies) {
                policy.max_restarts = 1;
            }
            set(kGrid, each.plan);
            cases.push_back(each);
        }
    }
    Case code_from = cases.front();
    code_from.title = "exit code from the second";
    code_from.plan.whole.exit_code_from = ServiceId{1};
    cases.push_back(code_from);
    return cases;
}

std::vector<Case> three_services() {
    std::vector<Case> cases;
    for (const KillMode mode : kKillModes) {
        core::ServicePolicy policy = test::default_policy();
        policy.kill_mode = mode;
        Case each{.title = std::string("shutdown of three, ") + word(mode),
                  .plan = plan_of({policy, policy, policy}),
                  .statuses = {kGood},
                  .only_shutdown = true};
        set(kGrid, each.plan);
        each.plan.policies[1].stop_grace_period = 15s;
        cases.push_back(each);
    }
    return cases;
}

// gosv -- CMD
std::vector<Case> command() {
    std::vector<Case> cases;
    for (const Times& times : kOneService) {
        for (const KillMode mode : kKillModes) {
            core::ServicePolicy policy = test::default_policy();
            policy.restart = RestartPolicy::never;
            policy.retry_spawn = false;
            policy.kill_mode = mode;
            Case each{.title = std::string(times.title) + ": " + word(mode),
                      .plan = plan_of({policy}),
                      .statuses = {kGood, kBad, ExitStatus::killed_by(Signal{15})},
                      .signals = true,
                      .late = true};
            set(times, each.plan);
            each.plan.whole.command_mode = true;
            each.plan.whole.exit_code_from = ServiceId{0};
            cases.push_back(each);
        }
    }
    return cases;
}

}  // namespace

std::vector<Case> cases_of(std::string_view family) {
    if (family == "one_service") {
        return one_service();
    }
    if (family == "two_services") {
        return two_services();
    }
    if (family == "three_services") {
        return three_services();
    }
    if (family == "command") {
        return command();
    }
    if (family == "watched") {
        return watched();
    }
    if (family == "two_in_order") {
        return two_in_order();
    }
    if (family == "three_in_order") {
        return three_in_order();
    }
    return {};
}

}  // namespace gosv::explore
