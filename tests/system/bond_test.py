#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two cards as one port. The cards are taps, whose links the kernel can cut; on their other ends is
this program, which answers ARP and speaks LACP as a switch does, and takes down what it hears."""

import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bridge, cases, namespace, wire  # noqa: E402
from harness.appliance import program  # noqa: E402
from harness.bridge import Core  # noqa: E402
from harness.network import ip  # noqa: E402
from harness.process import Process  # noqa: E402

US, MEDIA, LEGS = "10.99.0.1", "10.99.0.2", ("leg0", "leg1")
SWITCH = bytes.fromhex("02000000aaaa")
SLOW, LACP_TO = 0x8809, bytes.fromhex("0180c2000002")
IN_SYNC, BOTH_WAYS = 0x08, 0x30  # LACP's state: collecting and distributing
FLOWS = 8
RTP = [40000 + 258 * n for n in range(FLOWS)]  # two members are told apart by the ninth bit


class Switch:
    """The other ends of both cards."""

    def __init__(self, lacp):
        self._lacp = lacp
        self.ears = []
        for n, leg in enumerate(LEGS):
            # What the driver's two ends have in common, a switch's has not.
            ip("link", "set", "dev", leg, "address", f"02:00:00:00:bb:0{n}")
            self.ears.append(wire.Ear(leg))
        self.rtp = []  # (leg, port, sequence number)
        self.echoes = []
        self.answers = 0  # to ARP
        self.state = [0, 0]  # of the members, as they tell it themselves
        self.us = None
        self.lacpdus = 0

    def pump(self):
        """Hears and answers what has come. For what waits: returns itself."""
        for leg, ear in enumerate(self.ears):
            try:
                frames = ear.frames()
            except OSError:  # the link is cut
                continue
            for f in frames:
                if f.data[6:12] != SWITCH:
                    self._hear(leg, f)
        return self

    def _hear(self, leg, f):
        if f.kind == SLOW and self._lacp:
            self._answer_lacp(leg, f.data)
        elif f.kind == 0x0806:
            self.us = f.data[6:12]
            self.answers += f.data[20:22] == b"\0\2" and f.data[:6] == SWITCH
            if f.asks_for(US):
                self._say(leg, self.us, 0x0806, wire.arp(2, SWITCH, US, self.us, MEDIA))
        elif f.is_udp and f.to == US:
            self.rtp.append((leg, f.to_port, struct.unpack_from("!H", f.datagram, 10)[0]))
        elif f.kind == 0x0800 and f.data[23] == 1 and f.data[34] == 0:
            self.echoes.append(leg)

    def _say(self, leg, to, kind, payload):
        try:
            self.ears[leg].say(wire.ethernet(to, SWITCH, kind, payload))
        except OSError:
            pass

    def _answer_lacp(self, leg, data):
        """IEEE 802.1AX, 6.4.2.3: their actor is our partner."""
        theirs = data[18:36]
        self.lacpdus += 1
        self.state[leg] = theirs[14]
        mine = struct.pack("!H6sHHHB3x", 0xffff, SWITCH, 33, 255, leg + 1, 0x3f)
        self._say(leg, LACP_TO, SLOW, b"\1\1\1\x14" + mine + b"\2\x14" + theirs +
                  b"\3\x10" + bytes(14) + bytes(52))

    def ping(self, leg):
        icmp = b"\x08\0" + struct.pack("!HHH", wire.checksum(b"\x08\0\0\0\0\1\0\2"), 1, 2)
        self._say(leg, self.us, 0x0800, wire.ipv4(US, MEDIA, 1, icmp))

    def ask(self, leg):
        self._say(leg, b"\xff" * 6, 0x0806, wire.arp(1, SWITCH, US, bytes(6), MEDIA))

    def lost(self, since=0):
        """Sequence numbers that are missing, of all streams."""
        missing = 0
        for port in {p for _, p, _ in self.rtp[since:]}:
            numbers = [s for _, p, s in self.rtp[since:] if p == port]
            # The legs are read one after the other: their order is not that of the wire.
            places = {(n - numbers[0] + 0x8000) & 0xffff for n in numbers}
            missing += max(places) - min(places) + 1 - len(places)
        return missing


class Media:
    def __init__(self, where, mode):
        path = os.path.join(where, "media.sock")
        config = os.path.join(where, "media.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"""cores: {{main: 0, workers: "0", idle: sleep}}
memory: {{hugepages: none, tracks-mb: 1}}
ports:
  - name: media0
    bond:
      mode: {mode}
      members: ["net_tap21,iface={LEGS[0]}", "net_tap22,iface={LEGS[1]}"]
    gateway: {US}
    addresses:
      - {{ip: {MEDIA}, prefix: 24, rtp-ports: 16384-16583}}
