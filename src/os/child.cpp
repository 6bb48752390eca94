#include "gosv/os/child.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>  // the names, not the variable

#include "child_capabilities.hpp"
#include "raw_call.hpp"

// Made by a raw clone: the C library has not noticed (its fork handlers did not run, its cached
// thread id is the parent's), and what is written may be the parent's own memory (child.hpp). Hence
// nothing but the kernel's calls, on memory that is already there.

namespace gosv::os {

namespace {

using kernel::attempt;

[[noreturn]] void exit_now(int code) noexcept {
    for (;;) {
        (void)kernel::raw(SYS_exit_group, code);
    }
}

[[noreturn]] void fail(const ChildFds& fds, Stage stage, int err) noexcept {
    ChildFailure failure;
    failure.stage = static_cast<std::uint8_t>(stage);
    failure.err = err;
    // Into an empty pipe: complete, and without waiting. If gosv is gone (EPIPE), nobody asks.
    (void)kernel::raw(SYS_write, fds.status, &failure, sizeof failure);
    exit_now(exec_failure_code(stage, err));
}

void check(const ChildFds& fds, Stage stage, int err) noexcept {
    if (err != 0) {
        fail(fds, stage, err);
    }
}

// The first step of all: not an instruction of the service, and none of the steps that may cost
// memory, runs outside its limits. Somebody who cannot join never becomes the service.
int join_cgroup(const ChildFds& fds) noexcept {
    return attempt(SYS_write, fds.cgroup_procs, "0", 1);  // "0": whoever writes it
}

void take_terminal() noexcept {
    // SIGTTOU is still blocked, so the background may do this. No terminal (ENOTTY, EBADF, ENXIO),
    // somebody else's (EPERM, EINVAL) or a dead one (EIO) is no reason not to start.
    const int group = static_cast<int>(kernel::raw(SYS_getpid));
    (void)kernel::raw(SYS_ioctl, STDIN_FILENO, TIOCSPGRP, &group);
}

int set_stdin_to_null(const ChildFds& fds) noexcept {
    if (fds.null >= 0) {
        return attempt(SYS_dup3, fds.null, STDIN_FILENO, 0);
    }
    long null = kernel::raw(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_NOCTTY, 0);
    if (null < 0) {
        // An image without /dev: the read end of a pipe without writer is at its end just as well.
        int ends[2] = {};
        if (const int err = attempt(SYS_pipe2, ends, 0); err != 0) {
            return err;
        }
        (void)kernel::raw(SYS_close, ends[1]);
        null = ends[0];
    }
    if (null == STDIN_FILENO) {
        return 0;
    }
    const int err = attempt(SYS_dup3, null, STDIN_FILENO, 0);
    (void)kernel::raw(SYS_close, null);
    return err;
}

int set_oom_score_adj(const ChildImage& image) noexcept {
    const long file =
        kernel::raw(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);
    if (file < 0) {
        return kernel::error_of(file);
    }
    const int err = attempt(SYS_write, file, image.oom_score_adj, image.oom_score_adj_len);
    (void)kernel::raw(SYS_close, file);
    return err;
}

// Whether the process has these supplementary groups already, its own group counted or not.
bool has_groups(const ChildImage& image) noexcept {
    constexpr int kMost = 64;
    std::uint32_t present[kMost];
    const long count = kernel::raw(kernel::kGetgroups, kMost, present);
    if (count < 0) {
        return false;
    }
    const auto contains = [&](const std::uint32_t* list, std::size_t size, std::uint32_t group) {
        for (std::size_t i = 0; i < size; ++i) {
            // The kernel has written it.
            // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
            if (list[i] == group) {
                return true;
            }
        }
        return group == image.gid;
    };
    const auto present_count = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < image.group_count; ++i) {
        if (!contains(present, present_count, image.groups[i])) {
            return false;
        }
    }
    for (std::size_t i = 0; i < present_count; ++i) {
        // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): the kernel has written it
        if (!contains(image.groups, image.group_count, present[i])) {
            return false;
        }
    }
    return true;
}

int set_groups(const ChildImage& image) noexcept {
    const int err = attempt(kernel::kSetgroups, image.group_count, image.groups);
    // Without privileges the list cannot be set, but a service may be told to run as the user that
    // gosv already is.
    return err == EPERM && has_groups(image) ? 0 : err;
}

// Limits before credentials: raising one, and a score or a nice value below ours, needs privileges.
void set_limits(const ChildImage& image, const ChildFds& fds) noexcept {
    if (image.oom_score_adj != nullptr) {
        check(fds, Stage::oom_score_adj, set_oom_score_adj(image));
    }
    if (image.set_nice) {
        check(fds, Stage::nice, attempt(SYS_setpriority, PRIO_PROCESS, 0, image.nice));
    }
    for (std::size_t i = 0; i < image.rlimit_count; ++i) {
        const RlimitStep& limit = image.rlimits[i];
        check(fds, Stage::rlimit, attempt(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr));
    }
}

// Groups while we still may, the bounding set before the capability for it is gone with the uid,
// the uid, and only then the sets that setresuid itself has changed.
void set_credentials(const ChildImage& image, const ChildFds& fds) noexcept {
    if (image.set_credentials) {
        check(fds, Stage::groups, set_groups(image));
        check(fds, Stage::gid, attempt(kernel::kSetresgid, image.gid, image.gid, image.gid));
    }
    if (image.set_capabilities) {
        check(fds, Stage::capabilities, prepare_capabilities(image));
    }
    if (image.set_credentials) {
        check(fds, Stage::uid, attempt(kernel::kSetresuid, image.uid, image.uid, image.uid));
    }
    if (image.set_capabilities) {
        check(fds, Stage::capabilities, apply_capabilities(image));
    }
}

// As the service's own user: what it may not enter, it must not be started in.
void enter_working_dir(const ChildImage& image, const ChildFds& fds) noexcept {
    if (image.working_dir != nullptr) {
        check(fds, Stage::working_dir, attempt(SYS_chdir, image.working_dir));
    }
}

void write_own_pid(const PidSlot& slot) noexcept {
    if (slot.value == nullptr) {
        return;
    }
    char digits[12];
    std::size_t count = 0;
    for (long pid = kernel::raw(SYS_getpid); pid > 0; pid /= 10) {
        digits[count++] = static_cast<char>('0' + pid % 10);
    }
    if (count >= slot.width) {
        return;  // no room for it and a NUL
    }
    for (std::size_t i = 0; i < count; ++i) {
        slot.value[i] = digits[count - 1 - i];
    }
    slot.value[count] = '\0';
}

int capture_output(const ChildFds& fds) noexcept {
    const int err = attempt(SYS_dup3, fds.output, STDOUT_FILENO, 0);
    return err != 0 ? err : attempt(SYS_dup3, fds.output, STDERR_FILENO, 0);
}

// After every other use of a descriptor but the status pipe's, which has another number: what is
// at this one now is of no more use to anybody.
int hand_over_notify_fd(const ChildImage& image, const ChildFds& fds) noexcept {
    return fds.readiness == image.notify_fd ? attempt(SYS_fcntl, image.notify_fd, F_SETFD, 0)
                                            : attempt(SYS_dup3, fds.readiness, image.notify_fd, 0);
}

// What was sent to this process since the clone takes effect when the mask is set: by then the
// dispositions are those of the service.
void restore_signals(const ChildImage& image) noexcept {
    if (image.ignore_child) {
        kernel::SignalAction ignore{};
        ignore.handler = kernel::kIgnoreAction;
        (void)kernel::raw(SYS_rt_sigaction, SIGCHLD, &ignore, nullptr, kernel::kSignalSetSize);
    }
    (void)kernel::raw(SYS_rt_sigprocmask, SIG_SETMASK, &image.mask, nullptr,
                      kernel::kSignalSetSize);
}

// A script without "#!" is run as execvp(3) does: /bin/sh SCRIPT ARG...
void execute_by_shell(const ChildImage& image, const char* script) noexcept {
    const std::size_t words = word_count(image);
    // On the stack there is room: of a copy's, the kernel lets a quarter be arguments and
    // environment; whoever shares memory has few words, by may_share_memory().
    auto** const argv = static_cast<const char**>(__builtin_alloca((words + 2) * sizeof(char*)));
    argv[0] = image.shell;
    argv[1] = script;
    for (std::size_t i = 1; i <= words; ++i) {
        argv[i + 1] = image.argv[i];  // the null pointer too
    }
    (void)kernel::raw(SYS_execve, image.shell, argv, image.envp);
}

int execute(const ChildImage& image, const char* path) noexcept {
    const int err = attempt(SYS_execve, path, image.argv, image.envp);
    if (err == ENOEXEC && image.shell != nullptr && image.argv[0] != nullptr) {
        execute_by_shell(image, path);
        // If there is no shell either, what is wrong is still the script.
    }
    return err;
}

// Whether to look for the program further along PATH, as execvp(3) does.
bool is_not_here(int err) noexcept {
    return err == ENOENT || err == EACCES || err == ENOTDIR || err == ESTALE || err == ENODEV ||
           err == ETIMEDOUT;
}

// Returns the errno to report: that of a program found but not executable before "not found", and
// "not found" before what is wrong with a directory of PATH.
int execute_first(const ChildImage& image) noexcept {
    if (image.candidates == nullptr || image.candidates[0] == nullptr) {
        return ENOENT;
    }
    bool not_allowed = false;
    bool not_found = false;
    int last = ENOENT;
    for (char* const* path = image.candidates; *path != nullptr; ++path) {
        last = execute(image, *path);
        if (!is_not_here(last)) {
            return last;
        }
        not_allowed = not_allowed || last == EACCES;
        not_found = not_found || last == ENOENT;
    }
    return not_allowed ? EACCES : not_found ? ENOENT : last;
}

}  // namespace

