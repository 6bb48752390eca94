// "@1500ms exited web code 3 populated".
#include <span>

#include "scenario/words.hpp"

namespace gosv::scenario {

namespace {

std::optional<ExitStatus> parse_status(std::string_view kind, std::string_view value) {
    const auto code = parse_uint(value);
    if (kind == "code" && code && *code < 256) {
        return ExitStatus::code(static_cast<int>(*code));
    }
    const auto signal = parse_signal(value);
    if (kind == "signal" && signal) {
        return ExitStatus::killed_by(*signal);
    }
    return std::nullopt;
}

// words: "web transient 126"; no_process needs no code.
std::optional<core::Event> parse_spawn_failed(ServiceId service,
                                              std::span<const std::string_view> words) {
    core::SpawnFailed failed{service};
    const bool understood = !words.empty() && read_choice<core::SpawnFailure>(
                                                  words[0], failed.failure,
                                                  {{"no_process", core::SpawnFailure::no_process},
                                                   {"transient", core::SpawnFailure::transient},
                                                   {"permanent", core::SpawnFailure::permanent}});
    if (!understood || words.size() > 2 ||
        (words.size() == 2 && !read_number(words[1], failed.exit_code))) {
        return std::nullopt;
    }
    return failed;
}

// What it says of itself, and how a task of its ended; nullopt: none of these.
std::optional<core::Event> parse_word(std::string_view verb, ServiceId service,
                                      std::span<const std::string_view> words) {
    if (words.empty()) {
        return verb == "ready"     ? std::optional<core::Event>(core::NotifiedReady{service})
               : verb == "alive"   ? std::optional<core::Event>(core::NotifiedAlive{service})
               : verb == "trouble" ? std::optional<core::Event>(core::NotifiedTrouble{service})
                                   : std::nullopt;
    }
    if (words.size() > 1) {
        return std::nullopt;
    }
    if (verb == "extended") {
        core::TimeExtended extended{service};
        return read(words[0], extended.by) ? std::optional<core::Event>(extended) : std::nullopt;
    }
    const bool ok = words[0] == "ok";
    if (!ok && words[0] != "failed") {
        return std::nullopt;
    }
    return verb == "probe_ended"
               ? std::optional<core::Event>(core::TaskEnded{service, core::Task::probe, ok})
           : verb == "stop_command_ended"
               ? std::optional<core::Event>(core::TaskEnded{service, core::Task::stop_command, ok})
               : std::nullopt;
}

std::optional<core::Event> parse_fact(const Words& words, const Plan& plan) {
    const std::string_view verb = words[1];
    if (words.size() == 2) {
        if (verb == "booted") {
            return core::Booted{};
        }
        if (verb == "deadline") {
            return core::DeadlineReached{};
        }
        if (verb == "stragglers_gone") {
            return core::StragglersGone{};
        }
        return std::nullopt;
    }
    if (verb == "stop" || verb == "signal") {
        const auto signal = parse_signal(words[2]);
        if (!signal || words.size() != 3) {
            return std::nullopt;
        }
        return verb == "stop" ? core::Event(core::StopRequested{*signal})
                              : core::Event(core::SignalReceived{*signal});
    }
    const auto service = find_service(words[2], plan);
    if (!service) {
        return std::nullopt;
    }
    if (verb == "started" && words.size() == 3) {
        return core::Started{*service};
    }
    if (verb == "tree_emptied" && words.size() == 3) {
        return core::TreeEmptied{*service};
    }
    if (verb == "spawn_failed") {
        return parse_spawn_failed(*service, std::span(words).subspan(3));
    }
    if (verb == "exited" && words.size() >= 5) {
        const auto status = parse_status(words[3], words[4]);
        core::Exited exited{*service, status.value_or(ExitStatus{})};
        for (const std::string_view word : std::span(words).subspan(5)) {
            if (word != "populated" && word != "out_of_memory") {
                return std::nullopt;
            }
            exited.tree_populated = exited.tree_populated || word == "populated";
            exited.out_of_memory = exited.out_of_memory || word == "out_of_memory";
        }
        return status ? std::optional<core::Event>(exited) : std::nullopt;
    }
    return parse_word(verb, *service, std::span(words).subspan(3));
}

}  // namespace

std::optional<TimedEvent> parse_event(std::string_view line, const Plan& plan) {
    const Words words = split(line.substr(1), ' ');
    if (words.size() < 2) {
        return std::nullopt;
    }
    const auto at = parse_duration(words[0]);
    const auto event = parse_fact(words, plan);
    if (!at || !event) {
        return std::nullopt;
    }
    return TimedEvent{MonotonicTime{*at}, *event};
}

}  // namespace gosv::scenario
