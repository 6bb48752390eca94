#pragma once
// The plans that are explored. Times are few and small multiples of each other, so that deadlines
// meet and the states stay few; what a time of zero or an endless one does is in there too.
#include <string>
#include <string_view>
#include <vector>

#include "scenario/scenario.hpp"

namespace gosv::explore {

inline constexpr std::size_t kMostServices = 3;

struct Case {
    std::string title;
    scenario::Plan plan;
    std::vector<ExitStatus> statuses;  // how processes end; the first is the well-behaved one
    bool all_spawn_failures = true;    // else only those that are for good
    bool signals = false;              // signals to forward come, too
    bool late = false;                 // the loop may also come late to its deadlines
    bool impossible = true;            // what cannot happen is thrown in, too
    bool only_shutdown = false;        // until the stop, everything starts and nothing ends
    bool leftovers = true;             // a main process may leave something of its tree behind
    bool troubles = false;             // who notifies may say that it is in trouble
    Duration extended_by{};            // ... and that it needs that long; 0: never
};

// one_service, two_services, three_services, command; watched, two_in_order, three_in_order; empty
// for anything else.
std::vector<Case> cases_of(std::string_view family);

// order_plans.cpp: what is watched while it runs, and what depends on each other.
std::vector<Case> watched();
std::vector<Case> two_in_order();
std::vector<Case> three_in_order();

}  // namespace gosv::explore
