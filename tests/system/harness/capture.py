# SPDX-License-Identifier: BSD-3-Clause
"""What was on the wire, and when: tcpdump writes it, this reads it."""

import os
import signal
import struct
from dataclasses import dataclass, field

from . import sound
from .network import SEGMENT
from .process import Process

_ETHERNET, _COOKED, _COOKED2 = 1, 113, 276
_LINK = {_ETHERNET: (12, 14), _COOKED: (14, 16), _COOKED2: (0, 20)}  # type's place, header's size
SIP_PORTS = (5060, 5080)


@dataclass
class Datagram:
    at: float  # seconds since the epoch
    src: str
    sport: int
    dst: str
    dport: int
    data: bytes


@dataclass
class Rtp:
    at: float
    pt: int
    marker: bool
    seq: int
    ts: int
    payload: bytes


@dataclass
class Stream:
    """RTP packets of one sender to one receiver, in order of arrival."""

    src: str
    sport: int
    dst: str
    dport: int
    ssrc: int
    packets: list = field(default_factory=list)

    def audio(self):
        return [p for p in self.packets if p.pt in (0, 8)]

    def between(self, start, end):
        return [p for p in self.packets if start <= p.at < end]

    def longest_gap(self, start=0.0, end=float("inf")):
        """Seconds between two packets that follow each other."""
        times = [p.at for p in self.packets if start <= p.at < end]
        return max((b - a for a, b in zip(times, times[1:])), default=float("inf"))

    def lost(self, start=0.0, end=float("inf")):
        """How many sequence numbers are missing (late and repeated ones aside)."""
        seqs = [p.seq for p in self.packets if start <= p.at < end]
        return sum(d - 1 for a, b in zip(seqs, seqs[1:]) if 1 < (d := (b - a) & 0xFFFF) < 3000)

    def samples(self, start=0.0, end=float("inf")):
        """What was sent, as sound."""
        return sound.join([sound.decode(p.payload, p.pt) for p in self.audio()
                           if start <= p.at < end])

    def digits(self, pt=101):
        """Keys as RFC 4733 shows them: (event, when it was released); ends come three times."""
        found = []
        for p in self.packets:
            if p.pt == pt and len(p.payload) >= 4 and p.payload[1] & 0x80:
                if not any(ts == p.ts for _, _, ts in found):
                    found.append((p.payload[0], p.at, p.ts))
        return [("0123456789*#ABCD"[e] if e < 16 else str(e), at) for e, at, _ in found]


@dataclass
class SipMessage:
    at: float
    src: str
    sport: int
    dst: str
    dport: int
    text: str

    @property
    def first(self):
        return self.text.split("\r\n", 1)[0]

    @property
    def method(self):
        """Of a request; of a response what it answers."""
        if not self.first.startswith("SIP/2.0"):
            return self.first.split(" ", 1)[0]
        return (self.header("CSeq") or "0 ?").split()[-1]

    @property
    def status(self):
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def uri(self):
        return "" if self.status else self.first.split(" ")[1]

    def header(self, name):
        for line in self.text.split("\r\n\r\n", 1)[0].split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None


def _ipv4_udp(packet, at):
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 17:
        return None
    if struct.unpack_from("!H", packet, 6)[0] & 0x1FFF:
        return None
    ihl = (packet[0] & 15) * 4
    sport, dport, length = struct.unpack_from("!HHH", packet, ihl)
    src, dst = (".".join(map(str, packet[o : o + 4])) for o in (12, 16))
    return Datagram(at, src, sport, dst, dport, packet[ihl + 8 : ihl + length])


