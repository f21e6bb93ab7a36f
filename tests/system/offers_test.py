#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What telephones offer: codecs of one and not of the other, every kind of hold, descriptions that
come late. Each is played by peers that say exactly that."""

import os
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import cases, hearing, namespace, network, office, sound  # noqa: E402
from harness.peer import Peer, Robot  # noqa: E402
from harness.process import Gone  # noqa: E402
from harness.sources import prompt  # noqa: E402
from harness.stage import Stage  # noqa: E402

PCMU, PCMA, G722, G729, OPUS = 0, 8, 9, 18, 111
EVENTS = 101
ACME = f"sip:{office.NUMBERS['acme']}@{network.CORE}"


def make(where):
    accounts = office.accounts()
    accounts[0]["lots"] = [{"name": "front", "slots": "12-15", "timeout": 120}]
    return Stage(where, accounts).open()


suite = cases.Suite("offers", make)


class Talk:
    """The sound of a call: what one sends, and what comes meanwhile."""

    def __init__(self, call):
        self._call = call
        self._socket = call.peer.host.socket(call.media_port)
        self._socket.settimeout(0.001)
        self._seq, self._ssrc = 1, call.media_port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def press(self, keys):
        self._call.press(keys, mouth=self._socket)

    def _hear(self, heard):
        try:
            while True:
                packet = self._socket.recv(2048)
                if packet[0] >> 6 == 2 and packet[1] & 0x7F != EVENTS:
                    heard.setdefault(packet[1] & 0x7F, []).append(packet[12:])
        except TimeoutError:
            return

    def send(self, pt, hz, seconds, others=()):
        """Sends a tone. What came for us and for others: payloads by payload type, for each."""
        everybody = [self, *others]
        heard = [{} for _ in everybody]
        for n in range(int(seconds * 50)):
            samples = sound.tone(hz, seconds)[n * 160:(n + 1) * 160]
            head = struct.pack("!BBHII", 0x80, pt, self._seq, self._seq * 160, self._ssrc)
            self._socket.sendto(head + sound.encode(samples, pt), self._call.media)
            self._seq += 1
            until = time.monotonic() + 0.018
            while time.monotonic() < until:
                for one, into in zip(everybody, heard):
                    one._hear(into)
        return heard


def tone_seconds(heard, pt, hz):
    return hearing.tone_seconds(sound.decode(b"".join(heard.get(pt, [])), pt), hz)


def ask(parties, call, sdp, ack=""):
    """A re-INVITE of the agent's; our answer to it."""
    call.cseq += 1
    parties.agent.request(call, "INVITE", call.cseq, body=sdp)
    answer = parties.agent.await_message(
        lambda m: m.status >= 200 and m.header("CSeq") == f"{call.cseq} INVITE", 3, "an answer")
    parties.agent.request(call, "ACK", call.cseq, body=ack)
    if answer.status != 200:
        raise Gone(f"the re-INVITE is answered {answer.status}")
    return answer


class Parties:
    """A caller behind the trunk and 201 of acme, each with codecs of its own."""

    def __init__(self, t, caller, agent, keys=""):
        o = t.stage.office
        self.agent = Robot(o.host("desk201", "10.99.0.21"), "201", "acme.example", "secret201",
                           keys=keys)
        self.caller = Peer(o.host("trunk", network.TRUNK), "+61400000009", network.TRUNK)
        self.agent.codecs, self.caller.codecs = agent, caller
        t.require(self.agent.register() == 200, "201 is not registered")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.agent.register(expires=0)
        self.agent.close()
        self.caller.close()

    def call(self, uri=ACME):
        call = self.caller.invite(uri)
        if call.status == 200:
            call.ack()
        return call

    def answered(self):
        return next(iter(self.agent.calls.values()))


def nothing_left(t):
    t.soon(lambda: not t.stage.layby.rows("call"), 3, "no call is left")


@suite.case("a_law_and_mu_law_phones_hear_each_other")
def _(t):
    with Parties(t, [PCMA], [PCMU]) as p:
        call = p.call()
        t.require(call.status == 200, f"answered {call.status}")
        t.expect("RTP/AVP 8 " in call.final.text, "the caller is not answered with what he speaks")
        with Talk(call) as caller, Talk(p.answered()) as agent:
            _, heard = caller.send(PCMA, 700, 1, [agent])
            t.expect(tone_seconds(heard, PCMU, 700) >= 0.7, f"201 hears {list(heard)}")
            _, heard = agent.send(PCMU, 900, 1, [caller])
            t.expect(tone_seconds(heard, PCMA, 900) >= 0.7, f"the caller hears {list(heard)}")
        call.bye()
    nothing_left(t)


@suite.case("no_common_codec_is_said_as_488")
def _(t):
    with Parties(t, [G729], [PCMU]) as p:
        queue = f"sip:{office.NUMBERS['acme queue']}@{network.CORE}"
        t.expect((call := p.call(queue)).status == 488, f"the queue answered {call.status}")
    nothing_left(t)


@suite.case("phones_of_no_common_codec_hear_each_other")
def _(t):
    with Parties(t, [G722], [PCMU]) as p:
        call = p.call()
        t.require(call.status == 200, f"answered {call.status}")
        t.expect("RTP/AVP 9 " in call.final.text, "the caller is not answered with what he speaks")
        with Talk(call) as caller, Talk(p.answered()) as agent:
            _, heard = caller.send(G722, 700, 1, [agent])
            t.expect(tone_seconds(heard, PCMU, 700) >= 0.7, f"201 hears {list(heard)}")
            _, heard = agent.send(PCMU, 900, 1, [caller])
            t.expect(tone_seconds(heard, G722, 900) >= 0.7, f"the caller hears {list(heard)}")
        call.bye()
    nothing_left(t)


