# SPDX-License-Identifier: BSD-3-Clause
"""A machine on a VLAN, made of frames: the kernel takes tags off before it shows a frame, and not
every kernel has VLANs of its own."""

import socket
import struct

from . import wire

TRUNK_MAC = bytes.fromhex("020000000066")


def datagram(data, port):
    """(checksum good, dscp) of a UDP frame to this port, tagged or not, or None."""
    kind = struct.unpack_from("!H", data, 12)[0]
    at = 14
    if kind == 0x8100:
        kind, at = struct.unpack_from("!H", data, 16)[0], 18
    if kind == 0x0800 and data[at + 9] == 17:
        udp, dscp, addresses = data[at + 20:], data[at + 1] >> 2, data[at + 12:at + 20]
    elif kind == 0x86dd and data[at + 6] == 17:
        udp, addresses = data[at + 40:], data[at + 8:at + 40]
        dscp = (struct.unpack_from("!H", data, at)[0] >> 4 & 0xff) >> 2
    else:
        return None
    length = struct.unpack_from("!H", udp, 4)[0]
    if struct.unpack_from("!H", udp, 2)[0] != port:
        return None
    pseudo = addresses + struct.pack("!HH", 17, length)
    return (wire.checksum(pseudo + udp[:length]) == 0 and udp[6:8] != b"\0\0", dscp)


class Trunk:
    """Hears and says frames with their tags, which the kernel takes off before it shows them."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(wire.ALL))
        self.socket.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA
        self.socket.bind((interface, wire.ALL))
        self.socket.setblocking(False)

    def frames(self):
        seen = []
        while True:
            try:
                data, control, _, _ = self.socket.recvmsg(2048, 64)
            except BlockingIOError:
                return seen
            for _, _, aux in control:
                status, _, _, _, _, tci, tpid = struct.unpack_from("=IIIHHHH", aux)
                if status & 0x10:  # TP_STATUS_VLAN_VALID
                    data = data[:12] + struct.pack("!HH", tpid or 0x8100, tci) + data[12:]
            seen.append(data)

    def say(self, vlan, to, kind, payload):
        tag = struct.pack("!H", vlan)
        self.socket.send(wire.ethernet(to, TRUNK_MAC, 0x8100,
                                       tag + struct.pack("!H", kind) + payload))


def tagged(frames, vlan, kind):
    want = struct.pack("!H", kind)
    return [d[18:] for d in frames if d[12:14] == b"\x81\0" and d[16:18] == want
            and struct.unpack_from("!H", d, 14)[0] & 0xfff == vlan]
