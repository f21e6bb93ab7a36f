#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Telephones without telephone-event: their keys are tones in the audio (D12)."""

import os
import struct
import sys
import time

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import cases, namespace, network, office, sound  # noqa: E402
from harness.peer import Peer, Robot  # noqa: E402
from harness.stage import Stage  # noqa: E402

KEYPAD = ("123A", "456B", "789C", "*0#D")
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
LEVEL = 0.2  # of each tone
LOUD = 0.05  # half of what a tone is in a block, and no less


def make(where):
    return Stage(where, office.accounts()).open()


suite = cases.Suite("inband", make)


def tones_of(key):
    row = next(r for r in KEYPAD if key in r)
    return LOW[KEYPAD.index(row)], HIGH[row.index(key)]


def tones(keys, ms=100):
    """Keys as a telephone sends them: tone and pause of the same length."""
    pieces = [sound.silence(0.21)]
    for key in keys:
        low, high = tones_of(key)
        pieces += [sound.tone(low, ms / 1000, LEVEL) + sound.tone(high, ms / 1000, LEVEL),
                   sound.silence(ms / 1000)]
    return sound.join(pieces + [sound.silence(0.2)])


def speak(call, samples):
    """Sends samples in real time, from the call's media port."""
    with call.peer.host.socket(call.media_port) as rtp:
        begun = time.monotonic()
        for n in range(len(samples) // 160):
            time.sleep(max(0, begun + n * 0.02 - time.monotonic()))
            head = struct.pack("!BBHII", 0x80, 0, n + 1, n * 160, call.media_port)
            rtp.sendto(head + sound.encode(samples[n * 160:(n + 1) * 160]), call.media)


def strength(samples, hz):
    at = numpy.arange(len(samples)) / sound.RATE
    return 2 * abs(numpy.mean(samples * numpy.exp(-2j * numpy.pi * hz * at)))


def blocks_of(samples, key):
    """In how many blocks of 10 ms both tones of a key are."""
    return sum(all(strength(samples[n:n + 80], hz) > LOUD for hz in tones_of(key))
               for n in range(0, len(samples) - 80, 80))


class Pair:
    """A caller and the agent who answered him; events: who has telephone-event."""

    def __init__(self, t, caller_events=True, agent_events=False):
        s = t.stage
        self.caller = Peer(s.office.host("trunk", network.TRUNK), "+61400000009", network.TRUNK)
        self.agent = Robot(s.office.host("desk", "10.99.0.28"), "201", "acme.example",
                           "secret201", keys="")
        self.caller.events, self.agent.events = caller_events, agent_events
        self._t = t

    def __enter__(self):
        self._t.require(self.agent.register() == 200, "the agent is not registered")
        self.guest = self.caller.invite(office.number_uri("acme"))
        self._t.require(self.guest.status == 200, f"answered {self.guest.status}")
        self.guest.ack()
        self.desk = next(iter(self.agent.calls.values()))
        time.sleep(0.1)  # whatever the ACK leads to has happened
        return self

    def __exit__(self, *_):
        self.guest.bye()
        self.agent.register(0)
        self.agent.close()
        self.caller.close()

    def heard(self):
        """All that the caller was sent so far."""
        found = [st for st in self._t.stage.wire.streams(dst=network.TRUNK)
                 if st.dport == self.guest.media_port]
        return sound.join([st.samples() for st in found]), found


@suite.case("D12_a_phone_without_telephone_event_parks_with_tones")
def _(t):
    with Pair(t) as p:
        speak(p.desk, tones("#0"))
        t.soon(lambda: p.agent.released, 5, "the agent is released, for #0 parks")
        samples, found = p.heard()
        events = [k for st in found for k, _ in st.digits()]
        t.expect(not events, f"the caller got {events}")
        leaked = {key: blocks_of(samples, key) for key in "#0"}
        t.expect(max(leaked.values()) <= 2, f"blocks of 10 ms that he heard of each: {leaked}")
        rows = t.stage.layby.rows("slot")
        t.expect(len(rows) == 1, f"{rows}")


@suite.case("D12_tones_that_were_not_the_code_are_given_back_as_tones")
def _(t):
    with Pair(t, caller_events=False) as p:
        speak(p.desk, tones("#5"))
        t.soon(lambda: blocks_of(p.heard()[0], "5") >= 6, 5, "the caller hears the 5")
        samples, _ = p.heard()
        # 10 of the tone given back, and 1 or 2 of what leaked; both tones whole would be 20.
        t.expect(blocks_of(samples, "#") in range(8, 15), f"#: {blocks_of(samples, '#')}")
        t.expect(not p.agent.released, "the agent was released")


@suite.case("D12_tones_that_were_not_the_code_are_given_back_as_events")
def _(t):
    with Pair(t) as p:
        speak(p.desk, tones("#5"))
        t.soon(lambda: [k for st in p.heard()[1] for k, _ in st.digits()] == ["#", "5"], 5,
               "the caller gets # and 5")


@suite.case("row_21_a_phone_with_telephone_event_is_not_listened_to")
def _(t):
    with Pair(t, agent_events=True) as p:
        speak(p.desk, tones("#0"))
        time.sleep(1)
        t.expect(not p.agent.released, "tones parked although events were agreed")
        samples, _ = p.heard()
        t.expect(blocks_of(samples, "#") >= 8, "the tone did not get through")


if __name__ == "__main__":
    sys.exit(namespace.run_inside(suite.run))
