#include "gosv/os/sys.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "kernel.hpp"

namespace gosv::sys {

namespace {

static_assert(kSigKill.number == SIGKILL && kSigCont.number == SIGCONT);

// Calls until the answer is not EINTR. The call and its errno belong together: nothing runs
// between.
template <class Call>
auto retry(Call call) noexcept {
    decltype(call()) result;
    do {
        result = call();
    } while (result == -1 && errno == EINTR);
    return result;
}

Result<Fd> opened(int raw, const char* op) noexcept {
    if (raw < 0) {
        return SysError{errno, op};
    }
    return Fd(raw);
}

Status done(long result, const char* op) noexcept {
    return result < 0 ? Status(SysError{errno, op}) : Status();
}

Result<std::size_t> counted(ssize_t result, const char* op) noexcept {
    if (result < 0) {
        return SysError{errno, op};
    }
    return static_cast<std::size_t>(result);
}

Status send_signal(BorrowedFd process, Signal signal, unsigned flags) noexcept {
    return done(
        os::kernel::call(SYS_pidfd_send_signal, process.raw(), signal.number, nullptr, flags),
        "pidfd_send_signal");
}

}  // namespace

MonotonicTime monotonic_now() noexcept {
    timespec now{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail: the clock exists everywhere
    return MonotonicTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

Result<Pipe> pipe() noexcept {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        return SysError{errno, "pipe2"};
    }
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// openat throughout: musl's open() follows O_CLOEXEC up with an fcntl, for kernels before 2.6.23.
Result<Fd> open_read(const char* path) noexcept {
    return openat_read(BorrowedFd(AT_FDCWD), path);
}

Result<Fd> open_write_nonblock(const char* path) noexcept {
    const int flags = O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    return opened(retry([&] { return ::openat(AT_FDCWD, path, flags); }), "open");
}

Result<Fd> openat_read(BorrowedFd dir, const char* path) noexcept {
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    return opened(retry([&] { return ::openat(dir.raw(), path, flags); }), "open");
}

Result<Fd> open_directory(const char* path) noexcept {
    const int flags = O_RDONLY | O_CLOEXEC | O_DIRECTORY;
    return opened(retry([&] { return ::openat(AT_FDCWD, path, flags); }), "open");
}

Result<std::size_t> read(BorrowedFd fd, std::span<char> into) noexcept {
    return counted(retry([&] { return ::read(fd.raw(), into.data(), into.size()); }), "read");
}

Result<std::size_t> write(BorrowedFd fd, std::string_view bytes) noexcept {
    return counted(retry([&] { return ::write(fd.raw(), bytes.data(), bytes.size()); }), "write");
}

Result<std::size_t> send_nonblock(BorrowedFd fd, std::string_view bytes) noexcept {
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return counted(retry([&] { return ::send(fd.raw(), bytes.data(), bytes.size(), flags); }),
                   "send");
}

Result<std::size_t> write_nowait(BorrowedFd fd, std::string_view bytes) noexcept {
    // iovec's member is not const, but a write does not change what it points to.
    const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    constexpr long kAtPosition = -1;  // the descriptor's own
    return counted(retry([&] {
                       return static_cast<ssize_t>(os::kernel::call(
                           SYS_pwritev2, fd.raw(), &part, 1, kAtPosition, kAtPosition, RWF_NOWAIT));
                   }),
                   "pwritev2");
}

Result<std::string> read_file(const char* path, std::size_t limit) noexcept {
    const Result<Fd> file = open_read(path);
    if (!file.ok()) {
        return file.error();
    }
    std::string text;
    char chunk[4096];
    for (;;) {
        const Result<std::size_t> size = read(file.value().borrow(), chunk);
        if (!size.ok()) {
            return size.error();
        }
        if (size.value() == 0) {
            return text;
        }
        if (size.value() > limit - text.size()) {
            return SysError{EFBIG, "read"};
        }
        text.append(chunk, size.value());
    }
}

Status kill(pid_t pid, Signal signal) noexcept {
    return done(::kill(pid, signal.number), "kill");
}

Result<Fd> pidfd_open(Pid pid) noexcept {
    // CLOEXEC is always set on a pidfd.
    return opened(static_cast<int>(os::kernel::call(SYS_pidfd_open, pid.value, 0)), "pidfd_open");
}

Status pidfd_signal_group(BorrowedFd leader, Signal signal) noexcept {
    return send_signal(leader, signal, os::kernel::kPidfdSignalProcessGroup);
}

Status pidfd_signal(BorrowedFd process, Signal signal) noexcept {
    return send_signal(process, signal, 0);
}

Status set_child_subreaper() noexcept {
    return done(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl");
}

Status chdir(const char* path) noexcept {
    return done(::chdir(path), "chdir");
}

Result<Pid> fork_helper() noexcept {
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return SysError{errno, "fork"};
    }
    if (child == 0) {
        // The parent may have died before the prctl: then nobody would send the signal any more.
        (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (::getppid() != parent) {
            ::_exit(0);
        }
    }
    return Pid{child};
}

void prefer_as_oom_victim() noexcept {
    const Result<Fd> file = open_write_nonblock("/proc/self/oom_score_adj");
    if (file.ok()) {
        (void)write(file.value().borrow(), "1000");
    }
}

Result<Pid> tcgetpgrp(BorrowedFd terminal) noexcept {
    const pid_t group = ::tcgetpgrp(terminal.raw());
    if (group < 0) {
        return SysError{errno, "tcgetpgrp"};
    }
    return Pid{group};
}

Status tcsetpgrp(BorrowedFd terminal, Pid group) noexcept {
    return done(::tcsetpgrp(terminal.raw(), group.value), "tcsetpgrp");
}

Result<Pid> getpgid(Pid pid) noexcept {
    const pid_t group = ::getpgid(pid.value);
    if (group < 0) {
        return SysError{errno, "getpgid"};
    }
    return Pid{group};
}

Result<int> lowest_nice(Pid group) noexcept {
    // The kernel's own answer is 20 less the value, so that it is no error.
    const long answer = os::kernel::call(SYS_getpriority, PRIO_PGRP, group.value);
    return answer < 0 ? Result<int>(SysError{errno, "getpriority"}) : static_cast<int>(20 - answer);
}

Status set_nice(Pid process, int nice) noexcept {
    return done(os::kernel::call(SYS_setpriority, PRIO_PROCESS, process.value, nice),
                "setpriority");
}

Result<Pid> getsid(Pid pid) noexcept {
    const pid_t session = ::getsid(pid.value);
    if (session < 0) {
        return SysError{errno, "getsid"};
    }
    return Pid{session};
}

void give_back(std::span<std::byte> memory) noexcept {
    const auto page = static_cast<std::uintptr_t>(::getpagesize());
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    const std::uintptr_t skipped = (page - address % page) % page;
    if (memory.size() > skipped && memory.size() - skipped >= page) {
        const std::size_t pages = (memory.size() - skipped) / page;
        (void)::madvise(memory.data() + skipped, pages * page, MADV_DONTNEED);
    }
}

void raise_stop() noexcept {
    (void)::kill(::getpid(), SIGSTOP);
}

}  // namespace gosv::sys
