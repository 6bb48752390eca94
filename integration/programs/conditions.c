// What gosv may be started under, and what a program may do to itself: identity, limits,
// descriptors, directories, environment.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

static void act_user(char** w) {
    // As a container runtime does it: no groups left, all three ids.
    const unsigned id = (unsigned)number(w[0]);
    must(setgroups(0, NULL), "setgroups");
    must(setresgid(id, id, id), "setresgid");
    must(setresuid(id, id, id), "setresuid");
}

static void act_become(char** w) {
    const unsigned id = (unsigned)number(w[0]);
    must(setresuid(id, id, id), "setresuid");
}

static void act_groups(char** w) {
    gid_t groups[64];
    size_t count = 0;
    for (char* word = strtok(w[0], ","); word != NULL && count < 64; word = strtok(NULL, ",")) {
        groups[count++] = (gid_t)number(word);
    }
    must(setgroups(count, groups), "setgroups");
}

static void act_no_new_privs(char** w) {
    (void)w;
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
}

static void act_subreaper(char** w) {
    (void)w;
    must(prctl(PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER");
}

static void act_umask(char** w) {
    umask((mode_t)strtol(w[0], NULL, 8));
}

static void act_nice(char** w) {
    must(setpriority(PRIO_PROCESS, 0, (int)number(w[0])), "setpriority");
}

static void act_rlimit(char** w) {
    const struct rlimit limit = {(rlim_t)number(w[1]), (rlim_t)number(w[2])};
    must(setrlimit((int)number(w[0]), &limit), "setrlimit");
}

static void act_write(char** w) {
    const int fd = open(w[0], O_WRONLY | O_CREAT, 0644);
    must(fd, w[0]);
    must((int)write(fd, w[1], strlen(w[1])), w[0]);
    close(fd);
}

static void act_close(char** w) {
    close((int)number(w[0]));
}

static void act_open(char** w) {
    const int wanted = (int)number(w[0]);
    int got = open(w[1], O_RDWR);
    if (got < 0 && errno == EISDIR) {
        got = open(w[1], O_RDONLY);
    }
    must(got, w[1]);
    if (got != wanted) {
        must(dup2(got, wanted), "dup2");
        close(got);
    }
}

static void act_fill_pipe(char** w) {
    // Until it takes no more, without touching O_NONBLOCK of the shared description.
    const int fd = (int)number(w[0]);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int mine = open(path, O_WRONLY | O_NONBLOCK);
    must(mine, path);
    char block[4096];
    memset(block, '.', sizeof block);
    for (size_t size = sizeof block; size > 0; size /= 2) {
        while (write(mine, block, size) > 0) {
        }
    }
    close(mine);
}

static void act_chdir(char** w) {
    must(chdir(w[0]), w[0]);
}

static void act_chroot(char** w) {
    must(chroot(w[0]), w[0]);
    must(chdir("/"), "/");
}

static void act_mount_proc(char** w) {
    must(mount("proc", w[0], "proc", 0, NULL), w[0]);
}

static void act_read_only(char** w) {
    must(mount(w[0], w[0], NULL, MS_BIND, NULL), w[0]);
    must(mount(NULL, w[0], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), w[0]);
}

static void act_setenv(char** w) {
    must(setenv(w[0], w[1], 1), "setenv");
}

static void act_listen_pid(char** w) {
    (void)w;
    char text[16];
    snprintf(text, sizeof text, "%d", getpid());
    must(setenv("LISTEN_PID", text, 1), "setenv");
}

const struct act kConditions[] = {
    {"user", 1, act_user, "ID: user and group, no others"},
    {"become", 1, act_become, "ID: all three user ids"},
    {"groups", 1, act_groups, "GID,GID..."},
    {"no-new-privs", 0, act_no_new_privs, ""},
    {"subreaper", 0, act_subreaper, ""},
    {"umask", 1, act_umask, "OCTAL"},
    {"nice", 1, act_nice, "N"},
    {"rlimit", 3, act_rlimit, "RESOURCE SOFT HARD: numbers"},
    {"write", 2, act_write, "FILE TEXT"},
    {"close", 1, act_close, "FD"},
    {"open", 2, act_open, "FD PATH"},
    {"fill-pipe", 1, act_fill_pipe, "FD"},
    {"chdir", 1, act_chdir, "DIR"},
    {"chroot", 1, act_chroot, "DIR"},
    {"mount-proc", 1, act_mount_proc, "DIR"},
    {"read-only", 1, act_read_only, "DIR"},
    {"setenv", 2, act_setenv, "NAME VALUE"},
    {"listen-pid", 0, act_listen_pid, "LISTEN_PID is this process"},
    {NULL, 0, NULL, NULL},
};