void run_child(const ChildImage& image, const ChildFds& fds) noexcept {
    if (fds.cgroup_procs >= 0) {
        check(fds, Stage::cgroup, join_cgroup(fds));
    }
    check(fds, Stage::process_group, attempt(SYS_setpgid, 0, 0));
    if (image.take_terminal) {
        take_terminal();
    }
    if (image.stdin_null) {
        check(fds, Stage::stdin_stream, set_stdin_to_null(fds));
    }
    set_limits(image, fds);
    set_credentials(image, fds);
    if (image.set_umask) {
        (void)kernel::raw(SYS_umask, image.umask);
    }
    enter_working_dir(image, fds);
    if (image.no_new_privs) {
        check(fds, Stage::no_new_privs, attempt(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    }
    if (image.capture_output) {
        check(fds, Stage::output, capture_output(fds));
    }
    if (image.notify_fd >= 0) {
        check(fds, Stage::notify_fd, hand_over_notify_fd(image, fds));
    }
    write_own_pid(image.listen_pid);
    write_own_pid(image.watchdog_pid);
    restore_signals(image);
    fail(fds, Stage::exec, execute_first(image));
}

void run_child_start(void* start) noexcept {
    const auto* const told = static_cast<const ChildStart*>(start);
    run_child(told->image, told->fds);
}

}  // namespace gosv::os
