#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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
        printf("{\"signal\":%ld,\"pid\":%d,\"sender\":%d,\"code\":%d,\"value\":%d}\n", n, getpid(),
               info.si_pid, info.si_code, info.si_value.sival_int);
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

void leave_group(void) {
    // A group leader cannot make a second group of its own, but it can join one of its session.
    int made[2];
    if (pipe(made) != 0) {
        give_up("pipe");
    }
    const pid_t pid = fork();
    if (pid < 0) {
        give_up("fork");
    }
    if (pid == 0) {
        setpgid(0, 0);
        (void)!write(made[1], "", 1);
        for (;;) {
            pause();
        }
    }
    char byte;
    (void)!read(made[0], &byte, 1);
    close(made[0]);
    close(made[1]);
    if (setpgid(0, pid) != 0) {
        give_up("setpgid");
    }
}

void run_away(long milliseconds) {
    // Never more than two processes, never the same for long.
    const struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    for (;;) {
        const pid_t pid = fork();
        if (pid > 0) {
            _exit(0);
        }
        nanosleep(&rest, NULL);
    }
}

static const struct {
    const char* name;
    long number;
} kSystemCalls[] = {
    {"clone3", SYS_clone3},
    {"prctl", SYS_prctl},
    {"ioctl", SYS_ioctl},
    {"pidfd_open", SYS_pidfd_open},
    {"pidfd_send_signal", SYS_pidfd_send_signal},
    {"close_range", SYS_close_range},
    {"setpgid", SYS_setpgid},
};

void deny(const char* name, unsigned request, int error) {
    for (size_t i = 0; i < sizeof kSystemCalls / sizeof kSystemCalls[0]; ++i) {
        if (strcmp(kSystemCalls[i].name, name) != 0) {
            continue;
        }
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)kSystemCalls[i].number, 0, 3),
            // The low half of the second argument; a request of 0 stands for any.
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, request, 0, request == 0 ? 0 : 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = {sizeof code / sizeof code[0], code};
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
            give_up("seccomp");
        }
        return;
    }
    fprintf(stderr, "probe: no such system call here: %s\n", name);
    exit(125);
}

void drop_capabilities(void) {
    for (int cap = 0; cap < 64; ++cap) {
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capset, &header, none) != 0) {
        give_up("capset");
    }
}
