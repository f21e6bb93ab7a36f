# SPDX-License-Identifier: BSD-3-Clause
"""A process with its log: started, listened to, ended by its own id."""

import re
import signal
import subprocess
import threading
import time


class Gone(Exception):
    """What was awaited can no longer come, or did not come in time."""


class Process:
    """Its output goes to a log file, line by line; a line can be awaited."""

    def __init__(self, argv, log, name=None, env=None, cwd=None):
        self.name = name or argv[0].rsplit("/", 1)[-1]
        self.lines = []
        self._log = open(log, "w", encoding="utf-8", errors="replace")
        self._news = threading.Condition()
        self._open = True
        self._child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
        )
        self.pid = self._child.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self._child.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            self._log.write(f"{time.time():.3f} {line}\n")
            self._log.flush()
            with self._news:
                self.lines.append(line)
                self._news.notify_all()
        with self._news:
            self._open = False
            self._news.notify_all()

    def await_line(self, pattern, seconds=10, start=0):
        """The first line, from number `start` on, in which the pattern is found."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                for line in self.lines[start:]:
                    if wanted.search(line):
                        return line
                start = max(start, len(self.lines))
                left = deadline - time.monotonic()
                if not self._open or left <= 0:
                    why = "ended" if not self._open else f"said nothing for {seconds} s"
                    last = "\n  ".join(self.lines[-8:])
                    raise Gone(f"{self.name} {why}, awaiting /{pattern}/; last lines:\n  {last}")
                self._news.wait(left)

    def running(self):
        return self._child.poll() is None

    def kill(self, number=signal.SIGKILL):
        if self.running():
            self._child.send_signal(number)

    def wait(self, seconds=10):
        """Its exit status."""
        try:
            status = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Gone(f"{self.name} (pid {self.pid}) did not end in {seconds} s") from None
        self._reader.join(2)
        return status

    def stop(self, number=signal.SIGTERM, seconds=5):
        """Asks it to end, and makes it end when it does not listen. Its exit status."""
        self.kill(number)
        try:
            return self.wait(seconds)
        except Gone:
            self.kill()
            return self.wait()
        finally:
            self._log.close() if not self._reader.is_alive() else None

    def memory_kb(self):
        """What of it is resident now."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS"):
                    return int(line.split()[1])
        raise Gone(f"{self.name} is gone")
