#!/bin/sh
# Each turn leaves a process whose parent is gone at once: it becomes PID 1's child, and a zombie
# when it ends, unless PID 1 waits for it.
while :; do
    (sleep 0.2 &)
    sleep 1
done
