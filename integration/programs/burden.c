// A service that is a burden, for the tests of cgroup limits. Static and small, so that what is
// counted is what it does: an interpreter's own pages would be reclaimed and read again for ever.
//
//   burden eat MIB        touches so much memory, then says "eaten" and waits
//   burden feed MIB       does so in a child and waits for it; says "child N" with its wait status
//   burden fork N         starts up to N children that wait; says "children N errno E", then waits
//   burden burn SECONDS   works for so long; says "used MS" of processor time
//   burden scatter N      N processes in sessions of their own, children of nobody; says "scattered",
//                         then waits
//   burden chain N        N processes that each start a successor and end, for ever; says "chained", then
//                         waits
//   burden nest DIR CODE  makes the cgroup DIR/inner/most, a process that waits in it, and passes the
//                         controllers on that there are; says "nested", then ends with CODE
//   burden abandon N      as scatter, but ends with 3
//   burden kill DIR       writes cgroup.kill and waits until nobody is left; says "write US empty US"
//   burden watch DIR      waits until nobody is left; says "empty NS", the time of day
//   burden escape         starts a daemon (double fork, own session) and ends with 3
//   burden share DIR      a child that shares its memory joins the cgroup DIR, of which an exec is too
//                         much, and execs; says "ended W" with its wait status
//   burden end            ends with 0
//   burden where          says what /proc/self/cgroup says, then ends with 1
//
// "Waits": until a signal ends it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void wait_for_ever(void) {
    for (;;) {
        pause();
    }
}

static void eat(long mib) {
    const size_t size = (size_t)mib << 20;
    char* const memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    for (size_t at = 0; at < size; at += 4096) {
        memory[at] = 1;
    }
}

static int feed(long mib) {
    const pid_t child = fork();
    if (child == 0) {
        eat(mib);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    printf("child %d\n", status);
    fflush(stdout);
    wait_for_ever();
}

static int fork_many(long count) {
    long children = 0;
    int error = 0;
    while (children < count && error == 0) {
        const pid_t child = fork();
        if (child == 0) {
            wait_for_ever();
        }
        error = child < 0 ? errno : 0;
        children += child > 0;
    }
    printf("children %ld errno %d\n", children, error);
    fflush(stdout);
    wait_for_ever();
}

static long used_ms(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static int burn(long seconds) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const time_t end = now.tv_sec + seconds;
    const long end_ns = now.tv_nsec;
    while (now.tv_sec < end || (now.tv_sec == end && now.tv_nsec < end_ns)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    printf("used %ld\n", used_ms());
    fflush(stdout);
    return 0;
}

// A process that is nobody's child here, leads its own session, and waits.
static void let_go(void) {
    const pid_t between = fork();
    if (between == 0) {
        setsid();
        if (fork() == 0) {
            setsid();
            wait_for_ever();
        }
        _exit(0);
    }
    waitpid(between, NULL, 0);
}

static void scatter(long count) {
    for (long i = 0; i < count; ++i) {
        let_go();
    }
    printf("scattered\n");
    fflush(stdout);
}

static long long nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// The kernel announces a change of cgroup.events as POLLPRI.
static void wait_until_empty(const char* directory) {
    char path[512];
    snprintf(path, sizeof path, "%s/cgroup.events", directory);
    struct pollfd events = {.fd = open(path, O_RDONLY | O_CLOEXEC), .events = POLLPRI};
    for (;;) {
        char text[64];
        const ssize_t size = pread(events.fd, text, sizeof text - 1, 0);
        if (size <= 0) {
            return;  // removed: there was nobody left
        }
        text[size] = '\0';
        if (strstr(text, "populated 0") != NULL) {
            return;
        }
        poll(&events, 1, -1);
    }
}

// What gosv does at the least, and nothing else: to compare it with.
static int kill_bare(const char* directory) {
    char path[512];
    snprintf(path, sizeof path, "%s/cgroup.kill", directory);
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    const long long begun = nanoseconds(CLOCK_MONOTONIC);
    if (file < 0 || write(file, "1", 1) != 1) {
        perror(path);
        return 64;
    }
    const long long written = nanoseconds(CLOCK_MONOTONIC);
    wait_until_empty(directory);
    printf("write %lld empty %lld\n", (written - begun) / 1000,
           (nanoseconds(CLOCK_MONOTONIC) - begun) / 1000);
    return 0;
}

static int watch(const char* directory) {
    wait_until_empty(directory);
    printf("empty %lld\n", nanoseconds(CLOCK_REALTIME));
    return 0;
}

// Nobody is there for long: whoever is listed may be gone, and somebody else is not listed yet.
static _Noreturn void succeed_for_ever(void) {
    for (;;) {
        const pid_t next = fork();
        if (next > 0) {
            _exit(0);
        }
        usleep(1000);
    }
}

static int chain(long count) {
    // Inherited, so that no TERM comes before one of them has come to it.
    signal(SIGTERM, SIG_IGN);
    for (long i = 0; i < count; ++i) {
        if (fork() == 0) {
            setsid();
            succeed_for_ever();
        }
    }
    signal(SIGTERM, SIG_DFL);
    printf("chained\n");
    fflush(stdout);
    wait_for_ever();
}

static void write_file(const char* directory, const char* name, const char* text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, text, strlen(text)) < 0) {
        perror(path);
        exit(64);
    }
    close(file);
}

