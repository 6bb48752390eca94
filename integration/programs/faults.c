#define _GNU_SOURCE
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_RULES = 8, MOST_PATH = 1024, NONE = -1 };

// What a call is about: the argument that is a path, and the one that is a descriptor (which the path
// is relative to, if there are both).
struct call {
    int number;
    const char* name;
    int path;
    int fd;
};

static const struct call kCalls[] = {
    {SYS_openat, "openat", 1, 0},
    {SYS_openat2, "openat2", 1, 0},
    {SYS_mkdirat, "mkdirat", 1, 0},
    {SYS_unlinkat, "unlinkat", 1, 0},
    {SYS_newfstatat, "newfstatat", 1, 0},
    {SYS_statx, "statx", 1, 0},
    {SYS_faccessat, "faccessat", 1, 0},
    {SYS_faccessat2, "faccessat2", 1, 0},
    {SYS_getxattr, "getxattr", 0, NONE},
    {SYS_fstat, "fstat", NONE, 0},
    {SYS_fstatfs, "fstatfs", NONE, 0},
    {SYS_getdents64, "getdents64", NONE, 0},
    {SYS_read, "read", NONE, 0},
    {SYS_write, "write", NONE, 0},
    {SYS_inotify_init1, "inotify_init1", NONE, NONE},  // its name stands for a path
    {SYS_inotify_add_watch, "inotify_add_watch", 1, NONE},
#ifdef SYS_open
    {SYS_open, "open", 0, NONE},
    {SYS_stat, "stat", 0, NONE},
    {SYS_access, "access", 0, NONE},
    {SYS_mkdir, "mkdir", 0, NONE},
    {SYS_rmdir, "rmdir", 0, NONE},
#endif
    {SYS_clone3, "start", NONE, NONE},
    {SYS_clone, "start", NONE, NONE},
};
enum { CALLS = sizeof kCalls / sizeof *kCalls };

static struct {
    char call[32];
    char path[256];
    int error;
} rules[MOST_RULES];
static int rule_count;
static long failing_step;
static int step_error;
static const char* log_path;
static long steps;

static _Noreturn void fail(const char* what) {
    fprintf(stderr, "contain: %s: %s\n", what, strerror(errno));
    exit(125);
}

// --- what is to fail ------------------------------------------------------------------------------

int faults_add_rule(const char* text) {
    if (rule_count == MOST_RULES ||
        sscanf(text, "%31[^:]:%255[^:]:%d", rules[rule_count].call, rules[rule_count].path,
               &rules[rule_count].error) != 3) {
        return 0;
    }
    ++rule_count;
    return 1;
}

int faults_add_step(const char* text) {
    return sscanf(text, "%ld:%d", &failing_step, &step_error) == 2;
}

void faults_log_to(const char* path) {
    log_path = path;
}

int faults_wanted(void) {
    return rule_count > 0 || failing_step > 0 || log_path != NULL;
}

static int ends_in(const char* text, const char* end) {
    const size_t length = strlen(text);
    const size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static int error_by_rule(const char* call, const char* path) {
    for (int i = 0; i < rule_count; ++i) {
        if ((strcmp(rules[i].call, "*") == 0 || strcmp(rules[i].call, call) == 0) &&
            ends_in(path, rules[i].path)) {
            return rules[i].error;
        }
    }
    return 0;
}

static void log_step(const char* call, const char* path, int error) {
    const int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) {
        fail(log_path);
    }
    if (strcmp(call, "start") == 0) {
        dprintf(log, "start\n");
    } else if (error != 0) {
        dprintf(log, "%ld %s %s = %d\n", steps, call, path, error);
    } else {
        dprintf(log, "%ld %s %s\n", steps, call, path);
    }
    close(log);
}

static int is_about_cgroups(const char* call, const char* path) {
    return strncmp(call, "inotify", 7) == 0 || strstr(path, "cgroup") != NULL ||
           strstr(path, "inotify") != NULL || ends_in(path, "/proc/self/mountinfo");
}

// The errno that the call is to get; 0: the kernel's own answer.
static int judge(const char* call, const char* path, int by_program) {
    int error = error_by_rule(call, path);
    const int starts = strcmp(call, "start") == 0;
    if (by_program && !starts && is_about_cgroups(call, path)) {
        ++steps;
        error = steps == failing_step ? step_error : error;
    } else if (!by_program || !starts) {
        return error;
    }
    if (log_path != NULL) {
        log_step(call, path, error);
    }
    return error;
}

// --- the filter -----------------------------------------------------------------------------------

void faults_begin(int socket) {
    struct sock_filter code[CALLS + 3];
    code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < CALLS; ++i) {
        code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)kCalls[i].number,
                                                   (unsigned char)(CALLS - i), 0);
    }
    code[CALLS + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[CALLS + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = {.len = CALLS + 3, .filter = code};
    const int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                      SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0) {
        fail("seccomp");
    }
    // From here on none of those calls, until somebody answers them.
    char byte = 0;
    struct iovec data = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof listener)];
        struct cmsghdr align;
    } control = {0};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
    if (sendmsg(socket, &message, 0) != 1) {
        _exit(125);
    }
    close(listener);
    close(socket);
}

int faults_receive(int socket) {
    char byte;
    struct iovec data = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    int listener = -1;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message) != NULL) {
        memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
    }
    return listener;
}

// --- one call -------------------------------------------------------------------------------------

static void read_path(pid_t pid, uint64_t address, char* path) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/mem", pid);
    const int memory = open(name, O_RDONLY | O_CLOEXEC);
    const ssize_t size = memory < 0 ? -1 : pread(memory, path, MOST_PATH - 1, (off_t)address);
    path[size > 0 ? size : 0] = '\0';
    close(memory);
}

static void read_fd(pid_t pid, int fd, char* path) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/fd/%d", pid, fd);
    const ssize_t size = fd < 0 ? -1 : readlink(name, path, MOST_PATH - 1);
    path[size > 0 ? size : 0] = '\0';
}

static void describe(pid_t pid, const struct call* call, const uint64_t* args, char* path) {
    char below[MOST_PATH] = "";
    path[0] = '\0';
    if (call->path != NONE) {
        read_path(pid, args[call->path], below);
    }
    if (call->fd != NONE && below[0] != '/') {
        read_fd(pid, (int)args[call->fd], path);
    }
    if (below[0] != '\0') {
        const size_t used = strlen(path);
        snprintf(path + used, 2 * MOST_PATH - used, "%s%s", used > 0 ? "/" : "", below);
    }
    if (call->path == NONE && call->fd == NONE) {
        strcpy(path, call->name);
    }
}

void faults_answer(int listener, pid_t program) {
    struct seccomp_notif request;
    memset(&request, 0, sizeof request);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
        return;  // it died while it waited
    }
    const struct call* call = kCalls;
    while (call->number != request.data.nr) {
        ++call;
    }
    char path[2 * MOST_PATH];
    describe((pid_t)request.pid, call, (const uint64_t*)request.data.args, path);
    const int error = judge(call->name, path, (pid_t)request.pid == program);
    struct seccomp_notif_resp response = {
        .id = request.id,
        .error = -error,
        .flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0,
    };
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}
