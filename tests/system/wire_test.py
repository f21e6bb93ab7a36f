#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""layby-media and the kernel on one wire, a tap and a veth pair. The kernel pings us in both
families, finds us, hears our music, moves as a gateway, and once has our address. On the VLAN we
are the other machine ourselves, with frames: not every kernel knows VLANs."""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bridge, cases, namespace, wire  # noqa: E402
from harness.appliance import program  # noqa: E402
from harness.bridge import Core  # noqa: E402
from harness.network import ip  # noqa: E402
from harness.process import Process  # noqa: E402
from harness.trunk import TRUNK_MAC, Trunk, datagram, tagged  # noqa: E402

US4, US6, TAGGED = "10.99.0.2", "2001:db8::2", "10.77.0.2"
THEM4, THEM6, THEM_TAGGED, OTHER = "10.99.0.1", "2001:db8::1", "10.77.0.1", "10.99.0.7"
FAR4, FAR6 = "192.0.2.50", "2001:db8:ffff::50"  # the kernel's as well, but behind its gateway
FLOWS, OWNER, TRACK, RTP = 50, 7, 0xfeed, 40000
AUDIO = bytes(i * 7 % 251 for i in range(12833))
V4, V6, VLAN = range(3)  # the addresses, as the plan counts them


class Media:
    """One layby-media; our interface is the other end of its wire."""

    def __init__(self, where, vdev, interface):
        self.where, self.vdev, self.interface = where, vdev, interface
        self.socket = os.path.join(where, "media.sock")
        self.config = os.path.join(where, "media.yaml")
        self.process = None
        self.write()

    def write(self, gateway=THEM4):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"""cores: {{main: 0, workers: "0", idle: sleep}}
memory: {{hugepages: none, tracks-mb: 1}}
ports:
  - name: media0
    vdev: "{self.vdev}"
    gateway: {gateway}
    gateway6: "{THEM6}"
    addresses:
      - {{ip: {US4}, prefix: 24, rtp-ports: "16384-16483"}}
      - {{ip: "{US6}", prefix: 64, rtp-ports: "16384-16483", dscp: 34}}
      - {{ip: {TAGGED}, prefix: 24, rtp-ports: "16384-16483", vlan: 100}}
socket: {self.socket}
""")

    def start(self):
        self.process = Process([program("layby-media"), "--config", self.config],
                               os.path.join(self.where, "media.log"))
        self.process.await_line("ready", 15)
        return self

    def core(self):
        core = Core(self.socket)
        deadline = time.monotonic() + 3
        while not core.described() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert core.described(), "the flow directory is never finished"
        return core


def settle(interface):
    """Our side of the wire: two addresses, a VLAN, and hosts behind the gateway that we are."""
    ip("link", "set", interface, "up")
    for setting in ("ipv4/conf/{}/arp_notify", "ipv6/conf/{}/ndisc_notify"):
        with open(f"/proc/sys/net/{setting.format(interface)}", "w", encoding="ascii") as f:
            f.write("1")
    ip("address", "add", f"{THEM4}/24", "dev", interface)
    ip("address", "add", f"{OTHER}/24", "dev", interface)
    ip("address", "add", f"{THEM6}/64", "dev", interface, "nodad")
    for far in (f"{FAR4}/32", f"{FAR6}/128"):
        subprocess.run(["ip", "address", "replace", far, "dev", "lo"], check=True)


def tap(where):
    media = Media(where, "net_tap7,iface=wire0", "wire0").start()
    settle("wire0")
    return media


def veth(where):
    ip("link", "add", "wcard0", "type", "veth", "peer", "name", "wcable0")
    ip("link", "set", "wcard0", "up")
    settle("wcable0")
    # The kernel leaves checksums on veth to a card that is not there.
    for interface in ("wcable0", "wcard0"):
        os.system(f"ethtool -K {interface} tx off rxvlan off txvlan off >/dev/null 2>&1")
    return Media(where, "net_af_packet7,iface=wcard0", "wcable0").start()


def ears(address, port):
    """A telephone's RTP port, of either family."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    s.bind((address, port))
    s.setblocking(False)
    return s


