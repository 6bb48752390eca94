#!/usr/bin/python3
"""The worker beside web.py: does the jobs that /srv/web adds, until TERM."""

import signal
import time

import psycopg2

stopping = False

NEXT = """
    UPDATE jobs SET done = true
     WHERE id = (SELECT id FROM jobs WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
 RETURNING id
"""


def stop(*_):
    global stopping
    stopping = True


def main():
    signal.signal(signal.SIGTERM, stop)
    connection = psycopg2.connect("user=postgres")
    print("working", flush=True)
    while not stopping:
        with connection, connection.cursor() as cursor:
            cursor.execute(NEXT)
            job = cursor.fetchone()
        if job is None:
            time.sleep(0.1)
        else:
            print(f"job {job[0]} done", flush=True)


if __name__ == "__main__":
    main()
