// The probe: a program that says what it was given and does as it is told.
//
//   probe ACT [ACT...]        (probe --help lists the acts)
//
// Used on both sides of gosv: as its child, to see what arrives, and in front of it, to make the
// conditions that gosv starts under ("probe ignore CHLD exec gosv -- CMD"). It is static, so that
// it runs in an empty image too. Everything it says is one JSON object a line on stdout.
#pragma once
#include <stddef.h>

// A word list ends with NULL. An act gets its own words in words[0..n-1] and, where it wants them,
// all that follow.
typedef void (*Run)(char** words);

struct act {
    const char* name;
    size_t words;
    Run run;
    const char* help;
};

// conditions.c: acts that change what this process is or has; ended by one without a name.
extern const struct act kConditions[];

// network.c: acts that serve, and that speak to a supervisor.
extern const struct act kNetworkActs[];

void report(void);                         // report.c: what this process inherited
void say_text(const char* text);           // a JSON string, quotes included
_Noreturn void give_up(const char* what);  // "probe: what: errno", exit 125

void must(int result, const char* what);  // gives up when the result is negative
int signal_number(const char* word);      // "15" or "TERM"
long number(const char* word);

// acts.c: the longer acts.
void listen_for_signals(int last);  // tells each signal as it comes; returns after `last`, if > 0
void make_orphans(long count);      // children of a dead parent, which then all die at once
void lose_main_thread(long milliseconds, int code);  // the thread group's leader ends first
void hang_in_vfork(const char* fifo);  // the parent waits for a child that never execs
void read_all_input(void);
void eat_memory(long mebibytes);
void leave_group(void);            // joins a group that a child has made
void run_away(long milliseconds);  // forks and dies, for ever: the pid is always another
// seccomp: this system call, with this second argument (0: any), fails from now on
void deny(const char* name, unsigned request, int error);
void drop_capabilities(void);
