#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How many streams of music one worker sustains on a tap, counted by the kernel behind the tap.

The built layby-media without hugepages, in a network of its own; we are its core and its phones.
Streams are sustained when for some seconds at least 99.9 % of the packets due arrive and less
than 0.1 % are late (more than 5 ms, as the worker counts); a step that fails is tried once more,
for the machine may have been busy. What is due follows from the beat of a few streams, which is a
figure of its own: how far the worker's second is from the kernel's. What it is compared with is bench_tap, on the same CPU just
before and after: frames of the same size, written as fast as a tap takes them. Both run with
high priority, in place of a CPU that is kept free for them.

Usage: music_on_tap.py [--seconds N] [--idle poll|sleep]
"""

import argparse
import json
import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))

from harness import bridge, namespace, wire  # noqa: E402
from harness.appliance import program, yaml  # noqa: E402
from harness.network import ip  # noqa: E402
from harness.process import Process  # noqa: E402

US, TAP = "10.99.0.1", "media0"
FLOWS = 8192                  # of an address: 16384-32767
SINK, SAMPLE = 40000, 41000   # UDP ports: of most streams, of the first of those looked at
LOOKED_AT = 20                # streams
RATE = 50                     # packets a second of one stream
TRACK, AUDIO = 0xfeed, random.Random(1).randbytes(8000 * 60)
AT_ONCE = 512                 # commands under way
FIRST, FINE = 512, 16         # streams to begin with; a FINE-th is as near as we look
# The kernel weighs sessions before it weighs processes.
FIRST_OF_ALL = ["setsid", "sh", "-c",
                'echo -20 >/proc/self/autogroup 2>/dev/null; exec nice -n -20 "$@"', "sh"]


def figure(case, value, unit, **more):
    print(json.dumps({"bench": "music_on_tap", "case": case, "value": round(value, 3),
                      "unit": unit, **more}), flush=True)


def tap_alone(cpu):
    """Frames a second that a tap takes on this CPU when nobody else does anything."""
    done = subprocess.run([*FIRST_OF_ALL, program("bench_tap"), str(cpu)], check=True,
                          stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)["value"]


def start_media(where, cpu, idle, addresses):
    config = os.path.join(where, "media.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write(yaml({
            "cores": {"main": min(os.sched_getaffinity(0)), "workers": str(cpu), "idle": idle},
            "memory": {"hugepages": "none", "tracks-mb": 1},
            "ports": [{"name": "media0", "vdev": f"net_tap0,iface={TAP}", "gateway": US,
                       "addresses": [{"ip": f"10.99.0.{2 + n}", "prefix": 24,
                                      "rtp-ports": "16384-32767"} for n in range(addresses)]}],
            "socket": os.path.join(where, "media.sock")}).lstrip("\n") + "\n")
    media = Process([*FIRST_OF_ALL, program("layby-media"), "--config", config],
                    os.path.join(where, "media.log"), "layby-media")
    media.await_line("ready", 15)
    ip("address", "add", f"{US}/24", "dev", TAP)
    return media


class Streams:
    """The first so many flows of the worker play, the others are silent or not there yet."""

    def __init__(self, path):
        self._core = bridge.Core(path)
        while not self._core.described():
            time.sleep(0.01)
        if self._core.track(bridge.TRACK_ADD, TRACK, 0, AUDIO) != bridge.OK:
            sys.exit("music_on_tap: the track is refused")
        self.room = sum(address[3] for address in self._core.address)
        self._open = self._playing = 0
        self._looked_at = []
        self._sink = wire.Listener(US, SINK)
        # Full at once: the kernel drops the rest, and nobody is woken.
        self._sink.socket.setsockopt(wire.socket.SOL_SOCKET, wire.socket.SO_RCVBUF, 1)
        self.sample = [wire.Listener(US, SAMPLE + n) for n in range(LOOKED_AT)]

    @staticmethod
    def _remote(place, port):
        # No RTCP: on the interface it would stand in for music that is missing.
        return bridge.REMOTE, place, bridge.remote(US, port, 0)

    def _wishes(self, n):
        for place in range(self._open, n):
            yield bridge.OPEN, place, struct.pack("<Q", place)
            yield self._remote(place, SINK)
        # Those looked at are spread over all, for within a millisecond the first are served first.
        for place in self._looked_at:
            yield self._remote(place, SINK)
        self._looked_at = [i * (n - 1) // (LOOKED_AT - 1) for i in range(LOOKED_AT)]
        for i, place in enumerate(self._looked_at):
            yield self._remote(place, SAMPLE + i)
        for place in range(self._playing, n):
            yield bridge.MUSIC, place, struct.pack("<Q", TRACK)
        for place in range(n, self._playing):
            yield bridge.SILENT, place, b""

    def play(self, n):
        under_way = 0
        for kind, place, body in self._wishes(n):
            self._core.command(kind, (place, 1), body)
            under_way += 1
            while under_way == AT_ONCE:
                under_way -= self._answers(under_way)
        while under_way:
            under_way -= self._answers(under_way)
        self._open, self._playing = max(self._open, n), n

    def _answers(self, most):
        for n in range(most):
            event = self._core.event()
            if event is None and n == 0 and not self._core.woken(5):
                sys.exit("music_on_tap: layby-media does not answer any more")
            if event is None:
                return n
            if event[1] != bridge.DONE:
                sys.exit(f"music_on_tap: a flow is refused: {event}")
        return most

    def now(self):
        """(s, packets behind the tap, late packets)"""
        with open(f"/sys/class/net/{TAP}/statistics/rx_packets", encoding="ascii") as f:
            arrived = int(f.read())
        return time.monotonic(), arrived, self._core.stat("late_packets")

    def heard(self):
        """When, in s, the packets of each stream of the sample came since the last time."""
        return [[at / 1e9 for at, _ in phone.heard()] for phone in self.sample]

    def beat(self, seconds):
        """Packets a second of one stream, of few."""
        self.play(LOOKED_AT)
        while not all(self.heard()):
            time.sleep(0.1)  # our address is younger than the first question for it
        time.sleep(seconds)
        return statistics.median((len(times) - 1) / (times[-1] - times[0])
                                 for times in self.heard())


class Step:
    """So many streams for so many seconds: what came of it."""

    def __init__(self, streams, n, seconds, beat):
        self.n = n
        streams.play(n)
        time.sleep(0.5)
        streams.heard()
        before = streams.now()
        time.sleep(seconds)
        took, came, late = (b - a for a, b in zip(before, streams.now()))
        # How far, in ms, the packets of the sample were from a beat after the one before.
        self.off = sorted(abs(b - a - 1 / beat) * 1000 for times in streams.heard()
                          for a, b in zip(times, times[1:]))
        self.arrived, self.late = came / (took * beat * n), late / (took * beat * n)
        self.holds = self.arrived >= 0.999 and self.late < 0.001
        print(f"{n} streams: {self.arrived:.2%} arrived, {self.late:.3%} late", file=sys.stderr)


def largest(streams, seconds, beat):
    """The largest step that holds, by doubling and then halving the doubt."""
    best, good, n, bad = None, 0, FIRST, None
    while n <= streams.room and (bad is None or bad - good > good / FINE):
        step = Step(streams, n, seconds, beat)
        step = step if step.holds else Step(streams, n, seconds, beat)
        if step.holds:
            best, good = step, n
        else:
            bad = n
        n = good * 2 if bad is None else (good + bad) // 2
        if n == 0:
            break
    return best


def tell(step, baseline):
    figure("streams", step.n, "streams", baseline=baseline / RATE,
           ratio=round(step.n * RATE / baseline, 3), arrived=round(step.arrived, 5),
           late=round(step.late, 5))
    for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1)):
        figure(f"off the beat/{name}", step.off[int((len(step.off) - 1) * part)], "ms",
               streams=step.n)


def main():
    words = argparse.ArgumentParser(usage=__doc__.rpartition("Usage: ")[2])
    words.add_argument("--seconds", type=float, default=3)
    words.add_argument("--idle", choices=("poll", "sleep"), default="poll")
    asked = words.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    worker = cpus[-1]
    before = tap_alone(worker)
    with tempfile.TemporaryDirectory(prefix="layby-bench-") as where:
        media = start_media(where, worker, asked.idle, int(before / RATE / FLOWS) + 2)
        try:
            os.sched_setaffinity(0, cpus[:-1] or cpus)
            streams = Streams(os.path.join(where, "media.sock"))
            beat = streams.beat(asked.seconds)
            best = largest(streams, asked.seconds, beat)
        finally:
            os.sched_setaffinity(0, cpus)
            media.stop()
    if best is None:
        sys.exit("music_on_tap: not even one stream is sustained")
    tell(best, max(before, tap_alone(worker)))
    figure("beat", (beat / RATE - 1) * 1e6, "ppm")
    return 0


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
