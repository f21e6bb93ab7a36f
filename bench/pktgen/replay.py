#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The scenarios for Pktgen, sent at a tap: the same packets (traffic.py), the same lines of
scenarios.table, the built layby-media with the same NAME.yaml, in a network of its own. It is no
measurement of anything but the kernel; it shows that each scenario does what it says, and checks
what came of it. Every run is bounded by the table.

Usage: replay.py [SCENARIO ...]"""

import json
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import traffic  # noqa: E402
from core import Flows  # noqa: E402
from harness import namespace, wire  # noqa: E402
from harness.appliance import program  # noqa: E402
from harness.network import ip  # noqa: E402
from harness.process import Process  # noqa: E402

HERE, TAP, US, MEDIA = os.path.dirname(os.path.abspath(__file__)), "replay0", "10.99.0.1", "10.99.0.2"
RATE = 50        # packets of music a second a flow
BURST_S = 0.002  # what is due is sent so often
FEW = 0.05       # counters are copied ten times a second, and a kernel may lose some packets
# What the kernel at the other end of a tap says on its own account.
KERNELS_OWN = ("arp", "nd", "not_ip", "not_ours", "not_udp", "echo")
# Counters that say that a packet of ours ended in vain.
DROPS = ("rx_bad_ip", "rx_not_udp", "rx_bad_udp", "rx_bad_checksum",
         "rx_no_flow", "rx_short", "rx_bad_version", "rx_bad_csrc", "rx_bad_extension",
         "rx_bad_padding", "rx_bad_pt", "rx_bad_source", "rx_duplicate", "rx_too_old",
         "rx_no_remote", "rx_bad_event", "tx_refused", "tx_no_buffer")


def settings(where, name):
    """The scenario's own file, with a tap for the card and two CPUs of ours."""
    with open(os.path.join(HERE, f"{name}.yaml"), encoding="ascii") as f:
        text = f.read()
    cpus = sorted(os.sched_getaffinity(0))
    text = re.sub(r"device: .*", f"vdev: net_tap0,iface={TAP}", text)
    text = re.sub(r"cores: .*", f'cores: {{main: {cpus[0]}, workers: "{cpus[-1]}", idle: sleep}}\n'
                                "memory: {hugepages: none, tracks-mb: 1}", text)
    text = re.sub(r"socket: .*", f"socket: {where}/media.sock", text)
    path = os.path.join(where, "media.yaml")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


class Stage:
    """layby-media behind a tap, the flows of one scenario, and our end of the wire."""

    def __init__(self, where, row):
        self.row = row
        self.media = Process([program("layby-media"), "--config", settings(where, row["name"])],
                             os.path.join(where, "media.log"), "layby-media")
        self.media.await_line("ready", 15)
        ip("address", "add", f"{US}/24", "dev", TAP)
        ip("link", "set", TAP, "up", "txqueuelen", "10000")
        self.flows = Flows(os.path.join(where, "media.sock"), row)
        self.ear = wire.Ear(TAP)
        with open(f"/sys/class/net/{TAP}/address", encoding="ascii") as f:
            mac = bytes.fromhex(f.read().strip().replace(":", ""))
        self.our_mac = mac[:5] + bytes((mac[5] ^ 1,))  # as layby tells itself from the kernel
        self.frames = list(traffic.frames(row, self.our_mac, MEDIA))
        self._next = 0  # of frames

    def arrived(self):
        with open(f"/sys/class/net/{TAP}/statistics/rx_packets", encoding="ascii") as f:
            return int(f.read())

    def send(self, pps, seconds):
        """Sends at this rate, all frames round and round; returns how many went, and how long it
        took."""
        begin, sent, missed = time.monotonic(), 0, 0
        while (now := time.monotonic() - begin) < seconds:
            due = int(now * pps)
            while sent < due and time.monotonic() - begin < seconds:
                try:
                    self.ear.say(self.frames[self._next])
                    self._next = (self._next + 1) % len(self.frames)
                except (BlockingIOError, OSError):
                    missed += 1  # said again
                sent += 1
            self.flows.hear(0)
            time.sleep(BURST_S)
        took = time.monotonic() - begin
        time.sleep(0.3)  # counters are copied ten times a second
        self.flows.hear(0)
        return sent - missed, took

    def run(self, pps, seconds):
        """What the counters did meanwhile, and what came back."""
        before, arrived = self.flows.counters(), self.arrived()
        digits, begin = self.flows.digits, time.monotonic()
        sent, took = self.send(pps, seconds)
        after = self.flows.counters()
        return {"sent": sent, "took": took, "pps": sent / took,
                "all": time.monotonic() - begin,
                "back": self.arrived() - arrived, "digits": self.flows.digits - digits,
                **{name: after[name] - before[name] for name in after}}


