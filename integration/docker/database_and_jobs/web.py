#!/usr/bin/python3
"""The web service of tests/data/good/database_and_jobs.yaml.

web migrate      makes the table of jobs, or finds it made
web --port PORT  /health   200 when the database answers, else 503
                 /add      adds a job, and tells its number
                 /done     how many jobs the worker has done
"""

import contextlib
import http.server
import signal
import sys
import threading

import psycopg2

STATEMENTS = {
    "/health": "SELECT 'healthy'",
    "/add": "INSERT INTO jobs DEFAULT VALUES RETURNING id",
    "/done": "SELECT count(*) FROM jobs WHERE done",
}


def ask(statement):
    with contextlib.closing(psycopg2.connect("user=postgres connect_timeout=2")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code, text = 404, "not found"
        if self.path in STATEMENTS:
            try:
                code, text = 200, ask(STATEMENTS[self.path])
            except psycopg2.Error as error:
                code, text = 503, error
        body = f"{text}\n".encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(arguments):
    if arguments == ["migrate"]:
        ask("CREATE TABLE IF NOT EXISTS jobs (id serial PRIMARY KEY, done boolean NOT NULL DEFAULT false)")
        print("migrated", flush=True)
    elif len(arguments) == 2 and arguments[0] == "--port":
        server = http.server.ThreadingHTTPServer(("", int(arguments[1])), Handler)
        # shutdown() waits for the loop that the handler interrupts.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"listening on port {server.server_port}", flush=True)
        server.serve_forever(poll_interval=0.1)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
