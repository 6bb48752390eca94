// A service of the benchmark. It says on the board (board.h) when its main begins and what happens
// to it; otherwise it sleeps. No C library: see bare.h.
//
//   service BOARD INDEX [ACT]     ends with 0 on TERM, counts USR2 and HUP; before that, the act:
//     crash COUNT                 dies at once, with 1, until it has been restarted COUNT times
//     storm COUNT LIVE SECONDS    when the board says go: COUNT orphans as fast as they can be
//     made,
//                                 of which never more than LIVE are there at once
//   service BOARD exec PROGRAM ARG...
//                                 no service: notes the time and becomes PROGRAM
//
// The words may also come as one ("BOARD INDEX"): so the interpreter of a script gets them.
// Exit codes of its own: 64 for wrong usage, 120 and 121 when the board cannot be opened or mapped,
// 127 when PROGRAM cannot be executed.
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "bare.h"
#include "board.h"

enum { SIZE = BOARD_SLOTS_AT + 4096 * 64, MOST_WORDS = 8, MOST_LIVE = 4096, STACK = 4096 };

static struct board* board;
static struct slot* slot;

static void on_term(int signal) {
    (void)signal;
    __atomic_fetch_add(&board->told, 1, __ATOMIC_RELAXED);
    leave(0);
}

static void on_signal(int signal) {
    (void)signal;
    slot->signal_at = now();
    __atomic_store_n(&slot->signals, slot->signals + 1, __ATOMIC_RELEASE);
}

static void map_board(const char* path) {
    const long fd = call4(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) {
        leave(120);
    }
    const long at = call6(SYS_mmap, 0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at < 0 && at > -4096) {
        leave(121);
    }
    call1(SYS_close, fd);
    board = (struct board*)at;
}

// --- crash ---------------------------------------------------------------------------------------

static void crash(uint64_t main_at, uint32_t count) {
    if (slot->last_death != 0 && board->gaps < BOARD_GAPS) {
        board->gap[board->gaps] = main_at - slot->last_death;
        __atomic_store_n(&board->gaps, board->gaps + 1, __ATOMIC_RELEASE);
    }
    if (board->gaps < count) {
        slot->last_death = now();
        leave(1);
    }
}

// --- storm ---------------------------------------------------------------------------------------

static char stacks[2][STACK] __attribute__((aligned(16)));
static int ring[MOST_LIVE];  // the newest orphans

// All of them are on the same stack: they all write the same to it.
static void orphan(void* argument) {
    (void)argument;
    call1(SYS_exit, 0);
}

// The orphan's parent: gone before anybody could wait for it.
static void parent_of(void* where) {
    *(int*)where = (int)clone_on(CLONE_VM | 17 /* SIGCHLD */, stacks[1] + STACK, 0, orphan, 0);
    call1(SYS_exit, 0);
}

// Still there, as a process or as a zombie. (A namespace gives out 32768 pids before it begins
// anew.)
static int is_there(int pid) {
    return call2(SYS_kill, pid, 0) == 0;
}

// Whether it has vanished by then.
static int wait_gone(int pid, uint64_t deadline) {
    while (is_there(pid)) {
        if (now() > deadline) {
            return 0;
        }
        sleep_us(200);
    }
    return 1;
}

static void storm(int count, int live, int seconds) {
    while (__atomic_load_n(&board->go, __ATOMIC_ACQUIRE) == 0) {
        sleep_us(1000);
    }
    board->storm_from = now();
    const uint64_t deadline = board->storm_from + (uint64_t)seconds * UINT64_C(1000000000);
    int made = 0;
    for (; made < count; ++made) {
        int* newest = &ring[made % live];
        if (made >= live && !wait_gone(*newest, deadline)) {
            break;
        }
        const long parent =
            clone_on(CLONE_VM | CLONE_VFORK | 17, stacks[0] + STACK, 0, parent_of, newest);
        if (parent < 0 || *newest < 0) {
            *newest = 0;
            break;
        }
        call4(SYS_wait4, parent, 0, 0, 0);
    }
    board->storm_made = now();
    uint32_t left = 0;
    for (int i = 0; i < live && i < made; ++i) {
        if (ring[i] > 0 && !wait_gone(ring[i], deadline)) {
            ++left;
        }
    }
    board->storm_count = (uint32_t)made;
    board->storm_left = left;
    const int complete = left == 0 && made == count;
    __atomic_store_n(&board->storm_gone, complete ? now() : 0, __ATOMIC_RELEASE);
    __atomic_store_n(&board->go, 2, __ATOMIC_RELEASE);
}

// --- main ----------------------------------------------------------------------------------------

// Splits `text` at its spaces, in place.
static int split(char* text, char** words) {
    int count = 0;
    while (*text != '\0' && count < MOST_WORDS) {
        words[count++] = text;
        while (*text != '\0' && *text != ' ') {
            ++text;
        }
        if (*text == ' ') {
            *text++ = '\0';
        }
    }
    return count;
}

static int has_space(const char* text) {
    while (*text != '\0' && *text != ' ') {
        ++text;
    }
    return *text == ' ';
}

int bare_main(int argc, char** argv, char** envp) {
    const uint64_t main_at = now();
    char* split_words[MOST_WORDS] = {0};
    char** words = argv + 1;
    int count = argc - 1;
    if (argc >= 2 && has_space(argv[1])) {
        words = split_words;
        count = split(argv[1], words);
    }
    if (count < 2) {
        return 64;
    }
    map_board(words[0]);
    if (words[1][0] == 'e') {
        sleep_us(20000);  // so long has the launcher to tell who we are, and to fall asleep
        board->exec_at = now();
        call3(SYS_execve, words[2], words + 2, envp);
        return 127;
    }

    slot = (struct slot*)((char*)board + BOARD_SLOTS_AT) + to_int(words[1]);
    const uint32_t mains = ++slot->mains;
    if (count == 4 && words[2][0] == 'c') {
        crash(main_at, (uint32_t)to_int(words[3]));
    }
    handle(15 /* TERM */, on_term);
    handle(12 /* USR2 */, on_signal);
    handle(1 /* HUP */, on_signal);
    if (mains == 1) {
        slot->first_main = main_at;
    }
    // Again and again: a service that crashes has begun when it stays.
    if (mains == 1 || count == 4) {
        __atomic_fetch_add(&board->begun, 1, __ATOMIC_RELEASE);
    }
    if (count == 6) {
        storm(to_int(words[3]), to_int(words[4]), to_int(words[5]));
    }
    sleep_for_ever();
}
