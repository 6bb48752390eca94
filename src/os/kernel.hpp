#pragma once
// Kernel interfaces that the C library's headers may not know (glibc 2.36, musl) or hide on
// purpose. Constants and layouts only; each is part of the kernel's stable interface to user space.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

// System calls since 5.1 have one number on every architecture that gosv is built for.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

namespace gosv::os::kernel {

// syscall(2) with every integer widened to a register: what the kernel takes as unsigned long
// (prctl checks that unused arguments are zero) must not be passed as an int with junk above it.
template <class T>
auto widen(T argument) noexcept {
    if constexpr (std::is_integral_v<T>) {
        return static_cast<long>(argument);
    } else {
        return argument;
    }
}

template <class... Args>
long call(long number, Args... args) noexcept {
    return ::syscall(number, widen(args)...);
}

// 32-bit architectures have kept calls with 16-bit ids under the plain names.
#ifdef SYS_setgroups32
inline constexpr long kGetgroups = SYS_getgroups32;
inline constexpr long kSetgroups = SYS_setgroups32;
inline constexpr long kSetresgid = SYS_setresgid32;
inline constexpr long kSetresuid = SYS_setresuid32;
#else
inline constexpr long kGetgroups = SYS_getgroups;
inline constexpr long kSetgroups = SYS_setgroups;
inline constexpr long kSetresgid = SYS_setresgid;
inline constexpr long kSetresuid = SYS_setresuid;
#endif

// pidfd_send_signal(2), Linux 6.9.
inline constexpr unsigned kPidfdSignalProcessGroup = 1U << 2;

// clone3's argument up to its third version (Linux 5.7), with the cgroup; without CLONE_INTO_CGROUP
// the rest is zero, and the kernel is told the size of the first (5.3).
struct CloneArgs {
    std::uint64_t flags;
    std::uint64_t pidfd;
    std::uint64_t child_tid;
    std::uint64_t parent_tid;
    std::uint64_t exit_signal;
    std::uint64_t stack;
    std::uint64_t stack_size;
    std::uint64_t tls;
    std::uint64_t set_tid;
    std::uint64_t set_tid_size;
    std::uint64_t cgroup;
};

static_assert(sizeof(CloneArgs) == 88);
inline constexpr std::size_t kFirstCloneArgs = 64;

inline constexpr std::uint64_t kCloneIntoCgroup = 0x200000000;

// openat2(2), Linux 5.6: never onto another mount, never through a symbolic link, never upwards.
struct OpenHow {
    std::uint64_t flags;
    std::uint64_t mode;
    std::uint64_t resolve;
};

inline constexpr std::uint64_t kResolveNoXdev = 0x01;
inline constexpr std::uint64_t kResolveNoSymlinks = 0x04;
inline constexpr std::uint64_t kResolveBeneath = 0x08;

// rt_sigaction's argument as far as gosv looks at it. Handler and flags come first everywhere; what
// follows (restorer, mask) differs, is zero for us, and has room enough here.
struct SignalAction {
    std::uintptr_t handler;
    unsigned long flags;
    std::uint64_t rest[3];
};

inline constexpr std::uintptr_t kDefaultAction = 0;  // SIG_DFL
inline constexpr std::uintptr_t kIgnoreAction = 1;   // SIG_IGN

// rt_sigprocmask, rt_sigaction and signalfd4 want to be told the size of the kernel's own set.
inline constexpr long kSignalSetSize = 8;

// capget(2), version 3: two words a set.
inline constexpr std::uint32_t kCapabilityVersion3 = 0x20080522;

struct CapabilityHeader {
    std::uint32_t version;
    std::int32_t pid;
};

struct CapabilityWord {
    std::uint32_t effective;
    std::uint32_t permitted;
    std::uint32_t inheritable;
};

}  // namespace gosv::os::kernel
