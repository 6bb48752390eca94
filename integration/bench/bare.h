// A program without a C library, for Linux on x86-64 and arm64: system calls, the entry point, and
// a child on a stack of its own.
//
// The floor and the services of the benchmark are such programs. A static glibc costs each exec
// some 0.2 ms and hundreds of KiB, the same for every contender; without it the differences are
// seen.
//
// A system call returns what the kernel returns: -errno when it has failed. See syscall(2),
// clone(2).
#pragma once

#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <stdint.h>
#include <sys/syscall.h>

// The program's own; envp as in main(). What it returns is the exit code.
int bare_main(int argc, char** argv, char** envp);

#if defined(__x86_64__)

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

// The child takes its function and that one's argument from its stack.
#define BARE_CLONE_ARGUMENTS(tid)                   \
    register long r10 __asm__("r10") = (long)(tid); \
    register long r8 __asm__("r8") = 0
#define BARE_CLONE                                                         \
    __asm__ volatile(                                                      \
        "syscall\n\t"                                                      \
        "test %%rax, %%rax\n\t"                                            \
        "jnz 1f\n\t"                                                       \
        "xor %%ebp, %%ebp\n\t"                                             \
        "pop %%rax\n\t"                                                    \
        "pop %%rdi\n\t"                                                    \
        "call *%%rax\n\t"                                                  \
        "ud2\n"                                                            \
        "1:"                                                               \
        : "=a"(result)                                                     \
        : "a"(SYS_clone), "D"(flags), "S"(top), "d"(0L), "r"(r10), "r"(r8) \
        : "rcx", "r11", "memory")

#define BARE_START        \
    "xor %ebp, %ebp\n\t"  \
    "mov %rsp, %rdi\n\t"  \
    "and $-16, %rsp\n\t"  \
    "call bare_begin\n\t" \
    "ud2"

// This architecture's kernel wants to be told how a handler returns.
#define BARE_RESTORER 0x04000000UL
__asm__(".local bare_restorer\nbare_restorer:\n\tmov $15, %eax\n\tsyscall");
void bare_restorer(void);

#elif defined(__aarch64__)

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#define BARE_CLONE_ARGUMENTS(tid)                 \
    register long x8 __asm__("x8") = SYS_clone;   \
    register long x0 __asm__("x0") = (long)flags; \
    register long x1 __asm__("x1") = (long)top;   \
    register long x2 __asm__("x2") = 0;           \
    register long x3 __asm__("x3") = 0;           \
    register long x4 __asm__("x4") = (long)(tid)
#define BARE_CLONE                                    \
    __asm__ volatile(                                 \
        "svc 0\n\t"                                   \
        "cbnz x0, 1f\n\t"                             \
        "mov x29, xzr\n\t"                            \
        "ldp x9, x0, [sp], #16\n\t"                   \
        "blr x9\n\t"                                  \
        "brk #0\n"                                    \
        "1:"                                          \
        : "+r"(x0)                                    \
        : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) \
        : "x9", "x30", "memory");                     \
    result = x0

#define BARE_START      \
    "mov x29, xzr\n\t"  \
    "mov x0, sp\n\t"    \
    "bl bare_begin\n\t" \
    "brk #0"

#define BARE_RESTORER 0UL

static inline void bare_restorer(void) {}

#else
#error "the benchmark's programs know x86-64 and arm64"
#endif

#define call1(number, a) call6(number, (long)(a), 0, 0, 0, 0, 0)
#define call2(number, a, b) call6(number, (long)(a), (long)(b), 0, 0, 0, 0)
#define call3(number, a, b, c) call6(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define call4(number, a, b, c, d) call6(number, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

static inline _Noreturn void leave(int code) {
    for (;;) {
        call1(SYS_exit_group, code);
    }
}

// Called by the entry point only.
__attribute__((used, noinline)) static _Noreturn void bare_begin(long* stack) {
    char** argv = (char**)(stack + 1);
    leave(bare_main((int)stack[0], argv, argv + stack[0] + 1));
}

__asm__(".globl _start\n_start:\n\t" BARE_START);

// clone(2) without a shared word, or with one that the kernel clears (CLONE_CHILD_CLEARTID). The
// child runs function(argument) on the stack that ends at `top` (a multiple of 16), which must not
// return. The parent gets the child's pid.
static inline long clone_on(unsigned long flags, void* top_of_stack, int* tid,
                            void (*function)(void*), void* argument) {
    void** top = (void**)top_of_stack;
    *--top = argument;
    *--top = (void*)(uintptr_t)function;
    long result;
    BARE_CLONE_ARGUMENTS(tid);
    BARE_CLONE;
    return result;
}

// sigaction(2) in the kernel's own form; flags as there.
struct bare_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static inline void handle(int signal, void (*handler)(int)) {
    const struct bare_action action = {handler, BARE_RESTORER, bare_restorer, ~UINT64_C(0)};
    call4(SYS_rt_sigaction, signal, &action, 0, sizeof action.mask);
}

// CLOCK_MONOTONIC in ns, the same in all processes of the machine.
static inline uint64_t now(void) {
    struct __kernel_timespec time;
    call2(SYS_clock_gettime, 1 /* CLOCK_MONOTONIC */, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static inline void sleep_us(long us) {
    const struct __kernel_timespec time = {us / 1000000, us % 1000000 * 1000};
    call2(SYS_nanosleep, &time, 0);
}

static inline _Noreturn void sleep_for_ever(void) {
    for (;;) {
        call4(SYS_ppoll, 0, 0, 0, 0);
    }
}

static inline int to_int(const char* text) {
    int number = 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
        number = number * 10 + (*text - '0');
    }
    return number;
}
