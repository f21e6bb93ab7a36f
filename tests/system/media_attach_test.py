#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""layby-media alone, on a tap and on af_packet: a core of ours attaches, plays, dies, comes back.
Content is read from the datagrams, times from the kernel, checksums from the wire."""

import os
import random
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bridge, cases, namespace, wire  # noqa: E402
from harness.appliance import program  # noqa: E402
from harness.bridge import Core  # noqa: E402
from harness.network import ip  # noqa: E402
from harness.process import Process  # noqa: E402

US, MEDIA, NOBODY = "10.99.0.1", "10.99.0.2", "10.99.0.77"
RTP, FLOW, OWNER, TRACK = 40000, (0, 7), 0x1122334455667788, 0xfeed
SECOND = 10**9
# 1.6 s, and not a whole number of packets; no two stretches of it are alike.
AUDIO = random.Random(1).randbytes(12833)


class Media:
    """One layby-media with one port; our interface is the other end of its wire."""

    def __init__(self, where, vdev, interface):
        self.where, self.interface = where, interface
        self.socket = os.path.join(where, "media.sock")
        self.config = os.path.join(where, "media.yaml")
        self.process = None
        self.write(vdev)

    def write(self, vdev, name="media.yaml", **change):
        has = {"socket": self.socket, "cpu": 0, "ports": "16384-16583", **change}
        path = os.path.join(self.where, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"""cores: {{main: 0, workers: "{has['cpu']}", idle: sleep}}
memory: {{hugepages: none, tracks-mb: 1}}
ports:
  - name: media0
    vdev: "{vdev}"
    gateway: {US}
    addresses:
      - {{ip: {MEDIA}, prefix: 24, rtp-ports: "{has['ports']}"}}