def heard(s):
    """The sequence numbers of all that came since the last time."""
    seen = []
    while True:
        try:
            seen.append(struct.unpack_from("!H", s.recv(2048), 2)[0])
        except BlockingIOError:
            return seen


def gaps(numbers):
    return sum((b - a) & 0xffff != 1 for a, b in zip(numbers, numbers[1:]))


def packed(address):
    if ":" in address:
        return socket.inet_pton(socket.AF_INET6, address)
    return bridge.mapped(address)


def play(t, core, address, n, to, port):
    """Opens the n-th flow of an address of ours and plays music to there."""
    flow = (address * FLOWS + n, 7)
    remote = packed(to) + bridge.remote(THEM4, port, port + 1)[16:]
    core.track(bridge.TRACK_ADD, TRACK, 0, AUDIO)
    for kind, body in ((bridge.OPEN, struct.pack("<Q", OWNER)), (bridge.REMOTE, remote),
                       (bridge.MUSIC, struct.pack("<Q", TRACK))):
        got = core.ask(kind, flow, body)
        t.require(got[0] == bridge.DONE, f"command {kind} to {to} is answered by {got[:2]}")
    return flow


def ping(address, times=3):
    """How many came back. By a raw socket: not every machine has a ping."""
    v6 = ":" in address
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                      socket.getprotobyname("ipv6-icmp" if v6 else "icmp"))
    s.settimeout(2)
    back = 0
    for n in range(times):
        body = struct.pack("!HH", 4711, n) + bytes(range(48))
        head = bytes([128 if v6 else 8, 0])
        total = 0 if v6 else wire.checksum(head + b"\0\0" + body)
        s.sendto(head + struct.pack("!H", total) + body, (address, 0))
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            try:
                data, _ = s.recvfrom(2048)
            except TimeoutError:
                break
            data = data if v6 else data[20:]
            if data[0] == (129 if v6 else 0) and data[4:] == body:
                back += 1
                break
    return back


def neighbour(address):
    out = subprocess.run(["ip", "neigh", "show", address], check=True, capture_output=True,
                         text=True).stdout
    return out


def pings_are_answered(t, media):
    core = media.core()
    t.soon(lambda: core.stat("announcements") >= 3, 5, "our addresses are announced")
    for address in (US4, US6):
        t.expect(ping(address) == 3, f"{address} does not answer every ping")
    t.soon(lambda: core.stat("rx_echo") == 6, 2, "six echoes are counted")
    core.close()


def the_kernel_finds_us(t, media):
    subprocess.run(["ip", "neigh", "flush", "dev", media.interface], check=False)
    t.expect(ping(US6) == 3, "no answer after the neighbours were forgotten")
    found = neighbour(US6)
    t.expect("lladdr" in found and "router" not in found, f"the kernel says: {found}")
    t.expect(re.search("REACHABLE|DELAY|STALE", found), f"the kernel says: {found}")


def music_is_heard(t, media):
    core = media.core()
    rows = [(V4, THEM4, 46), (V6, THEM6, 34), (V4, FAR4, 46), (V6, FAR6, 34)]
    for n, (address, to, dscp) in enumerate(rows):
        port = RTP + 10 * n
        phone, ear = ears(to, port), wire.Ear(media.interface)
        flow = play(t, core, address, n, to, port)
        numbers = []
        t.soon(lambda p=phone, all=numbers: len(all.extend(heard(p)) or all) > 50, 6,
               f"a second of music at {to}")
        t.expect(gaps(numbers) == 0, f"{gaps(numbers)} gaps at {to}")
        sent = [datagram(f.data, port) for f in ear.frames()]
        sent = [s for s in sent if s]
        t.expect(len(sent) > 40, f"{len(sent)} frames for {to} on the wire")
        t.expect(all(s[0] for s in sent), f"a checksum for {to} is wrong")
        t.expect(all(s[1] == dscp for s in sent), f"marks for {to}: {({s[1] for s in sent})}")
        t.expect(core.ask(bridge.CLOSE, flow)[0] == bridge.CLOSED, "not closed")
    core.close()


