#pragma once
// A run is over and nothing of it is left: what becomes of the service.
#include "step.hpp"

namespace gosv::core {

// By its policy, by how it ended and by why gosv ended it. `failure` is what it is called should it
// have failed by itself.
void decide(const Step& step, ServiceId id, ReportReason failure) noexcept;

// Failed for good; what that means for the whole is shutdown.hpp's.
void fail(const Step& step, ServiceId id, ReportReason reason) noexcept;

// It could not be started for what a dependency came to.
void fail_with(const Step& step, ServiceId id, const Dependency& dependency) noexcept;

// There was no process to be had for a start: again, ever more slowly.
void retry_spawn(const Step& step, ServiceId id) noexcept;

// Stopped because that was asked for.
void settle_stopped(const Step& step, ServiceId id) noexcept;

}  // namespace gosv::core
