#!/usr/bin/python3
"""Takes texts from the list `jobs` of Redis and puts their SHA-256 into the hash `results`.

A job is in the list `working` while it is worked on, so none is lost when the worker dies meanwhile: the
next one takes it up again. When Redis goes away the worker ends with an error. It need not know how to
wait and how to connect again: gosv starts it when Redis is healthy.
TERM ends it in order: it finishes the job it has, and exits with 0.
"""

import hashlib
import signal
import sys

import redis

stopping = False


def stop(*_):
    global stopping
    stopping = True


def work_off(server):
    while server.lmove("working", "jobs", "RIGHT", "LEFT"):
        print("took up again what was left", flush=True)
    print("ready", flush=True)
    while not stopping:
        job = server.blmove("jobs", "working", 1, "LEFT", "RIGHT")
        if job is None:
            continue
        server.hset("results", job, hashlib.sha256(job).hexdigest())
        server.lrem("working", 1, job)
        print(f"done: {job.decode(errors='replace')}", flush=True)
    print("stopped in order", flush=True)


def main():
    signal.signal(signal.SIGTERM, stop)
    try:
        work_off(redis.Redis())
    except redis.ConnectionError as error:
        return f"Redis is away: {error}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
