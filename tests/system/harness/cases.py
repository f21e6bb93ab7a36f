# SPDX-License-Identifier: BSD-3-Clause
"""Test cases: one line each, and at the end how many held."""

import json
import os
import shutil
import sys
import tempfile
import time
import traceback


class Failed(Exception):
    """An expectation that did not hold."""


class Skipped(Exception):
    """What the case needs, and cannot have itself, is not there. Said aloud and counted."""


class Trial:
    """What a case is given: to say what it expects."""

    def __init__(self):
        self.complaints = []
        self.stage = None
        self.skipped = ""
        self.where = None  # a directory for this case; it makes it when it needs one

    def expect(self, held, otherwise):
        """Goes on when it does not hold, so that one run shows all there is."""
        if not held:
            self.complaints.append(otherwise)
        return held

    def require(self, held, otherwise):
        if not held:
            raise Failed(otherwise)

    def soon(self, look, seconds, what):
        """Looks again and again, for what no event announces (a file that grows)."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if look():
                    return
            except (IndexError, FileNotFoundError):
                pass
            if time.monotonic() > deadline:
                raise Failed(f"not within {seconds} s: {what}")
            time.sleep(0.05)


def _end_well(t):
    for process in (t.stage.layby.core, t.stage.layby.media):
        t.expect(process is not None and process.running(), "a process is gone")
    for name, status in zip(("layby-core", "layby-media"), t.stage.close()):
        t.expect(status == 0, f"{name} ended with status {status}")
    for process in (t.stage.layby.core, t.stage.layby.media):
        bad = [line for line in process.lines if "Sanitizer" in line or "runtime error" in line]
        t.expect(not bad, f"{process.name}: {bad[:2]}")


class Suite:
    """Cases in the order in which they are written. Arguments choose by part of the name.

    make(where), if given, sets the stage for all of them: t.stage. It is closed at the end, and
    that both processes have lived through it and end well is a case of its own."""

    def __init__(self, name, make=None):
        self.name = name
        self._make = make
        self._cases = []

    def case(self, name):
        def add(function):
            self._cases.append((name, function))
            return function

        return add

    def run(self):
        """Runs the chosen cases; returns an exit status. With LAYBY_RESULTS, one line of JSON
        for each is added to that file; with LAYBY_KEEP, recordings and logs are kept there."""
        wanted = [a for a in sys.argv[1:] if not a.startswith("-")]
        chosen = [c for c in self._cases if not wanted or any(w in c[0] for w in wanted)]
        where = tempfile.mkdtemp(prefix=f"layby-{self.name}-")
        self._scratch, self._ran, stage, results = where, 0, None, []
        try:
            if self._make:
                results.append(self._held("the_stage_is_set",
                                          lambda t: setattr(t, "stage", self._make(where)), None))
                stage = self._last.stage
            if stage or not self._make:
                results += [self._held(name, function, stage) for name, function in chosen]
        finally:
            if stage:
                results.append(self._held("both_processes_end_well", _end_well, stage))
            keep = os.environ.get("LAYBY_KEEP")
            if keep:
                shutil.copytree(where, os.path.join(keep, self.name), dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("*.sock"))
            shutil.rmtree(where, ignore_errors=True)
        failed = results.count(False)
        print(f"{self.name}: {len(results) - failed} passed, {failed} failed", flush=True)
        return 1 if failed or not chosen else 0

    def _held(self, name, function, stage):
        """Runs one case and tells how it went."""
        started = time.monotonic()
        self._last = Trial()
        self._last.stage = stage
        self._ran += 1
        # Short: a UNIX socket's path has 107 bytes.
        self._last.where = os.path.join(self._scratch, str(self._ran))
        complaints = self._try(function, self._last)
        took = time.monotonic() - started
        word = "FAIL" if complaints else "SKIP" if self._last.skipped else "ok  "
        print(f"{word} {self.name}: {name} ({took:.1f} s)", self._last.skipped, flush=True)
        for complaint in complaints:
            print(f"     {complaint}", flush=True)
        self._record(name, complaints, took)
        if stage:
            stage.clear()
        return not complaints

    @staticmethod
    def _try(function, trial):
        try:
            function(trial)
        except Skipped as e:
            trial.skipped = str(e)
        except Exception as e:  # pylint: disable=broad-except
            where = traceback.extract_tb(e.__traceback__)[-1]
            trial.complaints.append(f"{type(e).__name__}: {e} ({os.path.basename(where.filename)}"
                                    f":{where.lineno})")
        return trial.complaints

    def _record(self, name, complaints, took):
        results = os.environ.get("LAYBY_RESULTS")
        if results:
            with open(results, "a", encoding="utf-8") as f:
                print(json.dumps({"suite": self.name, "case": name, "ok": not complaints,
                                  "skipped": bool(self._last.skipped), "seconds": round(took, 2)}), file=f)
