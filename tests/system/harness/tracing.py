# SPDX-License-Identifier: BSD-3-Clause
"""One thread of a process, held still or listened to: ptrace, and strace on top of it."""

import contextlib
import ctypes
import os
import re
import shutil
import subprocess
import time

from .cases import Skipped

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def _ptrace(request, thread):
    if _LIBC.ptrace(request, thread, None, None) < 0:
        error = ctypes.get_errno()
        raise Skipped(f"ptrace is not permitted here: {os.strerror(error)}")


@contextlib.contextmanager
def held(thread):
    """The thread makes no step while this lasts; its process goes on."""
    _ptrace(_SEIZE, thread)
    _ptrace(_INTERRUPT, thread)
    os.waitpid(thread, _WALL)
    try:
        yield
    finally:
        _ptrace(_DETACH, thread)


def syscalls(thread, seconds, log):
    """How often a thread asks the kernel for what, by name."""
    if not shutil.which("strace"):
        raise Skipped("there is no strace")
    with subprocess.Popen(["strace", "-p", str(thread), "-o", log],
                          stderr=subprocess.PIPE, text=True) as tracer:
        said = tracer.stderr.readline()
        if "attached" not in said:
            raise Skipped(f"strace is not permitted here: {said.strip()}")
        time.sleep(seconds)
        tracer.terminate()
        tracer.wait(5)
    with open(log, encoding="utf-8", errors="replace") as f:
        names = re.findall(r"^(\w+)\(", f.read(), re.MULTILINE)
    return {name: names.count(name) for name in set(names)}
