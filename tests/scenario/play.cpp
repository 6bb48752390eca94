#include <utility>

#include "gosv/core/names.hpp"
#include "scenario/scenario.hpp"
#include "support/core_text.hpp"

namespace gosv::scenario {

namespace {

constexpr std::string_view kIndent = "    ";

std::string deadline_text(MonotonicTime deadline) {
    return deadline == kNever ? "no deadline"
                              : "deadline @" + test::to_text(deadline.time_since_epoch());
}

// What is to be known of a service beyond its phase: whom it waits for, whether it is ready and
// healthy, why it is about to be ended.
std::string details(test::Machine& machine, const Plan& plan, std::size_t i) {
    const core::ServiceState& state = machine.states[i];
    const core::ServicePolicy& policy = machine.policies[i];
    std::string text;
    const auto add = [&text](std::string_view word) {
        text += text.empty() ? " (" : ", ";
        text += word;
    };
    if (const auto* on = core::waits_for(machine.supervisor(), static_cast<ServiceId>(i))) {
        add(plan.names[index(on->on)] + " " + std::string(core::name(on->condition)));
    }
    if ((policy.notifies || policy.health.probes) && state.ready) {
        add("ready");
    }
    if (state.health != core::Health::none) {
        add("health " + std::string(core::name(state.health)));
    }
    if (state.ending != core::ReportReason::none) {
        add(core::name(state.ending));
    }
    return text.empty() ? text : text + ")";
}

// "= web running, db backoff; supervising; deadline @2s"
std::string state_text(test::Machine& machine, const Plan& plan) {
    std::string text = "= ";
    for (std::size_t i = 0; i < plan.names.size(); ++i) {
        text += (i > 0 ? ", " : "") + plan.names[i] + " ";
        text += core::name(machine.states[i].phase);
        text += details(machine, plan, i);
    }
    text += "; ";
    text += core::name(machine.self.stage);
    return text + "; " + deadline_text(machine.next_deadline());
}

std::string answer(test::Machine& machine, const Plan& plan, const TimedEvent& timed) {
    std::string text;
    const auto add = [&text](const std::string& line) {
        text += kIndent;
        text += line + "\n";
    };
    // The loop tells deaths and signals before deadlines, so this can happen, but a reader of the
    // scenario should see that it is meant.
    if (timed.at > machine.next_deadline()) {
        add("! the " + deadline_text(machine.next_deadline()) + " is overdue");
    }
    for (const core::Action& action : machine.feed(timed.event, timed.at)) {
        add(test::to_text(action, plan.names));
    }
    add(state_text(machine, plan));
    return text;
}

}  // namespace

Played play(std::string_view file) {
    Played played;
    Plan plan;
    for (std::string_view rest = file; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view name = service_name(rest.substr(0, end));
        if (!name.empty()) {
            plan.names.emplace_back(name);
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::optional<test::Machine> machine;
    MonotonicTime last{};
    std::size_t number = 0;
    const auto refuse = [&](std::string_view line, std::string_view why) {
        played.error =
            "line " + std::to_string(number) + ": " + std::string(why) + ": " + std::string(line);
        return played;
    };
    while (!file.empty()) {
        const std::size_t end = std::min(file.find('\n'), file.size());
        const std::string_view line = file.substr(0, end);
        file.remove_prefix(std::min(end + 1, file.size()));
        ++number;
        if (line.substr(0, kIndent.size()) == kIndent) {
            continue;  // an answer: written anew
        }
        played.text += std::string(line) + "\n";
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (line.front() != '@') {
            if (machine.has_value() || !parse_plan_line(line, plan)) {
                return refuse(line, "not understood, or a plan after the first event");
            }
            continue;
        }
        const auto timed = parse_event(line, plan);
        if (!timed) {
            return refuse(line, "no such event");
        }
        if (timed->at < last) {
            return refuse(line, "time goes back");
        }
        last = timed->at;
        if (!machine) {
            machine.emplace(plan.policies, plan.whole, plan.dependencies);
        }
        played.text += answer(*machine, plan, *timed);
    }
    if (!machine) {
        return refuse("", "no event at all");
    }
    return played;
}

}  // namespace gosv::scenario
