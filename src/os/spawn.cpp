#include "gosv/os/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "clone_on_stack.hpp"
#include "gosv/base/error.hpp"
#include "gosv/os/sys.hpp"
#include "kernel.hpp"

namespace gosv::os {

namespace {

// Both ways give 0 in the child, and neither tells the C library, whose fork handlers and locks the
// child does not need. No CLONE_CLEAR_SIGHAND: gosv has no handler, and what is still ignored is
// to be so for CMD (`gosv -- CMD`).
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
        case Stage::output:
            return "output";
        case Stage::notify_fd:
            return "notify_fd";
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

CloneMethod probe_clone(bool leaves) noexcept {
    if (leaves && can_clone_into_cgroup()) {
        return CloneMethod::clone3_into_cgroup;
    }
    // Too small an argument: EINVAL from the kernel itself. A seccomp profile that does not know
    // the call answers ENOSYS or EPERM before the kernel sees it.
    const long answer = kernel::call(SYS_clone3, nullptr, 0);
    const int err = answer < 0 ? errno : 0;
    return err == EINVAL || err == EFAULT ? CloneMethod::clone3 : CloneMethod::fork;
}

namespace {

// `flags` are for both ends.
Result<sys::Pipe> pipe_from_child(int flags) noexcept {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | flags) < 0) {
        return SysError{errno, "pipe2"};
    }
    sys::Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    // What becomes the service's own must wait, as any program expects; our end must not.
    if (flags == 0 && ::fcntl(pipe.read.raw(), F_SETFL, O_NONBLOCK) < 0) {
        return SysError{errno, "fcntl"};
    }
    return pipe;
}

// What the child needs open of us. Closed here as soon as it is there: a copy of a write end in the
// next child, should that one hang before its exec, would keep end-of-file from us.
struct ChildDescriptors {
    sys::Pipe status;
    sys::Pipe output;
    sys::Pipe readiness;
    Fd join;  // cgroup.procs

    Status open(const ChildImage& image) noexcept;
    Status open_join(BorrowedFd leaf) noexcept;
};

Status ChildDescriptors::open(const ChildImage& image) noexcept {
    const auto make = [](sys::Pipe& into, int flags) noexcept -> Status {
        Result<sys::Pipe> made = pipe_from_child(flags);
        if (!made.ok()) {
            return made.error();
        }
        into = std::move(made).value();
        return {};
    };
    // Eight bytes fit into an empty pipe: the child needs no waiting for them.
    Status made = make(status, O_NONBLOCK);
    if (made.ok() && image.capture_output) {
        made = make(output, 0);
    }
    if (made.ok() && image.notify_fd >= 0) {
        made = make(readiness, 0);
    }
    if (made.ok() && status.write.raw() == image.notify_fd) {
        // The child puts something else there and may still have to report. A duplicate has
        // another number, since this one is taken.
        status.write.reset(::fcntl(status.write.raw(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
        if (!status.write.is_open()) {
            return SysError{errno, "fcntl"};
        }
    }
    return made;
}

Status ChildDescriptors::open_join(BorrowedFd leaf) noexcept {
    // Opened by the parent, because the kernel asks for the rights of whoever opened it.
    join.reset(::openat(leaf.raw(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
    return join.is_open() ? Status() : Status(SysError{errno, "cgroup.procs"});
}

}  // namespace

namespace {

ChildFds for_child(const ChildDescriptors& descriptors, BorrowedFd null) noexcept {
    return {descriptors.status.write.raw(), descriptors.join.raw(), descriptors.output.write.raw(),
            descriptors.readiness.write.raw(), null.raw()};
}

Spawned cloned(long pid, ChildDescriptors& descriptors) noexcept {
    // Also here, so that the group exists whoever runs first, and a signal to it is not lost.
    // EACCES: the child has execed, and had done it itself. ESRCH, EPERM: it is dead, or in another
    // session.
    const auto child = static_cast<pid_t>(pid);
    (void)::setpgid(child, child);
    return {Pid{child}, std::move(descriptors.status.read), std::move(descriptors.readiness.read),
            std::move(descriptors.output.read)};
}

}  // namespace

Result<Spawned> spawn(const ChildImage& image, CloneMethod method, BorrowedFd leaf,
                      BorrowedFd null) noexcept {
    ChildDescriptors descriptors;
    Status opened = descriptors.open(image);
    if (method == CloneMethod::clone3_into_cgroup && !leaf.is_open()) {
        method = CloneMethod::clone3;
    } else if (method != CloneMethod::clone3_into_cgroup && leaf.is_open() && opened.ok()) {
        opened = descriptors.open_join(leaf);
    }
    if (!opened.ok()) {
        return opened.error();
    }
    const ChildFds fds = for_child(descriptors, null);
    const long pid = clone_process(method, leaf);
    if (pid == 0) {
        run_child(image, fds);
    }
    if (pid < 0) {
        return SysError{errno, operation(method)};
    }
    return cloned(pid, descriptors);
}

Result<Spawned> spawn(const ChildImage& image, ChildStack& stack, BorrowedFd null) noexcept {
    ChildDescriptors descriptors;
    const Status opened = descriptors.open(image);
    long pid = -1;
    if (opened.ok()) {
        stack.start = {image, for_child(descriptors, null)};
        pid = kernel::clone_on_stack(CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, stack.top(),
                                     &stack.in_use, run_child_start, &stack.start);
    }
    if (pid < 0) {
        stack.in_use = 0;
        return opened.ok() ? SysError{static_cast<int>(-pid), "clone"} : opened.error();
    }
    return cloned(pid, descriptors);
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
