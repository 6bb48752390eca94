#pragma once
// Who waits for whom, as the plan has it: a view of its lists, which never change.
#include <cstdint>
#include <span>

#include "gosv/base/ids.hpp"

namespace gosv::core {

// What a dependent waits for. The short form of depends_on, "as ready as the other can say", is
// settled by the plan: completed for a one-shot, ready for who notifies or has a healthcheck, else
// started.
enum class Condition : std::uint8_t {
    started,    // its exec has happened, and it runs or has completed
    ready,      // it runs, and everything that it defines holds: it has notified, it is healthy
    healthy,    // it runs, and its last probes were good
    completed,  // it has ended well for good
};

// An edge of the graph. A condition is asked for at every start, restarts included.
struct Dependency {
    ServiceId on;
    Condition condition = Condition::started;
    bool restart = false;  // when it is restarted, so am I
    bool required = true;  // else a start goes on when the condition can never hold any more
};

// Where the edges of a service begin in the lists of all: those of service i end where those of
// i + 1 begin.
struct EdgesBegin {
    std::uint32_t dependencies = 0;
    std::uint32_t dependents = 0;
};

// All lists are empty when no service depends on another: then nobody pays for them.
struct DependencyGraph {
    std::span<const Dependency> dependencies;  // sorted by who waits
    std::span<const ServiceId> dependents;     // sorted by whom they wait for, each once
    std::span<const EdgesBegin> begins;        // one more than there are services
    // Every service after all that it depends on.
    std::span<const ServiceId> start_order;

    bool empty() const noexcept { return begins.empty(); }

    // What it waits for.
    std::span<const Dependency> dependencies_of(ServiceId id) const noexcept {
        if (empty()) {
            return {};
        }
        const std::uint32_t begin = begins[index(id)].dependencies;
        return dependencies.subspan(begin, begins[index(id) + 1].dependencies - begin);
    }

    // Who waits for it: they stop before it.
    std::span<const ServiceId> dependents_of(ServiceId id) const noexcept {
        if (empty()) {
            return {};
        }
        const std::uint32_t begin = begins[index(id)].dependents;
        return dependents.subspan(begin, begins[index(id) + 1].dependents - begin);
    }
};

}  // namespace gosv::core
