# SPDX-License-Identifier: BSD-3-Clause
"""Test cases: one line each, and at the end how many held."""

import json
import os
import sys
import time
import traceback


class Failed(Exception):
    """An expectation that did not hold."""


class Trial:
    """What a case is given: to say what it expects."""

    def __init__(self):
        self.complaints = []

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


class Suite:
    """Cases in the order in which they are written. Arguments choose by part of the name."""

    def __init__(self, name):
        self.name = name
        self._cases = []

    def case(self, name):
        def add(function):
            self._cases.append((name, function))
            return function

        return add

    def run(self):
        """Runs the chosen cases; returns an exit status. With LAYBY_RESULTS, one line of JSON
        for each is added to that file."""
        wanted = [a for a in sys.argv[1:] if not a.startswith("-")]
        chosen = [c for c in self._cases if not wanted or any(w in c[0] for w in wanted)]
        failed = 0
        for name, function in chosen:
            started = time.monotonic()
            complaints = self._try(function)
            took = time.monotonic() - started
            failed += bool(complaints)
            print(f"{'FAIL' if complaints else 'ok  '} {self.name}: {name} ({took:.1f} s)",
                  flush=True)
            for complaint in complaints:
                print(f"     {complaint}", flush=True)
            self._record(name, complaints, took)
        print(f"{self.name}: {len(chosen) - failed} passed, {failed} failed", flush=True)
        return 1 if failed or not chosen else 0

    @staticmethod
    def _try(function):
        trial = Trial()
        try:
            function(trial)
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
                                  "seconds": round(took, 2)}), file=f)
