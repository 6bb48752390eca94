#pragma once
// The machine of one service: what an event does to it. What it means for the whole (a failure that
// ends the container, nothing left to run) is told to shutdown.hpp.
#include "step.hpp"

namespace gosv::core {

void start(const Step& step, ServiceId id) noexcept;

// Ask it to stop: its signal and its grace period, or at once when nothing of it runs.
void stop(const Step& step, ServiceId id) noexcept;

// KILL to all of it, now.
void kill(const Step& step, ServiceId id, ReportReason reason) noexcept;

void on_started(const Step& step, ServiceId id) noexcept;
void on_spawn_failed(const Step& step, const SpawnFailed& event) noexcept;
void on_exited(const Step& step, const Exited& event) noexcept;
void on_tree_emptied(const Step& step, ServiceId id) noexcept;
void on_deadline(const Step& step, ServiceId id) noexcept;

}  // namespace gosv::core