def a_vlan_is_a_wire_of_its_own(t, media):
    core, trunk = media.core(), Trunk(media.interface)
    everybody, frames = b"\xff" * 6, []
    question = wire.arp(1, TRUNK_MAC, THEM_TAGGED, bytes(6), TAGGED)

    def reply():
        frames.extend(trunk.frames())
        return [d for d in tagged(frames, 100, 0x0806) if d[6:8] == b"\0\2"]
    other, untagged = core.stat("rx_other_vlan"), core.stat("rx_arp")
    trunk.say(200, everybody, 0x0806, question)
    t.soon(lambda: core.stat("rx_other_vlan") > other, 2, "a frame of another VLAN is counted")
    trunk.socket.send(wire.ethernet(everybody, TRUNK_MAC, 0x0806, question))
    t.soon(lambda: core.stat("rx_arp") > untagged, 2, "a frame without a tag is counted")
    t.expect(not reply(), "it answers on another wire")
    trunk.say(100, everybody, 0x0806, question)
    t.soon(reply, 2, "an answer on the VLAN")
    us = reply()[0][8:14]
    body = b"\0\1\0\2layby on a VLAN"
    icmp = b"\x08\0" + struct.pack("!H", wire.checksum(b"\x08\0\0\0" + body)) + body
    trunk.say(100, us, 0x0800, wire.ipv4(THEM_TAGGED, TAGGED, 1, icmp))
    t.soon(lambda: any(d[9] == 1 and d[20] == 0 and d[24:] == body for d in
                       tagged(trunk.frames(), 100, 0x0800)), 2, "an echo on the VLAN")
    flow = play(t, core, VLAN, 3, THEM_TAGGED, RTP + 400)
    trunk.say(100, us, 0x0806, wire.arp(2, TRUNK_MAC, THEM_TAGGED, us, TAGGED))
    trunk.frames()
    music = []

    def listen():
        music.extend(d for d in trunk.frames() if datagram(d, RTP + 400))
        return len(music) > 50
    t.soon(listen, 5, "a second of music")
    t.expect(all(d[:6] == TRUNK_MAC and d[12:16] == b"\x81\0\xa0\x64" for d in music),
             "not to us on VLAN 100 with the priority of voice")
    t.expect(all(datagram(d, RTP + 400) == (True, 46) for d in music), "a checksum or a mark")
    t.expect(gaps([struct.unpack_from("!H", d, 48)[0] for d in music]) == 0, "a gap")
    core.ask(bridge.CLOSE, flow)
    core.close()


def sequence(data):
    """The RTP sequence number of an untagged frame of ours with music, and whom it is for."""
    kind = struct.unpack_from("!H", data, 12)[0]
    at = {0x0800: 42, 0x86dd: 62}.get(kind, 0)
    if not at or len(data) < at + 172 or data[at] != 0x80:
        return None
    return data[:6], struct.unpack_from("!H", data, at + 2)[0]


def a_gateway_moves(t, media):
    """From the first frame to the new MAC on, all go there, and none is left out."""
    core = media.core()
    for address, far, n in ((V4, FAR4, 10), (V6, FAR6, 11)):
        port = RTP + 100 + 10 * n
        phone, ear = ears(far, port), wire.Ear(media.interface)
        flow = play(t, core, address, n, far, port)
        numbers = []
        t.soon(lambda p=phone, all=numbers: len(all.extend(heard(p)) or all) > 25, 6, "music")
        anew = bytes([2, 0, 0, 0, 0x55, n])
        ear.frames()
        ip("link", "set", "dev", media.interface, "address", anew.hex(":"))
        frames = []

        def moved(frames=frames, ear=ear, anew=anew):
            frames.extend(s for s in (sequence(f.data) for f in ear.frames()) if s)
            return sum(mac == anew for mac, _ in frames) > 50
        t.soon(moved, 6, f"a second of music to the gateway's new MAC ({far})")
        t.expect(gaps([s for _, s in frames]) == 0, f"{far}: a packet is lost on the wire")
        first = next(i for i, (mac, _) in enumerate(frames) if mac == anew)
        t.expect(all(mac == anew for mac, _ in frames[first:]), "some go to the old one still")
        got, due = heard(phone), [s for _, s in frames[first:]]
        lost = set(due) - {due[-1]} - set(got)
        t.expect(not lost, f"{far}: {len(lost)} lost after the new MAC was known")
        t.expect(core.ask(bridge.CLOSE, flow)[0] == bridge.CLOSED, "not closed")
    core.close()


