#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How near their time packets of music reach the receiver, through a kernel's port.

The built layby-media, polling, in a network of its own; we are its core. All streams end at one
interface where nobody answers, and bench_ear hears them there with the kernel's time of arrival.
A packet's lateness is how far it is from where its RTP timestamp puts it beside the earliest of
its stream; "beat" is how far it is from 20 ms after the one before, as other programs' figures
are told. Intervals of 100 ms in which the hypervisor stole time are kept apart, and so are those
in which the worker's thread waited for its CPU because other programs ran there ("quiet" is what
remains). There is no baseline: 0 is.

Usage: pacing.py [--port af_packet|tap] [--streams N] [--seconds N] [--cpu N]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))

from harness import bridge, namespace  # noqa: E402
from harness.appliance import program, yaml  # noqa: E402
from harness.network import ip  # noqa: E402
from harness.process import Process  # noqa: E402

US, NEAR, FAR = "10.99.0.1", "pace0", "pace1"
FLOWS, CALLER = 8192, 0x64400001  # flows of an address; bench_ear knows the first caller too
TRACK, AUDIO = 0xfeed, random.Random(1).randbytes(8000 * 60)
AT_ONCE = 512  # commands under way
# In place of a CPU that is kept free. The kernel weighs sessions before it weighs processes.
FIRST_OF_ALL = ["setsid", "sh", "-c",
                'echo -20 >/proc/self/autogroup 2>/dev/null; exec nice -n -20 "$@"', "sh"]


def dotted(number):
    return ".".join(str(number >> shift & 0xff) for shift in (24, 16, 8, 0))


def lay_port(port):
    """The device for the configuration; the far interface is FAR in any case."""
    if port == "tap":
        return f"net_tap0,iface={FAR}"
    ip("link", "add", NEAR, "type", "veth", "peer", "name", FAR)
    ip("link", "set", NEAR, "up")
    up()
    return f"net_af_packet0,iface={NEAR},qdisc_bypass=1"


def up():
    ip("address", "add", f"{US}/24", "dev", FAR)
    ip("link", "set", FAR, "up")


def start_media(where, cpu, port, streams):
    config = os.path.join(where, "media.yaml")
    addresses = [{"ip": f"10.99.0.{2 + n}", "prefix": 24, "rtp-ports": "16384-32767"}
                 for n in range((streams + FLOWS - 1) // FLOWS)]
    with open(config, "w", encoding="utf-8") as f:
        f.write(yaml({
            "cores": {"main": min(os.sched_getaffinity(0)), "workers": str(cpu), "idle": "poll"},
            "memory": {"hugepages": "none", "tracks-mb": 1},
            "ports": [{"name": "media0", "vdev": lay_port(port), "gateway": US,
                       "addresses": addresses}],
            "socket": os.path.join(where, "media.sock")}).lstrip("\n") + "\n")
    media = Process([*FIRST_OF_ALL, program("layby-media"), "--config", config],
                    os.path.join(where, "media.log"), "layby-media")
    media.await_line("ready", 15)
    if port == "tap":
        up()
    return media


def answers(core, most):
    """How many answers there are, at most so many; waits for the first."""
    for n in range(most):
        event = core.event()
        if event is None and n == 0 and not core.woken(5):
            sys.exit("pacing: layby-media does not answer any more")
        if event is None:
            return n
        if event[1] != bridge.DONE:
            sys.exit(f"pacing: a flow is refused: {event}")
    return most


def play(path, streams):
    core = bridge.Core(path)
    while not core.described():
        time.sleep(0.01)
    if core.track(bridge.TRACK_ADD, TRACK, 0, AUDIO) != bridge.OK:
        sys.exit("pacing: the track is refused")
    under_way = 0
    for place in range(streams):
        for kind, body in ((bridge.OPEN, place.to_bytes(8, "little")),
                           (bridge.REMOTE, bridge.remote(dotted(CALLER + place), 20000, 0)),
                           (bridge.MUSIC, TRACK.to_bytes(8, "little"))):
            core.command(kind, (place, 1), body)
            under_way += 1
        while under_way > AT_ONCE:
            under_way -= answers(core, under_way)
    while under_way:
        under_way -= answers(core, under_way)
    return core


def schedstat(media, cpu):
    """Where the kernel says how long the worker's thread waited: the one pinned to its CPU."""
    tasks = f"/proc/{media.pid}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/comm", encoding="ascii") as f:
            if f.read().startswith(("rte-worker", "lcore-worker")) and os.sched_getaffinity(int(task)) == {cpu}:
                return f"{tasks}/{task}/schedstat"
    return ""


def listen(streams, seconds, stat):
    done = subprocess.run([program("bench_ear"), FAR, str(streams), str(seconds), stat],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout)


def figure(case, value, unit, **more):
    print(json.dumps({"bench": "pacing", "case": case, "value": value, "unit": unit, **more}),
          flush=True)


def tell(case, heard, counted):
    stolen = heard["intervals"]["stolen"] / max(1, sum(heard["intervals"].values()))
    for part in ("p50", "p99", "p99.9", "max"):
        figure(f"{case}/{part}", heard["not stolen"][part], "ms late", steal=round(stolen, 4),
               quiet=heard["quiet"][part] if heard["quiet"]["packets"] else None,
               all=heard["all"][part],
               beat=heard["not stolen"]["beat " + part])
    figure(f"{case}/lost", heard["lost"], "packets", heard=heard["heard"],
           intervals=heard["intervals"], **counted)


def amiss(heard, streams, counted):
    """Why the figures do not count, in words."""
    if heard["missed by the ear"]:
        return f"the ear missed {heard['missed by the ear']} packets"
    if heard["streams"] != streams:
        return f"{heard['streams']} of {streams} streams were heard"
    if heard["lost"] or heard["doubled"] or heard["strange"]:
        return (f"{heard['lost']} packets lost, {heard['doubled']} twice or out of order, "
                f"{heard['strange']} of nobody's")
    bad = {name: n for name, n in counted.items() if n and name != "late_packets"}
    return f"the worker counts {bad}" if bad else None


def run(asked):
    with tempfile.TemporaryDirectory(prefix="layby-bench-") as where:
        media = start_media(where, asked.cpu, asked.port, asked.streams)
        names = ("late_packets", "skipped_packets", "tx_refused", "tx_no_buffer")
        try:
            os.sched_setaffinity(0, os.sched_getaffinity(0) - {asked.cpu} or {asked.cpu})
            core = play(os.path.join(where, "media.sock"), asked.streams)
            time.sleep(1)
            before = {name: core.stat(name) for name in names}
            heard = listen(asked.streams, asked.seconds, schedstat(media, asked.cpu))
            time.sleep(0.2)  # the counters are copied ten times a second
            counted = {name: core.stat(name) - before[name] for name in names}
        finally:
            media.stop()
    tell(f"{asked.port}/{asked.streams}", heard, counted)
    return amiss(heard, asked.streams, counted)


def main():
    words = argparse.ArgumentParser(usage=__doc__.rpartition("Usage: ")[2])
    words.add_argument("--port", choices=("af_packet", "tap"), default="af_packet")
    words.add_argument("--streams", type=int, default=1000)
    words.add_argument("--seconds", type=float, default=20)
    words.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    why = run(words.parse_args())
    if why:
        sys.exit(f"pacing: {why}")
    return 0


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
