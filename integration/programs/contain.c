// Starts a program as PID 1 of a container as an engine makes one, for the tests that have a kernel
// of their own (integration/kernel). Speaks the same protocol as launch.c.
//
//   contain --control FD --cgroup DIR [--mount rw|ro|none|host] [--host-cgroupns] [--no-clone3] [--uid N]
//           [--fault CALL:PATH:ERRNO]... [--fault-step N:ERRNO] [--fault-log FILE] -- PROGRAM [ARG...]
//
// DIR is a cgroup v2 directory that exists; the program begins in it, in fresh PID, mount, cgroup, IPC
// and UTS namespaces, with /sys/fs/cgroup showing its own cgroup. --mount host leaves the machine's own
// mount there (docker run -v /sys/fs/cgroup:/sys/fs/cgroup), --host-cgroupns gives it no cgroup namespace.
// --no-clone3 is what Docker's default seccomp profile does: ENOSYS; for the faults see faults.h. On the
// control socket "pid P init P", later "exit N" or "signal N"; closing the other end kills everything.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"

struct options {
    int control;
    const char* cgroup;
    const char* mount;
    int no_clone3;
    int host_cgroupns;
    unsigned uid;
    char** argv;
};

static _Noreturn void fail(const char* what) {
    fprintf(stderr, "contain: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void join_cgroup(const char* directory) {
    char path[512];
    snprintf(path, sizeof path, "%s/cgroup.procs", directory);
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, "0", 1) != 1) {
        fail(path);
    }
    close(file);
}

static void mount_as_engine(const char* how) {
    const unsigned long quiet = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("proc", "/proc", "proc", quiet, NULL) != 0) {
        fail("mount /proc");
    }
    if (strcmp(how, "host") == 0) {
        return;
    }
    if (umount2("/sys/fs/cgroup", MNT_DETACH) != 0) {
        fail("umount /sys/fs/cgroup");
    }
    const unsigned long read_only = strcmp(how, "ro") == 0 ? MS_RDONLY : 0;
    if (strcmp(how, "none") != 0 &&
        mount("cgroup2", "/sys/fs/cgroup", "cgroup2", quiet | read_only, NULL) != 0) {
        fail("mount /sys/fs/cgroup");
    }
}

static void deny_clone3(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) {
        fail("seccomp");
    }
}

static _Noreturn void become_program(const struct options* options, const sigset_t* mask, int alone,
                                     int faults) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte;
    if (read(alone, &byte, 1) < 0) {  // end of file: whoever started us has left the cgroup
        fail("read");
    }
    close(alone);
    setsid();
    mount_as_engine(options->mount);
    if (options->no_clone3) {
        deny_clone3();
    }
    if (faults_wanted()) {
        faults_begin(faults);
    }
    if (options->uid != 0 &&
        (setgroups(0, NULL) != 0 || setresgid(options->uid, options->uid, options->uid) != 0 ||
         setresuid(options->uid, options->uid, options->uid) != 0)) {
        fail("uid");
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(options->argv[0], options->argv);
    fail(options->argv[0]);
}

static void on_child(int signal) {
    (void)signal;  // only to interrupt ppoll()
}

// Until the program or the other end of the control socket is gone.
static void watch(int control, int listener, pid_t program, const sigset_t* unblocked) {
    for (;;) {
        int status;
        if (program > 0 && waitpid(program, &status, WNOHANG) == program) {
            dprintf(control, WIFEXITED(status) ? "exit %d\n" : "signal %d\n",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
            program = -1;
        }
        struct pollfd ready[] = {{.fd = control, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
        const int count = ppoll(ready, 2, NULL, unblocked);
        if (count > 0 && (ready[1].revents & POLLIN) != 0) {
            faults_answer(listener, program);
        } else if (count > 0 && ready[1].revents != 0) {
            listener = -1;  // nobody is left whose calls could fail
        }
        if (count > 0 && ready[0].revents != 0) {
            if (program > 0) {
                kill(program, SIGKILL);
                waitpid(program, NULL, 0);
            }
            return;
        }
    }
}

static int parse(int argc, char** argv, struct options* options) {
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--") != 0; ++i) {
        if (strcmp(argv[i], "--no-clone3") == 0) {
            options->no_clone3 = 1;
        } else if (strcmp(argv[i], "--host-cgroupns") == 0) {
            options->host_cgroupns = 1;
        } else if (i + 1 == argc) {
            return 0;
        } else if (strcmp(argv[i], "--control") == 0) {
            options->control = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--cgroup") == 0) {
            options->cgroup = argv[++i];
        } else if (strcmp(argv[i], "--mount") == 0) {
            options->mount = argv[++i];
        } else if (strcmp(argv[i], "--uid") == 0) {
            options->uid = (unsigned)atoi(argv[++i]);
        } else if (strcmp(argv[i], "--fault-log") == 0) {
            faults_log_to(argv[++i]);
        } else if ((strcmp(argv[i], "--fault") != 0 || !faults_add_rule(argv[i + 1])) &&
                   (strcmp(argv[i], "--fault-step") != 0 || !faults_add_step(argv[i + 1]))) {
            return 0;
        } else {
            ++i;
        }
    }
    options->argv = argv + i + 1;
    return options->control >= 0 && options->cgroup != NULL && i + 1 < argc;
}

int main(int argc, char** argv) {
    struct options options = {.control = -1, .mount = "rw"};
    if (!parse(argc, argv, &options)) {
        fprintf(stderr, "contain: wrong usage\n");
        return 125;
    }
    sigset_t original;
    sigset_t with_child;
    sigemptyset(&with_child);
    sigaddset(&with_child, SIGCHLD);
    signal(SIGPIPE, SIG_DFL);  // Python ignores it
    sigprocmask(SIG_BLOCK, &with_child, &original);
    struct sigaction interrupting = {.sa_handler = on_child};
    sigaction(SIGCHLD, &interrupting, NULL);
    if (fcntl(options.control, F_SETFD, FD_CLOEXEC) != 0) {
        fail("control socket");
    }

    // In between, so that the namespaces are made where the program will be, and this process, which
    // must outlive the cgroup, stays outside.
    const int flags = CLONE_NEWPID | CLONE_NEWNS | (options.host_cgroupns ? 0 : CLONE_NEWCGROUP) |
                      CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD;
    char home[512] = "";
    const int file = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, home, sizeof home - 1) < 4) {
        fail("/proc/self/cgroup");
    }
    close(file);
    int alone[2];
    int faults[2];
    if (pipe2(alone, O_CLOEXEC) != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, faults) != 0) {
        fail("pipe");
    }
    join_cgroup(options.cgroup);
    const pid_t program = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (program < 0) {
        fail("clone");
    }
    if (program == 0) {
        close(alone[1]);
        close(faults[0]);
        become_program(&options, &original, alone[0], faults[1]);
    }
    char back[600];
    home[strcspn(home, "\n")] = '\0';
    snprintf(back, sizeof back, "/sys/fs/cgroup%s", home + 3);
    join_cgroup(back);
    close(alone[0]);
    close(alone[1]);
    close(faults[1]);
    const int listener = faults_wanted() ? faults_receive(faults[0]) : -1;
    close(faults[0]);
    dprintf(options.control, "pid %d init %d\n", program, program);
    for (int fd = 0; fd <= 2; ++fd) {
        close(fd);  // the program's streams must reach their end when it does
    }
    watch(options.control, listener, program, &original);
    return 0;
}
