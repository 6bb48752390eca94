#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

extern char** environ;
extern char** probe_argv;

void say_text(const char* text) {
    putchar('"');
    for (; *text != '\0'; ++text) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 0x20 || c >= 0x7f) {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static void say_list(const char* key, char** words) {
    printf(",\"%s\":[", key);
    for (char** word = words; *word != NULL; ++word) {
        printf(word == words ? "" : ",");
        say_text(*word);
    }
    printf("]");
}

static void say_signals(const char* key, uint64_t set) {
    printf(",\"%s\":[", key);
    const char* comma = "";
    for (int n = 1; n <= 64; ++n) {
        if ((set >> (n - 1) & 1) != 0) {
            printf("%s%d", comma, n);
            comma = ",";
        }
    }
    printf("]");
}

// The kernel's own form: glibc hides 32 and 33.
struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void report_signals(void) {
    uint64_t blocked = 0;
    uint64_t pending = 0;
    uint64_t ignored = 0;
    uint64_t caught = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked);
    syscall(SYS_rt_sigpending, &pending, sizeof pending);
    for (int n = 1; n <= 64; ++n) {
        struct kernel_action action = {0};
        if (syscall(SYS_rt_sigaction, n, NULL, &action, sizeof action.mask) != 0) {
            continue;
        }
        const uint64_t bit = UINT64_C(1) << (n - 1);
        if (action.handler == SIG_IGN) {
            ignored |= bit;
        } else if (action.handler != SIG_DFL) {
            caught |= bit;
        }
    }
    say_signals("blocked", blocked);
    say_signals("pending", pending);
    say_signals("ignored", ignored);
    say_signals("caught", caught);
}

// By asking for each, so that it works without /proc; the targets are null there.
static void report_descriptors(void) {
    printf(",\"fds\":{");
    const char* comma = "";
    for (int fd = 0; fd < 4096; ++fd) {
        const int flags = fcntl(fd, F_GETFL);
        if (flags < 0) {
            continue;
        }
        char path[32];
        char target[512];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        const ssize_t length = readlink(path, target, sizeof target - 1);
        printf("%s\"%d\":{\"flags\":%d,\"target\":", comma, fd, flags);
        if (length >= 0) {
            target[length] = '\0';
            say_text(target);
        } else {
            printf("null");
        }
        printf("}");
        comma = ",";
    }
    printf("}");
}

static void report_identity(void) {
    uid_t uid[3];
    gid_t gid[3];
    getresuid(&uid[0], &uid[1], &uid[2]);
    getresgid(&gid[0], &gid[1], &gid[2]);
    printf(",\"uid\":[%u,%u,%u],\"gid\":[%u,%u,%u],\"groups\":[", uid[0], uid[1], uid[2], gid[0],
           gid[1], gid[2]);
    gid_t groups[256];
    const int count = getgroups(256, groups);
    for (int i = 0; i < count; ++i) {
        printf("%s%u", i == 0 ? "" : ",", groups[i]);
    }
    printf("]");

    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {0};
    syscall(SYS_capget, &header, data);
    uint64_t bounding = 0;
    uint64_t ambient = 0;
    for (int cap = 0; cap < 64; ++cap) {
        if (prctl(PR_CAPBSET_READ, cap) == 1) {
            bounding |= UINT64_C(1) << cap;
        }
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1) {
            ambient |= UINT64_C(1) << cap;
        }
    }
#define BOTH(field) ((uint64_t)data[1].field << 32 | data[0].field)
    printf(
        ",\"caps\":{\"effective\":%lu,\"permitted\":%lu,\"inheritable\":%lu,\"bounding\":%lu,"
        "\"ambient\":%lu}",
        BOTH(effective), BOTH(permitted), BOTH(inheritable), bounding, ambient);
    printf(",\"no_new_privs\":%d,\"dumpable\":%d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
           prctl(PR_GET_DUMPABLE));
}

static void report_limits(void) {
    printf(",\"rlimits\":[");
    for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
        struct rlimit limit = {0, 0};
        getrlimit(resource, &limit);
        printf("%s[%ld,%ld]", resource == 0 ? "" : ",", (long)limit.rlim_cur, (long)limit.rlim_max);
    }
    errno = 0;
    printf("],\"nice\":%d", getpriority(PRIO_PROCESS, 0));
    const mode_t mask = umask(0);
    umask(mask);
    printf(",\"umask\":%u", mask);

    char text[32] = "null";
    const int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        const ssize_t length = read(fd, text, sizeof text - 1);
        text[length > 0 ? length - 1 : 0] = '\0';
        close(fd);
    }
    printf(",\"oom_score_adj\":%s", text);
}

void report(void) {
    printf("{\"report\":true,\"pid\":%d,\"ppid\":%d,\"pgrp\":%d,\"sid\":%d", getpid(), getppid(),
           getpgrp(), getsid(0));
    report_descriptors();  // before anything is opened
    printf(",\"tpgid\":%d", tcgetpgrp(0));
    report_signals();
    report_identity();
    report_limits();
    char cwd[4096];
    printf(",\"cwd\":");
    if (getcwd(cwd, sizeof cwd) != NULL) {
        say_text(cwd);
    } else {
        printf("null");
    }
    say_list("argv", probe_argv);
    say_list("env", environ);
    printf("}\n");
    fflush(stdout);
}
