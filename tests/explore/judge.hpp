#pragma once
// Holds the core to what it promises, one step at a time: the fact first changes the world and what
// is expected of the core, then each order is looked at, then the state that the core is left in.
// The invariants I1..I12 of core/supervisor.hpp are among what is checked; each complaint says
// which.
#include <string>

#include "explore/world.hpp"

namespace gosv::explore {

class Judge {
  public:
    // `world` is changed to what it is after the step.
    Judge(const Case& explored, World& world, MonotonicTime now)
        : plan_(explored.plan), world_(world), now_(now) {}

    void hear(const core::Event& event);
    void see(std::span<const core::Action> actions);
    void compare(test::Machine& machine);

    // Empty while all is well; else the first thing that was not.
    const std::string& complaint() const { return complaint_; }

  private:
    struct Reports {
        int started = 0, exited = 0, stable = 0, restarting = 0;
        int completed = 0, failed = 0, stopped = 0;
        int ready = 0, healthy = 0, unhealthy = 0, waiting = 0;
        friend bool operator==(const Reports&, const Reports&) = default;
    };

    void on(const core::Booted&);
    void on(const core::Started& event);
    void on(const core::SpawnFailed& event);
    void on(const core::Exited& event);
    void on(const core::TreeEmptied& event);
    void on(const core::DeadlineReached&);
    void on(const core::StopRequested& event);
    void on(const core::SignalReceived& event);
    void on(const core::StragglersGone&);

    void on(const core::NotifiedReady& event);
    void on(const core::NotifiedAlive& event);
    void on(const core::NotifiedTrouble& event);
    void on(const core::TimeExtended& event);
    void on(const core::TaskEnded& event);

    // What a service comes to while it runs (judge_watch.cpp).
    bool is_watched(const Run& run) const;
    void begin_watch(std::size_t i);
    void end_watch(Run& run);
    void get_ready(std::size_t i);
    void meet_watch_deadlines(std::size_t i);
    void probe_succeeded(std::size_t i);
    void probe_failed(std::size_t i, bool forgiven);
    void compare_watch(std::size_t i, const core::ServiceState& state,
                       const core::ProbeState& probe);

    // Who waits for whom (judge_order.cpp).
    bool has_edges() const { return !plan_.dependencies.empty(); }

    std::span<const core::Dependency> edges_of(std::size_t i) const;
    bool is_satisfied(const core::Dependency& edge) const;
    bool is_lost(const core::Dependency& edge) const;
    const core::Dependency* missing(std::size_t i) const;
    const core::Dependency* lost(std::size_t i) const;
    bool depends_on(std::size_t i, std::size_t on) const;
    bool depends_through_others_on(std::size_t i, std::size_t on) const;
    bool may_stop(std::size_t i) const;
    void wait_for_dependencies(std::size_t i);
    void expect_waiting();
    void spread_failures();
    void spread_restarts();
    void compare_order(test::Machine& machine);
    void order_waiting(const core::Report& report);

    void run_over(std::size_t i);
    void restart(std::size_t i, std::uint32_t nth);
    void complete(std::size_t i);
    void fail(std::size_t i);
    void fail(std::size_t i, std::uint8_t code);
    void settle(std::size_t i, Fate fate);
    void shut_down(core::ReportReason cause);
    void call_last();

    void order(const core::Spawn& order);
    void order(const core::SendSignal& order);
    void order(const core::SweepStragglers& order);
    void order(const core::Report& report);

    void order(const core::StartTask& order);
    void order(const core::KillTask& order);
    void order(const core::Announce& order);
    void order(const core::Finish& order);
    void order_kill(std::size_t i, const core::SendSignal& order);
    void note_kill(std::size_t i, bool as_wished);
    void begin_stop(std::size_t i);
    bool needs_command(std::size_t i) const;
    void order_stop(std::size_t i, const core::SendSignal& order);
    void order_forward(std::size_t i, const core::SendSignal& order);
    std::uint8_t expected_code() const;

    void compare_service(std::size_t i, const core::ServiceState& state);
    void compare_whole(const core::SupervisorState& self);
    void compare_stops();
    core::Phase expected_phase(const Run& run) const;
    MonotonicTime expected_deadline(const Run& run, const core::ServicePolicy& policy) const;

    std::size_t services() const { return plan_.policies.size(); }

    void expect(bool condition, const char* what) { expect(condition, what, services()); }

    void expect(bool condition, const char* what, std::size_t service);

    const scenario::Plan& plan_;
    World& world_;
    MonotonicTime now_;
    std::string complaint_;

    // This step only.
    std::array<Reports, kMostServices> expected_{};
    std::array<Reports, kMostServices> seen_{};
    std::array<int, kMostServices> forwarded_{};
    std::array<bool, kMostServices> abandoned_{};
    Signal to_forward_{};
    bool forwarding_ = false;
    bool began_now_ = false;
    bool told_shutdown_ = false;
    bool told_hurry_ = false;
    bool hurried_now_ = false;
    bool told_end_ = false;
    bool deadline_ = false;               // the event was DeadlineReached
    bool gone_ = false;                   // ... StragglersGone
    bool kill_everything_ = false;        // the step has to
    std::size_t died_ = kMostServices;    // whose main process
    std::size_t let_go_ = kMostServices;  // whose task ended
    std::array<bool, kMostServices> restarted_{};
    std::array<bool, kMostServices> probe_due_{};
    std::array<std::uint32_t, kMostServices> tries_{};  // probes until it was healthy
    bool to_announce_ = false;
    bool told_stopping_ = false;
};

}  // namespace gosv::explore
