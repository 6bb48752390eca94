#pragma once
// A way through the states, as a scenario file (tests/scenario): what failed here can be put there.
#include <span>
#include <string>

#include "scenario/scenario.hpp"

namespace gosv::explore {

std::string story_of(const scenario::Plan& plan, std::span<const scenario::TimedEvent> events);

// Whether the scenario tests could read it; else the words here and there have grown apart.
bool is_scenario(const std::string& story);

}  // namespace gosv::explore
