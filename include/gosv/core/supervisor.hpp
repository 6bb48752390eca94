#pragma once
// The functional core: every decision of gosv, as a pure function of (state, event, time). No
// kernel, no clock, no heap, no log, no exceptions; a ctest compares its undefined symbols with a
// short allow-list. Same state + same event + same now: same state and same actions, always.
//
// Life of a service (Phase), and who moves it:
//
//   pending   --all that it needs holds--> starting     (only with dependencies; else by Booted)
//   starting  --Started--> running         --SpawnFailed--> outcome
//   running   --a stop, or an ending--> stopping
//   stopping  --the grace period is over--> killing
//   starting, running, stopping, killing
//             --Exited--> outcome, or, when something of its tree is left: draining
//   draining  --the grace period is over--> killing
//   draining, killing
//             --nothing of it is left--> outcome
//   outcome:  backoff | pending | completed | failed | stopped; the last three are final
//   backoff   --its delay is over--> starting, or pending until what it needs holds
//
//   pending: it waits for what it depends on (waits_for() says for what). Conditions are asked for
//   at every start, also of a restart; a start follows in the step in which the last one comes
//   true. Without dependencies a service is pending only before Booted.
//   draining: the main process is gone, something of its tree or its stop command lives; the tree
//   got the stop signal and has the rest of the grace period. A restart begins only when the tree
//   is empty: never two instances.
//   stopping: the stop command runs first, where there is one; then the stop signal is sent.
//
// While it runs (and nothing ends it) gosv watches it: probes, watchdog, start_timeout. What makes
// gosv end a run by itself is its `ending`: the run has failed whatever its status, and what comes
// of it is as of any failed run; but a run that ends with a dependency that is restarted counts as
// nothing and waits for that dependency anew.
//
// Dependencies. The whole graph is looked at in one pass over the start order after each event that
// changed something: forwards for what can start, or never can (a failure goes along the graph),
// backwards for whose turn it is to stop. Plans without dependencies have no start order, and no
// such pass.
//
// Shutdown is a stage of the same machine: every service is stopped, then the descendants that
// belong to none (Stage::sweeping), then Finish. What has no process is stopped at once, the rest
// as soon as no service that depends on it is left. One global deadline kills whatever is left.
//
// Invariants (checked by tests/explore after every step):
//   I1 no Spawn once the stage is not `supervising`;
//   I2 at most one live main process per service, and none is spawned while its tree is populated
//      or its stop command runs;
//   I3 Finish comes once, only when no service is alive or populated (or all such were abandoned
//      after the last deadline), and nothing comes after it;
//   I4 while not supervising, a deadline is always armed until Finish (a stop always ends);
//   I5 a service in starting, running, stopping, killing, draining or backoff that waits for time
//      owns a deadline;
//   I6 the actions of one step fit action_capacity();
//   I7 counters saturate: the state space is finite;
//   I8 no Spawn while a condition does not hold, and none is put off once all hold;
//   I9 what is pending after Booted waits for something that waits_for() names, and nothing waits
//      for what can never hold any more;
//   I10 in the shutdown no service is asked to stop while one that depends on it, be it through
//      others, has not ended, unless the time is up; and each is asked as soon as none is left;
//   I11 one probe of a service at a time, and only while it runs and is to go on running;
//   I12 a service that ends with a dependency ends after those that end with it.
#include <cstdint>
#include <span>

#include "gosv/core/action.hpp"
#include "gosv/core/event.hpp"
#include "gosv/core/policy.hpp"

