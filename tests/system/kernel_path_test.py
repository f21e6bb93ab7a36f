#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One card for everything: SIP, RTP and the kernel's own traffic over one veth. layby-media has the
card; layby-core, ping and TCP live on the kernel's interface beside it, whose only way to the wire
is through layby-media. Even the telephones are remote-controlled over it."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import cases, namespace, network, office, wire  # noqa: E402
from harness.appliance import KERNEL  # noqa: E402
from harness.stage import Recording, Stage  # noqa: E402

HOST, HOST6, ECHO_PORT = "10.99.0.77", "2001:db8:99::77", 7007
CARD, PLUG = "card0", "cable0"


def make(where):
    stage = Stage(where, office.accounts(acme_timeout=60), port="one card")
    network.alone_on_the_card()
    stage.open()
    o = stage.office
    stage.anna, stage.bert, stage.caller = o.agent("201", 500), o.agent("202", 900), o.caller(700)
    stage.host = o.host("host", HOST)
    subprocess.run(stage.host.command("ip", "address", "add", f"{HOST6}/64", "dev", "eth0",
                                      "nodad"), check=True)
    return stage


class Pings:
    """A ping from a host every 20 ms, until it is told to end."""

    def __init__(self, host, address):
        self._v6, self._address = ":" in address, address
        family = socket.AF_INET6 if self._v6 else socket.AF_INET
        proto = socket.getprotobyname("ipv6-icmp" if self._v6 else "icmp")
        self._socket = host.make(lambda: socket.socket(family, socket.SOCK_RAW, proto))
        self._socket.settimeout(0.2)
        self._id = id(self) & 0xffff
        self.sent, self.back = 0, set()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=f, daemon=True) for f in (self._ask, self._hear)]
        for thread in self._threads:
            thread.start()

    def _ask(self):
        while not self._stop.wait(0.02):
            body = struct.pack("!HH", self._id, self.sent) + bytes(range(200))
            head = bytes([128 if self._v6 else 8, 0])
            total = 0 if self._v6 else wire.checksum(head + b"\0\0" + body)
            self._socket.sendto(head + struct.pack("!H", total) + body, (self._address, 0))
            self.sent += 1

    def _hear(self):
        deadline = None
        while deadline is None or (len(self.back) < self.sent and time.monotonic() < deadline):
            if self._stop.is_set() and deadline is None:
                deadline = time.monotonic() + 3
            try:
                data = self._socket.recv(2048)
            except TimeoutError:
                continue
            data = data if self._v6 else data[20:]
            if data[0] == (129 if self._v6 else 0) and data[4:6] == struct.pack("!H", self._id) \
                    and data[8:] == bytes(range(200)):
                self.back.add(struct.unpack_from("!H", data, 6)[0])

    def end(self):
        """How many were sent and how many of them never came back."""
        self._stop.set()
        for thread in self._threads:
            thread.join(5)
        return self.sent, self.sent - len(self.back)


