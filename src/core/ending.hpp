#pragma once
// How a run is brought to its end: stop command, stop signal, grace period, what the main process
// leaves behind, KILL.
#include "step.hpp"

namespace gosv::core {

// Ask it to stop: its stop command or signal and its grace period; or at once when nothing of it
// runs. The stop signal of who is ended by the watchdog is ABRT: where it hangs is of interest.
void stop(const Step& step, ServiceId id) noexcept;

// The present run is to end for this reason, by gosv's own decision, while supervising.
void end_run(const Step& step, ServiceId id, ReportReason reason) noexcept;

// The main process is gone, its tree or its stop command is not: end that before anything else.
void drain(const Step& step, ServiceId id) noexcept;

// KILL to all of it, now.
void kill(const Step& step, ServiceId id, ReportReason reason) noexcept;

void on_stop_command_ended(const Step& step, ServiceId id) noexcept;

// A task of gosv's own has ended. While one runs in the service's leaf, who else is left there
// cannot be told.
void release_drain(const Step& step, ServiceId id) noexcept;

}  // namespace gosv::core
