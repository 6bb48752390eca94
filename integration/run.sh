# shellcheck shell=sh
# What `./dev test` does, sourced by ./dev: every step, its time, and whether anything stayed behind.
#
# Steps that compile run in the foreground at a lower priority; those that mostly wait (the base image,
# the integration tests) run beside them as soon as what they need is there. A step in the background
# writes to build/test-logs/, which is printed when the foreground is done.

logs=build/test-logs

test_everything() {
    started=$(date +%s)
    docker=
    if [ -n "${GOSV_SKIP_DOCKER:-}" ]; then
        need build glibc test emulated arm64 format
    else
        need build glibc test emulated arm64 format docker-test
        docker=docker:docker_tests
    fi
    rm -rf "$logs"
    mkdir -p "$logs"
    # Everything temporary goes here, and everything that is started carries the variable: that is how
    # leftovers are found among the other processes of the machine.
    work=$(mktemp -d "${TMPDIR:-/tmp}/gosv-test.XXXXXX")
    # Tests become other users, who have to get in.
    chmod 755 "$work"
    export TMPDIR="$work" GOSV_TEST_RUN="$work"
    mounts >"$work.mounts"
    background=
    trap 'interrupted' INT TERM HUP

    if [ -z "${GOSV_SKIP_DOCKER:-}" ]; then
        beside base-image as_root_here "$python" integration/docker/base_image.py
    fi
    beside guest-kernel as_root_here "$python" integration/kernel/debian_kernel.py
    step format check_format || :
    released=
    step release build_release && released=yes
    glibc=
    if [ "$library" = musl ]; then
        # The other one, for where there is no zig.
        step release-glibc build_glibc || :
        glibc=glibc:glibc_tests
    fi
    if [ -n "$released" ] && step dev build dev; then
        # In turn: each of them has four tests at a time already. And one kernel at a time: each wants a
        # processor, and there may be two of them.
        beside_in_turn integration namespaces:namespace_tests $docker $glibc
        beside_in_turn guests kernel:kernel_tests systemd:systemd_tests emulated:emulated_tests
        step dev-ctest unit_tests dev || :
    fi
    if step asan build asan; then
        step asan-ctest unit_tests asan || :
    fi
    if [ "$library" = musl ]; then
        if step musl build test-musl; then
            step musl-ctest unit_tests test-musl || :
        fi
        if step arm64 build test-arm64 gosv unit_base unit_core unit_manifest unit_os; then
            step arm64-ctest arm64_unit_tests || :
            # In the background for its log, of which what failed is told once more at the end.
            beside arm64-pid1 arm64_tests
        fi
    fi
    finish_background
    step leftovers nothing_left || :
    report
}

# --- steps ----------------------------------------------------------------------------------------

# step NAME COMMAND...: runs it, and notes its time and its outcome for the report.
step() {
    step_name=$1
    shift
    printf '\n=== %s\n' "$step_name"
    step_begun=$(date +%s)
    step_outcome=FAILED
    if "$@"; then step_outcome=ok; fi
    printf '%s %s %s\n' "$step_name" "$step_outcome" "$(($(date +%s) - step_begun))" >>"$work.steps"
    [ "$step_outcome" = ok ]
}

# beside NAME COMMAND...: the same in the background. No set -e inside: step() notes what failed.
beside() {
    beside_name=$1
    (step "$@" >"$logs/$beside_name.log" 2>&1 || :) &
    background="$background $beside_name:$!"
}

# beside_in_turn NAME STEP:COMMAND...: several steps in the background, one after the other.
beside_in_turn() {
    beside_name=$1
    shift
    (
        for pair; do step "${pair%%:*}" "${pair#*:}" || :; done
    ) >"$logs/$beside_name.log" 2>&1 &
    background="$background $beside_name:$!"
}

finish_background() {
    for job in $background; do
        printf '\nwaiting for: %s\n' "${job%%:*}"
        wait "${job##*:}" || :
        cat "$logs/${job%%:*}.log"
    done
    background=
}

unit_tests() {
    ctest --preset "$1" -j "$jobs" --timeout 300 --output-log "$logs/$1-ctest.log"
}

# Under qemu-user, without what it cannot do: not_emulated.txt tells why.
arm64_unit_tests() {
    cat tests/not_emulated.txt
    ctest --preset test-arm64 -j "$jobs" --timeout 120 --output-log "$logs/arm64-ctest.log" \
        -R '^(base|core|manifest|os):' \
        -E "^($(sed '/^#/d; /^$/d' tests/not_emulated.txt | paste -sd '|'))"
}

# run_pytest GOSV ARG...
run_pytest() {
    binary=$1
    shift
    as_root_here GOSV="$binary" "$python" -m pytest --tb=short -p no:cacheprovider -v --durations=10 "$@"
}

namespace_tests() {
    run_pytest "$PWD/build/release/gosv" -n 4 --ignore integration/docker integration
}

docker_tests() {
    # Building an image takes as long as it takes, which is no hang.
    run_pytest "$PWD/build/release/gosv" -o faulthandler_timeout=0 integration/docker
}

# What a binary is asked as PID 1, of the one that ./dev build makes where it has no zig.
glibc_tests() {
    run_pytest "$PWD/build/release-glibc/gosv" -n 4 integration/cli integration/command \
        integration/service integration/order integration/budget
}

