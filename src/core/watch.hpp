#pragma once
// What gosv looks at while a service runs and is to go on running: whether it gets ready in time,
// its watchdog, its probes. Each can end the run (ending.hpp). readiness.cpp has the first two,
// health.cpp the third.
#include "step.hpp"

namespace gosv::core {

// A start: nothing is known of this run, and its time to get ready runs.
void expect_readiness(const Step& step, ServiceId id) noexcept;

// It runs.
void watch(const Step& step, ServiceId id) noexcept;

// It is over, or about to end: no deadline, no probe; what a probe under way says is nothing.
void unwatch(const Step& step, ServiceId id) noexcept;

// Something that readiness goes by has come true.
void update_readiness(const Step& step, ServiceId id) noexcept;

// To who supervises gosv, once: everything is ready, or has ended without ending the whole.
void announce_readiness(const Step& step) noexcept;

void on_notified_ready(const Step& step, ServiceId id) noexcept;
void on_notified_alive(const Step& step, ServiceId id) noexcept;
void on_notified_trouble(const Step& step, ServiceId id) noexcept;
void on_time_extended(const Step& step, const TimeExtended& event) noexcept;
void on_start_timeout(const Step& step, ServiceId id) noexcept;
void on_watchdog_missed(const Step& step, ServiceId id) noexcept;

void begin_probes(const Step& step, ServiceId id) noexcept;
void end_probes(const Step& step, ServiceId id) noexcept;

// A probe is due, or the one under way has used up its time.
void on_probe_deadline(const Step& step, ServiceId id) noexcept;
void on_probe_ended(const Step& step, ServiceId id, bool ok) noexcept;

}  // namespace gosv::core
