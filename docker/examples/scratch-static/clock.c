// Tells the seconds since its start, one line every N seconds, until TERM; then it exits with 0.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int signal) {
    (void)signal;
    ended = 1;
}

int main(int argc, char** argv) {
    const int seconds = argc > 1 ? atoi(argv[1]) : 1;
    const struct sigaction action = {.sa_handler = end};
    // Blocked but while waiting: a TERM between the test of `ended` and the wait is not lost.
    sigset_t term, waiting;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    if (seconds < 1 || sigaction(SIGTERM, &action, NULL) != 0 ||
        sigprocmask(SIG_BLOCK, &term, &waiting) != 0) {
        return 1;
    }
    sigdelset(&waiting, SIGTERM);
    for (long passed = 0; !ended; passed += seconds) {
        printf("uid %u: %ld s\n", (unsigned)getuid(), passed);
        fflush(stdout);
        const struct timespec turn = {.tv_sec = seconds};
        (void)pselect(0, NULL, NULL, NULL, &turn, &waiting);
    }
    return 0;
}
