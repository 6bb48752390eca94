#pragma once
// Who waits for whom. The graph is looked at in passes over the start order; nothing here recurs.
#include "step.hpp"

namespace gosv::core {

// Some service depends on another. Without that nothing here is ever called for.
bool has_order(const Step& step) noexcept;

// It waits for what it depends on; when nothing is to be waited for, it starts at the end of this
// step.
void await_dependencies(const Step& step, ServiceId id) noexcept;

// A service is restarted: who runs and is to be restarted with it will be ended, and who is to be
// restarted with those.
void restart_dependents(const Step& step, ServiceId id) noexcept;

// After a change: starts what may start, fails what never can, ends whose turn it is.
void follow_order(const Step& step) noexcept;

// In the shutdown: stops what has no process, and those on whom nobody depends any more.
void stop_in_order(const Step& step) noexcept;

// Tells of those that have been waiting for so long that it is time to.
void tell_who_waits(const Step& step) noexcept;

}  // namespace gosv::core