class Reader:
    """Reads a capture file that is still being written, each time from where it stopped."""

    def __init__(self, path):
        self.found = []
        self._path, self._at, self._head = path, 24, None

    def read(self):
        """All UDP datagrams so far."""
        with open(self._path, "rb") as f:
            if self._head is None:
                self._head = f.read(24)
            f.seek(self._at)
            data = f.read()
        if len(self._head) < 24:
            self._head = None
            return self.found
        order = "<" if self._head[0] in (0xD4, 0x4D) else ">"
        nano = self._head[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
        link = struct.unpack_from(order + "I", self._head, 20)[0] & 0xFFFF
        at = 0
        while at + 16 <= len(data):
            seconds, part, size, _ = struct.unpack_from(order + "IIII", data, at)
            if at + 16 + size > len(data):
                break
            self._take(link, data[at + 16 : at + 16 + size],
                       seconds + part / (1e9 if nano else 1e6))
            at += 16 + size
        self._at += at
        return self.found

    def _take(self, link, frame, when):
        kind_at, head = _LINK[link]
        if len(frame) > head and frame[kind_at : kind_at + 2] == b"\x08\x00":
            datagram = _ipv4_udp(frame[head:], when)
            if datagram:
                self.found.append(datagram)


def _rtp(d):
    first, second, seq, ts, _ = struct.unpack_from("!BBHII", d.data)
    begin = 12 + 4 * (first & 15)
    if first & 0x10 and len(d.data) >= begin + 4:
        begin += 4 + 4 * struct.unpack_from("!H", d.data, begin + 2)[0]
    end = len(d.data) - (d.data[-1] if first & 0x20 else 0)
    return Rtp(d.at, second & 0x7F, bool(second & 0x80), seq, ts, d.data[begin:end])


def _is_rtp(d):
    return (len(d.data) >= 12 and d.data[0] >> 6 == 2 and not 192 <= d.data[1] <= 223
            and d.sport not in SIP_PORTS and d.dport not in SIP_PORTS)


def streams(datagrams):
    found = {}
    for d in datagrams:
        if _is_rtp(d):
            ssrc = struct.unpack_from("!I", d.data, 8)[0]
            key = (d.src, d.sport, d.dst, d.dport, ssrc)
            found.setdefault(key, Stream(*key)).packets.append(_rtp(d))
    return list(found.values())


def messages(datagrams):
    return [SipMessage(d.at, d.src, d.sport, d.dst, d.dport, d.data.decode("utf-8", "replace"))
            for d in datagrams
            if (d.sport in SIP_PORTS or d.dport in SIP_PORTS) and b"SIP/2.0" in d.data[:2000]]


def _joined(found):
    if len(found) == 1:
        return found[0]
    whole = Stream("", 0, "", 0, 0)
    whole.packets = sorted((p for s in found for p in s.packets), key=lambda p: p.at)
    return whole


class Capture:
    """tcpdump on the segment: every datagram once, whoever sent it."""

    def __init__(self, where, name="wire", interface=SEGMENT):
        self.path = os.path.join(where, f"{name}.pcap")
        self.process = Process(
            ["tcpdump", "-i", interface, "-n", "-s", "0", "-B", "16384", "-U", "--immediate-mode",
             "-w", self.path, "udp"],
            os.path.join(where, f"{name}.log"), "tcpdump")
        self.process.await_line("listening on", 10)
        self._reader = Reader(self.path)

    def datagrams(self):
        return self._reader.read()

    def streams(self, src=None, dst=None, since=0.0):
        """RTP streams, as far as they flow after `since`."""
        return streams(d for d in self.datagrams()
                       if d.at >= since and (src is None or d.src == src)
                       and (dst is None or d.dst == dst))

    def to(self, phone, since=0.0):
        """What a phone is sent: all its streams as one, in order of arrival."""
        return _joined([s for s in self.streams(dst=phone.ip, since=since)
                        if s.dport in phone.rtp])

    def by(self, phone, since=0.0):
        """What a phone sends."""
        return _joined([s for s in self.streams(src=phone.ip, since=since)
                        if s.sport in phone.rtp])

    def messages(self, src=None, dst=None, method=None):
        return [m for m in messages(self.datagrams())
                if (src is None or m.src == src) and (dst is None or m.dst == dst)
                and (method is None or m.method == method)]

    def stop(self):
        return self.process.stop(signal.SIGINT)
