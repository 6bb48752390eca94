// The container's exit code: one row for each line of README.md's table, and for each way of
// getting there that could be mistaken for another.
#include <doctest/doctest.h>

#include <vector>

#include "gosv/core/supervisor.hpp"

using namespace gosv;
using core::ReportReason;

namespace {

struct Row {
    const char* what;
    ReportReason why;
    bool something_killed;
    std::optional<std::uint8_t> failure;
    std::vector<ExitStatus> last;  // of the services; the others never ran
    std::optional<ServiceId> exit_code_from;
    int code;
};

int code_of(const Row& row) {
    core::SupervisorState self;
    self.why = row.why;
    self.something_killed = row.something_killed;
    self.has_failure = row.failure.has_value();
    self.failure_code = row.failure.value_or(0);
    core::SupervisorPolicy policy;
    policy.exit_code_from = row.exit_code_from;
    std::vector<core::ServiceState> services(3);
    for (std::size_t i = 0; i < row.last.size(); ++i) {
        services[i].has_run = true;
        services[i].last_status = row.last[i];
    }
    return core::exit_code(self, policy, services);
}

constexpr Signal kTerm{15};
constexpr Signal kSegv{11};
constexpr ServiceId kFirst{0};
constexpr ServiceId kThird{2};

}  // namespace

TEST_CASE("the exit code says how it ended") {
    using S = ExitStatus;
    const auto none = std::nullopt;
    const Row rows[] = {
        {"a stop in time", ReportReason::stop_signal, false, none, {S::code(0)}, none, 0},
        {"a stop in time, ends by the signal",
         ReportReason::stop_signal,
         false,
         none,
         {S::killed_by(kTerm)},
         none,
         0},
        {"a stop in time, services end badly",
         ReportReason::stop_signal,
         false,
         none,
         {S::code(3), S::code(1)},
         none,
         0},
        {"a stop after a failure that ended nothing",
         ReportReason::stop_signal,
         false,
         5,
         {S::code(5)},
         none,
         0},
        {"a stop with a kill",
         ReportReason::stop_signal,
         true,
         none,
         {S::killed_by(kSigKill)},
         none,
         137},
        {"a stop with a kill after a failure",
         ReportReason::stop_signal,
         true,
         5,
         {S::code(5)},
         none,
         137},
        {"a failure with a code", ReportReason::service_failed, false, 7, {S::code(7)}, none, 7},
        {"a failure by a signal",
         ReportReason::service_failed,
         false,
         139,
         {S::killed_by(kSegv)},
         none,
         139},
        {"a failure, others had to be killed",
         ReportReason::service_failed,
         true,
         7,
         {S::code(7)},
         none,
         7},
        {"no such program", ReportReason::service_failed, false, 127, {S::code(127)}, none, 127},
        {"not executable", ReportReason::service_failed, false, 126, {S::code(126)}, none, 126},
        {"all completed",
         ReportReason::nothing_left,
         false,
         none,
         {S::code(0), S::code(0)},
         none,
         0},
        {"nothing left, stragglers killed",
         ReportReason::nothing_left,
         true,
         none,
         {S::code(0)},
         none,
         0},
        {"nothing left after a failure",
         ReportReason::nothing_left,
         false,
         22,
         {S::code(0), S::code(22)},
         none,
         22},
        {"a success that ends all",
         ReportReason::service_completed,
         false,
         none,
         {S::code(0)},
         none,
         0},
        {"a success that ends all, after a failure",
         ReportReason::service_completed,
         false,
         5,
         {S::code(0), S::code(5)},
         none,
         0},
        {"a success that ends all, others killed",
         ReportReason::service_completed,
         true,
         none,
         {S::code(0)},
         none,
         0},
        {"exit_code_from, stop", ReportReason::stop_signal, false, none, {S::code(4)}, kFirst, 4},
        {"exit_code_from, stop with a kill",
         ReportReason::stop_signal,
         true,
         none,
         {S::killed_by(kTerm)},
         kFirst,
         143},
        {"exit_code_from, killed itself",
         ReportReason::stop_signal,
         true,
         none,
         {S::killed_by(kSigKill)},
         kFirst,
         137},
        {"exit_code_from, another failed",
         ReportReason::service_failed,
         false,
         9,
         {S::code(0), S::code(9)},
         kFirst,
         0},
        {"exit_code_from, command not found",
         ReportReason::service_failed,
         false,
         127,
         {S::code(127)},
         kFirst,
         127},
        {"exit_code_from, a real-time signal",
         ReportReason::service_failed,
         false,
         192,
         {S::killed_by(Signal{64})},
         kFirst,
         192},
        {"exit_code_from, which never ran: stop",
         ReportReason::stop_signal,
         false,
         none,
         {S::code(4)},
         kThird,
         0},
        {"exit_code_from, which never ran: kill",
         ReportReason::stop_signal,
         true,
         none,
         {S::code(4)},
         kThird,
         137},
        {"exit_code_from, which never ran: failure",
         ReportReason::service_failed,
         false,
         9,
         {S::code(9)},
         kThird,
         9},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(code_of(row) == row.code);
    }
}
