#include "gosv/os/signals.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "kernel.hpp"

namespace gosv::os {

InheritedSignals take_over_signals() noexcept {
    InheritedSignals inherited;
    const SignalSet all = ~SignalSet{0};
    // Raw calls throughout: glibc's own take 32 and 33 out of every set. None of them can fail,
    // KILL and STOP apart: the kernel leaves those two out by itself.
    (void)kernel::call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &inherited.blocked,
                       kernel::kSignalSetSize);
    for (std::uint8_t number = 1; number <= kMaxSignal; ++number) {
        kernel::SignalAction action{};
        (void)kernel::call(SYS_rt_sigaction, number, nullptr, &action, kernel::kSignalSetSize);
        // A handler cannot survive an exec: one found here is a sanitizer's, and may stay.
        if (action.handler == kernel::kIgnoreAction) {
            inherited.ignored |= bit(Signal{number});
            action = {};
            (void)kernel::call(SYS_rt_sigaction, number, &action, nullptr, kernel::kSignalSetSize);
        }
    }
    return inherited;
}

void give_back_signals(const InheritedSignals& inherited) noexcept {
    for (std::uint8_t number = 1; number <= kMaxSignal; ++number) {
        if ((inherited.ignored & bit(Signal{number})) != 0) {
            kernel::SignalAction action{};
            action.handler = kernel::kIgnoreAction;
            (void)kernel::call(SYS_rt_sigaction, number, &action, nullptr, kernel::kSignalSetSize);
        }
    }
    // Last: what is ignored and pending is gone by now and acts on nobody.
    (void)kernel::call(SYS_rt_sigprocmask, SIG_SETMASK, &inherited.blocked, nullptr,
                       kernel::kSignalSetSize);
}

Result<SignalQueue> SignalQueue::open() noexcept {
    const SignalSet all = ~SignalSet{0};
    const long raw =
        kernel::call(SYS_signalfd4, -1, &all, kernel::kSignalSetSize, SFD_NONBLOCK | SFD_CLOEXEC);
    if (raw < 0) {
        return SysError{errno, "signalfd4"};
    }
    SignalQueue queue;
    queue.fd_.reset(static_cast<int>(raw));
    return queue;
}

std::optional<SignalInfo> SignalQueue::next() noexcept {
    if (used_ == filled_) {
        ssize_t size = 0;
        do {
            size = ::read(fd_.raw(), batch_, sizeof batch_);
        } while (size < 0 && errno == EINTR);
        used_ = 0;
        filled_ = size > 0 ? static_cast<std::size_t>(size) / sizeof batch_[0] : 0;
        if (filled_ == 0) {
            return std::nullopt;
        }
    }
    const signalfd_siginfo& raw = batch_[used_++];
    SignalInfo info;
    info.signal = Signal{static_cast<std::uint8_t>(raw.ssi_signo)};
    info.sender = Pid{static_cast<pid_t>(raw.ssi_pid)};
    // SIGPIPE and SIGXFSZ of our own writes come as if we had sent them to ourselves. With these
    // two codes the kernel vouches for the pid: rt_sigqueueinfo(2) lets nobody forge them. Other
    // signals from our own pid are not ours: whoever had this pid before the exec may have raised
    // them.
    const bool of_a_write = raw.ssi_signo == SIGPIPE || raw.ssi_signo == SIGXFSZ;
    const bool vouched = raw.ssi_code == SI_USER || raw.ssi_code == SI_TKILL;
    info.from_gosv = of_a_write && vouched && info.sender.value == ::getpid();
    return info;
}

}  // namespace gosv::os
