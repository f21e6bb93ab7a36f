#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Figures of parking, taken from the wire: what a caller and a retriever wait for, what a caller
loses when the core is killed, and what a parked call costs in memory.

The phones are Python, which answers at once: where a phone has a part in a figure, its part is
told on its own. Times are those of packets as the segment between all machines sees them.

Usage: park_figures.py [--calls N] [--only delays|killed]"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TROUBLE = os.path.join(ROOT, "tests", "system", "trouble_test.py")
sys.path[:0] = [os.path.join(ROOT, "tests", "system"), os.path.join(ROOT, "bench")]

import numpy  # noqa: E402

from harness import hearing, namespace, network, sound, timeline  # noqa: E402
from harness.appliance import user  # noqa: E402
from harness.capture import streams  # noqa: E402
from harness.peer import Peer, Robot  # noqa: E402
from harness.process import Gone  # noqa: E402
from harness.stage import Stage  # noqa: E402
from voice import Voice  # noqa: E402

NUMBER, DOMAIN = "+61355500600", "arena.example"
CALLER, PARKER, RETRIEVER = 700, 500, 900  # Hz
FRAME = 160


def figure(case, value, unit, **more):
    print(json.dumps({"bench": "park_figures", "case": case, "value": round(value, 3),
                      "unit": unit, **more}), flush=True)


def times(case, seconds):
    """What half of them took at most, and the longest."""
    ms = [s * 1000 for s in seconds]
    figure(f"{case}/p50", statistics.median(ms), "ms", of=len(ms))
    figure(f"{case}/max", max(ms), "ms", of=len(ms))


def arena(music):
    return [{"name": "arena", "domain": DOMAIN, "music": music,
             "parking": {"code": "#0", "fallback": "main"},
             "lots": [{"name": "ring", "slots": "1-200", "timeout": 600}],
             "users": [user("501"), user("502")],
             "numbers": [{"number": NUMBER, "flow": "main"}],
             "flows": [{"name": "main", "steps": [{"dial": ["501"], "seconds": 30}]}]}]


class Parker(Robot):
    """Answers every call and speaks; presses keys when it is told to."""

    def __init__(self, host):
        super().__init__(host, "501", DOMAIN, "secret501", keys="")
        self.voices = {}  # of the calls that are up, by Call-ID

    def _serve(self, message):
        call_id = message.header("Call-ID")
        super()._serve(message)
        if message.method == "ACK" and call_id in self.calls and call_id not in self.voices:
            self.voices[call_id] = Voice(self.calls[call_id], PARKER)
        elif message.method == "BYE" and call_id in self.voices:
            self.voices.pop(call_id).hush()

    def newest(self):
        """The call that came last, and its voice as soon as it speaks."""
        call_id = next(reversed(self.calls))
        return self.calls[call_id], self.voices.get(call_id)


class Wire:
    """What the segment saw, for questions of this bench."""

    def __init__(self, stage):
        self._wire, self._soon = stage.wire, stage.soon

    def audio(self, since, **end):
        """RTP of one address and port, by its attributes in a stream, in order of arrival."""
        found = [s for s in streams(d for d in self._wire.datagrams() if d.at >= since)
                 if all(getattr(s, k) == v for k, v in end.items())]
        return sorted((p for s in found for p in s.audio()), key=lambda p: p.at), found

    def to(self, call, since):
        return self.audio(since, dst=call.peer.host.address, dport=call.media_port)[0]

    def first(self, call, since, fits, what):
        """When the first packet that fits was sent to a phone."""
        def look():
            return next((p.at for p in self.to(call, since) if fits(p)), None)

        return self._soon(look, 3, what)

    def key_up(self, call, key, since):
        """When the first packet that ends a key was sent by a phone."""
        def look():
            sent = self.audio(since, src=call.peer.host.address, sport=call.media_port)[1]
            return next((at for s in sent for k, at in s.digits() if k == key), None)

        return self._soon(look, 3, f"the end of key {key}")

    def sip(self, call, look, what):
        """When the first message of a call that fits was sent."""
        def seen():
            return next((m.at for m in self._wire.messages()
                         if m.header("Call-ID") == call.call_id and look(m)), None)

        return self._soon(seen, 3, what)


def carries(hz):
    return lambda packet: timeline.carries_tone(packet, hz)


class Track:
    """Noise, loud from its first sample, so that one packet tells whether it is of it."""

    def __init__(self, where):
        self.path = os.path.join(where, "noise.wav")
        samples = numpy.random.default_rng(1).uniform(-0.4, 0.4, 4 * sound.RATE)
        sound.write(self.path, samples)
        self._within = hearing.Within(samples, FRAME)

    def has(self, packet):
        samples = sound.decode(packet.payload, packet.pt)
        return len(samples) == FRAME and self._within.likeness(samples).max() > 0.9


