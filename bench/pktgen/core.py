#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stands in for layby-core: attaches to a layby-media, opens the flows of a scenario, and says
every second which counters have moved. Ends at SIGINT; the flows are closed by the media itself
(orphan-seconds).

Usage: core.py SCENARIO [--socket PATH]"""

import argparse
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import traffic  # noqa: E402
from harness import bridge  # noqa: E402

TRACK, AUDIO = 0xfeed, random.Random(1).randbytes(8000 * 60)
AT_ONCE = 512  # commands under way


class Flows:
    """The flows of a scenario on the first address of worker 1."""

    def __init__(self, path, row):
        self.core = bridge.Core(path)
        while not self.core.described():
            time.sleep(0.01)
        if self.core.track(bridge.TRACK_ADD, TRACK, 0, AUDIO) != bridge.OK:
            sys.exit("core: the track is refused")
        self.digits = 0  # reported
        self._under_way = 0
        for kind, flow, body in self._wishes(int(row["flows"]), row["mode"]):
            self.core.command(kind, (flow, 1), body)
            self._under_way += 1
            while self._under_way >= AT_ONCE:
                self.hear(1)
        while self._under_way:
            self.hear(1)

    @staticmethod
    def _wishes(flows, mode):
        for flow in range(flows):
            yield bridge.OPEN, flow, flow.to_bytes(8, "little")
            # No RTCP: it would stand in for packets that are missing.
            yield bridge.REMOTE, flow, bridge.remote(traffic.dotted(traffic.CALLER + flow),
                                                     traffic.CALLER_PORT, 0)
        for flow in range(flows):
            if mode == "music":
                yield bridge.MUSIC, flow, TRACK.to_bytes(8, "little")
            elif mode == "relay":
                yield bridge.RELAY, flow, (flow ^ 1).to_bytes(4, "little") + b"\1\0\0\0"

    def hear(self, seconds):
        """Takes what the worker says; waits so long for the first."""
        event = self.core.event()
        if event is None and seconds > 0:
            self.core.woken(seconds)
            event = self.core.event()
        while event is not None:
            tag, kind, refusal = event[:3]
            if kind == bridge.REFUSED:
                sys.exit(f"core: refused, {refusal}")
            self._under_way -= tag != 0
            self.digits += kind == bridge.DIGIT
            event = self.core.event()

    def counters(self):
        return {name: self.core.stat(name) for name in bridge.counters()}


def main():
    words = argparse.ArgumentParser(usage=__doc__.rpartition("Usage: ")[2])
    words.add_argument("scenario", choices=sorted(traffic.scenarios()))
    words.add_argument("--socket", default="/run/layby/media.sock")
    asked = words.parse_args()
    flows = Flows(asked.socket, traffic.scenarios()[asked.scenario])
    before = flows.counters()
    while True:
        end = time.monotonic() + 1
        while (left := end - time.monotonic()) > 0:
            flows.hear(left)
        now = flows.counters()
        print(json.dumps({"digits": flows.digits,
                          **{name: now[name] - before[name] for name in now
                             if now[name] != before[name] and not name.startswith("turns")}}),
              flush=True)
        before = now


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
