// System calls of a contained program that fail because a test says so (seccomp_unotify(2)): no tracer
// is attached, and what is not about cgroups runs as it is. See contain.c for the options.
#pragma once
#include <sys/types.h>

// "CALL:PATH:ERRNO": such a call (openat, write, mkdirat, ...; * is any) on a file whose path ends in
// PATH, by the program or by whoever it starts. 0: wrong.
int faults_add_rule(const char* text);

// "N:ERRNO": the program's own N-th call that is about cgroups. 0: wrong.
int faults_add_step(const char* text);

// Where each of those calls gets a line: "N CALL PATH", with " = ERRNO" if it was made to fail. A process
// that the program starts is a line "start".
void faults_log_to(const char* path);

int faults_wanted(void);

// In the program before its exec: puts the filter in place and sends its other end through `socket`.
void faults_begin(int socket);

// In who watches: that other end, or -1 when the program has not come as far.
int faults_receive(int socket);

// Answers one call; `program` is the one whose steps are counted.
void faults_answer(int listener, pid_t program);