// As a service does it that manages cgroups itself: it moves aside first, then divides its own.
static int nest(const char* directory, int code) {
    char path[512];
    for (const char* const* below = (const char* const[]){"aside", "inner", "inner/most", NULL};
         *below != NULL; ++below) {
        snprintf(path, sizeof path, "%s/%s", directory, *below);
        if (mkdir(path, 0755) != 0) {
            perror(path);
            return 64;
        }
    }
    write_file(directory, "aside/cgroup.procs", "0");
    write_file(directory, "cgroup.subtree_control", "+memory +pids");
    const pid_t child = fork();
    if (child == 0) {
        setsid();
        write_file(directory, "inner/most/cgroup.procs", "0");
        wait_for_ever();
    }
    // Not before it is there.
    for (char events[64] = ""; strstr(events, "populated 1") == NULL; usleep(1000)) {
        snprintf(path, sizeof path, "%s/inner/most/cgroup.events", directory);
        const int file = open(path, O_RDONLY | O_CLOEXEC);
        const ssize_t size = read(file, events, sizeof events - 1);
        events[size > 0 ? size : 0] = '\0';
        close(file);
    }
    printf("nested\n");
    fflush(stdout);
    return code;
}

enum { TOO_MUCH = 1 << 20 };  // bytes of arguments, for a cgroup with less

struct joining {
    char procs[512];
    char* arguments[TOO_MUCH / 65536 + 2];
};

static int join_and_exec(void* told) {
    const struct joining* const joining = told;
    const int file = open(joining->procs, O_WRONLY | O_CLOEXEC);
    if (file >= 0 && write(file, "0", 1) == 1) {
        execv("/proc/self/exe", joining->arguments);
    }
    _exit(99);
}

static int share(const char* directory) {
    static struct joining joining;
    static char stack[16384] __attribute__((aligned(16)));
    char* const argument = malloc(65536);
    if (argument == NULL) {
        return 1;
    }
    memset(argument, 'x', 65535);
    argument[65535] = '\0';
    snprintf(joining.procs, sizeof joining.procs, "%s/cgroup.procs", directory);
    for (size_t i = 0; i < sizeof joining.arguments / sizeof *joining.arguments - 1; ++i) {
        joining.arguments[i] = argument;
    }
    const pid_t child = clone(join_and_exec, stack + sizeof stack, CLONE_VM | SIGCHLD, &joining);
    int status = -1;
    waitpid(child, &status, 0);
    printf("ended %d\n", status);
    return 0;
}

// Nothing of the C library before the first look: where the process is when its program begins.
static int where(void) {
    char text[512];
    const int file = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    const ssize_t size = read(file, text, sizeof text);
    return write(1, text, size > 0 ? (size_t)size : 0) < 0 ? 2 : 1;
}

int main(int argc, char** argv) {
    const char* const what = argc > 1 ? argv[1] : "";
    const long number = argc > 2 ? atol(argv[2]) : 0;
    if (strcmp(what, "where") == 0) {
        return where();
    }
    if (strcmp(what, "end") == 0) {
        return 0;
    }
    if (strcmp(what, "eat") == 0) {
        eat(number);
        printf("eaten\n");
        fflush(stdout);
        wait_for_ever();
    }
    if (strcmp(what, "feed") == 0) {
        return feed(number);
    }
    if (strcmp(what, "fork") == 0) {
        return fork_many(number);
    }
    if (strcmp(what, "burn") == 0) {
        return burn(number);
    }
    if (strcmp(what, "scatter") == 0) {
        scatter(number);
        wait_for_ever();
    }
    if (strcmp(what, "abandon") == 0) {
        scatter(number);
        return 3;
    }
    if (strcmp(what, "kill") == 0 && argc == 3) {
        return kill_bare(argv[2]);
    }
    if (strcmp(what, "watch") == 0 && argc == 3) {
        return watch(argv[2]);
    }
    if (strcmp(what, "share") == 0 && argc == 3) {
        return share(argv[2]);
    }
    if (strcmp(what, "chain") == 0) {
        return chain(number);
    }
    if (strcmp(what, "nest") == 0 && argc == 4) {
        return nest(argv[2], atoi(argv[3]));
    }
    if (strcmp(what, "escape") == 0) {
        let_go();
        return 3;
    }
    fprintf(stderr, "burden: unknown: %s\n", what);
    return 64;
}
