// What the services of the benchmark write down: a file that all of them map and that the harness
// reads (board.py knows the same layout). Times are CLOCK_MONOTONIC in ns; 0 is "has not happened".
//
// Each word has one writer, except the counters that are named so: those are added to atomically.
#pragma once

#include <stdint.h>

enum { BOARD_GAPS = 448, BOARD_SLOTS_AT = 4096 };

struct board {
    uint64_t exec_at;          // just before the exec of the contender
    uint32_t begun;            // counter: services whose main has begun for the first time
    uint32_t told;             // counter: services that were told to end by TERM
    uint32_t go;               // the harness: the storm may begin
    uint32_t gaps;             // how many of `gap` there are
    uint64_t storm_from;       // the first orphan is about to be made
    uint64_t storm_made;       // the last one was
    uint64_t storm_gone;       // none is left
    uint32_t storm_left;       // as many have not been reaped in time; then storm_gone is 0
    uint32_t storm_count;      // as many were made
    uint64_t gap[BOARD_GAPS];  // death of service 0 to its next main
};

_Static_assert(sizeof(struct board) <= BOARD_SLOTS_AT, "the slots come behind it");

// One service. A line of the cache, so that no two of them disturb each other.
struct slot {
    uint64_t first_main;
    uint64_t last_death;  // only of a service that crashes
    uint64_t signal_at;   // the last USR2 or HUP was handled
    uint32_t signals;     // as many were
    uint32_t mains;
    uint64_t unused[4];
};

_Static_assert(sizeof(struct slot) == 64, "board.py knows it");