def another_gateway_by_reload(t, media):
    core = media.core()
    phone, ear = ears(FAR4, RTP + 300), wire.Ear(media.interface)
    flow = play(t, core, V4, 20, FAR4, RTP + 300)
    numbers = []
    t.soon(lambda: len(numbers.extend(heard(phone)) or numbers) > 25, 6, "music")
    ear.frames()
    lost = core.stat("tx_no_neighbour")
    media.write(gateway=OTHER)
    os.kill(media.process.pid, signal.SIGHUP)
    asked = []
    t.soon(lambda: asked.extend(f for f in ear.frames() if f.asks_for(OTHER)) or asked, 3,
           "a question for the new gateway")
    numbers.extend(heard(phone))
    count = len(numbers)
    t.soon(lambda: len(numbers.extend(heard(phone)) or numbers) > count + 50, 6, "more music")
    t.expect(gaps(numbers) == 0, f"{gaps(numbers)} gaps")
    t.expect(core.stat("tx_no_neighbour") == lost, "packets had no hop")
    media.write(gateway=THEM4)
    os.kill(media.process.pid, signal.SIGHUP)
    core.ask(bridge.CLOSE, flow)
    core.close()


def announces_when_told(t, media):
    core, ear = media.core(), wire.Ear(media.interface)
    time.sleep(0.2)
    ear.frames()
    before = core.stat("announcements")
    os.kill(media.process.pid, signal.SIGUSR1)
    t.soon(lambda: core.stat("announcements") >= before + 3, 2, "three announcements")
    frames = [f.data for f in ear.frames()]
    own = socket.inet_aton(US4)
    t.expect(any(d[12:14] == b"\x08\x06" and d[28:32] == own and d[38:42] == own
                 for d in frames), "no gratuitous ARP")
    t.expect(any(d[12:14] == b"\x86\xdd" and d[20] == 58 and d[54] == 136
                 and d[62:78] == packed(US6) and d[:6] == b"\x33\x33\0\0\0\1"
                 for d in frames), "no unsolicited advertisement")
    core.close()


def ends_well(t, media):
    os.kill(media.process.pid, signal.SIGTERM)
    status = media.process.wait(5)
    t.expect(status == 0, f"it ends with {status}: {media.process.lines[-5:]}")
    bad = [line for line in media.process.lines if "Sanitizer" in line or "runtime error" in line]
    t.expect(not bad, str(bad[:3]))


def an_address_that_we_have_is_not_theirs(t, media):
    """Started again while the kernel has its address: it gives way, says so, and goes on."""
    if media.interface != "wcable0":
        return  # a tap is not there before
    ip("address", "add", f"{US6}/64", "dev", media.interface, "nodad")
    media.start()
    media.process.await_line(f"somebody has {US6} already", 5)
    core = media.core()
    t.soon(lambda: core.stat("rx_nd_conflict") > 0, 2, "it is counted")
    t.expect(ping(US4) == 3, "the other addresses are used")
    flow = (V6 * FLOWS + 1, 3)
    core.ask(bridge.OPEN, flow, struct.pack("<Q", OWNER))
    remote = packed(THEM6) + bridge.remote(THEM4, RTP, RTP + 1)[16:]
    t.expect(core.ask(bridge.REMOTE, flow, remote)[0] == bridge.REFUSED, "it is used")
    core.close()
    ends_well(t, media)


def main():
    import tempfile  # pylint: disable=import-outside-toplevel
    status = 0
    for make in (tap, veth):
        with tempfile.TemporaryDirectory(prefix="layby-wire-") as where:
            suite = cases.Suite(f"wire_{make.__name__}")
            media = make(where)
            for case in (pings_are_answered, the_kernel_finds_us, music_is_heard,
                         a_vlan_is_a_wire_of_its_own, a_gateway_moves, another_gateway_by_reload, announces_when_told,
                         ends_well, an_address_that_we_have_is_not_theirs):
                suite.case(case.__name__)(lambda t, case=case: case(t, media))
            status |= suite.run()
    return status


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
