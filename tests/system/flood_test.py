#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""layby-media under a spray (rows 15 and 16 of the fault matrix): three strangers send what could
be RTP to its whole port range, as fast as 100,000 a second, while one flow plays music and two relay
each other. Nothing goes to the strangers, nothing of theirs is heard, and the true flows lose
nothing. What the kernel lost on the way is told apart by layby-media's own count of packets.

A line of JSON says what rate was reached and how far off their time the true packets were; that is
a report, no judgement."""

import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bridge, cases, namespace, wire  # noqa: E402
from harness.network import ip  # noqa: E402
from media_attach_test import MEDIA, US, Media, expect_music, play  # noqa: E402

STRANGERS = ["10.99.0.66", "10.99.0.67", "10.99.0.68"]
RATE, SECONDS, FIRST, LAST = 100_000, 3, 16384, 16583
MUSIC, HEARD, HEARING = (0, 7), (10, 7), (11, 7)
SPEAKER, EAR, PORT = 40100, 40200, 40000
THEIRS = b"\xa5" * 160


def sprays(seed):
    """Headers with an agreed type, a digit, a report, and the advisory's payload of all ones."""
    number = struct.pack("!HII", seed & 0xffff, seed, 0x5eed)
    return [b"\x80\x00" + number + THEIRS, b"\x80\xe5" + number + b"\x05\x8a\x06\x40",
            b"\x81\xc8\x00\x29" + bytes(8) + THEIRS, b"\xbf" + b"\xff" * 171]


