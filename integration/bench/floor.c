// The floor of the benchmark: an init that does nothing but the job that is measured, as fast as
// this kernel can. It checks nothing, reports nothing and could not be used for anything else.
//
//   floor serial|side [--restart] COUNT PROGRAM ARG...
//
// starts "PROGRAM ARG..." COUNT times; an ARG "@" is the number of the copy, from 0. TERM is sent
// to all, and it ends with 0 when the last one has; USR2 is sent to the first one. Everything that
// dies is reaped; with --restart a copy is started again.
//
//   serial  vfork and exec, one after the other: the way that every supervisor could go
//   side    clone(CLONE_VM) without CLONE_VFORK: a child executes its program on a stack of its own
//           while the next one is being made. The kernel clears a word when the child has left it.
//
// No C library, see bare.h.
#include <linux/futex.h>

#include "bare.h"

enum { MOST = 4096, IN_FLIGHT = 16, STACK = 512, MOST_ARGUMENTS = 8, DIGITS = 8 };

static struct {
    char** argv;
    char** envp;
    int argc;
    int restart;
    int count;
} job;

static int pids[MOST];
static volatile int stopping;

struct start {
    char memory[STACK] __attribute__((aligned(16)));
    char* argv[MOST_ARGUMENTS];
    char index[DIGITS];
    int busy;  // cleared by the kernel when the child has executed its program
};

static struct start starts[IN_FLIGHT];

static void execute(void* argument) {
    const struct start* start = argument;
    call3(SYS_execve, start->argv[0], start->argv, job.envp);
    leave(127);
}

// "@" becomes the index.
static void prepare(struct start* start, int index) {
    char* digit = start->index + DIGITS - 1;
    *digit = '\0';
    do {
        *--digit = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    for (int i = 0; i < job.argc; ++i) {
        const char* word = job.argv[i];
        start->argv[i] = word[0] == '@' && word[1] == '\0' ? digit : job.argv[i];
    }
    start->argv[job.argc] = 0;
}

// No signal is blocked meanwhile: one that stops all before all are there is not what is measured.
static void spawn_serial(int index) {
    struct start* start = &starts[0];
    prepare(start, index);
    pids[index] = (int)clone_on(CLONE_VM | CLONE_VFORK | 17 /* SIGCHLD */, start->memory + STACK, 0,
                                execute, start);
}

static void spawn_beside(int index) {
    struct start* start = &starts[index % IN_FLIGHT];
    while (__atomic_load_n(&start->busy, __ATOMIC_ACQUIRE) != 0) {
        call4(SYS_futex, &start->busy, FUTEX_WAIT, 1, 0);
    }
    prepare(start, index);
    start->busy = 1;
    pids[index] = (int)clone_on(CLONE_VM | CLONE_CHILD_CLEARTID | 17, start->memory + STACK,
                                &start->busy, execute, start);
}

static void (*spawn)(int index);

static void on_term(int signal) {
    stopping = 1;
    call2(SYS_kill, -1, signal);  // all but ourselves, if we are PID 1
}

static void on_signal(int signal) {
    call2(SYS_kill, pids[0], signal);
}

static void restart(int pid) {
    for (int i = 0; i < job.count; ++i) {
        if (pids[i] == pid) {
            spawn(i);
            return;
        }
    }
}

int bare_main(int argc, char** argv, char** envp) {
    int i = 2;
    if (argc > i && argv[i][0] == '-') {
        job.restart = 1;
        ++i;
    }
    if (argc < i + 2 || argc - i > MOST_ARGUMENTS || to_int(argv[i]) > MOST) {
        return 64;
    }
    job.count = to_int(argv[i]);
    job.argv = argv + i + 1;
    job.argc = argc - i - 1;
    job.envp = envp;
    spawn = argv[1][1] == 'e' ? spawn_serial : spawn_beside;
    handle(15 /* TERM */, on_term);
    handle(12 /* USR2 */, on_signal);
    for (i = 0; i < job.count; ++i) {
        spawn(i);
    }
    for (;;) {
        const long pid = call4(SYS_wait4, -1, 0, 0x40000000 /* __WALL */, 0);
        if (pid > 0 && job.restart && !stopping) {
            restart((int)pid);
        } else if (pid == -10 /* ECHILD */) {
            return 0;
        }
    }
}