@suite.case("who_speaks_only_wideband_is_parked_hears_music_in_it_and_is_retrieved")
def _(t):
    with Parties(t, [G722], [G722], keys="#0") as p:
        call = p.call()
        t.require(call.status == 200, f"answered {call.status}")
        t.soon(lambda: t.stage.layby.rows("slot"), 5, "he is in a slot")
        with Talk(call) as caller:
            heard, = caller.send(G722, 700, 3)
            t.expect(len(heard.get(G722, [])) > 100, f"he hears {list(heard)}")
            music = sound.decode(b"".join(heard.get(G722, [])), G722)
            t.expect(len(music) and float((music ** 2).mean()) ** 0.5 > 0.005, "that is silence")
            slot = t.stage.layby.rows("slot")[0]["slot"]
            p.agent.keys = ""
            back = p.agent.invite(f"sip:{slot}@acme.example")
            t.require(back.status == 200, f"the retriever is answered {back.status}")
            back.ack()
            with Talk(back) as agent:
                caller.send(G722, 700, 0.3, [agent])
                _, heard = caller.send(G722, 700, 1, [agent])
                t.expect(tone_seconds(heard, G722, 700) >= 0.7, f"201 hears {list(heard)}")
        call.bye()
    nothing_left(t)


def loudness(samples):
    return float((samples ** 2).mean()) ** 0.5 if len(samples) else 0.0


def rendered(t):
    workers = t.stage.layby.ask("stats.get")["workers"]
    return sum(w["counters"]["rendered"] for w in workers)


def listen(talk, seconds):
    """Packets of Opus that come within so many seconds."""
    heard, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        got = {}
        talk._hear(got)
        heard += got.get(OPUS, [])
    return heard


@suite.case("who_speaks_only_opus_is_parked_and_hears_music_in_it")
def _(t):
    with Parties(t, [OPUS], [PCMU], keys="#0") as p:
        call = p.call()
        t.require(call.status == 200, f"answered {call.status}")
        t.expect("opus/48000/2" in call.final.text, "the answer is in another codec")
        t.soon(lambda: t.stage.layby.rows("slot"), 5, "he is in a slot")
        with Talk(call) as caller:
            # First the worker makes it; then it is encoded, and copied from there on.
            first = listen(caller, 1)
            t.expect(loudness(sound.decode_opus(first)) > 0.005, "silence before it is encoded")
            until, before = time.monotonic() + 60, -1
            while rendered(t) != before and time.monotonic() < until:
                before = rendered(t)
                copied = listen(caller, 2)
            t.expect(rendered(t) == before, "the worker still makes it after a minute")
            t.expect(len(copied) > 80, f"{len(copied)} packets in 2 s")
            t.expect(loudness(sound.decode_opus(copied)) > 0.005, "silence once it is encoded")
        call.bye()
    nothing_left(t)


@suite.case("every_kind_of_hold_gives_the_other_side_music")
def _(t):
    with Parties(t, [PCMU], [PCMU]) as p:
        call = p.call()
        agent = p.answered()
        with Talk(call) as caller, Talk(agent) as desk:
            for how in ({"direction": "sendonly"}, {"direction": "inactive"}, {"at": "0.0.0.0"}):
                ask(p, agent, agent.sdp(**how))
                heard, silent = caller.send(PCMU, 700, 0.6, [desk])
                heard, silent = caller.send(PCMU, 700, 0.6, [desk])
                t.expect(len(heard.get(PCMU, [])) > 20, f"{how}: no music")
                t.expect(not silent, f"{how}: the holder hears {list(silent)}")
                ask(p, agent, agent.sdp())
                caller.send(PCMU, 700, 0.2, [desk])
                _, back = caller.send(PCMU, 700, 1, [desk])
                t.expect(tone_seconds(back, PCMU, 700) >= 0.7, f"{how}: not taken back")
        call.bye()
    nothing_left(t)


@suite.case("a_reinvite_without_a_description_is_answered_with_ours")
def _(t):
    with Parties(t, [PCMU], [PCMU]) as p:
        call = p.call()
        agent = p.answered()
        answer = ask(p, agent, "", ack=agent.sdp())
        t.expect("m=audio" in answer.text and "RTP/AVP 0" in answer.text, "no offer of ours")
        with Talk(call) as caller, Talk(agent) as desk:
            _, heard = caller.send(PCMU, 700, 1, [desk])
            t.expect(tone_seconds(heard, PCMU, 700) >= 0.7, "the sound is gone")
        call.bye()
    nothing_left(t)


@suite.case("a_slot_of_two_digits_is_said_digit_by_digit")
def _(t):
    with Parties(t, [PCMU], [PCMU]) as p:
        call = p.call()
        with Talk(p.answered()) as desk:
            desk.press("#0")
            heard, = desk.send(PCMU, 900, 2.5)
        said = sound.decode(b"".join(heard.get(PCMU, [])), PCMU)
        for digit in "12":
            score = hearing.prompt_likeness(said, sound.read(prompt(f"digits/{digit}")))
            t.expect(score >= hearing.SAID, f"{digit} is not heard: {score:.2f}")
        rows = t.stage.layby.rows("slot")
        t.expect([r["slot"] for r in rows] == [12], f"{rows}")
        call.bye()
    nothing_left(t)


if __name__ == "__main__":
    sys.exit(namespace.run_inside(suite.run))
