#include "explore/world.hpp"

#include <optional>

namespace gosv::explore {

namespace {

constexpr Signal kTerm{15};
constexpr Signal kHup{1};
constexpr Signal kWinch{28};
constexpr std::uint8_t kNotFound = 127;
constexpr std::uint8_t kNotExecutable = 126;

using core::SpawnFailure;

ServiceId id_of(std::size_t i) {
    return static_cast<ServiceId>(i);
}

// What a running service can say of itself.
void list_words(const Case& explored, ServiceId id, const Run& run,
                std::vector<core::Event>& events) {
    const core::ServicePolicy& policy = explored.plan.policies[index(id)];
    if (!policy.notifies) {
        return;
    }
    if (!run.notified) {
        events.emplace_back(core::NotifiedReady{id});
    }
    if (policy.watchdog > Duration{}) {
        events.emplace_back(core::NotifiedAlive{id});
    }
    if (explored.troubles) {
        events.emplace_back(core::NotifiedTrouble{id});
    }
    if (explored.extended_by > Duration{}) {
        events.emplace_back(core::TimeExtended{id, explored.extended_by});
    }
}

// Of a run that was asked to end or is over: the next thing that one who obeys does.
std::optional<core::Event> obeys(const Case& explored, const World& world, std::size_t i) {
    const Run& run = world.runs[i];
    if (run.main_alive && !run.exec_told) {
        return core::Started{id_of(i)};
    }
    if (run.probe && !run.probe_answers) {
        return core::TaskEnded{id_of(i), core::Task::probe, true};
    }
    if (run.command) {
        return core::TaskEnded{id_of(i), core::Task::stop_command, true};
    }
    if (run.main_alive && (run.asked || run.killed)) {
        return core::Exited{id_of(i), explored.statuses.front(), false};
    }
    if (run.populated) {
        return core::TreeEmptied{id_of(i)};
    }
    return std::nullopt;
}

}  // namespace

bool anybody_alive(const World& world, std::size_t services) {
    for (std::size_t i = 0; i < services; ++i) {
        if (world.runs[i].alive()) {
            return true;
        }
    }
    return false;
}

void list_possible(const Case& explored, const World& world, std::vector<core::Event>& events) {
    const std::size_t services = explored.plan.policies.size();
    if (!world.booted) {
        events.emplace_back(core::Booted{});
    }
    bool all_started = world.booted;
    for (std::size_t i = 0; i < services; ++i) {
        const Run& run = world.runs[i];
        if (run.main_alive && !run.exec_told) {
            events.emplace_back(core::Started{id_of(i)});
            all_started = false;
            if (explored.only_shutdown && !world.shutting_down) {
                return;
            }
            events.emplace_back(core::SpawnFailed{id_of(i), SpawnFailure::permanent, kNotFound});
            if (explored.all_spawn_failures) {
                events.emplace_back(core::SpawnFailed{id_of(i), SpawnFailure::no_process});
                events.emplace_back(
                    core::SpawnFailed{id_of(i), SpawnFailure::transient, kNotExecutable});
            }
        }
        if (explored.only_shutdown && !world.shutting_down) {
            continue;
        }
        if (run.main_alive && run.exec_told) {
            for (const ExitStatus status : explored.statuses) {
                events.emplace_back(core::Exited{id_of(i), status, false});
                if (explored.leftovers) {
                    events.emplace_back(core::Exited{id_of(i), status, true});
                }
            }
            list_words(explored, id_of(i), run, events);
            if (explored.plan.policies[i].oom_action == core::FinalAction::exit) {
                const ExitStatus killed = ExitStatus::killed_by(kSigKill);
                events.emplace_back(core::Exited{id_of(i), killed, false, true});
                events.emplace_back(core::Exited{id_of(i), killed, true, true});
            }
        }
        if (run.populated) {
            events.emplace_back(core::TreeEmptied{id_of(i)});
        }
        if (run.probe) {
            events.emplace_back(core::TaskEnded{id_of(i), core::Task::probe, true});
            if (run.probe_answers) {
                events.emplace_back(core::TaskEnded{id_of(i), core::Task::probe, false});
            }
        }
        if (run.command) {
            events.emplace_back(core::TaskEnded{id_of(i), core::Task::stop_command, true});
        }
    }
    if (!explored.only_shutdown || all_started) {
        events.emplace_back(core::StopRequested{kTerm});
    }
    if (explored.signals) {
        events.emplace_back(core::SignalReceived{kHup});
        events.emplace_back(core::SignalReceived{kWinch});
        events.emplace_back(core::SignalReceived{kTerm});
    }
    if (world.sweep_open && !anybody_alive(world, services)) {
        events.emplace_back(core::StragglersGone{});
    }
}

void list_impossible(const Case& explored, const World& world, std::vector<core::Event>& events) {
    const std::size_t services = explored.plan.policies.size();
    for (std::size_t i = 0; i < services; ++i) {
        const Run& run = world.runs[i];
        if (!run.main_alive) {
            events.emplace_back(core::Started{id_of(i)});
            events.emplace_back(core::SpawnFailed{id_of(i), SpawnFailure::no_process});
            events.emplace_back(core::SpawnFailed{id_of(i), SpawnFailure::permanent, kNotFound});
            events.emplace_back(core::Exited{id_of(i), explored.statuses.back(), false});
            events.emplace_back(core::Exited{id_of(i), explored.statuses.back(), true});
        } else if (run.exec_told && !run.asked && !run.killed) {
            events.emplace_back(core::Started{id_of(i)});
        }
        if (!run.populated) {
            events.emplace_back(core::TreeEmptied{id_of(i)});
        }
        if (!run.probe) {
            events.emplace_back(core::TaskEnded{id_of(i), core::Task::probe, true});
        }
        if (!run.command) {
            events.emplace_back(core::TaskEnded{id_of(i), core::Task::stop_command, true});
        }
        const bool unborn = run.main_alive && !run.exec_told && !run.asked && !run.killed;
        if (!run.main_alive || unborn || !explored.plan.policies[i].notifies) {
            events.emplace_back(core::NotifiedReady{id_of(i)});
            events.emplace_back(core::NotifiedAlive{id_of(i)});
            events.emplace_back(core::NotifiedTrouble{id_of(i)});
            events.emplace_back(core::TimeExtended{id_of(i), std::chrono::seconds(5)});
        }
    }
    if (!world.sweep_open) {
        events.emplace_back(core::StragglersGone{});
    }
}

core::Event well_behaved(const Case& explored, const World& world) {
    if (!world.booted) {
        return core::Booted{};
    }
    if (explored.only_shutdown && !world.shutting_down) {
        for (std::size_t i = 0; i < explored.plan.policies.size(); ++i) {
            if (!world.runs[i].exec_told) {
                return core::Started{id_of(i)};
            }
        }
    }
    if (!world.shutting_down && !explored.plan.whole.command_mode) {
        return core::StopRequested{kTerm};
    }
    for (std::size_t i = 0; i < explored.plan.policies.size(); ++i) {
        if (const auto next = obeys(explored, world, i)) {
            return *next;
        }
        // CMD of `gosv -- CMD` is asked by whoever sent the signal.
        if (explored.plan.whole.command_mode && world.runs[i].main_alive) {
            return core::Exited{id_of(i), explored.statuses.front(), false};
        }
    }
    return core::StragglersGone{};
}

core::Event goes_well(const Case& explored, const World& world) {
    if (!world.booted) {
        return core::Booted{};
    }
    for (std::size_t i = 0; i < explored.plan.policies.size(); ++i) {
        const core::ServicePolicy& policy = explored.plan.policies[i];
        const Run& run = world.runs[i];
        if (const auto next = obeys(explored, world, i)) {
            return *next;
        }
        if (run.probe) {
            return core::TaskEnded{id_of(i), core::Task::probe, true};
        }
        if (run.main_alive && policy.notifies && !run.notified) {
            return core::NotifiedReady{id_of(i)};
        }
        if (run.main_alive && policy.oneshot) {
            return core::Exited{id_of(i), explored.statuses.front(), false};
        }
    }
    return core::DeadlineReached{};
}

bool has_arrived(const Case& explored, const World& world) {
    if (world.shutting_down) {
        return true;
    }
    for (std::size_t i = 0; i < explored.plan.policies.size(); ++i) {
        if (world.runs[i].fate == Fate::going && !world.runs[i].ready) {
            return false;
        }
    }
    return true;
}

}  // namespace gosv::explore
