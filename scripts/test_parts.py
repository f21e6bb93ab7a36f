#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The parts of scripts/test, one after the other; each says what it counted.

A part gives back how many test cases passed, failed and were skipped: Criterion's tests, race
programs, replayed inputs and system cases are counted one by one, a check as one."""

import glob
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOBS = str(os.cpu_count() or 2)
SANITIZED = {"build-asan": ["-Db_sanitize=address,undefined"],
             "build-tsan": ["-Db_sanitize=thread", "-Dtests=disabled", "-Dbench=false"]}


class Count:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(argv, **more):
    """Runs it; shows what it said only when it failed. True: it succeeded."""
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **more)
    if done.returncode:
        print(done.stdout[-12000:], flush=True)
    return done.returncode == 0


def check(argv, **more):
    return Count(1, 0) if run(argv, **more) else Count(0, 1)


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    return [f for f in listed.split("\0") if f and os.path.exists(os.path.join(ROOT, f))]


def build(directory, options=()):
    """Sets the build directory up, if it is not, and builds it."""
    if not os.path.exists(os.path.join(ROOT, directory, "build.ninja")):
        if not run(["meson", "setup", directory, "-Dwerror=true", *options]):
            return False
    return run(["ninja", "-j", JOBS, "-C", directory])


# --- the parts


def part_format():
    return check(["scripts/format", "--check"])


def part_style():
    return check(["scripts/check-style", *tracked()])


def part_layers():
    return check(["scripts/check-layers", *tracked("*.c", "*.h")])


def part_build():
    return Count(1, 0) if build("build") else Count(0, 1)


def part_lint():
    count = check(["scripts/lint", "build"])
    # Pktgen is not in Debian; that its scripts are Lua at all is seen here.
    for script in tracked("*.lua"):
        count.add(check(["luajit", "-bl", script, "/dev/null"]))
    return count


def part_unit():
    if not build("build"):
        return Count(0, 1)
    return meson_tests("build")


def part_sanitized():
    if not build("build-asan", SANITIZED["build-asan"]):
        return Count(0, 1)
    return meson_tests("build-asan")


def part_races():
    if not build("build-tsan", SANITIZED["build-tsan"]):
        return Count(0, 1)
    return meson_tests("build-tsan", ["--suite", "race", "--suite", "fuzz"])


def part_system():
    # Never the programs of an earlier build: a green run of those says nothing of this one.
    if not build("build"):
        print("not built, so there is nothing to test")
        return Count(0, 1)
    total = Count()
    for script in sorted(glob.glob(os.path.join(ROOT, "tests/system/*test.py"))):
        total.add(system_test(script))
    return total


PARTS = [("format", part_format), ("style", part_style), ("layers", part_layers),
         ("build", part_build), ("lint", part_lint), ("unit", part_unit),
         ("sanitized", part_sanitized), ("races", part_races), ("system", part_system)]


# --- counting


def meson_tests(directory, options=()):
    """Runs meson's tests; Criterion reports each of its own through the file it is told."""
    with tempfile.TemporaryDirectory(prefix="layby-test-") as reports:
        base = f"log-{time.time_ns()}"
        done = subprocess.run(
            ["meson", "test", "-C", directory, "--no-rebuild", "--num-processes", JOBS,
             "--logbase", base, *options],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", check=False, env={**os.environ, "LAYBY_CRITERION": reports})
        log = os.path.join(ROOT, directory, "meson-logs", f"{base}.json")
        if not os.path.exists(log):
            none = "No suitable tests defined" in done.stdout or "No tests" in done.stdout
            print("there is no test here" if none else done.stdout[-4000:])
            return Count(0, 1)
        total = Count()
        with open(log, encoding="utf-8") as f:
            for line in f:
                total.add(meson_test(json.loads(line), reports))
        for file in glob.glob(os.path.join(ROOT, directory, "meson-logs", f"{base}*")):
            os.unlink(file)
        return total


def meson_test(result, reports):
    """One program of meson's: as many cases as its own report says."""
    executable = os.path.basename(result["command"][-1])
    report = os.path.join(reports, f"{executable}.json")
    ok = result["result"] in ("OK", "EXPECTEDFAIL")
    if result["result"] == "SKIP":
        return Count(0, 0, 1)
    if not ok:
        print(f"FAIL {result['name']}: {result['result']}")
        print((result.get("stdout", "") + result.get("stderr", ""))[-6000:], flush=True)
    if os.path.exists(report):
        return criterion_report(report, ok)
    inputs = [a for a in result["command"][1:] if "/corpus/" in a]
    cases = max(1, len(inputs))
    return Count(cases, 0) if ok else Count(0, 1)


def criterion_report(report, ok):
    with open(report, encoding="utf-8") as f:
        said = json.load(f)
    failed = said["failed"] + said["errored"]
    # A leak found after the last test fails the program and no case of it.
    return Count(said["passed"], failed if ok or failed else 1, said["skipped"])


def system_test(script):
    """One script of system tests: a line of JSON for each case."""
    with tempfile.NamedTemporaryFile(prefix="layby-results-") as results:
        done = subprocess.run(["/usr/bin/python3", script], cwd=ROOT, check=False,
                              env={**os.environ, "LAYBY_RESULTS": results.name},
                              timeout=1800)
        cases = [json.loads(line) for line in results.read().decode().splitlines()]
    failed = sum(not c["ok"] for c in cases)
    if done.returncode and not failed:
        print(f"FAIL {os.path.basename(script)}: ended with status {done.returncode}")
        failed = 1
    skipped = sum(c["skipped"] for c in cases)
    return Count(len(cases) - failed - skipped, failed, skipped)


def main():
    wanted = sys.argv[1:] or [name for name, _ in PARTS]
    unknown = set(wanted) - {name for name, _ in PARTS}
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}; there are: "
                 + ", ".join(name for name, _ in PARTS))
    total = Count()
    for name, part in PARTS:
        if name not in wanted:
            continue
        started = time.monotonic()
        print(f"--- {name}", flush=True)
        try:
            count = part()
        except Exception as e:  # pylint: disable=broad-except
            print(f"{name}: {type(e).__name__}: {e}")
            count = Count(0, 1)
        print(f"--- {name}: {count} ({time.monotonic() - started:.0f} s)", flush=True)
        total.add(count)
    print(total, flush=True)
    sys.exit(1 if total.failed or not total.passed else 0)


if __name__ == "__main__":
    main()
