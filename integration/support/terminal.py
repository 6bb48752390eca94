"""A pseudo-terminal: the other end of what a program takes for its screen and keyboard."""

import fcntl
import os
import struct
import termios

from .streams import Lines

INTERRUPT = b"\x03"  # ^C
QUIT = b"\x1c"  # ^\
SUSPEND = b"\x1a"  # ^Z


class Terminal:
    """`stdio` goes to Run as three streams; the program makes it its controlling terminal itself
    (given=["ctty"]: launch has made it a session leader). Without echo, so that what is typed does not
    mix with what is said."""

    def __init__(self, tostop=False):
        self._ours, self._theirs = os.openpty()
        modes = termios.tcgetattr(self._theirs)
        modes[3] &= ~termios.ECHO
        if tostop:
            modes[3] |= termios.TOSTOP
        termios.tcsetattr(self._theirs, termios.TCSANOW, modes)
        self.resize(24, 200)

    def attach(self):
        """The keyword arguments of Run for a program on this terminal; once."""
        return {"stdin": self._theirs, "stdout": self._theirs, "stderr": self._theirs}

    def started(self):
        """To be called when the program runs: its end is then its alone, and reading begins."""
        os.close(self._theirs)
        self.screen = Lines(os.dup(self._ours), "terminal")

    def type(self, keys):
        os.write(self._ours, keys if isinstance(keys, bytes) else keys.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self):
        """The last descriptor of our end goes, as when the window is closed."""
        self.screen.stop()
        os.close(self._ours)
        self._ours = None

    def close(self):
        if self._ours is not None:
            os.close(self._ours)
            self._ours = None
