#pragma once
// clone(2) with the child on a stack of its own, which the C libraries' wrappers do not do for
// these flags: musl's refuses CLONE_CHILD_CLEARTID.
#include <sched.h>

#include <cerrno>
#include <cstdint>

#include "raw_call.hpp"

namespace gosv::os::kernel {

// The child runs function(argument) below `top` (a multiple of 16) and never returns. `cleared`:
// with CLONE_CHILD_CLEARTID, what the kernel sets to 0 once the child no longer uses our memory.
// The child's pid, or -errno; -ENOSYS where we do not know the registers.
inline long clone_on_stack(unsigned long flags, std::byte* top, int* cleared,
                           void (*function)(void*), void* argument) noexcept {
    // The child finds both on its stack: it cannot count on any of our registers.
    auto** words = reinterpret_cast<void**>(top);
    *--words = argument;
    *--words = reinterpret_cast<void*>(function);
#if defined(__x86_64__) && !defined(__ILP32__)
    long result = 0;
    register long r10 __asm__("r10") = to_register(cleared);
    register long r8 __asm__("r8") = 0;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"  // here the stack ends, for whoever unwinds it
        "pop %%rax\n\t"
        "pop %%rdi\n\t"
        "call *%%rax\n\t"
        "ud2\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone), "D"(flags), "S"(words), "d"(0L), "r"(r10), "r"(r8)
        : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__) && !defined(__ILP32__)
    register long x8 __asm__("x8") = SYS_clone;
    register long x0 __asm__("x0") = static_cast<long>(flags);
    register long x1 __asm__("x1") = to_register(words);
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = to_register(cleared);
    __asm__ volatile(
        "svc 0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "ldp x9, x0, [sp], #16\n\t"
        "blr x9\n\t"
        "brk #0\n"
        "1:"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
        : "x9", "x30", "memory");
    return x0;
#else
    (void)flags, (void)cleared;
    return -ENOSYS;
#endif
}

}  // namespace gosv::os::kernel
