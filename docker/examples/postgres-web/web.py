#!/usr/bin/python3
"""Counts visits in PostgreSQL.

    /        counts this visit and says how many there were; 503 while the database is away
    /health  says that the server answers

The database is not asked for /health: when it is away, starting this server again heals nothing.
TERM ends the server in order: it stops to accept, finishes what it has begun, and exits with 0.
"""

import argparse
import contextlib
import http.server
import signal
import threading

import psycopg2


def count(path):
    """How many visits there are, with this one. A connection each time: none outlives its database."""
    with contextlib.closing(psycopg2.connect("dbname=web connect_timeout=2")) as connection:
        with connection, connection.cursor() as cursor:  # commits
            cursor.execute("INSERT INTO visits (path) VALUES (%s)", (path,))
            cursor.execute("SELECT count(*) FROM visits")
            return cursor.fetchone()[0]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, "healthy\n")
            return
        try:
            self.answer(200, f"visit {count(self.path)}\n")
        except psycopg2.Error as error:
            self.answer(503, f"no database: {error}")

    def answer(self, code, text):
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        if self.path != "/health":  # gosv asks every ten seconds
            super().log_request(code, size)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for what has been begun


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    server = Server(("", parser.parse_args().port), Handler)
    # shutdown() waits for the loop that the handler interrupts, so it needs a thread of its own.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    print("closed", flush=True)


if __name__ == "__main__":
    main()
