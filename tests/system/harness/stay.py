# SPDX-License-Identifier: BSD-3-Clause
"""layby left up in a namespace of its own, to be called from a softphone on this machine."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from . import namespace, network, office
from .appliance import Appliance, program
from .network import Segment

NAME = "layby-demo"
LINK = "layby-host"  # the host's end of the cable
HOST = "10.99.0.100"
STATE = "/run/layby-demo.json"


def _birth(pid):
    """When a process was born, in ticks: a number of its own together with its id."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[19]
    except OSError:
        return None


def _running():
    try:
        with open(STATE, encoding="ascii") as f:
            state = json.load(f)
    except (OSError, ValueError):
        return None
    return state if _birth(state["pid"]) == state["birth"] else None


def stop():
    """Ends the one that was left up."""
    state = _running()
    if state:
        # unshare does not listen to SIGTERM; with it ends all that runs in its namespace.
        os.kill(state["pid"], signal.SIGKILL)
        for _ in range(100):
            if _birth(state["pid"]) != state["birth"]:
                break
            time.sleep(0.05)
        else:
            print(f"layby-demo (pid {state['pid']}) does not end")
            return 1
    subprocess.run(["ip", "link", "delete", LINK], check=False, stderr=subprocess.DEVNULL)
    namespace.delete(NAME)
    if os.path.exists(STATE):
        os.unlink(STATE)
    print("layby-demo is stopped" if state else "layby-demo was not running")
    return 0


def start():
    """Starts one that outlives us, and says how to call it. Exit status."""
    if _running():
        stop()
    namespace.delete(NAME)
    namespace.create(NAME)
    where = tempfile.mkdtemp(prefix="layby-demo-")
    log = os.path.join(where, "log")
    # Not our child's child: it must not end with us.
    with open(log, "w", encoding="utf-8") as out:
        keeper = subprocess.Popen(
            [*namespace.command(NAME), sys.executable, "-m", "harness.stay", where],
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            env={**os.environ, namespace.INSIDE: NAME}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    with open(STATE, "w", encoding="ascii") as f:
        json.dump({"pid": keeper.pid, "birth": _birth(keeper.pid)}, f)
    deadline = time.monotonic() + 30
    while not os.path.exists(os.path.join(where, "ready")):
        if keeper.poll() is not None or time.monotonic() > deadline:
            with open(log, encoding="utf-8") as f:
                print(f"layby does not stay up:\n{f.read()}")
            stop()
            return 1
        time.sleep(0.05)
    _plug_host(keeper.pid)
    _say(where)
    return 0


def _plug_host(keeper):
    """A cable from the host into the segment."""
    subprocess.run(["ip", "link", "delete", LINK], check=False, stderr=subprocess.DEVNULL)
    network.ip("link", "add", LINK, "type", "veth", "peer", "name", "host0", "netns", NAME)
    network.ip("-n", NAME, "link", "set", "host0", "master", network.SEGMENT, "up")
    network.ip("address", "add", f"{HOST}/24", "dev", LINK)
    network.ip("link", "set", LINK, "up")


def _say(where):
    print(f"""
layby stays up. Call it from a softphone on this machine (UDP, PCMU or PCMA, RFC 4733 digits):

  SIP server  {network.CORE}:5060        domain    acme.example
  user        201   password  secret201  (Anna)
  user        202   password  secret202  (Bert)
  user        203   password  secret203

  201 calls 202. Either presses #0 in the call: hears a slot number, and is released.
  Dial that number from another phone to have the caller back; after 2 minutes he rings at 203.
  Another machine needs a route to 10.99.0.0/24 through this one.

  to look inside:        {program("laybyctl")} -s {where}/layby/control.sock slot list
  its settings and logs: {where}/layby
  stop it with:          scripts/demo --stop""")


def main(where):
    """Inside the namespace: keeps layby up until it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Segment()
    layby = Appliance(where, office.accounts(acme_timeout=120))
    layby.start()
    with open(os.path.join(where, "ready"), "w", encoding="ascii"):
        pass
    layby.core.wait(None)
    sys.exit(f"layby-core ended: {layby.core.lines[-3:]}")


if __name__ == "__main__":
    main(sys.argv[1])
