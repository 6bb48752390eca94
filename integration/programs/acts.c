#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

void listen_for_signals(int last) {
    // All 64, by the system call: glibc would keep 32 and 33 out.
    const uint64_t all = ~UINT64_C(0);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
    printf("{\"listening\":true,\"pid\":%d}\n", getpid());
    fflush(stdout);
    for (;;) {
        siginfo_t info;
        const long n = syscall(SYS_rt_sigtimedwait, &all, &info, NULL, sizeof all);
        if (n < 0) {
            continue;  // EINTR after a stop
        }
        printf("{\"signal\":%ld,\"sender\":%d,\"code\":%d,\"value\":%d}\n", n, info.si_pid,
               info.si_code, info.si_value.sival_int);
        fflush(stdout);
        if (n == last) {
            return;
        }
    }
}

void make_orphans(long count) {
    int gate[2];
    if (pipe(gate) != 0) {
        give_up("pipe");
    }
    const pid_t parent = fork();
    if (parent < 0) {
        give_up("fork");
    }
    if (parent == 0) {
        close(gate[1]);
        for (long i = 0; i < count; ++i) {
            const pid_t child = fork();
            if (child < 0) {
                fprintf(stderr, "probe: %ld orphans: %s\n", i, strerror(errno));
                _exit(125);
            }
            if (child == 0) {
                char byte;
                (void)!read(gate[0], &byte, 1);  // until the gate is shut
                _exit((int)(i & 0xff));
            }
        }
        _exit(0);
    }
    close(gate[0]);
    int status = 0;
    if (waitpid(parent, &status, 0) != parent || status != 0) {
        exit(125);
    }
    printf("{\"orphans\":%ld}\n", count);
    fflush(stdout);
    close(gate[1]);
}

struct afterlife {
    long milliseconds;
    int code;
};

static void* live_on(void* argument) {
    const struct afterlife* life = argument;
    if (life->milliseconds < 0) {
        for (;;) {
            pause();
        }
    }
    const struct timespec rest = {life->milliseconds / 1000, life->milliseconds % 1000 * 1000000};
    nanosleep(&rest, NULL);
    _exit(life->code);
}

void lose_main_thread(long milliseconds, int code) {
    static struct afterlife life;
    life.milliseconds = milliseconds;
    life.code = code;
    pthread_t thread;
    if (pthread_create(&thread, NULL, live_on, &life) != 0) {
        give_up("pthread_create");
    }
    syscall(SYS_exit, 0);  // this thread alone
}

void hang_in_vfork(const char* fifo) {
    (void)unlink(fifo);
    if (mkfifo(fifo, 0600) != 0) {
        give_up(fifo);
    }
    printf("{\"hangs\":true,\"pid\":%d}\n", getpid());
    fflush(stdout);
    if (vfork() == 0) {
        (void)open(fifo, O_RDONLY);  // nobody will ever write
        _exit(0);
    }
}

void read_all_input(void) {
    char text[65536];
    size_t length = 0;
    ssize_t got;
    while (length < sizeof text - 1 &&
           (got = read(0, text + length, sizeof text - 1 - length)) != 0) {
        if (got < 0) {
            printf("{\"input\":null,\"errno\":%d}\n", errno);
            fflush(stdout);
            return;
        }
        length += (size_t)got;
    }
    text[length] = '\0';
    printf("{\"input\":");
    say_text(text);
    printf("}\n");
    fflush(stdout);
}

void eat_memory(long mebibytes) {
    for (long i = 0; i < mebibytes; ++i) {
        void* block =
            mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) {
            give_up("mmap");
        }
        memset(block, 1, 1 << 20);
    }
}