class Delays:
    """Callers who are parked one after the other, and then picked up one after the other."""

    def __init__(self, stage, track):
        self._stage, self._track, self._wire = stage, track, Wire(stage)
        host = stage.office.host
        self._parker = Parker(host("parker", "10.99.0.51"))
        self._retriever = Peer(host("retriever", "10.99.0.52"), "502", DOMAIN, "secret502")
        self._outside = Peer(host("trunk", network.TRUNK), "caller", network.TRUNK)
        for peer in (self._retriever, self._outside):
            peer.on_request = lambda m, peer=peer: m.method == "ACK" or peer.reply(m, 200, "OK")
        for peer in (self._parker, self._retriever):
            if peer.register() != 200:
                raise Gone(f"{peer.user} is not registered")

    def park(self):
        """A caller calls and is parked: (his call, his voice, seconds from key-up to music)."""
        began = time.time()
        caller = self._outside.invite(f"sip:{NUMBER}@{network.CORE}")
        caller.ack()
        voice = Voice(caller, CALLER)
        self._wire.first(caller, began, carries(PARKER), "the parker's voice")
        # His first packet may be here before he is known to speak.
        self._stage.soon(lambda: self._parker.newest()[1], 1, "the parker speaks")
        parker, parkers_voice = self._parker.newest()
        self._wire.first(parker, began, carries(CALLER), "the caller's voice")
        pressed = time.time()
        parkers_voice.press("#0")
        up = self._wire.key_up(parker, "0", pressed)
        return caller, voice, self._wire.first(caller, up, self._track.has, "the music") - up

    def retrieve(self, slot, caller):
        """Picks the caller up, talks, hangs up. Seconds from the 200 OK to the phone's ACK, and
        from the ACK to the first packet to the retriever and to the caller."""
        began = time.time()
        call = self._retriever.invite(f"sip:{slot}@{DOMAIN}")
        call.ack()
        voice = Voice(call, RETRIEVER)
        said = self._wire.sip(call, lambda m: m.status == 200 and m.method == "INVITE", "200 OK")
        # The one before answered the challenge, so it has another number.
        ack = self._wire.sip(call, lambda m: m.first.startswith("ACK") and m.at >= said, "ACK")
        to_retriever = self._wire.first(call, began, carries(CALLER), "the caller's voice")
        to_caller = self._wire.first(caller, began, carries(RETRIEVER), "the retriever's voice")
        call.bye()
        voice.hush()
        return ack - said, to_retriever - ack, to_caller - ack

    def tell(self, calls):
        parked = [self.park() for _ in range(calls)]
        times("key-up to music", [delay for _, _, delay in parked])
        # The parkers are still being told the last number.
        self._stage.soon(lambda: len(self._parker.released) == calls, 20, "all parkers released")
        found = [self.retrieve(n + 1, caller) for n, (caller, _, _) in enumerate(parked)]
        times("200 OK to two-way media", [ack + max(both) for ack, *both in found])
        times("200 OK to ACK (the phone)", [ack for ack, *_ in found])
        times("ACK to first relayed packet (layby)", [min(both) for _, *both in found])
        times("ACK to two-way media (layby, and the phones' next packets)",
              [max(both) for _, *both in found])
        for _, voice, _ in parked:
            voice.hush()

    def close(self):
        for peer in (self._parker, self._retriever, self._outside):
            peer.close()


def delays(calls):
    with tempfile.TemporaryDirectory(prefix="layby-bench-") as where:
        track = Track(where)
        with Stage(where, arena(track.path)) as stage:
            play = Delays(stage, track)
            try:
                play.tell(calls)
            finally:
                play.close()


def killed(_):
    """The test of it prints its figures; here they get this bench's name."""
    done = subprocess.run(["/usr/bin/python3", TROUBLE, "a_killed_core_is_not_heard"],
                          stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            said = json.loads(line)
            figure(said["bench"].replace("_", " "), said["value"], said["unit"])
        elif done.returncode:
            print(line, file=sys.stderr)
    if done.returncode:
        sys.exit("park_figures: the test of a killed core failed")


PARTS = {"delays": delays, "killed": killed}


def main():
    words = argparse.ArgumentParser(usage=__doc__.rpartition("Usage: ")[2])
    words.add_argument("--calls", type=int, default=20)
    words.add_argument("--only", choices=PARTS)
    asked = words.parse_args()
    try:
        for name, part in PARTS.items():
            if asked.only in (None, name):
                part(asked.calls)
    except Gone as missing:
        sys.exit(f"park_figures: {missing}")
    return 0


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
