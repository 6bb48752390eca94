// The first process of a throw-away kernel: makes it a machine with cgroup v2 and runs one program
// in it, as an ordinary process or in its own place, as the kernel's PID 1.
//
// The guest's root is the host's own file system through hostfs or virtiofs, read-only, under an
// overlay in memory: every program is there under its usual path, and nothing that is written
// reaches the host. From the kernel's command line:
//   GUEST_JOB      the job directory in user-mode-linux; elsewhere it is the virtiofs "job"
//   GUEST_MODULES  kernel modules to load, between colons
//   GUEST_CONSOLE  where the program's output goes
// The only window out is the job directory, mounted on /run/job:
//   job     NUL-separated: "pid1" or "child", working directory, "K=V"..., "--", argv...
//   status  written at the end: "exit N" or "signal N"; with pid1 there is none, a kernel whose
//           PID 1 ends panics and says how on the console
// See integration/kernel/boot.py for the other side.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { MOST_WORDS = 512, MOST_BYTES = 65536 };

struct job {
    int as_pid1;
    const char* directory;
    char* environment[MOST_WORDS];
    char* argv[MOST_WORDS];
};

static _Noreturn void power_off(void) {
    sync();
    reboot(RB_POWER_OFF);
    for (;;) {
        pause();
    }
}

static _Noreturn void fail(const char* what) {
    printf("guest: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    tcdrain(1);
    power_off();
}

static void mount_at(const char* what, const char* where, const char* type, unsigned long flags,
                     const char* options) {
    mkdir(where, 0755);
    if (mount(what, where, type, flags, options) != 0) {
        fail(where);
    }
}

static void read_job(const char* path, struct job* job) {
    static char text[MOST_BYTES];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = 0;
    for (ssize_t more;
         fd >= 0 && (more = read(fd, text + size, sizeof text - 1 - (size_t)size)) > 0;) {
        size += more;
    }
    if (fd < 0 || size == 0) {
        fail(path);
    }
    close(fd);
    char* words[MOST_WORDS] = {NULL};
    int count = 0;
    for (char* word = text; word < text + size && count < MOST_WORDS - 1;
         word += strlen(word) + 1) {
        words[count++] = word;
    }
    if (count < 2) {
        errno = EINVAL;
        fail(path);
    }
    job->as_pid1 = strcmp(words[0], "pid1") == 0;
    job->directory = words[1];
    int i = 2;
    int variables = 0;
    for (; i < count && strcmp(words[i], "--") != 0; ++i) {
        job->environment[variables++] = words[i];
    }
    for (int word = 0; ++i < count; ++word) {
        job->argv[word] = words[i];
    }
}

static void mount_job(void) {
    const char* const directory = getenv("GUEST_JOB");
    const int failed = directory != NULL ? mount("none", "/run", "hostfs", 0, directory)
                                         : mount("job", "/run", "virtiofs", 0, NULL);
    if (failed) {
        fail("the job's directory");
    }
}

static void load_modules(char* paths) {
    for (char* path = strtok(paths, ":"); path != NULL; path = strtok(NULL, ":")) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)) {
            fail(path);
        }
        close(fd);
    }
}

// Everything writable, and thrown away at power off.
static void switch_root(void) {
    mount_at("tmpfs", "/mnt", "tmpfs", 0, "size=75%");
    mkdir("/mnt/upper", 0755);
    mkdir("/mnt/work", 0755);
    mount_at("overlay", "/mnt/root", "overlay", 0,
             "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work");
    // The job's directory comes along; a host's own /run and /tmp are none of the guest's business,
    // but the programs under test may lie in /tmp.
    mount_at("tmpfs", "/mnt/root/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
    mkdir("/mnt/root/run/job", 0755);
    if (mount("/run", "/mnt/root/run/job", NULL, MS_MOVE, NULL) != 0 || chdir("/mnt/root") != 0 ||
        mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) {
        fail("switch root");
    }
}

static void mount_kernel_file_systems(void) {
    const unsigned long quiet = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    mount_at("proc", "/proc", "proc", quiet, NULL);
    mount_at("sysfs", "/sys", "sysfs", quiet, NULL);
    mount_at("dev", "/dev", "devtmpfs", MS_NOSUID, "mode=0755");
    mount_at("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666,mode=0620");
    mount_at("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
    if (symlink("/proc/self/fd", "/dev/fd") != 0 && errno != EEXIST) {
        fail("/dev/fd");
    }
    mount_at("cgroup2", "/sys/fs/cgroup", "cgroup2", quiet, "nsdelegate,memory_recursiveprot");
}

static void raise_loopback(void) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo"};
    request.ifr_flags = IFF_UP;
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
        fail("lo");
    }
    close(fd);
}

static void use_console(const char* path) {
    const int fd = open(path, O_RDWR | O_NOCTTY);
    if (fd < 0) {
        fail(path);
    }
    struct termios terminal;
    if (tcgetattr(fd, &terminal) == 0) {
        terminal.c_oflag &= ~(tcflag_t)OPOST;  // no carriage returns
        tcsetattr(fd, TCSANOW, &terminal);
    }
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    close(null);
    close(fd);
}

static _Noreturn void become_program(struct job* job) {
    if (chdir(job->directory) != 0) {
        fail(job->directory);
    }
    execvpe(job->argv[0], job->argv, job->environment);
    fail(job->argv[0]);
}

static void write_status(int status) {
    const int fd = open("/run/job/status", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        fail("/run/job/status");
    }
    if (WIFEXITED(status)) {
        dprintf(fd, "exit %d\n", WEXITSTATUS(status));
    } else {
        dprintf(fd, "signal %d\n", WTERMSIG(status));
    }
    fsync(fd);
    close(fd);
}

int main(void) {
    static struct job job;
    char* const modules = getenv("GUEST_MODULES");
    const char* const console = getenv("GUEST_CONSOLE");
    if (modules == NULL || console == NULL) {
        errno = EINVAL;
        fail("the kernel's command line");
    }
    mount_job();
    read_job("/run/job", &job);
    load_modules(modules);
    switch_root();
    mount_kernel_file_systems();
    use_console(console);
    raise_loopback();
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    sethostname("guest", 5);
    if (job.as_pid1) {
        become_program(&job);
    }
    const pid_t program = fork();
    if (program == 0) {
        setsid();
        become_program(&job);
    }
    int status = 0;
    for (pid_t dead = 0; dead != program;) {
        int its_status;
        dead = waitpid(-1, &its_status, 0);
        status = dead == program ? its_status : status;
    }
    write_status(status);
    tcdrain(1);
    power_off();
}
