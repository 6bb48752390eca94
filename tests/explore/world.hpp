#pragma once
// What is really there, as far as the core's orders and the facts told to it say: processes that
// live, signals that were sent, when. It is written from what users are promised and shares no code
// with the core but the back-off's arithmetic, which the unit tests cover; the judge compares the
// two.
#include <array>
#include <cstdint>
#include <vector>

#include "explore/plans.hpp"

namespace gosv::explore {

enum class Fate : std::uint8_t { going, completed, failed, stopped };

// One service: its present run, and what becomes of it.
struct Run {
    Fate fate = Fate::going;
    bool main_alive = false;
    bool exec_told = false;
    bool populated = false;   // the main process is gone, something of its tree is not
    bool command = false;     // its stop command runs
    bool asked = false;       // the main process is asked to end, by its stop command or a signal
    bool signalled = false;   // ... the signal was sent to it
    bool tree_asked = false;  // ... to all of it
    bool killed = false;      // KILL was sent to all of it
    bool command_killed = false;
    bool has_run = false;
    bool out_of_memory = false;
    ExitStatus last{};
    std::uint8_t failure_code = 0;
    std::uint32_t in_row = 0;      // restarts without a stable run
    std::uint32_t no_process = 0;  // failed clones in a row
    MonotonicTime since{};
    MonotonicTime grace_until{};
    MonotonicTime start_at = kNever;  // to be started then
    // Why gosv ends it, or is about to, and with whom.
    core::ReportReason ending = core::ReportReason::none;
    std::size_t ending_with = 0;
    // It waits for what it depends on.
    bool waiting = false;
    MonotonicTime waiting_since{};
    MonotonicTime tell_at = kNever;
    // What is known of the present run.
    bool notified = false;
    bool been_healthy = false;
    bool ready = false;
    core::Health health = core::Health::none;
    MonotonicTime ready_by = kNever;
    MonotonicTime alive_by = kNever;
    MonotonicTime forgiven_until{};  // failed probes do not count
    std::uint32_t failures = 0;      // in a row
    std::uint32_t counted = 0;       // ... that count
    // Its probe, which may be that of an earlier run.
    bool probe = false;
    bool probe_answers = false;  // what it says is about the present run and in time
    bool probe_killed = false;
    bool probe_forgiven = false;
    MonotonicTime probe_at = kNever;  // the next is due
    MonotonicTime probe_until = kNever;

    bool alive() const { return main_alive || populated || command; }

    // A task of gosv's runs where leftovers of the run would: who they are cannot be told.
    bool task() const { return probe || command; }
};

struct World {
    std::array<Run, kMostServices> runs{};
    bool booted = false;
    bool shutting_down = false;
    bool hurry = false;       // second stop signal, or the shutdown's time is up: KILL and end
    bool sweep_open = false;  // stragglers were signalled and are not known to be gone
    bool sweep_kills = false;
    bool killed_in_shutdown = false;
    bool has_failure = false;
    bool finished = false;
    bool announced = false;
    std::uint8_t stops = 0;  // stop signals, 2 stands for more
    std::uint8_t failure_code = 0;
    std::uint8_t final_code = 0;
    core::ReportReason cause = core::ReportReason::none;
    MonotonicTime began_at{};   // the shutdown
    MonotonicTime sweep_at{};   // the stragglers' grace
    MonotonicTime last_call{};  // hurry, or KILL to stragglers
};

bool anybody_alive(const World& world, std::size_t services);

// The events that this world can bring about now. DeadlineReached is not among them: whether it is
// due is for the core to say.
void list_possible(const Case& explored, const World& world, std::vector<core::Event>& events);

// Events that it cannot, of the kinds that the core can tell.
void list_impossible(const Case& explored, const World& world, std::vector<core::Event>& events);

// What comes next when a stop is asked for now and everybody does as told, at once.
core::Event well_behaved(const Case& explored, const World& world);

// What comes next when all goes well: everything starts, gets ready, answers and completes.
// DeadlineReached when nothing is left but to wait for time.
core::Event goes_well(const Case& explored, const World& world);

// There is nothing left to come to when all goes well.
bool has_arrived(const Case& explored, const World& world);

}  // namespace gosv::explore