def figure(case, value, unit, **more):
    print(json.dumps({"bench": "replay", "case": case, "value": round(value, 1), "unit": unit,
                      **more}), flush=True)


def strangers_heard(stage):
    """Packets that went to a stranger, among all that were seen on the wire."""
    first = traffic.STRANGER
    return sum(1 for frame in stage.ear.frames()
               if frame.is_udp and frame.source == MEDIA
               and 0 <= int.from_bytes(wire.socket.inet_aton(frame.to), "big") - first < 256)


def dropped(done, but=()):
    return {name: done[name] for name in DROPS if done[name] and name not in but}


def near(value, ought):
    return abs(value - ought) <= max(FEW * ought, 2)


def check_park_rtp(stage, done):
    music = int(stage.row["flows"]) * RATE * done["all"]
    yield near(done["rx_swallowed"], done["sent"]), "what was sent was not taken in"
    yield near(done["music_packets"], music), f"music is not {music:.0f} packets"
    yield not dropped(done), f"dropped: {dropped(done)}"


def check_dtmf_storm(stage, done):
    flows = int(stage.row["flows"])
    presses = done["sent"] / traffic.PRESS
    yield done["digits"] == done["digits_seen"], "not every digit was reported"
    yield done["events_lost"] == 0, "events were lost"
    yield abs(done["digits"] - presses) <= flows, f"{done['digits']} digits of {presses}"
    yield not dropped(done), f"dropped: {dropped(done)}"


def check_spray(stage, done):
    music = int(stage.row["flows"]) * RATE * done["all"]
    yield strangers_heard(stage) == 0, "somebody answered a stranger"
    came = done["rx_packets"] - sum(done[f"rx_{kind}"] for kind in KERNELS_OWN)
    yield came > 0 and done["rx_bad_source"] == came, f"not all of {came} were refused"
    yield done["relayed"] == done["rx_swallowed"] == 0, "a stranger's packet was let in"
    yield near(done["music_packets"], music), f"music is not {music:.0f} packets"
    yield not dropped(done, but=["rx_bad_source"]), f"dropped: {dropped(done, ['rx_bad_source'])}"


CHECKS = {"park-rtp": check_park_rtp, "dtmf-storm": check_dtmf_storm, "spray": check_spray}


def search(stage, loss):
    """RFC 2544, 26.1, as ndr.lua does it; percent are those of here-pps."""
    row, top = stage.row, int(stage.row["here-pps"])
    good, bad, best, percent = 0.0, 100.0, None, 100.0
    for _ in range(int(row["steps"])):
        done = stage.run(top * percent / 100, float(row["here-seconds"]))
        if done["sent"] - done["relayed"] <= loss * done["sent"]:
            good, best = percent, done
        else:
            bad = percent
        # Python sends in bursts: nearer than a percent is luck.
        if bad - good <= max(1, float(row["tolerance"])) or good == 100:
            break
        percent = (good + bad) / 2
    return good, best


def run_search(stage):
    wrong = []
    for kind, loss in (("ndr", 0), ("pdr", float(stage.row["pdr-loss"]))):
        percent, done = search(stage, loss)
        if done is None:
            wrong.append(f"no rate has so little loss ({kind})")
            continue
        figure(kind, done["pps"], "packets/s", percent=percent, relayed=done["relayed"],
               back=done["back"])
        if not near(done["back"], done["relayed"]):
            wrong.append(f"{done['relayed']} were relayed and {done['back']} came back")
    return wrong


def run(row):
    with tempfile.TemporaryDirectory(prefix="layby-replay-") as where:
        stage = None
        try:
            stage = Stage(where, row)
            stage.run(1000, 0.5)  # ARP, and the first packet of each stream
            stage.ear.frames()
            if row.get("search"):
                return run_search(stage)
            done = stage.run(int(row["here-pps"]), float(row["here-seconds"]))
            wrong = [why for holds, why in CHECKS[row["name"]](stage, done) if not holds]
            figure(row["name"], done["pps"], "packets/s sent", sent=done["sent"],
                   came=done["rx_packets"], swallowed=done["rx_swallowed"], refused=done["rx_bad_source"],
                   digits=done["digits"], music=done["music_packets"], back=done["back"],
                   wrong=wrong)
            return wrong
        finally:
            if stage:
                stage.media.stop()


def main():
    table = traffic.scenarios()
    names = sys.argv[1:] or list(table)
    if set(names) - set(table):
        sys.exit(__doc__.rpartition("Usage: ")[2] + f"; there are: {' '.join(table)}")
    failed = 0
    for name in names:
        for why in run(table[name]):
            print(f"replay: {name}: {why}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
