#pragma once
// What a service waits for and why it is not so yet: the log and the snapshot say the same.
#include <span>
#include <string_view>

#include "app/remarks.hpp"
#include "gosv/core/supervisor.hpp"

namespace gosv::app {

// "to be healthy", after a service's name.
std::string_view wish(core::Condition condition) noexcept;

// The service that is waited for.
struct Awaited {
    core::Condition condition;
    const core::ServicePolicy& policy;
    const core::ServiceState& state;
    std::uint32_t probe_failures;  // in a row
    const Remarks& remarks;
    std::string_view waits_for{};  // the name of what it waits for itself
    std::string_view last_run{};   // why that ended, or never began: "exit code 1"
};

// "healthcheck: connection refused, 9 tries", "restarts in 4s, last run: exit code 1". In `buffer`,
// cut there; "" when there is nothing to say.
std::string_view describe_obstacle(const Awaited& awaited, MonotonicTime now,
                                   std::span<char> buffer) noexcept;

}  // namespace gosv::app
