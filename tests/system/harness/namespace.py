# SPDX-License-Identifier: BSD-3-Clause
"""A network and a process namespace around this program.

The program starts itself again inside. Whatever ends it, all that it started ends with it: the
process namespace dies with its first process, and that one dies with its parent.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys

INSIDE = "LAYBY_NAMESPACE"
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _ip(*args):
    subprocess.run(["ip", *args], check=True, stdout=subprocess.DEVNULL)


def names():
    """The namespaces that are ours, by name."""
    listed = subprocess.run(
        ["ip", "netns", "list"], check=True, capture_output=True, text=True
    ).stdout
    return [line.split()[0] for line in listed.splitlines() if line.startswith("layby-")]


def sweep():
    """Deletes what killed runs left behind: a namespace whose creator is no longer alive."""
    for name in names():
        creator = re.fullmatch(r"layby-(\d+)", name)
        if creator and not os.path.exists(f"/proc/{creator[1]}"):
            subprocess.run(["ip", "netns", "delete", name], check=False)


def inside():
    """The namespace this program runs in, or None."""
    return os.environ.get(INSIDE)


def command(name):
    """What to put before a command line so that it runs in the namespace and ends with us."""
    return ["ip", "netns", "exec", name, "unshare", "-pf", "--kill-child", "--mount-proc"]


def create(name):
    try:
        _ip("netns", "add", name)
    except (subprocess.CalledProcessError, FileNotFoundError):
        sys.exit(
            f"cannot make the network namespace {name}: run me as root, with iproute2 installed, "
            "where the kernel lets a process have namespaces (CAP_SYS_ADMIN)."
        )
    _ip("-n", name, "link", "set", "lo", "up")


def delete(name):
    subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)


def run_inside(main):
    """Calls main() inside a fresh namespace; its exit status."""
    if inside():
        return main()
    sweep()
    name = f"layby-{os.getpid()}"
    create(name)
    child = None

    def stop(number, _frame):
        if child:
            child.send_signal(signal.SIGTERM)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    try:
        child = subprocess.Popen(
            [*command(name), sys.executable, *sys.argv],
            env={**os.environ, INSIDE: name},
            preexec_fn=_die_with_parent,
        )
        return child.wait()
    except KeyboardInterrupt:
        child.wait()
        return 130
    finally:
        delete(name)
