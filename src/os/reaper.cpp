#include "gosv/os/reaper.hpp"

#include <sys/wait.h>

#include <cerrno>

namespace gosv::os {

namespace {

// 0, or the errno. info.si_pid stays 0 when there is nothing to tell.
int wait_for(idtype_t which, Pid pid, siginfo_t& info, int options) noexcept {
    for (;;) {
        info = {};
        if (::waitid(which, static_cast<id_t>(pid.value), &info, options | WNOHANG) == 0) {
            return 0;
        }
        if (errno != EINTR) {
            return errno;
        }
    }
}

ExitStatus decode(const siginfo_t& info) noexcept {
    if (info.si_code == CLD_EXITED) {
        return ExitStatus::code(info.si_status);
    }
    const Signal signal{static_cast<std::uint8_t>(info.si_status)};
    return ExitStatus::killed_by(signal, info.si_code == CLD_DUMPED);
}

// __WALL: whoever made a child by clone(2) with another exit signal may leave it to us.
Peek peek(idtype_t which, Pid pid) noexcept {
    siginfo_t info;
    const int err = wait_for(which, pid, info, WEXITED | WNOWAIT | __WALL);
    if (err == ECHILD) {
        return {.outcome = PeekOutcome::no_children};
    }
    if (err != 0) {
        return {.outcome = PeekOutcome::failed, .err = err};
    }
    if (info.si_pid == 0) {
        return {.outcome = PeekOutcome::none};
    }
    return {.outcome = PeekOutcome::found, .child = {Pid{info.si_pid}, decode(info)}};
}

}  // namespace

Peek peek_dead_child() noexcept {
    return peek(P_ALL, Pid{});
}

Peek peek_dead_child(Pid pid) noexcept {
    return peek(P_PID, pid);
}

Status reap(Pid pid) noexcept {
    siginfo_t info;
    const int err = wait_for(P_PID, pid, info, WEXITED | __WALL);
    if (err != 0) {
        return SysError{err, "waitid"};
    }
    return info.si_pid == 0 ? Status(SysError{EAGAIN, "waitid"}) : Status();
}

std::optional<Signal> take_stop(Pid pid) noexcept {
    siginfo_t info;
    // WNOWAIT is not set: a stop is told once.
    if (wait_for(P_PID, pid, info, WSTOPPED | __WALL) != 0 || info.si_pid == 0 ||
        info.si_code != CLD_STOPPED) {
        return std::nullopt;
    }
    return Signal{static_cast<std::uint8_t>(info.si_status)};
}

}  // namespace gosv::os
