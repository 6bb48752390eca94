#pragma once
// Actions, statuses and times as the words that the scenario files use.
#include <span>
#include <string>

#include "gosv/core/action.hpp"

namespace gosv::test {

// "1500ms", "2s"; whole seconds are written as such.
std::string to_text(Duration duration);

// "code 3", "signal SIGSEGV".
std::string to_text(ExitStatus status);

// "spawn web", "send web SIGTERM SIGCONT to tree", "report exited web: code 3, uptime 2s".
std::string to_text(const core::Action& action, std::span<const std::string> names);

}  // namespace gosv::test
