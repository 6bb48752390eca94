"""Which signals there are."""

import ctypes
import os
import signal

_libc = ctypes.CDLL(None, use_errno=True)
_SYS_RT_SIGQUEUEINFO = {"x86_64": 129, "aarch64": 138}[os.uname().machine]

# Everything that can be sent and caught: 32 and 33 are glibc's own.
NOT_CATCHABLE = {signal.SIGKILL, signal.SIGSTOP}
CATCHABLE = [n for n in [*range(1, 32), *range(34, 65)] if n not in NOT_CATCHABLE]
FORWARDED = [n for n in CATCHABLE if n != signal.SIGCHLD]

RTMIN_3 = 37  # systemd's STOPSIGNAL, `docker kill -s RTMIN+3`


def send_with_code(pid, number, code):
    """rt_sigqueueinfo(2): a signal that says of itself how it came to be."""
    info = (ctypes.c_int * 32)(int(number), 0, code)
    if _libc.syscall(_SYS_RT_SIGQUEUEINFO, pid, int(number), ctypes.byref(info)) != 0:
        raise OSError(ctypes.get_errno(), "rt_sigqueueinfo")
