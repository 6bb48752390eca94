#pragma once
// Breadth-first exploration of one case: every state that the core can be brought into by what can
// happen, each once, every step of it judged. Deterministic; the way to a fault is a shortest one.
#include <string>

#include "explore/plans.hpp"

namespace gosv::explore {

struct Outcome {
    std::size_t states = 0;
    std::size_t transitions = 0;
    std::size_t impossible = 0;    // events that cannot be, thrown in
    std::size_t longest_stop = 0;  // deadlines until Finish when no process ever dies
    std::string fault;             // empty, or what was wrong
    std::string story;             // how it came to that, as a scenario
};

Outcome explore(const Case& explored);

}  // namespace gosv::explore
