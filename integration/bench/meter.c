// Takes the times of the benchmark that an interpreter would blur. All times are printed in ns.
//
//   meter stop PID SIGNAL SECONDS
//       signals the process and prints how long it took to end
//   meter signals BOARD PID SIGNAL N
//       N times: signals the process, waits until service 0 has handled the signal, and prints how
//       long that took; a line each
//   meter children PID BOARD
//       looks every 0.5 ms until the storm is over, and prints the most children that the process
//       had at once
//
// Exit codes: 0, 1 for what did not happen in time, 64 for wrong usage, 71 when the system refuses.
#define _GNU_SOURCE  // syscall
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "board.h"

static _Noreturn void fail(const char* what) {
    fprintf(stderr, "meter: %s: %s\n", what, strerror(errno));
    exit(71);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void sleep_us(long us) {
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static const struct board* map_board(const char* path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(path);
    }
    void* at = mmap(NULL, BOARD_SLOTS_AT + sizeof(struct slot), PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        fail("mmap");
    }
    close(fd);
    return at;
}

static int stop(pid_t pid, int signal, int seconds) {
    const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        fail("pidfd_open");
    }
    struct pollfd end = {.fd = fd, .events = POLLIN};
    const uint64_t begun = now();
    if (kill(pid, signal) != 0) {
        fail("kill");
    }
    const int ready = poll(&end, 1, seconds * 1000);
    const uint64_t ended = now();
    if (ready != 1) {
        fprintf(stderr, "meter: it has not ended within %d s\n", seconds);
        return 1;
    }
    printf("%llu\n", (unsigned long long)(ended - begun));
    return 0;
}

static int signals(const struct board* board, pid_t pid, int signal, int count) {
    const struct slot* slot = (const struct slot*)((const char*)board + BOARD_SLOTS_AT);
    for (int i = 0; i < count; ++i) {
        // Everybody is asleep again.
        sleep_us(2000);
        const uint32_t before = __atomic_load_n(&slot->signals, __ATOMIC_ACQUIRE);
        const uint64_t sent = now();
        if (kill(pid, signal) != 0) {
            fail("kill");
        }
        while (__atomic_load_n(&slot->signals, __ATOMIC_ACQUIRE) == before) {
            if (now() - sent > UINT64_C(2000000000)) {
                fprintf(stderr, "meter: no signal has arrived within 2 s\n");
                return 1;
            }
            // Asleep: the two who work now have the processors to themselves.
            sleep_us(1000);
        }
        printf("%llu\n", (unsigned long long)(slot->signal_at - sent));
    }
    return 0;
}

static int count_words(int fd) {
    static char text[65536];
    int count = 0;
    off_t at = 0;
    for (;;) {
        const ssize_t length = pread(fd, text, sizeof text, at);
        if (length <= 0) {
            return length < 0 ? -1 : count;
        }
        at += length;
        for (ssize_t i = 0; i < length; ++i) {
            count += text[i] == ' ';
        }
    }
}

static int children(pid_t pid, const struct board* board) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(path);
    }
    int most = 0;
    while (__atomic_load_n(&board->go, __ATOMIC_ACQUIRE) < 2) {
        const int count = count_words(fd);
        if (count < 0) {
            return 1;  // it has ended
        }
        most = count > most ? count : most;
        sleep_us(500);
    }
    printf("%d\n", most);
    return 0;
}

int main(int argc, char** argv) {
    if (argc == 5 && strcmp(argv[1], "stop") == 0) {
        return stop(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
    }
    if (argc == 6 && strcmp(argv[1], "signals") == 0) {
        return signals(map_board(argv[2]), atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
    }
    if (argc == 4 && strcmp(argv[1], "children") == 0) {
        return children(atoi(argv[2]), map_board(argv[3]));
    }
    fprintf(stderr, "usage: meter stop|signals|children ...; see meter.c\n");
    return 64;
}
