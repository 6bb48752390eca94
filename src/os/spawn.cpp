#include "gosv/os/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "kernel.hpp"

namespace gosv::os {

namespace {

// Both ways give 0 in the child, and neither tells the C library, whose fork handlers and locks the
// child does not need. No CLONE_CLEAR_SIGHAND: gosv has no handler, and what it ignored it has put
// back to default. No CLONE_VM: see spawn.hpp.
long clone_process(CloneMethod method, BorrowedFd leaf) noexcept {
    switch (method) {
        case CloneMethod::clone3_into_cgroup: {
            kernel::CloneArgs args{};
            args.exit_signal = SIGCHLD;
            args.flags = kernel::kCloneIntoCgroup;
            args.cgroup = static_cast<std::uint64_t>(leaf.raw());
            return kernel::call(SYS_clone3, &args, sizeof args);
        }
        case CloneMethod::clone3: {
            kernel::CloneArgs args{};
            args.exit_signal = SIGCHLD;
            return kernel::call(SYS_clone3, &args, kernel::kFirstCloneArgs);
        }
        case CloneMethod::fork:
#if defined(__s390x__) || defined(__s390__)
            return kernel::call(SYS_clone, nullptr, SIGCHLD, nullptr, nullptr, nullptr);
#else
            return kernel::call(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
#endif
    }
    return -1;
}

const char* operation(CloneMethod method) noexcept {
    switch (method) {
        case CloneMethod::clone3_into_cgroup:
        case CloneMethod::clone3:
            return "clone3";
        case CloneMethod::fork:
            return "fork";
    }
    return "clone";
}

bool is_stage(std::uint8_t value) noexcept {
    return value <= static_cast<std::uint8_t>(Stage::exec);
}

}  // namespace

std::string_view name(Stage stage) noexcept {
    switch (stage) {
        case Stage::none:
            return "none";
        case Stage::cgroup:
            return "cgroup";
        case Stage::process_group:
            return "process_group";
        case Stage::terminal:
            return "terminal";
        case Stage::stdin_stream:
            return "stdin";
        case Stage::oom_score_adj:
            return "oom_score_adj";
        case Stage::nice:
            return "nice";
        case Stage::rlimit:
            return "ulimits";
        case Stage::groups:
            return "groups";
        case Stage::gid:
            return "group";
        case Stage::capabilities:
            return "capabilities";
        case Stage::uid:
            return "user";
        case Stage::working_dir:
            return "working_dir";
        case Stage::no_new_privs:
            return "no_new_privileges";
        case Stage::exec:
            return "exec";
    }
    return "?";
}

namespace {

// A descriptor that is not open: EBADF from a kernel that has understood the rest. Before 5.7 the
// flag (EINVAL) or the size (E2BIG) is unknown.
bool can_clone_into_cgroup() noexcept {
    kernel::CloneArgs args{};
    args.exit_signal = SIGCHLD;
    args.flags = kernel::kCloneIntoCgroup;
    args.cgroup = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    const long answer = kernel::call(SYS_clone3, &args, sizeof args);
    if (answer == 0) {
        ::_exit(0);  // a kernel that does not care; nobody knows this child
    }
    return answer < 0 && errno == EBADF;
}

}  // namespace

CloneMethod probe_clone() noexcept {
    if (can_clone_into_cgroup()) {
        return CloneMethod::clone3_into_cgroup;
    }
    // Too small an argument: EINVAL from the kernel itself. A seccomp profile that does not know
    // the call answers ENOSYS or EPERM before the kernel sees it.
    const long answer = kernel::call(SYS_clone3, nullptr, 0);
    const int err = answer < 0 ? errno : 0;
    return err == EINVAL || err == EFAULT ? CloneMethod::clone3 : CloneMethod::fork;
}

Result<Spawned> spawn(ChildImage& image, CloneMethod method, BorrowedFd leaf) noexcept {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) {
        return SysError{errno, "pipe2"};
    }
    Fd read_end(ends[0]);
    // Only our end: the child may wait, and with eight bytes in an empty pipe it never does.
    if (::fcntl(read_end.raw(), F_SETFL, O_NONBLOCK) < 0) {
        const int err = errno;
        ::close(ends[1]);
        return SysError{err, "fcntl"};
    }
    Fd join;  // closed here at the end: the child has its own
    if (method == CloneMethod::clone3_into_cgroup && !leaf.is_open()) {
        method = CloneMethod::clone3;
    } else if (method != CloneMethod::clone3_into_cgroup && leaf.is_open()) {
        // Opened by the parent, because the kernel asks for the rights of whoever opened it.
        join.reset(::openat(leaf.raw(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
        if (!join.is_open()) {
            const int err = errno;
            ::close(ends[1]);
            return SysError{err, "cgroup.procs"};
        }
    }
    image.status_fd = ends[1];
    image.cgroup_procs_fd = join.raw();
    const long pid = clone_process(method, leaf);
    if (pid == 0) {
        run_child(image);
    }
    const int err = pid < 0 ? errno : 0;
    // At once: a copy of this end in the next child, should that one hang before its exec, would
    // keep end-of-file from us.
    ::close(ends[1]);
    image.status_fd = -1;
    image.cgroup_procs_fd = -1;
    if (pid < 0) {
        return SysError{err, operation(method)};
    }
    // Also here, so that the group exists whoever runs first, and a signal to it is not lost.
    // EACCES: the child has execed, and had done it itself. ESRCH, EPERM: it is dead, or in another
    // session.
    const auto child = static_cast<pid_t>(pid);
    (void)::setpgid(child, child);
    return Spawned{Pid{child}, std::move(read_end)};
}

ExecStatus read_exec_status(BorrowedFd status) noexcept {
    ChildFailure failure;
    ssize_t size = 0;
    do {
        size = ::read(status.raw(), &failure, sizeof failure);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN) {
        return {};
    }
    if (size == sizeof failure && is_stage(failure.stage)) {
        return {ExecState::failed, static_cast<Stage>(failure.stage), failure.err};
    }
    // End of file: closed by the exec, or by a death before it, which the reaper will tell.
    return {ExecState::succeeded, Stage::none, 0};
}

bool is_transient(int err) noexcept {
    switch (err) {
        case ETXTBSY:
        case ESTALE:
        case EAGAIN:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case EIO:
        case EINTR:
            return true;
        default:
            return false;
    }
}

}  // namespace gosv::os
