"""What the services of the benchmark write down; board.h has the same layout and says what each field is."""

import mmap
import os
import struct
import tempfile

SLOTS_AT = 4096
SLOT = 64
MOST_SLOTS = 4096
GAPS_AT = 56

_HEADER = struct.Struct("=Q4I3Q2I")
_FIELDS = ("exec_at", "begun", "told", "go", "gaps", "storm_from", "storm_made", "storm_gone", "storm_left",
           "storm_count")
_GO = struct.Struct("=I")
_GO_AT = 16


class Board:
    """A file in memory. close() removes it."""

    def __init__(self):
        # A disk's file system would write it back meanwhile.
        shared = "/dev/shm"
        fd, self.path = tempfile.mkstemp(prefix="gosv-bench.",
                                         dir=shared if os.access(shared, os.W_OK) else None)
        try:
            size = SLOTS_AT + MOST_SLOTS * SLOT
            os.ftruncate(fd, size)
            os.chmod(self.path, 0o666)
            self._map = mmap.mmap(fd, size)
        finally:
            os.close(fd)

    def __getattr__(self, name):
        if name not in _FIELDS:
            raise AttributeError(name)
        return _HEADER.unpack_from(self._map)[_FIELDS.index(name)]

    def start_storm(self):
        _GO.pack_into(self._map, _GO_AT, 1)

    def gap(self):
        """Death of service 0 to its next main, in ns, as many as there were."""
        return list(struct.unpack_from(f"={self.gaps}Q", self._map, GAPS_AT))

    def first_mains(self, count):
        """When each service's main began for the first time, in ns."""
        return [struct.unpack_from("=Q", self._map, SLOTS_AT + i * SLOT)[0] for i in range(count)]

    def close(self):
        self._map.close()
        os.unlink(self.path)
