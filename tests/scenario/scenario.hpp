#pragma once
// One scenario file: a plan, then events with what the core answers below each. parse_plan.cpp and
// parse_event.cpp read it, play.cpp plays it; the format is told in tests/README.md.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/machine.hpp"

namespace gosv::scenario {

struct Plan {
    std::vector<std::string> names;
    std::vector<core::ServicePolicy> policies;
    test::Dependencies dependencies;  // empty, or one element a service
    core::SupervisorPolicy whole;
};

struct TimedEvent {
    MonotonicTime at;
    core::Event event;
};

// "service web restart=never ..." or "supervisor shutdown_timeout=9s ...": false when the line is
// neither, or wrong. plan.names has the names of all services already, so that each can depend on
// any other.
bool parse_plan_line(std::string_view line, Plan& plan);

// The name in "service web ..."; empty for any other line.
std::string_view service_name(std::string_view line);

// "@1500ms exited web code 3 populated"; nullopt when it cannot be understood.
std::optional<TimedEvent> parse_event(std::string_view line, const Plan& plan);

struct Played {
    std::string text;   // the file as it should be
    std::string error;  // empty, or what could not be understood
};

// Plays the events and writes what comes of them below each, in place of what stood there.
Played play(std::string_view file);

}  // namespace gosv::scenario
