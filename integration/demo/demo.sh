#!/bin/sh
# The main job of gosv before a newcomer's eyes, in about fifteen seconds: demo.sh GOSV.
#
# gosv runs as the real PID 1 of a PID namespace of its own, with gosv.yaml from this directory. Lines
# that begin with "  |" are its own and its services'; all others are this script's. The web server
# listens on 127.0.0.1 only, on a port that is free. Nothing stays behind: when the namespace's PID 1
# ends, or this script does, the kernel ends the rest.
set -eu

gosv=$(realpath "$1")
manifest=$(realpath "$(dirname "$0")/gosv.yaml")
work=$(mktemp -d "${TMPDIR:-/tmp}/gosv-demo.XXXXXX")
log=$work/log
outer=
init=

die() {
    printf '%s\n' "the demo has failed: $*" >&2
    exit 1
}

tell() {
    printf '\n'
    printf '# %s\n' "$@"
}

# wait_for TEXT [COUNT]: until the log has COUNT lines with it.
wait_for() {
    turns=0
    until [ "$(grep -c -e "$1" "$log")" -ge "${2:-1}" ]; do
        turns=$((turns + 1))
        [ "$turns" -le 200 ] || die "gosv has not said '$1' within 20 seconds"
        kill -0 "$outer" 2>/dev/null || die "gosv has ended too early"
        sleep 0.1
    done
}

clean_up() {
    # unshare has told the kernel to kill gosv, and so the namespace, when it ends.
    if [ -n "$outer" ]; then
        kill -KILL "$outer" 2>/dev/null || :
        wait "$outer" 2>/dev/null || :
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

free_port() {
    /usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

DEMO_PORT=$(free_port)
DEMO_SITE=$work/site
export DEMO_PORT DEMO_SITE
mkdir "$DEMO_SITE"
printf 'Hello from a web server that gosv keeps alive.\n' >"$DEMO_SITE/index.html"

tell "gosv supervises what this manifest says: a web server, a program that crashes," \
    "and one that leaves orphans."
printf '\n'
sed 's/^/    /' "$manifest"

tell "It starts as PID 1, as it would in a container. This is what it logs:"
printf '\n'
: >"$log"
mkfifo "$work/output"
# Most of a snapshot is memory maps; here they are left out.
tee "$log" <"$work/output" | sed -u -e '/^    [0-9a-f]\{8,\}-[0-9a-f]\{8,\} /d' -e 's/^/  | /' &
show=$!
# Without root, a user namespace gives the right to make the others.
set -- --pid --fork --mount-proc --kill-child
if [ "$(id -u)" -ne 0 ]; then set -- --user --map-root-user "$@"; fi
unshare "$@" "$gosv" "$manifest" >"$work/output" 2>&1 &
outer=$!
wait_for 'Serving HTTP'
init=$(pgrep -P "$outer")

tell "The web server runs. A visit: curl http://127.0.0.1:$DEMO_PORT/"
printf '\n'
curl -sS --fail --noproxy '*' --max-time 10 "http://127.0.0.1:$DEMO_PORT/" | sed 's/^/    /'

tell "'crasher' ends with code 3 again and again. gosv restarts it, each time after twice the delay;" \
    "the web server does not notice."
printf '\n'
wait_for 'restarting crasher' 3

tell "'orphan-maker' leaves processes without a parent. Such a process becomes a child of PID 1, and" \
    "stays a zombie when it ends unless PID 1 waits for it. gosv does ('orphans ... reaped' above):"
printf '\n'
wait_for 'reaped' 3
# A zombie between its end and its reaping is possible, one that stays is not.
zombies=$(pgrep --ns "$init" --nslist pid -r Z | wc -l)
printf '    zombies in the namespace: %s\n' "$zombies"

tell "What is going on in there? docker kill -s USR1 CONTAINER asks for a snapshot:" \
    "(it has the memory maps as well; they are left out here)"
printf '\n'
kill -USR1 "$init"
wait_for '=== end of snapshot'

tell "docker stop sends TERM: every service is asked to end, gets its time, and gosv ends last."
printf '\n'
kill -TERM "$init"
code=0
wait "$outer" || code=$?
outer=
wait "$show" || :

tell "The exit code is $code: a stop that was asked for, and everything ended by itself in time." \
    "Nothing is left behind."
[ "$code" -eq 0 ] || die "the exit code should have been 0"
printf '\n%s\n' "Next: README.md has a Dockerfile to copy, docker/examples/ has whole examples."
