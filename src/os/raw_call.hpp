#pragma once
// System calls as the kernel has them: the result, or -errno. For the code between clone and exec,
// which may share its memory with PID 1: what the C library's syscall(2) does with an error is to
// write errno, and without a thread of its own a child would write its parent's.
//
// Written for the architectures that gosv is shipped for; elsewhere through the C library, and then
// no child shares memory (kRawCalls). Registers: syscall(2).
#include <cerrno>
#include <type_traits>

#include "kernel.hpp"

namespace gosv::os::kernel {

#if defined(__x86_64__) && !defined(__ILP32__)

inline constexpr bool kRawCalls = true;

inline long raw_call(long number, long a, long b, long c, long d, long e) noexcept {
    long result = 0;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__) && !defined(__ILP32__)

inline constexpr bool kRawCalls = true;

inline long raw_call(long number, long a, long b, long c, long d, long e) noexcept {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

#else

inline constexpr bool kRawCalls = false;

inline long raw_call(long number, long a, long b, long c, long d, long e) noexcept {
    const long result = ::syscall(number, a, b, c, d, e);
    return result < 0 ? -static_cast<long>(errno) : result;
}

#endif

template <class T>
long to_register(T argument) noexcept {
    if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<long>(argument);
    } else if constexpr (std::is_null_pointer_v<T>) {
        return 0;
    } else {
        return static_cast<long>(argument);
    }
}

// Up to five arguments: no call of ours has more.
template <class... Args>
long raw(long number, Args... args) noexcept {
    static_assert(sizeof...(args) <= 5);
    const long all[5] = {to_register(args)...};
    return raw_call(number, all[0], all[1], all[2], all[3], all[4]);
}

inline int error_of(long result) noexcept {
    return result < 0 ? static_cast<int>(-result) : 0;
}

// 0, or the errno of a failed call.
template <class... Args>
int attempt(long number, Args... args) noexcept {
    return error_of(raw(number, args...));
}

}  // namespace gosv::os::kernel
