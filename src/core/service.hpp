#pragma once
// The life of one run, from its start until nothing of it is left. How a run is brought to its end
// is ending.hpp's, what comes afterwards outcome.hpp's.
#include "step.hpp"

namespace gosv::core {

void start(const Step& step, ServiceId id) noexcept;

void on_started(const Step& step, ServiceId id) noexcept;
void on_spawn_failed(const Step& step, const SpawnFailed& event) noexcept;
void on_exited(const Step& step, const Exited& event) noexcept;
void on_tree_emptied(const Step& step, ServiceId id) noexcept;

// The deadline of its phase.
void on_deadline(const Step& step, ServiceId id) noexcept;

}  // namespace gosv::core