socket: {path}
""")
        self.process = Process([program("layby-media"), "--config", config],
                               os.path.join(where, "media.log"))
        self.process.await_line("ready: ", 15)
        self.core = Core(path)

    def play(self, t):
        t.soon(self.core.described, 3, "the directory")
        t.require(self.core.track(bridge.TRACK_ADD, 5, 0, bytes(8000)) == bridge.OK, "no track")
        for place in range(FLOWS):
            flow = (place, 7)
            self.core.ask(bridge.OPEN, flow, struct.pack("<Q", 1))
            self.core.remote(flow, US, RTP[place])
            got = self.core.ask(bridge.MUSIC, flow, struct.pack("<Q", 5))
            t.require(got[0] == bridge.DONE, f"no music: {got[:2]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(5)

    def end(self, t):
        self.process.kill(signal.SIGTERM)
        t.expect(self.process.wait(5) == 0, f"it ends badly: {self.process.lines[-5:]}")
        bad = [x for x in self.process.lines if "Sanitizer" in x or "runtime error" in x]
        t.expect(not bad, str(bad[:3]))


def heard(switch, legs, packets, since):
    """Whether so many packets came on one of these legs since then."""
    switch.pump()
    return sum(leg in legs for leg, _, _ in switch.rtp[since:]) >= packets


def cut(t, switch, leg, other):
    """Cuts a link under music; how much was lost until all of it came by the other."""
    began = len(switch.rtp)
    ip("link", "set", LEGS[leg], "down")
    t.soon(lambda: heard(switch, [other], 50 * FLOWS, began), 6, f"music by {LEGS[other]}")
    tail = {l for l, _, _ in switch.rtp[-20 * FLOWS:]}
    t.expect(tail == {other}, f"it comes by {tail}")
    lost = switch.lost(max(0, began - 10 * FLOWS))
    ip("link", "set", LEGS[leg], "up")
    return lost


def active_backup_goes_on_by_the_other_member(t):
    with tempfile.TemporaryDirectory(prefix="layby-bond-") as where, \
            Media(where, "active-backup") as media:
        switch = Switch(lacp=False)
        media.play(t)
        t.soon(lambda: heard(switch, [0, 1], 20 * FLOWS, 0), 6, "music")
        first = switch.rtp[-1][0]
        t.expect({l for l, _, _ in switch.rtp} == {first}, "both members send")
        for leg in (first, 1 - first):
            lost = cut(t, switch, leg, 1 - leg)
            print(f"     {LEGS[leg]} cut: {lost} packets of {FLOWS} streams lost", flush=True)
            t.expect(lost <= 50 * FLOWS, f"{lost} lost: more than a second of each stream")
            began = time.monotonic()
            t.soon(lambda began=began: switch.pump() and time.monotonic() - began > 0.5, 2, "rest")
        media.end(t)


def lacp_uses_both_and_goes_on_by_one(t):
    with tempfile.TemporaryDirectory(prefix="layby-bond-") as where, \
            Media(where, "802.3ad") as media:
        switch = Switch(lacp=True)
        t.soon(lambda: switch.pump() and all(s & IN_SYNC and s & BOTH_WAYS == BOTH_WAYS
                                             for s in switch.state), 20,
               "both members collect and distribute, with nothing to send but LACP")
        for leg in range(2):
            switch.ask(leg)
            t.soon(lambda n=leg + 1: switch.pump().answers >= n, 3,
                   f"an answer to ARP, asked by {LEGS[leg]}")
        for leg in range(2):
            switch.ping(leg)
            t.soon(lambda n=leg + 1: len(switch.pump().echoes) >= n, 3, f"an echo by {LEGS[leg]}")
        media.play(t)
        began = len(switch.rtp)
        t.soon(lambda: heard(switch, [0, 1], 50 * FLOWS, began), 6, "music")
        ways = {}
        for leg, port, _ in switch.rtp[began:]:
            ways.setdefault(port, set()).add(leg)
        t.expect(all(len(w) == 1 for w in ways.values()), f"a stream changes its way: {ways}")
        t.expect(set().union(*ways.values()) == {0, 1}, f"one member carries all: {ways}")
        t.expect(switch.lost(began) == 0, f"{switch.lost(began)} lost")
        lost = cut(t, switch, 0, 1)
        print(f"     {LEGS[0]} cut: {lost} packets of {FLOWS} streams lost", flush=True)
        t.expect(lost <= 50 * FLOWS, f"{lost} lost: more than a second of each stream")
        media.end(t)


def lacp_with_the_kernels_own_bond(t):
    done = subprocess.run(["ip", "link", "add", "bond9", "type", "bond", "mode", "802.3ad",
                           "lacp_rate", "fast", "miimon", "50"], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise cases.Skipped(f"this kernel has no bonding driver: {done.stderr.strip()}")
    with tempfile.TemporaryDirectory(prefix="layby-bond-") as where, \
            Media(where, "802.3ad") as media:
        ip("link", "set", "dev", "bond9", "address", "02:00:00:00:cc:01")
        for leg in LEGS:
            ip("link", "set", leg, "down")
            ip("link", "set", leg, "master", "bond9")
            ip("link", "set", leg, "up")
        ip("address", "add", f"{US}/24", "dev", "bond9")
        ip("link", "set", "bond9", "up")
        media.play(t)
        ears = [wire.Listener(US, port) for port in RTP]
        for ear in ears:
            got = []
            t.soon(lambda e=ear, g=got: len(g.extend(e.heard()) or g) > 50, 20, "music")
        media.end(t)


def main():
    suite = cases.Suite("bond")
    for case in (active_backup_goes_on_by_the_other_member, lacp_uses_both_and_goes_on_by_one,
                 lacp_with_the_kernels_own_bond):
        suite.case(case.__name__)(case)
    return suite.run()


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
