#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The packets of a scenario in scenarios.table, as frames, and as a pcap for Pktgen (-s PORT:FILE).

Pktgen makes one packet with fields that change, which no RTP stream is: sequence and time must go
on for each flow. So what it sends is made here. A file that is sent round and round jumps back by
`packets` of each flow; that is more than a late packet may be (128), so layby takes it for a
source that began anew (RFC 3550, A.1) and loses nothing.

Usage: traffic.py SCENARIO FILE.pcap [--our-mac MAC] [--our-ip IP]"""

import argparse
import os
import struct
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))

from harness import wire  # noqa: E402

CALLER, STRANGER = 0x64400001, 0xc6336401  # 100.64.0.1 and up (RFC 6598); 198.51.100.1 (RFC 5737)
CALLER_PORT, OUR_PORT = 20000, 16384
CALLER_MAC = bytes((2, 0, 0, 0, 0, 0x77))
PRESS = 13  # packets of one key: ten that tell its length, three that end it (RFC 4733, 2.5)
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios.table")


def scenarios():
    """Each line of the table by its name."""
    found = {}
    with open(TABLE, encoding="ascii") as f:
        for line in f:
            if line.startswith("name="):
                row = dict(word.split("=", 1) for word in line.split())
                found[row["name"]] = row
    return found


def dotted(number):
    return ".".join(str(number >> shift & 0xff) for shift in (24, 16, 8, 0))


def audio(flow, n):
    """A caller's n-th packet of RTP: PCMU, 20 ms."""
    head = struct.pack("!BBHII", 0x80, 0, n & 0xffff, n * 160 & 0xffffffff, 1000 + flow)
    return head + bytes((flow * 7 + n + i) & 0x7f for i in range(160))


def event(flow, n):
    """The same when nothing is sent but keys, one after the other: 1, 2, 3 ..."""
    press, part = divmod(n, PRESS)
    ends = part >= PRESS - 3
    length = 160 * min(part + 1, PRESS - 3)
    head = struct.pack("!BBHII", 0x80, 101 | (0x80 if part == 0 else 0), n & 0xffff,
                       press * PRESS * 160 & 0xffffffff, 1000 + flow)
    return head + struct.pack("!BBH", press % 10, 0x8a if ends else 0x0a, length)


def frame(row, flow, n, our_mac, our_ip):
    payload = event(flow, n) if row["kind"] == "events" else audio(flow, n)
    source = CALLER + flow
    if row["kind"] == "spray":
        source = STRANGER + (flow * 31 + n) % 250
    datagram = wire.udp(dotted(source), our_ip, (CALLER_PORT, OUR_PORT + 2 * flow), payload)
    return wire.ethernet(our_mac, CALLER_MAC, 0x0800, wire.ipv4(dotted(source), our_ip, 17,
                                                                datagram))


def frames(row, our_mac, our_ip):
    """All of them, in the order in which they are sent: every flow's first, then every second."""
    for n in range(int(row["packets"])):
        for flow in range(int(row["flows"])):
            yield frame(row, flow, n, our_mac, our_ip)


def write_pcap(path, packets):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for data in packets:
            f.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


def main():
    words = argparse.ArgumentParser(usage=__doc__.rpartition("Usage: ")[2])
    words.add_argument("scenario", choices=sorted(scenarios()))
    words.add_argument("file")
    words.add_argument("--our-mac", default="02:00:00:00:00:01")
    words.add_argument("--our-ip", default="10.99.0.2")
    asked = words.parse_args()
    write_pcap(asked.file, frames(scenarios()[asked.scenario],
                                  bytes.fromhex(asked.our_mac.replace(":", "")), asked.our_ip))


if __name__ == "__main__":
    main()
