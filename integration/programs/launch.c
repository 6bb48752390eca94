// Starts a program in fresh PID and mount namespaces with a /proc of their own, as PID 1 or as
// somebody else's child, and tells over a socket who it is and how it ended.
//
//   launch --control FD [--beneath] [--net] [--proc none|empty] -- PROGRAM [ARG...]
//
// On the control socket, a line each: "pid P init I" (as seen from outside; the same number when
// the program is PID 1), later "exit N" or "signal N". When the other end closes the socket
// everything in the namespace is killed: no test can leave anything behind, not even one that was
// killed itself.
//
// This process stays outside: after unshare(CLONE_NEWPID) only the children are in the namespace,
// so fork() returns the pid as the outside sees it, and nobody has to search for it. The first
// child is PID 1; with --beneath that is a process that only reaps, and the program is the second
// child.
//
// --net: a network of its own too, with nothing in it but the loopback device: every port is free.
//
// Like a container runtime, and unlike unshare(1), it makes the program a session leader, and it
// hands on signal mask and dispositions unchanged.
#define _GNU_SOURCE  // unshare, pipe2, close_range
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum proc_mode { PROC_FRESH, PROC_NONE, PROC_EMPTY };

static _Noreturn void fail(const char* what) {
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void mount_proc(enum proc_mode mode) {
    // Only the process that is in the namespace gets the right /proc.
    switch (mode) {
        case PROC_FRESH:
            if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) {
                fail("mount /proc");
            }
            return;
        case PROC_NONE:
            // Whatever is below, down to the bare directory.
            while (umount2("/proc", MNT_DETACH) == 0) {
            }
            return;
        case PROC_EMPTY:
            if (mount("none", "/proc", "tmpfs", MS_RDONLY, NULL) != 0) {
                fail("mount an empty /proc");
            }
            return;
    }
}

// The machine's cgroups are none of a test's business: like most containers, this one has none to
// write to. (Those that are about cgroups have a kernel of their own.)
static void hide_cgroups(void) {
    if (mount("none", "/sys/fs/cgroup", "tmpfs", MS_RDONLY, NULL) != 0 && errno != ENOENT) {
        fail("hide /sys/fs/cgroup");
    }
}

static void make_network(void) {
    if (unshare(CLONE_NEWNET) != 0) {
        fail("unshare the network");
    }
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) != 0) {
        fail("bring lo up");
    }
    close(fd);
}

static void die_with(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent is outside, so a living one is 0 here; it may have died before the prctl.
    if (getppid() != parent) {
        _exit(125);
    }
}

static pid_t start_bystander_init(enum proc_mode mode) {
    int mounted[2];
    if (pipe(mounted) != 0) {
        fail("pipe");
    }
    const pid_t pid = fork();
    if (pid < 0) {
        fail("fork");
    }
    if (pid == 0) {
        die_with(0);
        close(mounted[0]);
        setsid();
        mount_proc(mode);
        signal(SIGCHLD, SIG_IGN);  // the kernel reaps
        if (write(mounted[1], "", 1) != 1) {
            fail("write");
        }
        close_range(0, ~0U, 0);
        for (;;) {
            pause();
        }
    }
    close(mounted[1]);
    char byte;
    if (read(mounted[0], &byte, 1) != 1) {
        exit(125);
    }
    close(mounted[0]);
    return pid;
}

// Returns when the exec has happened, so that nobody mistakes this program for the one it starts.
static pid_t start_program(char** argv, int beneath, enum proc_mode mode, const sigset_t* mask) {
    int execed[2];
    if (pipe2(execed, O_CLOEXEC) != 0) {
        fail("pipe2");
    }
    const pid_t pid = fork();
    if (pid < 0) {
        fail("fork");
    }
    if (pid == 0) {
        die_with(0);
        setsid();
        if (!beneath) {
            mount_proc(mode);
        }
        sigprocmask(SIG_SETMASK, mask, NULL);
        execvp(argv[0], argv);
        fail(argv[0]);
    }
    close(execed[1]);
    char byte;
    while (read(execed[0], &byte, 1) < 0 && errno == EINTR) {
    }
    close(execed[0]);
    return pid;
}

static void on_child(int signal) {
    (void)signal;  // only to interrupt ppoll()
}

// Until the program or the other end of the control socket is gone.
static void watch(int control, pid_t program, const sigset_t* unblocked) {
    for (;;) {
        int status;
        if (waitpid(program, &status, WNOHANG) == program) {
            if (WIFEXITED(status)) {
                dprintf(control, "exit %d\n", WEXITSTATUS(status));
            } else {
                dprintf(control, "signal %d\n", WTERMSIG(status));
            }
            program = -1;
        }
        struct pollfd end = {.fd = control, .events = POLLIN};
        if (ppoll(&end, 1, NULL, unblocked) == 1) {
            if (program > 0) {
                kill(program, SIGKILL);
                waitpid(program, NULL, 0);
            }
            return;
        }
    }
}

int main(int argc, char** argv) {
    int control = -1;
    int beneath = 0;
    int net = 0;
    enum proc_mode mode = PROC_FRESH;
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--") != 0; ++i) {
        if (strcmp(argv[i], "--control") == 0 && i + 1 < argc) {
            control = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--beneath") == 0) {
            beneath = 1;
        } else if (strcmp(argv[i], "--net") == 0) {
            net = 1;
        } else if (strcmp(argv[i], "--proc") == 0 && i + 1 < argc) {
            mode = strcmp(argv[++i], "none") == 0 ? PROC_NONE : PROC_EMPTY;
        } else {
            break;
        }
    }
    if (control < 0 || i + 1 >= argc) {
        fprintf(stderr,
                "usage: launch --control FD [--beneath] [--net] [--proc none|empty] -- PROGRAM "
                "[ARG...]\n");
        return 125;
    }

    sigset_t original;
    sigset_t with_child;
    sigemptyset(&with_child);
    sigaddset(&with_child, SIGCHLD);
    signal(SIGPIPE, SIG_DFL);  // Python ignores it
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_BLOCK, &with_child, &original);
    struct sigaction interrupting = {.sa_handler = on_child};
    sigaction(SIGCHLD, &interrupting, NULL);  // a handler: back to the default in the program

    if (fcntl(control, F_SETFD, FD_CLOEXEC) != 0) {
        fail("control socket");
    }
    if (unshare(CLONE_NEWNS | CLONE_NEWPID) != 0) {
        fail("unshare");
    }
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        fail("make the mounts private");
    }
    hide_cgroups();
    if (net) {
        make_network();
    }
    const pid_t init = beneath ? start_bystander_init(mode) : -1;
    const pid_t program = start_program(argv + i + 1, beneath, mode, &original);
    dprintf(control, "pid %d init %d\n", program, beneath ? init : program);

    // What the program was given must reach its end when the program does.
    close_range(0, (unsigned)control - 1, 0);
    close_range((unsigned)control + 1, ~0U, 0);
    watch(control, program, &original);
    if (beneath) {
        kill(init, SIGKILL);
        waitpid(init, NULL, 0);
    }
    return 0;
}
