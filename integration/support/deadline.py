"""Waiting for what happens, with deadlines that only a hang exceeds.

No test asserts that something took a certain time by sleeping; where a time is the point, the test
takes it and compares. GOSV_PATIENCE (default 1) stretches every deadline on a slow machine.
"""

import os
import time

PATIENCE = float(os.environ.get("GOSV_PATIENCE", "1"))
DEFAULT = 30.0


class Timeout(AssertionError):
    """What was waited for did not come."""


class Deadline:
    def __init__(self, seconds=DEFAULT):
        self.seconds = seconds * PATIENCE
        self.end = time.monotonic() + self.seconds

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def passed(self):
        return time.monotonic() >= self.end


def until(condition, what, seconds=DEFAULT, every=0.01):
    """The first true value of condition(). For states that nobody announces (/proc)."""
    deadline = Deadline(seconds)
    while True:
        value = condition()
        if value:
            return value
        if deadline.passed():
            raise Timeout(f"not within {deadline.seconds:g} s: {what}")
        time.sleep(every)
