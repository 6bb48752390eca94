"""A stream of the program under test, read in the background, line by line."""

import json
import os
import select
import socket
import threading

from .deadline import DEFAULT, Deadline, Timeout


class Lines:
    """Collects what comes out of a descriptor, until its end. Owns the descriptor."""

    def __init__(self, fd, name):
        self.name = name
        self._fd = fd
        self._data = bytearray()
        self._ended = False
        self._stopped, self._stop = socket.socketpair()  # closing one end wakes select(2) up
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                ready, _, _ = select.select([self._fd, self._stopped], [], [])
                block = b"" if self._stopped in ready else os.read(self._fd, 65536)
            except OSError:  # EIO: the other end of a terminal is gone
                block = b""
            with self._changed:
                if block:
                    self._data += block
                else:
                    self._ended = True
                self._changed.notify_all()
            if not block:
                os.close(self._fd)
                self._stopped.close()
                return

    def stop(self):
        """Gives up reading, and the descriptor with it."""
        self._stop.close()
        self._thread.join()

    def text(self):
        with self._changed:
            return self._data.decode(errors="replace")

    def lines(self):
        """Complete lines so far; the last one also without its newline once the stream has ended."""
        with self._changed:
            text, ended = self._data.decode(errors="replace"), self._ended
        whole = text.split("\n")
        rest = whole.pop()
        return whole + ([rest] if ended and rest else [])

    def objects(self):
        """The lines that are JSON objects."""
        found = []
        for line in self.lines():
            # What is not gosv's or the probe's may stand before it: a prompt, the filling of a pipe.
            line = line[max(line.find("{"), 0):].strip()
            if line.startswith("{") and line.endswith("}"):
                try:
                    found.append(json.loads(line))
                except ValueError:
                    pass
        return found

    def wait_for(self, find, what, seconds=DEFAULT):
        """The first true value of find(self), asked again whenever something has come."""
        deadline = Deadline(seconds)
        while True:
            with self._changed:
                size, ended = len(self._data), self._ended
            value = find(self)
            if value:
                return value
            if ended or deadline.passed():
                reason = "the stream has ended" if ended else f"not within {deadline.seconds:g} s"
                raise Timeout(f"{self.name}: {reason}: {what}; so far:\n{self.text()[-4000:]}")
            with self._changed:
                self._changed.wait_for(
                    lambda: len(self._data) != size or self._ended, deadline.left()
                )

    def wait_text(self, text, seconds=DEFAULT):
        return self.wait_for(lambda lines: text in lines.text(), repr(text), seconds)

    def wait_object(self, seconds=DEFAULT, /, **fields):
        """The first JSON object with these fields. A field whose value is ... only has to be there."""
        return self.wait_objects(1, seconds, **fields)[0]

    def wait_objects(self, count, seconds=DEFAULT, /, **fields):
        def find(lines):
            found = [entry for entry in lines.objects() if matches(entry, fields)]
            return found if len(found) >= count else None

        return self.wait_for(find, f"{count} x {fields}", seconds)

    def wait_end(self, seconds=DEFAULT):
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, Deadline(seconds).left()):
                raise Timeout(f"{self.name}: still open; so far:\n{self.text()[-4000:]}")


def matches(entry, fields):
    return all(
        name in entry and (value is ... or entry[name] == value) for name, value in fields.items()
    )