namespace gosv::core {

enum class Phase : std::uint8_t {
    pending,
    starting,
    running,
    stopping,
    killing,
    draining,
    backoff,
    completed,
    failed,
    stopped,
};

enum class Health : std::uint8_t { none, starting, healthy, unhealthy };

// Mutable state of one service. Trivially copyable, so that explorers and recorders can keep it.
struct ServiceState {
    Phase phase = Phase::pending;
    bool main_alive = false;      // between Spawn and Exited/SpawnFailed
    bool tree_populated = false;  // Exited said so and TreeEmptied has not come yet
    bool has_run = false;         // last_status means something
    bool out_of_memory = false;   // how the last run ended
    bool notified = false;        // the present run has said that it is ready
    bool ready = false;           // the present run is all that it can be, or it has completed
    Health health = Health::none;
    bool probe_alive = false;         // between StartTask and TaskEnded
    bool stop_command_alive = false;  // as probe_alive
    bool tree_asked = false;          // the stop signal went to the whole tree of this run
    bool drain_held = false;          // draining: its signal waits for the end of gosv's own tasks
    bool over = false;                // shutdown: it has ended, and so have all that depend on it
    // Why gosv itself ends, or is about to end, the present run; none: it does not.
    ReportReason ending = ReportReason::none;
    ServiceId ending_with{};  // dependency_restarts
    ExitStatus last_status{};
    std::uint8_t failure_code = 0;  // failed: what it counts as
    std::uint32_t restarts_in_row = 0;
    std::uint32_t restarts_total = 0;  // saturates
    std::uint32_t spawn_failures = 0;  // in a row, for lack of processes; saturates
    // Begin of the present run: Started, until then Spawn. Pending: since when it waits.
    MonotonicTime since{};
    MonotonicTime deadline = kNever;           // of the phase: grace, back-off or stability
    MonotonicTime start_deadline = kNever;     // start_timeout
    MonotonicTime watchdog_deadline = kNever;  // the next word that it is alive
    MonotonicTime waiting_deadline = kNever;   // pending: to be told
};

static_assert(sizeof(ServiceState) <= 72, "there is one for each service");

// The same of its healthcheck.
struct ProbeState {
    bool been_healthy = false;         // in the present run
    bool probe_stale = false;          // of a run that is over, or timed out: its answer is nothing
    bool probe_forgiven = false;       // begun within the start period: does not count if it fails
    std::uint32_t probe_failures = 0;  // in a row, forgiven ones included; saturates
    std::uint32_t counted_failures = 0;     // in a row, those that count; saturates
    MonotonicTime probe_deadline = kNever;  // the next probe is due, or this one's time is up
    MonotonicTime start_period_end{};       // until then failed probes do not count
};

enum class Stage : std::uint8_t {
    supervising,
    stopping,  // services are being stopped
    sweeping,  // services are gone, stragglers got TERM
    killing,   // the global deadline passed or a second stop signal came
    finished,
};

struct SupervisorState {
    Stage stage = Stage::supervising;
    ReportReason why = ReportReason::none;  // of the shutdown
    bool something_killed = false;          // something had to be killed during the shutdown
    bool has_failure = false;
    std::uint8_t failure_code = 0;    // of the failure that ends all, else of the first
    bool announced = false;           // Announce::What::ready
    bool stop_requested = false;      // a stop signal has come: another one hurries
    MonotonicTime hurry_from{};       // from then on; before, it is the same one told twice
    MonotonicTime deadline = kNever;  // shutdown_timeout, straggler grace, abandonment
    MonotonicTime shutdown_deadline = kNever;
};

// A view: the arrays are the caller's and have one element per service.
struct Supervisor {
    SupervisorState& self;
    std::span<ServiceState> services;
    std::span<ProbeState> probes;  // may be empty when no service has a healthcheck
    const SupervisorPolicy& policy;
    ServicePolicies policies;
};

// The most actions that one step can order for n services.
constexpr std::size_t action_capacity(std::size_t services) noexcept {
    return 8 * services + 8;
}

// Handle one event. Appends to actions; does not clear it.
void step(Supervisor& supervisor, const Event& event, MonotonicTime now,
          ActionSink& actions) noexcept;

// What a pending service waits for: the first of its dependencies whose condition does not hold;
// null when it does not wait. For log and snapshot.
const Dependency* waits_for(const Supervisor& supervisor, ServiceId service) noexcept;

// When DeadlineReached is due next; kNever when nothing waits for time (then gosv sleeps for good).
MonotonicTime next_deadline(const Supervisor& supervisor) noexcept;

// The container's exit code once everything has ended: README.md, "Exit codes".
std::uint8_t exit_code(const SupervisorState& self, const SupervisorPolicy& policy,
                       std::span<const ServiceState> services) noexcept;

}  // namespace gosv::core
