#pragma once
// The child that writes a snapshot, as the loop sees it: one at a time, killed when it takes too
// long, and gosv's own log lines kept back meanwhile, for they go to the same stream. Loop thread
// only; nothing allocates.
#include "gosv/app/log.hpp"
#include "gosv/app/platform.hpp"
#include "gosv/app/snapshot.hpp"

namespace gosv::app {

class SnapshotChild {
  public:
    SnapshotChild(Platform& platform, Log& log) noexcept : platform_(platform), log_(log) {}

    // Pid{}: none is being written.
    Pid pid() const noexcept { return pid_; }

    // Somebody wants a snapshot. True: start() one now; false: one is being written, and a burst of
    // requests makes one more after it, not one each.
    bool request() noexcept;
    void start(const SnapshotInput& input, MonotonicTime now) noexcept;
    // Everything else is about to end, and that end waits for this child: from now on one gets no
    // more than a moment, and no other follows it.
    void hasten(MonotonicTime now) noexcept;
    // It is dead and reaped. True: start() the next.
    bool ended(ExitStatus status) noexcept;

    void run_deadlines(MonotonicTime now) noexcept;
    MonotonicTime next_deadline() const noexcept;

  private:
    Platform& platform_;
    Log& log_;
    Pid pid_{};
    bool again_ = false;
    bool hastened_ = false;
    MonotonicTime deadline_ = kNever;
    MonotonicTime log_release_at_ = kNever;
};

}  // namespace gosv::app
