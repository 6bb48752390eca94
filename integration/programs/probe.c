#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

char** probe_argv;

void give_up(const char* what) {
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(125);
}

void must(int result, const char* what) {
    if (result < 0) {
        give_up(what);
    }
}

long number(const char* word) {
    char* end;
    const long value = strtol(word, &end, 0);
    if (end == word || *end != '\0') {
        fprintf(stderr, "probe: not a number: %s\n", word);
        exit(125);
    }
    return value;
}

int signal_number(const char* word) {
    if (word[0] >= '0' && word[0] <= '9') {
        return (int)number(word);
    }
    for (int n = 1; n < 32; ++n) {
        if (strcmp(sigabbrev_np(n), word) == 0) {
            return n;
        }
    }
    fprintf(stderr, "probe: not a signal: %s\n", word);
    exit(125);
}

static void mask(int how, const char* word) {
    const int n = signal_number(word);
    const unsigned long set = 1UL << (n - 1);
    must((int)syscall(SYS_rt_sigprocmask, how, &set, NULL, sizeof set), "rt_sigprocmask");
}

// --- acts ----------------------------------------------------------------------------------------

static void act_report(char** w) {
    (void)w;
    report();
}

static void act_say(char** w) {
    printf("{\"say\":");
    say_text(w[0]);
    printf(",\"pid\":%d,\"ppid\":%d,\"pgrp\":%d,\"sid\":%d}\n", getpid(), getppid(), getpgrp(),
           getsid(0));
    fflush(stdout);
}

static void act_exit(char** w) {
    exit((int)number(w[0]));
}

static void act_die(char** w) {
    const int n = signal_number(w[0]);
    signal(n, SIG_DFL);
    mask(SIG_UNBLOCK, w[0]);
    kill(getpid(), n);
    for (;;) {
        pause();  // for PID 1 of a namespace the signal is lost
    }
}

static void act_pause(char** w) {
    (void)w;
    for (;;) {
        pause();
    }
}

static void act_sleep(char** w) {
    const long ms = number(w[0]);
    struct timespec rest = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&rest, &rest) != 0) {
    }
}

static void act_listen(char** w) {
    (void)w;
    listen_for_signals(0);
}

static void act_listen_until(char** w) {
    listen_for_signals(signal_number(w[0]));
}

static void act_ignore(char** w) {
    signal(signal_number(w[0]), SIG_IGN);
}

static void act_default(char** w) {
    signal(signal_number(w[0]), SIG_DFL);
}

static void act_block(char** w) {
    mask(SIG_BLOCK, w[0]);
}

static void act_block_all(char** w) {
    (void)w;
    const unsigned long set = ~0UL;
    must((int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, sizeof set), "rt_sigprocmask");
}

static void act_kill(char** w) {
    must(kill((pid_t)number(w[0]), signal_number(w[1])), "kill");
}

static void act_raise(char** w) {
    must(kill(getpid(), signal_number(w[0])), "kill");
}

static void act_wait(char** w) {
    (void)w;
    while (wait(NULL) > 0 || errno == EINTR) {
    }
}

static void act_setsid(char** w) {
    (void)w;
    must(setsid(), "setsid");
}

static void act_own_group(char** w) {
    (void)w;
    must(setpgid(0, 0), "setpgid");
}

static void act_join_group(char** w) {
    must(setpgid(0, (pid_t)number(w[0])), "setpgid");
}

static void act_ctty(char** w) {
    (void)w;
    must(ioctl(0, TIOCSCTTY, 0), "TIOCSCTTY");
}

static void act_foreground(char** w) {
    (void)w;
    printf("{\"foreground\":%d,\"pgrp\":%d}\n", tcgetpgrp(0), getpgrp());
    fflush(stdout);
}

static void act_orphans(char** w) {
    make_orphans(number(w[0]));
}

static void act_lose_main_thread(char** w) {
    lose_main_thread(number(w[0]), (int)number(w[1]));
}

static void act_hang_in_vfork(char** w) {
    hang_in_vfork(w[0]);
}

static void act_leave_group(char** w) {
    (void)w;
    leave_group();
}

static void act_run_away(char** w) {
    run_away(number(w[0]));
}

static void act_deny(char** w) {
    deny(w[0], 0, (int)number(w[1]));
}

static void act_deny_ioctl(char** w) {
    deny("ioctl", (unsigned)number(w[0]), (int)number(w[1]));
}

static void act_drop_caps(char** w) {
    (void)w;
    drop_capabilities();
}

static void act_input(char** w) {
    (void)w;
    read_all_input();
}

static void act_eat_memory(char** w) {
    eat_memory(number(w[0]));
}

static void act_exec(char** w) {
    execvp(w[0], w);
    give_up(w[0]);
}

static void play(char** words);

