#include "app/snapshot_child.hpp"

#include <algorithm>

namespace gosv::app {

namespace {

using namespace std::chrono_literals;

// A snapshot child that has not ended by then hangs in /proc or on stderr and is killed; at a
// shutdown it gets less.
constexpr Duration kLimit = 10s;
constexpr Duration kLimitAtTheEnd = 1s;
// Log lines are not kept back for longer than this.
constexpr Duration kLogHoldLimit = 2s;

}  // namespace

bool SnapshotChild::request() noexcept {
    again_ = pid_.exists();
    return !again_;
}

void SnapshotChild::start(const SnapshotInput& input, MonotonicTime now) noexcept {
    again_ = false;
    log_.flush();
    const Result<Pid> child = platform_.start_snapshot(input);
    if (!child.ok()) {
        log_.write({.event = LogEvent::snapshot,
                    .level = LogLevel::error,
                    .reason = errno_text(child.error().err),
                    .msg = "no process to be had for the snapshot"});
        return;
    }
    pid_ = child.value();
    deadline_ = saturating_add(now, hastened_ ? kLimitAtTheEnd : kLimit);
    log_release_at_ = saturating_add(now, kLogHoldLimit);
    log_.hold(true);
}

void SnapshotChild::hasten(MonotonicTime now) noexcept {
    hastened_ = true;
    if (pid_.exists()) {
        deadline_ = std::min(deadline_, saturating_add(now, kLimitAtTheEnd));
    }
}

bool SnapshotChild::ended(ExitStatus status) noexcept {
    pid_ = Pid{};
    deadline_ = kNever;
    log_release_at_ = kNever;
    log_.hold(false);
    if (status != ExitStatus::code(0)) {
        log_.write({.event = LogEvent::snapshot,
                    .level = LogLevel::warn,
                    .msg = "the snapshot was cut short: /proc or the reader of stderr hangs"});
    }
    return again_ && !hastened_;  // at the very end it would be one more child to wait for
}

void SnapshotChild::run_deadlines(MonotonicTime now) noexcept {
    if (now >= deadline_) {
        deadline_ = kNever;
        (void)platform_.signal_process(pid_, kSigKill);
    }
    if (now >= log_release_at_) {
        log_release_at_ = kNever;
        log_.hold(false);
    }
}

MonotonicTime SnapshotChild::next_deadline() const noexcept {
    return std::min(deadline_, log_release_at_);
}

}  // namespace gosv::app