# cgroups need a kernel whose cgroups are ours to use up: user-mode-linux, booted once for all of them.
# No root for it; on one emulated processor beside everything else, so with patience.
kernel_tests() {
    env --default-signal PYTHONDONTWRITEBYTECODE=1 "$python" integration/kernel/boot.py --seconds 800 --memory 768 \
        --env GOSV="$PWD/build/release/gosv" --env GOSV_PATIENCE=4 --env PYTHONDONTWRITEBYTECODE=1 -- \
        "$python" -m pytest --tb=short -p no:cacheprovider -v --durations=10 integration/kernel
}

# The same kernel as a machine with systemd, of which gosv is a unit.
systemd_tests() {
    env --default-signal PYTHONDONTWRITEBYTECODE=1 "$python" integration/kernel/boot.py --systemd --seconds 600 \
        --env GOSV="$PWD/build/release/gosv" --env GOSV_PATIENCE=4 --env PYTHONDONTWRITEBYTECODE=1 -- \
        "$python" -m pytest --tb=short -p no:cacheprovider -v --durations=5 integration/systemd
}

# What that kernel lacks, and limits and whole trees once more: Debian's own kernel, emulated.
emulated_tests() {
    as_root_here "$python" integration/kernel/boot.py --rig qemu --seconds 800 --memory 1024 \
        --env GOSV="$PWD/build/release/gosv" --env GOSV_PATIENCE=6 --env PYTHONDONTWRITEBYTECODE=1 -- \
        "$python" -m pytest --tb=short -p no:cacheprovider -v --durations=10 integration/emulated \
        integration/kernel/test_limits.py integration/kernel/test_killing.py
}

# The binary for arm64, emulated: as PID 1 of children that are this machine's programs.
arm64_tests() {
    printf '#!/bin/sh\nexec qemu-aarch64 %s "$@"\n' "$PWD/build/test-arm64/gosv" >"$work/gosv-arm64"
    chmod 755 "$work/gosv-arm64"
    run_pytest "$work/gosv-arm64" --emulated -n 2 integration/cli integration/command
}

# As root with what the tests need of our environment, which sudo would drop; and with all signals as
# they were before the shell made INT and QUIT ignored for what runs in the background. Deadlines are
# stretched, since the compiler is at work beside the tests.
as_root_here() {
    as_root env --default-signal PYTHONDONTWRITEBYTECODE=1 TMPDIR="$TMPDIR" GOSV_TEST_RUN="$GOSV_TEST_RUN" \
        GOSV_CACHE="${GOSV_CACHE:-$HOME/.cache/gosv}" GOSV_PATIENCE="${GOSV_PATIENCE:-3}" "$@"
}

# --- leftovers ------------------------------------------------------------------------------------

mounts() {
    # A login session of somebody else may come and go meanwhile.
    awk '$5 !~ "^/run/user/" {print $5}' /proc/self/mountinfo | sort
}

# Pids of what the tests started and of what runs in one of their containers.
processes_left() {
    as_root env -u GOSV_TEST_RUN grep -lszx "GOSV_TEST_RUN=$work" /proc/[0-9]*/environ || :
    grep -ls '/gosv-test' /proc/[0-9]*/cgroup || :
}

nothing_left() {
    left=0
    for file in $(processes_left); do
        pid=${file#/proc/}
        pid=${pid%%/*}
        # Reading a list of files takes a moment in which a process may end.
        line=$(ps -o pid=,ppid=,stat=,args= -p "$pid") || continue
        printf 'a process was left behind: %s\n' "$line"
        left=1
    done
    mounts | comm -13 "$work.mounts" - >"$work.new"
    if [ -s "$work.new" ]; then
        sed 's/^/a mount was left behind: /' "$work.new"
        left=1
    fi
    [ "$left" -eq 0 ] && printf 'no process, mount or container was left behind\n'
}

# Nothing mounted lies below $work when it is removed: a mount would be emptied with it.
remove_work() {
    if mounts | grep -q "^$work"; then
        printf 'not removed, something is mounted in it: %s\n' "$work"
    else
        as_root rm -rf "$work"
    fi
    rm -f "$work.mounts" "$work.new" "$work.steps"
}

interrupted() {
    trap - INT TERM HUP
    printf '\ninterrupted: stopping what runs in the background\n'
    for job in $background; do
        # The subshell first, so that it starts nothing more. pytest takes TERM for Ctrl-C and tears
        # its fixtures down, which may take a moment.
        children=$(pgrep -P "${job##*:}" || :)
        kill -TERM "${job##*:}" 2>/dev/null || :
        for pid in $children; do
            as_root kill -TERM "$pid" 2>/dev/null || :
            while [ -d "/proc/$pid" ]; do sleep 0.2; done
        done
    done
    remove_work
    exit 130
}

# Once more at the end, for who sees only the last lines: which tests failed, and what pytest says why.
failed_tests() {
    grep -hE '^(FAILED|ERROR) |^E  |\*\*\*(Failed|Timeout|Exception)' "$logs"/*.log || :
}

report() {
    trap - INT TERM HUP
    printf '\n=== steps\n'
    failed=0
    while read -r name outcome seconds; do
        printf '%-14s %-7s %5s s\n' "$name" "$outcome" "$seconds"
        [ "$outcome" = ok ] || failed=$((failed + 1))
    done <"$work.steps"
    if [ -n "${GOSV_SKIP_DOCKER:-}" ]; then
        printf 'docker         not run: GOSV_SKIP_DOCKER is set\n'
    fi
    if [ "$library" = glibc ]; then
        printf 'musl, arm64    not run: gosv is linked with glibc\n'
    fi
    printf 'in all                 %5s s\n' "$(($(date +%s) - started))"
    failed_tests
    remove_work
    [ "$failed" -eq 0 ] || die "$failed step(s) failed"
}