def spray(pipe):
    """Sends RATE a second for SECONDS from all three; then counts what came back to them."""
    sockets = []
    for n, address in enumerate(STRANGERS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.setblocking(False)
        s.bind((address, (PORT, SPEAKER, 4000)[n]))
        sockets.append(s)
    packets = [p for seed in range(8) for p in sprays(seed)]
    targets = [(MEDIA, port) for port in range(FIRST, LAST + 1)]
    sent = refused = 0
    begun = time.monotonic()
    while (gone := time.monotonic() - begun) < SECONDS:
        for _ in range(min(200, int(gone * RATE) - sent)):
            try:
                sockets[sent % 3].sendto(packets[sent % len(packets)],
                                         targets[sent * 7 % len(targets)])
            except OSError:
                refused += 1
            sent += 1
    took = time.monotonic() - begun
    time.sleep(0.2)
    back = 0
    while ready := select.select(sockets, [], [], 0)[0]:
        for s in ready:
            s.recv(2048)
            back += 1
    os.write(pipe, struct.pack("<IIId", sent, refused, back, took))
    os._exit(0)


def start_spray():
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        spray(theirs)
    os.close(theirs)
    return child, ours


def end_spray(child, pipe):
    sent, refused, back, took = struct.unpack("<IIId", os.read(pipe, 20))
    os.waitpid(child, 0)
    os.close(pipe)
    return sent, refused, back, took


class Speaker:
    """The party of flow HEARD: audio of its own, 50 packets a second, until it is told to stop."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((US, SPEAKER))
        self.sent = []  # when, in ns of the clock that the kernel stamps with
        self.audio = random.Random(5)

    def speak(self, until):
        """Speaks until that many seconds have gone."""
        begun = time.monotonic()
        n = 0
        while n * 0.02 < until:
            time.sleep(max(0, begun + n * 0.02 - time.monotonic()))
            seq = len(self.sent)
            payload = struct.pack("!I", seq) + self.audio.randbytes(156)
            head = struct.pack("!BBHII", 0x80, 0, seq, seq * 160, 0x1234)
            self.sent.append(time.time_ns())
            self.socket.sendto(head + payload, (MEDIA, FIRST + 2 * HEARD[0]))
            n += 1


def expect_one_stream(t, heard, spoken):
    """What was spoken, once, and nothing else. The numbers of what arrived."""
    seen = [struct.unpack("!I", d[12:16])[0] for _, d in heard]
    ours = [n for n in seen if n < spoken]
    t.expect(len(ours) == len(seen), f"{len(seen) - len(ours)} packets that nobody of ours sent")
    t.expect(len(set(ours)) == len(ours), "a packet came twice")
    numbers = [struct.unpack("!H", d[2:4])[0] for _, d in heard]
    steps = {(b - a) & 0xffff for a, b in zip(numbers, numbers[1:])}
    t.expect(steps <= set(range(1, 100)), f"sequence numbers step by {sorted(steps)[:5]}")
    return ours


def quantiles(ns):
    """p50, p99 and the most, in us."""
    ns = sorted(ns)
    return [round(ns[int((len(ns) - 1) * q)] / 1000) for q in (0.5, 0.99, 1)]


def off_time(times):
    """How far each is from 20 ms after the one before."""
    return quantiles([abs(b - a - 20_000_000) for a, b in zip(times, times[1:])])


def on_the_way(heard, numbers, sent):
    """How long each took from one party to the other, the kernel on both sides included."""
    return quantiles([at - sent[n] for (at, _), n in zip(heard, numbers)])


def open_pair(t, core):
    for flow, port in ((HEARD, SPEAKER), (HEARING, EAR)):
        t.require(core.ask(bridge.OPEN, flow, struct.pack("<Q", 1))[0] == bridge.DONE, "OPEN")
        t.require(core.remote(flow, US, port)[0] == bridge.DONE, "REMOTE")
    for flow, peer in ((HEARD, HEARING), (HEARING, HEARD)):
        said = core.ask(bridge.RELAY, flow, struct.pack("<IIH", *peer, 0))
        t.require(said[0] == bridge.DONE, f"RELAY: {said[:2]}")


def row_15_a_spray_before_and_after_the_lock(t, media):
    core = media.core()
    music, ear = wire.Listener(US, PORT), wire.Listener(US, EAR)
    t.expect(not play(core, MUSIC, PORT), "refused")
    open_pair(t, core)
    t.soon(music.heard, 3, "the first packet")
    speaker, report = Speaker(), {}
    before = {name: core.stat(name) for name in bridge.counters()}
    sprayed = 0
    for phase in ("before_lock", "locked"):
        music.heard(), ear.heard()
        spoken = len(speaker.sent)
        if phase == "locked":
            speaker.speak(0.2)
        child, pipe = start_spray()
        if phase == "before_lock":
            time.sleep(1)  # nobody has locked yet: the spray is alone
        speaker.speak(SECONDS - 0.5)
        sent, refused, back, took = end_spray(child, pipe)
        time.sleep(0.3)
        sprayed += sent - refused
        heard, played = ear.heard(), music.heard()
        ours = expect_one_stream(t, heard, len(speaker.sent))
        lost = len(speaker.sent) - spoken - len(ours)
        t.expect(back == 0, f"{phase}: {back} packets came to the strangers")
        expect_music(t, played, SECONDS - 1)
        report[phase] = {"rate": round(sent / took), "kernel_refused": refused, "lost": lost,
                         "music_off_us": off_time([at for at, _ in played]),
                         "relay_us": on_the_way(heard, ours, speaker.sent), "bled": back}
    grown = {name: core.stat(name) - n for name, n in before.items()}
    report["counted"] = {n: grown[n] for n in ("rx_packets", "relayed", "rx_bad_source",
                                               "rx_no_flow", "late_packets", "tx_refused")}
    report["missing"] = missing = sprayed + len(speaker.sent) - grown["rx_packets"]
    print(json.dumps({"test": "flood", "port": media.interface, **report}), flush=True)
    t.expect(grown["digits_seen"] == 0, "a stranger's digit was heard")
    t.expect(grown["rx_rtcp"] == 0 and grown["rx_rtcp_foreign"] == 0, "a stranger's report was")
    # The kernel may not have room for all of a spray; what it gave us is all accounted for.
    lost = report["before_lock"]["lost"] + report["locked"]["lost"]
    t.expect(lost <= max(0, missing), f"{lost} lost, and {missing} never came to layby-media")
    t.expect(grown["relayed"] == len(speaker.sent) - lost,
             f"{grown['relayed']} relayed of {len(speaker.sent)}, {lost} lost")
    taken = sum(grown[n] for n in ("rx_bad_source", "rx_no_flow", "relayed"))
    t.expect(abs(grown["rx_packets"] - taken) < 200, f"{taken} of {grown['rx_packets']} named")
    t.expect(taken > RATE // 10, "where was the spray?")
    locked = [e for e in core.spoken if e[1] == bridge.LOCKED]
    while event := core.event():
        locked += [event] if event[1] == bridge.LOCKED else []
    where = {(e[4], e[5][12:16], struct.unpack_from("<H", e[5], 16)[0]) for e in locked}
    t.expect(where == {(HEARD, socket.inet_aton(US), SPEAKER)}, f"locked: {where}")
    core.close()


def it_ends_when_it_is_told(t, media):
    os.kill(media.process.pid, signal.SIGTERM)
    status = media.process.wait(5)
    t.expect(status == 0, f"it ends with {status}: {media.process.lines[-5:]}")


def strangers(interface):
    for address in STRANGERS:
        ip("address", "add", f"{address}/24", "dev", interface)


def tap(where):
    media = Media(where, "net_tap0,iface=flood0", "flood0").start()
    ip("address", "add", f"{US}/24", "dev", "flood0")
    strangers("flood0")
    return media


def veth(where):
    ip("link", "add", "floodcard0", "type", "veth", "peer", "name", "flood1")
    ip("link", "set", "floodcard0", "up")
    ip("link", "set", "flood1", "up")
    ip("address", "add", f"{US}/24", "dev", "flood1")
    strangers("flood1")
    os.system("ethtool -K flood1 tx off >/dev/null")
    return Media(where, "net_af_packet0,iface=floodcard0", "flood1").start()


def main():
    import tempfile  # pylint: disable=import-outside-toplevel
    status = 0
    for make in (tap, veth):
        with tempfile.TemporaryDirectory(prefix="layby-flood-") as where:
            suite = cases.Suite(f"flood_{make.__name__}")
            media = make(where)
            for case in (row_15_a_spray_before_and_after_the_lock, it_ends_when_it_is_told):
                suite.case(case.__name__)(lambda t, case=case: case(t, media))
            status |= suite.run()
    return status


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
