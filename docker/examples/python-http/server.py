"""A small HTTP server to test a supervisor with.

    /        says hello
    /status  its pid, its user, how often it was told to reload (HUP), as JSON
    /crash   ends at once with code 3

TERM ends it in order: it stops to accept, finishes what it has begun, and exits with 0.
"""

import argparse
import http.server
import json
import os
import signal
import threading

reloads = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/crash":
            os._exit(3)
        if self.path == "/":
            self.answer(200, "text/plain", "hello\n")
        elif self.path == "/status":
            status = {"pid": os.getpid(), "uid": os.getuid(), "reloads": reloads}
            self.answer(200, "application/json", json.dumps(status) + "\n")
        else:
            self.answer(404, "text/plain", "not found\n")

    def answer(self, code, kind, text):
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def reload(*_):
    global reloads
    reloads += 1
    print("reloaded", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--bind", default="0.0.0.0")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer((options.bind, options.port), Handler)
    # shutdown() waits for the loop that the handler interrupts, so it needs a thread of its own.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGHUP, reload)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    print("closed", flush=True)


if __name__ == "__main__":
    main()
