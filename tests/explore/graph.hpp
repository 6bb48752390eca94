#pragma once
// The states found so far as a graph, and where its ways end.
#include <optional>
#include <vector>

#include "explore/world.hpp"

namespace gosv::explore {

inline constexpr std::uint32_t kNone = UINT32_MAX;

// A state and how it was first reached: by an event, or (no event) because time went by.
struct Node {
    core::SupervisorState self;
    std::array<core::ServiceState, kMostServices> services;
    std::array<core::ProbeState, kMostServices> probes;
    World world;
    MonotonicTime now;
    std::uint32_t parent = kNone;
    std::optional<core::Event> event;
    // Where it goes from here...
    std::uint32_t when_nobody_dies = kNone;    // ... when time goes by and nothing else happens
    std::uint32_t when_all_obey = kNone;       // ... when a stop is asked for and all do as told
    std::uint32_t when_all_goes_well = kNone;  // ... when everything starts, gets ready, completes
};

// The state at which a way has come to its end, and after how many steps.
struct End {
    bool looked_at = false;
    std::uint32_t node = kNone;
    std::size_t steps = 0;
};

// Where each state ends that goes on by `next` alone; states that never do have no end.
std::vector<End> ends_along(const std::vector<Node>& nodes, std::uint32_t Node::*next,
                            bool (*is_end)(const Case&, const World&), const Case& explored);

}  // namespace gosv::explore
