#include "gosv/os/signals.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <utility>

#include "kernel.hpp"

namespace gosv::os {

namespace {

Result<Fd> open_signalfd(SignalSet set) noexcept {
    const long raw =
        kernel::call(SYS_signalfd4, -1, &set, kernel::kSignalSetSize, SFD_NONBLOCK | SFD_CLOEXEC);
    return raw < 0 ? Result<Fd>(SysError{errno, "signalfd4"}) : Fd(static_cast<int>(raw));
}

ssize_t read_signals(BorrowedFd fd, std::span<signalfd_siginfo> into) noexcept {
    ssize_t size = 0;
    do {
        size = ::read(fd.raw(), into.data(), into.size_bytes());
    } while (size < 0 && errno == EINTR);
    return size;
}

// Whether it was ignored; it is no more. A handler cannot survive an exec: one found here is a
// sanitizer's, and may stay.
bool heed(int number) noexcept {
    kernel::SignalAction action{};
    (void)kernel::call(SYS_rt_sigaction, number, nullptr, &action, kernel::kSignalSetSize);
    if (action.handler != kernel::kIgnoreAction) {
        return false;
    }
    action = {};
    (void)kernel::call(SYS_rt_sigaction, number, &action, nullptr, kernel::kSignalSetSize);
    return true;
}

}  // namespace

InheritedSignals take_over_signals() noexcept {
    InheritedSignals inherited;
    const SignalSet all = ~SignalSet{0};
    // Raw calls throughout: glibc's own take 32 and 33 out of every set. None of them can fail,
    // KILL and STOP apart: the kernel leaves those two out by itself.
    (void)kernel::call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &inherited.blocked,
                       kernel::kSignalSetSize);
    inherited.child_ignored = heed(SIGCHLD);
    return inherited;
}

void heed_all_signals() noexcept {
    for (int number = 1; number <= kMaxSignal; ++number) {
        (void)heed(number);
    }
}

void give_back_signals(const InheritedSignals& inherited) noexcept {
    if (inherited.child_ignored) {
        kernel::SignalAction action{};
        action.handler = kernel::kIgnoreAction;
        (void)kernel::call(SYS_rt_sigaction, SIGCHLD, &action, nullptr, kernel::kSignalSetSize);
    }
    // What is ignored and pending acts on nobody.
    (void)kernel::call(SYS_rt_sigprocmask, SIG_SETMASK, &inherited.blocked, nullptr,
                       kernel::kSignalSetSize);
}

Result<SignalQueue> SignalQueue::open() noexcept {
    Result<Fd> fd = open_signalfd(~bit(Signal{SIGCHLD}));
    if (!fd.ok()) {
        return fd.error();
    }
    SignalQueue queue;
    queue.fd_ = std::move(fd).value();
    return queue;
}

std::optional<SignalInfo> SignalQueue::next() noexcept {
    if (used_ == filled_) {
        const bool was_all = filled_ > 0 && filled_ < kBatch;
        used_ = filled_ = 0;
        if (was_all) {
            return std::nullopt;
        }
        const ssize_t size = read_signals(fd_.borrow(), batch_);
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

Result<ChildSignal> ChildSignal::open() noexcept {
    Result<Fd> fd = open_signalfd(bit(Signal{SIGCHLD}));
    if (!fd.ok()) {
        return fd.error();
    }
    ChildSignal signal;
    signal.fd_ = std::move(fd).value();
    return signal;
}

Status ChildSignal::take() noexcept {
    signalfd_siginfo one[1];  // there is never more than one of it
    if (read_signals(fd_.borrow(), one) < 0 && errno != EAGAIN) {
        return SysError{errno, "read"};
    }
    return {};
}

}  // namespace gosv::os
