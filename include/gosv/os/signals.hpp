#pragma once
// gosv's own signal state. Everything is blocked first thing in main (a signal whose action is the
// default one is discarded for PID 1: pid_namespaces(7)) and read through two signalfds: SIGCHLD
// has one of its own. gosv sets no handler and makes nothing ignored; SIGCHLD in particular is put
// back to SIG_DFL, since SIG_IGN survives exec and would make the kernel reap behind our back
// (wait(2), NOTES). Loop thread only.
#include <signal.h>
#include <sys/signalfd.h>

#include <cstdint>
#include <optional>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

// A kernel signal set: bit n-1 is signal n. The raw form, because the child gives it to
// rt_sigprocmask itself and glibc hides 32 and 33.
using SignalSet = std::uint64_t;

constexpr SignalSet bit(Signal signal) noexcept {
    return signal.number == 0 ? 0 : SignalSet{1} << (signal.number - 1);
}

// What gosv was started with; `gosv -- CMD` hands it on, so that nohup and friends work.
struct InheritedSignals {
    SignalSet blocked = 0;
    bool child_ignored = false;
};

// Blocks all 64. What is ignored stays so, and reaches the queue all the same: the kernel drops no
// signal that is blocked (kernel/signal.c, sig_ignored()). But for SIGCHLD, which is set back to
// default: ignored, no zombie would tell its status (wait(2)). To be called before anything else in
// main(); cannot fail.
InheritedSignals take_over_signals() noexcept;

// For those who are started from now on: nothing is ignored any more. 64 calls.
void heed_all_signals() noexcept;

// Puts back what take_over_signals() found: for `gosv check` and the like, which end on ^C.
void give_back_signals(const InheritedSignals& inherited) noexcept;

struct SignalInfo {
    Signal signal;
    Pid sender;              // 0: the kernel, or a process outside this PID namespace
    bool from_gosv = false;  // SIGPIPE or SIGXFSZ of a write of our own, such as the log's
};

class SignalQueue {
  public:
    static Result<SignalQueue> open() noexcept;  // signalfd of all but SIGCHLD

    BorrowedFd fd() const noexcept { return fd_.borrow(); }

    // The next pending signal; nullopt when there is none (or the read failed: it stays pending).
    // A batch that was not full was all there was: its end is told without another read.
    std::optional<SignalInfo> next() noexcept;

  private:
    Fd fd_;
    // Read in batches: one system call for up to this many.
    static constexpr std::size_t kBatch = 16;
    signalfd_siginfo batch_[kBatch] = {};
    std::size_t used_ = 0;
    std::size_t filled_ = 0;
};

// SIGCHLD: somebody has died, stopped or been continued. Who is found by looking (os/reaper.hpp):
// a second one that comes while the first is pending leaves no trace. For the same reason it is to
// be watched edge-triggered: the descriptor becomes readable once, and says no more until the
// signal has been taken.
class ChildSignal {
  public:
    static Result<ChildSignal> open() noexcept;

    BorrowedFd fd() const noexcept { return fd_.borrow(); }

    // Whoever dies from now on is told anew, so take it before the last look. An error: it is still
    // pending. None pending is no error.
    Status take() noexcept;

  private:
    Fd fd_;
};

}  // namespace gosv::os