socket: {has['socket']}
""")
        return path

    def start(self):
        self.process = Process([program("layby-media"), "--config", self.config],
                               os.path.join(self.where, "media.log"))
        self.process.await_line("ready", 15)
        return self

    def core(self):
        """Attaches; the socket stands open a little earlier than the last core is let go."""
        core = Core(self.socket)
        deadline = time.monotonic() + 3
        while not core.described() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert core.described(), "the flow directory is never finished"
        return core


def tap(where):
    media = Media(where, "net_tap0,iface=media0", "media0").start()
    ip("address", "add", f"{US}/24", "dev", "media0")
    return media


def veth(where):
    ip("link", "add", "card0", "type", "veth", "peer", "name", "cable0")
    ip("link", "set", "card0", "up")
    ip("link", "set", "cable0", "up")
    ip("address", "add", f"{US}/24", "dev", "cable0")
    # The kernel leaves checksums on veth to a card that is not there.
    os.system("ethtool -K cable0 tx off >/dev/null")
    return Media(where, "net_af_packet0,iface=card0", "cable0").start()


def play(core, flow=FLOW, port=RTP, address=US):
    """Opens a flow and plays our track to it; what was refused, if anything."""
    outcomes = [core.track(bridge.TRACK_ADD, TRACK, 0, AUDIO),
                *core.ask(bridge.OPEN, flow, struct.pack("<Q", OWNER))[:2],
                *core.remote(flow, address, port)[:2],
                *core.ask(bridge.MUSIC, flow, struct.pack("<Q", TRACK))[:2]]
    return [o for o in outcomes if o != 0]


def expect_music(t, heard, seconds):
    """One stream without a gap, the track round and round, 50 a second."""
    packets = [(at, *struct.unpack_from("!BBHII", d), d[12:]) for at, d in heard]
    t.require(len(packets) > 45 * seconds, f"{len(packets)} packets in {seconds} s")
    loop, first = AUDIO + AUDIO + AUDIO, packets[0]
    start = loop.find(first[6])
    t.require(start >= 0, "the first packet is no part of the track")
    for n, (_, head, pt, seq, ts, ssrc, payload) in enumerate(packets):
        at = (start + 160 * n) % len(AUDIO)
        good = (head == 0x80 and pt & 0x7f == 0 and ssrc == first[5]
                and seq == (first[3] + n) & 0xffff and ts == (first[4] + 160 * n) & 0xffffffff
                and payload == loop[at:at + 160])
        if not t.expect(good, f"packet {n}: header {head:x} pt {pt} seq {seq} (first "
                              f"{first[3]}) ts {ts}, content as expected: "
                              f"{payload == loop[at:at + 160]}"):
            break
    late = sorted(abs(at - first[0] - n * SECOND // 50) for n, (at, *_) in enumerate(packets))
    t.expect(late[len(late) * 9 // 10] < 20_000_000,
             f"a tenth is more than {late[len(late) * 9 // 10] / 1e6:.1f} ms off its time")


def attaches_and_plays(t, media):
    phone, ear = wire.Listener(US, RTP), wire.Ear(media.interface)
    core = media.core()
    t.expect((core.version, core.workers, core.addresses) == (1, 1, 1), "the plan is another")
    t.expect(core.address[0] == (bridge.mapped(MEDIA), 0, 16384, 100, 0), str(core.address[0]))
    t.expect(core.hello[0] == bridge.VERSION, "the version")
    refused = play(core)
    t.expect(not refused, f"refused: {refused}")
    t.soon(phone.heard, 3, "the first packet")  # our address is younger than its first question
    time.sleep(2)
    expect_music(t, phone.heard(), 2)
    sent = [f for f in ear.frames() if f.is_udp and f.source == MEDIA and f.to_port == RTP]
    t.expect(len(sent) > 90, f"{len(sent)} frames on the wire")
    t.expect(all(f.is_good and f.checksum != 0 for f in sent), "a checksum is wrong")
    t.expect(all(f.dscp == 46 and f.ttl == 64 for f in sent), "not marked as voice")
    t.expect(core.stat("music_packets") > 80 and core.stat("flows_open") == 1, "the counters")
    core.command(bridge.SILENT, (5, 1))
    t.expect(core.woken(), "nobody woke us")
    core.close()


def the_music_outlives_the_core(t, media):
    phone = wire.Listener(US, RTP + 10)
    flow = (3, 9)
    ready, told = os.pipe()
    victim = os.fork()
    if victim == 0:
        os.write(told, bytes([len(play(media.core(), flow, RTP + 10))]))
        time.sleep(60)
        os._exit(1)
    t.expect(os.read(ready, 1) == b"\0", "refused")
    time.sleep(1)
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    time.sleep(1)
    core = media.core()
    time.sleep(1)
    expect_music(t, phone.heard(), 3)
    t.expect(core.entry(3) == (9, 1, OWNER), f"the directory says {core.entry(3)}")
    t.expect(core.entry(0) == (7, 1, OWNER), f"the first flow is {core.entry(0)}")
    t.expect(core.entry(1)[1] == 0, "a flow that nobody opened")
    t.expect(core.track(bridge.TRACK_DROP, TRACK) == bridge.IN_USE, "a track in use is gone")
    for place in (FLOW, flow):
        kind, _, body = core.ask(bridge.CLOSE, place)
        sent = struct.unpack_from("<II", body)[1]
        t.expect(kind == bridge.CLOSED and sent > 90, f"closed: {kind}, {sent} packets")
    phone.heard()
    time.sleep(0.3)
    t.expect(not phone.heard(), "it plays on after CLOSE")
    t.expect(core.entry(3)[:2] == (9, 0), "the directory does not know that it is closed")
    t.expect(core.track(bridge.TRACK_DROP, TRACK) == bridge.OK, "the track cannot be dropped")
    core.close()


def tracks_are_checked(t, media):
    core = media.core()
    rows = [
        ("unknown", bridge.TRACK_DROP, 1, 0, None, None, bridge.UNKNOWN),
        ("no hash to drop", bridge.TRACK_DROP, 0, 0, None, None, bridge.UNKNOWN),
        ("no hash", bridge.TRACK_ADD, 0, 0, AUDIO, None, bridge.BAD_TRACK),
        ("no such codec", bridge.TRACK_ADD, 1, 99, AUDIO, None, bridge.BAD_TRACK),
        ("no descriptor", bridge.TRACK_ADD, 1, 0, None, 100, bridge.BAD_TRACK),
        ("longer than the file", bridge.TRACK_ADD, 1, 0, AUDIO, 20000, bridge.BAD_TRACK),
        ("nothing in it", bridge.TRACK_ADD, 1, 0, b"", None, bridge.BAD_TRACK),
        ("over the budget", bridge.TRACK_ADD, 1, 0, bytes(1 << 20 | 1), None, bridge.NO_MEMORY),
        ("as it should be", bridge.TRACK_ADD, 1, 0, AUDIO, None, bridge.OK),
        ("again", bridge.TRACK_ADD, 1, 0, AUDIO, None, bridge.OK),
        ("another length", bridge.TRACK_ADD, 1, 1, AUDIO[1:], None, bridge.BAD_TRACK),
        ("the other codec", bridge.TRACK_ADD, 1, 1, AUDIO, None, bridge.OK),
        ("gone", bridge.TRACK_DROP, 1, 0, None, None, bridge.OK),
        ("twice", bridge.TRACK_DROP, 1, 0, None, None, bridge.UNKNOWN),
        ("the whole budget", bridge.TRACK_ADD, 1, 0, bytes(1 << 20), None, bridge.OK),
        ("... back", bridge.TRACK_DROP, 1, 0, None, None, bridge.OK),
    ]
    for what, kind, track, codec, audio, length, outcome in rows:
        got = core.track(kind, track, codec, audio, length)
        t.expect(got == outcome, f"{what}: {got}, not {outcome}")
    core.close()


def one_core_at_a_time(t, media):
    core = media.core()
    try:
        Core(media.socket)
        t.expect(False, "a second core was let in")
    except bridge.Turned as turned:
        t.expect(turned.args[0][1] == bridge.BUSY, str(turned))
    core.close()
    media.core().close()
    for what, word in (("a tail far away", "down"), ("a head far away", "up")):
        core = media.core()
        w = core.worker[0]
        at = w.down if word == "down" else w.up + 64
        core.words[at // 4] = 5000
        t.expect(core.gone(), f"{what} is served on")
        core.close()
    core = media.core()
    core.socket.send(b"hello")
    t.expect(core.gone(), "a short message is served on")
    core.close()
    core = media.core()
    # More commands than there is room for answers: none is lost, none answered twice.
    tags = [core.command(bridge.SILENT, (5, 1)) for _ in range(1000)]
    answered = []
    deadline = time.monotonic() + 5
    while len(answered) < len(tags) and time.monotonic() < deadline:
        event = core.event()
        if event:
            answered.append(event[0])
    t.expect(answered == tags, f"{len(answered)} answers to {len(tags)} commands")
    core.close()


def a_hop_that_is_not_there(t, media):
    core, ear = media.core(), wire.Ear(media.interface)
    flow = (9, 2)
    refused = play(core, flow, RTP, NOBODY)
    t.expect(not refused, f"refused: {refused}")
    before = core.stat("tx_no_neighbour")
    time.sleep(3)
    asked = sum(f.asks_for(NOBODY) for f in ear.frames())
    t.expect(2 <= asked <= 4, f"asked {asked} times in 3 s")
    t.expect(core.stat("tx_no_neighbour") - before > 100, "what was not sent is not counted")
    mac = bytes.fromhex("020000000077")
    ear.say(wire.ethernet(b"\xff" * 6, mac, 0x0806, wire.arp(2, mac, NOBODY, bytes(6), MEDIA)))
    time.sleep(0.5)
    sent = [f for f in ear.frames() if f.is_udp and f.to == NOBODY]
    t.expect(len(sent) > 15 and all(f.data[:6] == mac for f in sent),
             f"{len(sent)} frames after the answer")
    t.expect(core.ask(bridge.CLOSE, flow)[0] == bridge.CLOSED, "not closed")
    for what, address in (("ours", MEDIA), ("loopback", "127.0.0.1"), ("a group", "224.0.0.1"),
                          ("the network", "10.99.0.0"), ("everybody", "10.99.0.255")):
        core.ask(bridge.OPEN, (20, 1), struct.pack("<Q", 1))
        kind = core.remote((20, 1), address, RTP)[0]
        t.expect(kind == bridge.REFUSED, f"{what} was taken as a remote")
    core.ask(bridge.CLOSE, (20, 1))
    core.close()


def strangers_frames_are_named_and_counted(t, media):
    core, ear = media.core(), wire.Ear(media.interface)
    ear.frames()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", (MEDIA, 16390))  # so that the kernel has asked for it
    time.sleep(0.3)
    to = next(f.data[:6] for f in ear.frames() if f.is_udp and f.to == MEDIA)
    mine = bytes.fromhex("020000000099")
    ports, body = (5000, 16390), b"\x80" + bytes(40)
    good = wire.udp(US, MEDIA, ports, body)

    def frame(payload, protocol=17, where=to, **change):
        return wire.ethernet(where, mine, 0x0800,
                             wire.ipv4(US, change.pop("dst", MEDIA), protocol, payload, **change))

    echo = b"\x08\0" + struct.pack("!HHH", wire.checksum(b"\x08\0\0\0\0\x01\0\x02abc"), 1, 2)
    rows = [
        ("rx_no_flow", frame(good)),
        ("rx_no_flow", frame(wire.udp(US, MEDIA, ports, body, checksum=0))),
        ("rx_bad_checksum", frame(wire.udp(US, MEDIA, ports, body, checksum=0x1234))),
        ("rx_bad_checksum", frame(good, checksum=0x1234)),
        ("rx_bad_udp", frame(wire.udp(US, MEDIA, ports, body, length=7))),
        ("rx_bad_udp", frame(wire.udp(US, MEDIA, ports, body, length=300))),
        ("rx_bad_udp", frame(b"\0\1\2\3")),
        ("rx_bad_ip", frame(good, version=0x46)),
        ("rx_bad_ip", frame(good, version=0x65)),
        ("rx_bad_ip", frame(good, length=1000)),
        ("rx_bad_ip", frame(good, length=10)),
        ("rx_not_ours", frame(good, dst="10.99.0.3")),
        ("rx_not_ours", frame(good, where=b"\xff" * 6)),
        ("rx_not_udp", frame(bytes(20), protocol=6)),
        ("rx_not_udp", frame(b"\x03\0" + bytes(20), protocol=1)),
        ("rx_bad_ip", wire.ethernet(to, mine, 0x86dd, bytes(60))),
        ("rx_not_ip", wire.ethernet(to, mine, 0x8100, bytes(60))),
        ("rx_arp", wire.ethernet(to, mine, 0x0806, bytes(46))),
        ("rx_arp", wire.ethernet(b"\xff" * 6, mine, 0x0806,
                                 wire.arp(1, mine, "10.99.0.50", bytes(6), MEDIA))),
        ("rx_echo", frame(echo + b"abc", protocol=1)),
        ("rx_bad_checksum", frame(echo + b"abd", protocol=1)),
    ]
    if media.interface == "media0":  # the kernel puts them together for af_packet
        rows += [("rx_fragments", frame(good, fragment=0x2000)),
                 ("rx_fragments", frame(good, fragment=100))]
    for n, (name, data) in enumerate(rows):
        before = core.stat(name)
        ear.say(data)
        deadline = time.monotonic() + 1
        while core.stat(name) == before and time.monotonic() < deadline:
            time.sleep(0.02)
        t.expect(core.stat(name) > before, f"row {n}: not counted as {name}")
    heard = ear.frames()
    t.expect(any(f.kind == 0x0806 and f.data[:6] == mine and f.data[20:22] == b"\0\2"
                 and f.data[28:32] == socket.inet_aton(MEDIA) for f in heard), "no ARP reply")
    t.expect(any(f.data[:6] == mine and f.data[23:24] == b"\1" and f.data[34:36] == b"\0\0"
                 and f.data[42:45] == b"abc" and wire.checksum(f.data[34:45]) == 0
                 for f in heard), "no echo")
    core.close()


def a_second_one_is_told_what_to_do(t, media):
    free = os.path.join(media.where, "other.sock")
    rows = [
        ("the same socket", media.write("net_null0", "b.yaml"), 1, "another layby-media serves"),
        ("no such interface", media.write("net_af_packet0,iface=none0", "c.yaml", socket=free), 1,
         "no device net_af_packet0,iface=none0"),
        ("no such CPU", media.write("net_null0", "d.yaml", cpu=1000), 2, "CPU 1000 is not there"),
        ("no such file", os.path.join(media.where, "none.yaml"), 2, "none.yaml"),
    ]
    if media.interface == "media0":
        rows.append(("the same tap", media.write("net_tap0,iface=media0", "e.yaml", socket=free),
                     1, "the tap media0 is in use: stop the other layby-media"))
    for what, config, status, sentence in rows:
        other = Process([program("layby-media"), "--config", config],
                        os.path.join(media.where, "other.log"))
        got = other.wait(15)
        t.expect(got == status, f"{what}: ends with {got}, not {status}")
        said = [line for line in other.lines if sentence in line]
        t.expect(len(said) == 1 and len(other.lines) == 1, f"{what}: says {other.lines}")


def it_ends_when_it_is_told(t, media):
    os.kill(media.process.pid, signal.SIGHUP)
    time.sleep(0.2)
    t.expect(media.process.running(), "SIGHUP ends it")
    os.kill(media.process.pid, signal.SIGTERM)
    status = media.process.wait(5)
    t.expect(status == 0, f"it ends with {status}: {media.process.lines[-5:]}")
    t.expect(not os.path.exists(media.socket), "its socket is left behind")
    bad = [line for line in media.process.lines if "Sanitizer" in line or "runtime error" in line]
    t.expect(not bad, str(bad[:3]))


def main():
    import tempfile  # pylint: disable=import-outside-toplevel
    status = 0
    for make in (tap, veth):
        with tempfile.TemporaryDirectory(prefix="layby-media-") as where:
            suite = cases.Suite(f"media_{make.__name__}")
            media = make(where)
            for case in (attaches_and_plays, the_music_outlives_the_core, tracks_are_checked,
                         one_core_at_a_time, a_hop_that_is_not_there,
                         strangers_frames_are_named_and_counted,
                         a_second_one_is_told_what_to_do, it_ends_when_it_is_told):
                suite.case(case.__name__)(lambda t, case=case: case(t, media))
            status |= suite.run()
    return status


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
