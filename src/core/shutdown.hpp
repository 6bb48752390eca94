#pragma once
// The stages of the whole: supervising, stopping, sweeping, killing, finished.
#include "step.hpp"

namespace gosv::core {

// Begins the ordered shutdown; does nothing when one is under way.
void begin_shutdown(const Step& step, ReportReason why, Signal signal = {}) noexcept;

// A stop signal: the first begins the shutdown, the second has everything killed now.
void request_stop(const Step& step, Signal signal) noexcept;

// A service failed for good while supervising: remembered for the exit code, and perhaps the end of
// the container.
void note_failure(const Step& step, ServiceId id) noexcept;
void note_completion(const Step& step, ServiceId id) noexcept;

// A service is unhealthy, and that is to be the end of all.
void note_unhealthy(const Step& step) noexcept;

// Moves on once no service is left: to the stragglers, or, while supervising, to the shutdown.
void advance(const Step& step) noexcept;

void on_stragglers_gone(const Step& step) noexcept;
void on_global_deadline(const Step& step) noexcept;

}  // namespace gosv::core