class Talk:
    """A TCP connection from a host to us, over which everything comes back."""

    def __init__(self, host):
        self._server = socket.create_server((network.CORE, ECHO_PORT))
        threading.Thread(target=self._serve, daemon=True).start()
        self._client = host.make(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        self._client.settimeout(10)
        self._client.connect((network.CORE, ECHO_PORT))
        self.bytes, self.wrong = 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._server.accept()
        while data := connection.recv(65536):
            connection.sendall(data)

    def _talk(self):
        while not self._stop.wait(0.01):
            said, heard = os.urandom(8000), b""
            self._client.sendall(said)
            while len(heard) < len(said):
                heard += self._client.recv(65536)
            self.bytes += len(heard)
            self.wrong += said != heard

    def end(self):
        self._stop.set()
        self._thread.join(12)
        self._client.close()
        self._server.close()
        return self.bytes, self.wrong, self._thread.is_alive()


def stat(t, name):
    return t.stage.layby.ask("stats.get")["workers"][0]["counters"][name]


suite = cases.Suite("kernel_path", make)


@suite.case("the_interface_has_the_cards_mac_and_mtu")
def _(t):
    def of(interface, what):
        with open(f"/sys/class/net/{interface}/{what}", encoding="ascii") as f:
            return f.read().strip()
    for what in ("address", "mtu"):
        t.expect(of(KERNEL, what) == of(CARD, what), f"{what}: {of(KERNEL, what)}")


@suite.case("a_call_is_parked_and_retrieved_while_the_kernel_pings_and_talks")
def _(t):
    s = t.stage
    pings = [Pings(s.host, network.CORE), Pings(s.host, network.CORE6),
             Pings(s.host, network.MEDIA)]
    talk = Talk(s.host)
    heard = Recording(s.caller)
    began = s.call(s.caller, "acme", s.anna)
    s.they_talk(s.caller, s.anna, began)
    parked = s.park(s.anna)
    s.listen(s.caller, parked, 4)
    dialled = s.pick_up(s.bert, 1)
    s.they_talk(s.caller, s.bert, dialled)
    for name, ping in zip(("ping", "ping -6", "ping of the media address"), pings):
        sent, lost = ping.end()
        t.expect(sent > 100 and lost == 0, f"{name}: {lost} of {sent} lost")
        print(f"     {name}: {sent} sent, {lost} lost", flush=True)
    size, wrong, stuck = talk.end()
    print(f"     TCP: {size} bytes there and back", flush=True)
    t.expect(size > 500000 and not wrong and not stuck, f"TCP: {size} bytes, {wrong} wrong")
    s.caller.hang_up()
    music = heard.track(office.ACME_MUSIC)
    t.expect(music >= 3, f"{music} s of acme's music")


@suite.case("what_is_no_rtp_for_our_address_goes_to_the_kernel_too")
def _(t):
    """SIP could live on the media address as well, if the kernel had it."""
    s = t.stage
    network.ip("address", "add", f"{network.MEDIA}/32", "dev", KERNEL)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
            ours.bind((network.MEDIA, 5070))
            ours.settimeout(3)
            theirs = s.host.socket(5070)
            theirs.settimeout(3)
            theirs.sendto(b"for the kernel", (network.MEDIA, 5070))
            data, whence = ours.recvfrom(100)
            t.expect(data == b"for the kernel" and whence[0] == HOST, f"{data} {whence}")
            ours.sendto(b"from the kernel", whence)
            t.expect(theirs.recv(100) == b"from the kernel", "no answer")
            theirs.close()
    finally:
        network.ip("address", "delete", f"{network.MEDIA}/32", "dev", KERNEL)


@suite.case("a_vlan_of_the_kernels_own_passes_with_its_tag")
def _(t):
    ear = wire.Ear(PLUG)
    other = bytes.fromhex("020000000077")
    with open(f"/sys/class/net/{KERNEL}/address", encoding="ascii") as f:
        mac = bytes.fromhex(f.read().strip().replace(":", ""))
    kernel = wire.Ear(KERNEL)
    tag = b"\x81\0\xa0\x2a"
    kernel.say(b"\xff" * 6 + mac + tag + b"\x88\xb5" + b"out" + bytes(60))
    t.soon(lambda: any(b"out" + bytes(20) in f.data for f in ear.frames()), 3, "it goes out")
    ear.say(mac + other + tag + b"\x88\xb5" + b"in" + bytes(60))
    t.soon(lambda: any(f.data.startswith(mac + other) and b"in" + bytes(20) in f.data
                       for f in kernel.frames()), 3, "it comes in")


@suite.case("what_went_either_way_is_counted")
def _(t):
    for name in ("kernel_in", "kernel_out"):
        t.expect(stat(t, name) > 200, f"{name}: {stat(t, name)}")


if __name__ == "__main__":
    sys.exit(namespace.run_inside(suite.run))