// The words up to the `end` that belongs to this `fork`, which is overwritten by the end of the
// list.
static char** body_end(char** words) {
    int depth = 1;
    for (; *words != NULL; ++words) {
        depth += strcmp(*words, "fork") == 0 ? 1 : 0;
        depth -= strcmp(*words, "end") == 0 ? 1 : 0;
        if (depth == 0) {
            return words;
        }
    }
    fprintf(stderr, "probe: fork without end\n");
    exit(125);
}

static char** act_fork(char** words) {
    char** end = body_end(words);
    const pid_t pid = fork();
    must(pid, "fork");
    if (pid == 0) {
        *end = NULL;
        play(words);
        exit(0);
    }
    return end + 1;
}

static const struct act kActs[] = {
    {"report", 0, act_report, "what this process was given"},
    {"say", 1, act_say, "TEXT: a line, with who says it"},
    {"exit", 1, act_exit, "N"},
    {"die", 1, act_die, "SIGNAL: by its default action"},
    {"pause", 0, act_pause, "for ever"},
    {"sleep", 1, act_sleep, "MS"},
    {"listen", 0, act_listen, "tell every signal that comes, for ever"},
    {"listen-until", 1, act_listen_until, "SIGNAL: the same, until that one came"},
    {"ignore", 1, act_ignore, "SIGNAL"},
    {"default", 1, act_default, "SIGNAL"},
    {"block", 1, act_block, "SIGNAL"},
    {"block-all", 0, act_block_all, "all 64"},
    {"kill", 2, act_kill, "PID SIGNAL"},
    {"raise", 1, act_raise, "SIGNAL"},
    {"wait", 0, act_wait, "for all children"},
    {"setsid", 0, act_setsid, "a session of its own"},
    {"own-group", 0, act_own_group, "a process group of its own"},
    {"join-group", 1, act_join_group, "PGRP"},
    {"leave-group", 0, act_leave_group, "for one that a child has made"},
    {"ctty", 0, act_ctty, "descriptor 0 becomes the controlling terminal"},
    {"foreground", 0, act_foreground, "whose the terminal is"},
    {"orphans", 1, act_orphans, "N: become orphans, then all die at once"},
    {"lose-main-thread", 2, act_lose_main_thread,
     "MS CODE: another thread lives on (-1: for ever)"},
    {"hang-in-vfork", 1, act_hang_in_vfork, "FIFO: in state D until killed"},
    {"run-away", 1, act_run_away, "MS: fork and die, over and over"},
    {"deny", 2, act_deny, "SYSCALL ERRNO: fails from now on (seccomp)"},
    {"deny-ioctl", 2, act_deny_ioctl, "REQUEST ERRNO: the same for one kind of ioctl"},
    {"drop-caps", 0, act_drop_caps, "all capabilities, for good"},
    {"input", 0, act_input, "everything from stdin"},
    {"eat-memory", 1, act_eat_memory, "MIB"},
    {NULL, 0, NULL, NULL},
};

static const struct act* const kLists[] = {kActs, kConditions, kNetworkActs};
enum { LISTS = sizeof kLists / sizeof kLists[0] };

static const struct act* find(const char* name) {
    for (size_t list = 0; list < LISTS; ++list) {
        for (const struct act* act = kLists[list]; act->name != NULL; ++act) {
            if (strcmp(act->name, name) == 0) {
                return act;
            }
        }
    }
    fprintf(stderr, "probe: no such act: %s (probe --help)\n", name);
    exit(125);
}

static int help(void) {
    printf("probe ACT [ACT...]\n");
    for (size_t list = 0; list < LISTS; ++list) {
        for (const struct act* act = kLists[list]; act->name != NULL; ++act) {
            printf("  %-17s %s\n", act->name, act->help);
        }
    }
    printf("  %-17s %s\n", "fork ACT... end", "a child does these and exits 0");
    printf("  %-17s %s\n", "exec CMD ARG...", "the last act");
    return 0;
}

static void play(char** words) {
    while (*words != NULL) {
        const char* name = *words++;
        if (strcmp(name, "fork") == 0) {
            words = act_fork(words);
            continue;
        }
        if (strcmp(name, "exec") == 0) {
            act_exec(words);
        }
        const struct act* act = find(name);
        for (size_t i = 0; i < act->words; ++i) {
            if (words[i] == NULL) {
                fprintf(stderr, "probe: %s wants: %s\n", name, act->help);
                exit(125);
            }
        }
        act->run(words);
        words += act->words;
    }
}

int main(int argc, char** argv) {
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        return help();
    }
    // A line is one write, so that nobody writes into the middle of it.
    static char line[65536];
    setvbuf(stdout, line, _IOFBF, sizeof line);
    probe_argv = calloc((size_t)argc + 1, sizeof(char*));
    memcpy(probe_argv, argv, (size_t)argc * sizeof(char*));  // fork cuts the original
    play(argv + 1);
    return 0;
}
