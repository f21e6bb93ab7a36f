# SPDX-License-Identifier: BSD-3-Clause
"""Frames as bytes, and an ear on an interface: what really is on the wire, checksums included."""

import socket
import struct

TIMESTAMP_NS = 35  # SO_TIMESTAMPNS
ALL = 3            # ETH_P_ALL


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(to, source, kind, payload):
    return to + source + struct.pack("!H", kind) + payload


def ipv4(source, to, protocol, payload, **change):
    """A header with the right checksum, unless one is given."""
    has = {"version": 0x45, "length": 20 + len(payload), "fragment": 0, "ttl": 64, **change}
    head = struct.pack("!BBHHHBBH4s4s", has["version"], 0, has["length"], 0, has["fragment"],
                       has["ttl"], protocol, 0, socket.inet_aton(source), socket.inet_aton(to))
    good = has.get("checksum", checksum(head))
    return head[:10] + struct.pack("!H", good) + head[12:] + payload


def udp(source, to, ports, payload, **change):
    length = change.get("length", 8 + len(payload))
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack("!BBH", 0, 17, length)
    head = struct.pack("!HHHH", *ports, length, 0)
    good = change.get("checksum", checksum(pseudo + head + payload) or 0xffff)
    return head[:6] + struct.pack("!H", good) + payload


def arp(op, mac, source, to_mac, to):
    return struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, op, mac, socket.inet_aton(source),
                       to_mac, socket.inet_aton(to))


class Frame:
    """A frame as it was seen."""

    def __init__(self, data):
        self.data = data
        self.kind = struct.unpack_from("!H", data, 12)[0]
        self.is_udp = self.kind == 0x0800 and data[23] == 17
        if self.is_udp:
            ip = data[14:34]
            length = struct.unpack_from("!H", data, 38)[0]
            self.datagram = data[34:34 + length]
            self.source, self.to = socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20])
            self.from_port, self.to_port, _, self.checksum = struct.unpack_from(
                "!HHHH", self.datagram)
            self.dscp, self.ttl = ip[1] >> 2, ip[8]
            pseudo = ip[12:20] + struct.pack("!BBH", 0, 17, length)
            self.is_good = checksum(ip) == 0 and checksum(pseudo + self.datagram) == 0

    def asks_for(self, address):
        """Whether it is an ARP request for this address, and not by its owner."""
        return (self.kind == 0x0806 and self.data[20:22] == b"\0\1"
                and self.data[38:42] == socket.inet_aton(address)
                and self.data[28:32] != self.data[38:42])


class Ear:
    """Hears and says frames on an interface."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((interface, ALL))
        self.socket.setblocking(False)

    def frames(self):
        """All that were seen since the last time, both ways."""
        seen = []
        while True:
            try:
                seen.append(Frame(self.socket.recv(2048)))
            except BlockingIOError:
                return seen

    def say(self, data):
        self.socket.send(data)


class Listener:
    """A telephone's RTP port: datagrams with the kernel's time of arrival in ns."""

    def __init__(self, address, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, TIMESTAMP_NS, 1)
        self.socket.bind((address, port))
        self.socket.setblocking(False)

    def heard(self):
        """All (time, datagram) since the last time."""
        seen = []
        while True:
            try:
                data, control, _, _ = self.socket.recvmsg(2048, 64)
            except BlockingIOError:
                return seen
            seconds, ns = struct.unpack("qq", control[0][2])
            seen.append((seconds * 10**9 + ns, data))
