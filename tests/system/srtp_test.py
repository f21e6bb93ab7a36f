#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""layby-media alone, on a tap, with libsrtp2 at the far ends: what leaves under each suite is
opened and compared with the track; what comes in under a key reaches another leg."""

import os
import random
import re
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bridge, cases, namespace, wire  # noqa: E402
from harness.appliance import program  # noqa: E402
from media_attach_test import (AUDIO, MEDIA, OWNER, RTP, TRACK, US, expect_music,  # noqa: E402
                               tap)

KEYS = bridge.names("cmd.h", "DP_CMD_LIST").index("KEYS")
SUITES = bridge.names("cmd.h", "DP_SUITE_LIST")
KEY_LEN = {"CM_128": 30, "256_CM": 46, "128_GCM": 28, "256_GCM": 44}
RECEIVE, SEND = 0, 1


def key_of(suite, which):
    length = next(n for part, n in KEY_LEN.items() if part in SUITES[suite])
    return random.Random(which).randbytes(length)


def judge(what, suite, key, datagrams):
    """What libsrtp2 makes of them; None where it refuses one."""
    lines = "".join(d.hex() + "\n" for d in datagrams)
    done = subprocess.run([program("srtp_filter"), what, str(suite), key.hex()], input=lines,
                          capture_output=True, text=True, check=True)
    return [bytes.fromhex(line) if line else None for line in done.stdout.splitlines()]


def secure(core, flow, suite):
    """Keys for both directions; what was refused, if anything."""
    bodies = [struct.pack("<BB46s", suite, way, key_of(suite, 10 * suite + way))
              for way in (RECEIVE, SEND)]
    asked = [core.ask(KEYS, flow, body) for body in bodies]
    return [a[:2] for a in asked if a[0] != bridge.DONE]


def open_flow(core, flow, port, suite=0):
    opened = core.ask(bridge.OPEN, flow, struct.pack("<Q", OWNER))[0]
    refused = [] if opened == bridge.DONE else ["open"]
    if suite:
        refused += secure(core, flow, suite)
    kind, reason, _ = core.remote(flow, US, port)
    return refused if kind == bridge.DONE else refused + [reason]


def music_is_opened_by_libsrtp(t, media):
    core, ear = media.core(), wire.Ear(media.interface)
    t.expect(core.track(bridge.TRACK_ADD, TRACK, 0, AUDIO) == bridge.OK, "the track")
    phones = {}
    for suite in range(1, len(SUITES)):
        flow, port = (suite, 1), RTP + 2 * suite
        phones[suite] = wire.Listener(US, port), wire.Listener(US, port + 1)
        refused = open_flow(core, flow, port, suite)
        t.expect(not refused, f"{SUITES[suite]}: refused {refused}")
        core.ask(bridge.MUSIC, flow, struct.pack("<Q", TRACK))
    t.soon(lambda: all(len(p[0].heard()) > 1 for p in phones.values()), 3, "the first packets")
    for phone, _ in phones.values():
        phone.heard()
    time.sleep(8)  # so that everybody reports as well
    for suite, (phone, reports) in phones.items():
        heard, key = phone.heard(), key_of(suite, 10 * suite + SEND)
        opened = judge("open", suite, key, [d for _, d in heard])
        t.expect(None not in opened, f"{SUITES[suite]}: {opened.count(None)} refused")
        expect_music(t, [(at, d) for (at, _), d in zip(heard, opened) if d], 8)
        opened = judge("open", suite, key, [d for _, d in reports.heard()])
        t.expect(opened and None not in opened, f"{SUITES[suite]}: its reports are {opened}")
        t.expect(all(d[1] in (200, 201) for d in opened if d), "no report")
        wrong = judge("open", suite, key_of(suite, 1000), [d for _, d in heard[:5]])
        t.expect(set(wrong) == {None}, "any key opens it")
    sent = [f for f in ear.frames() if f.is_udp and f.source == MEDIA]
    t.expect(len(sent) > 2000 and all(f.is_good and f.checksum != 0 for f in sent),
             "a checksum is wrong")
    t.expect(not any(AUDIO[i:i + 16] in f.data for f in sent for i in range(0, 1600, 160)),
             "music in the clear")
    t.expect(core.stat("tx_unsealed") == 0, "something was not sealed")
    for suite in phones:
        core.ask(bridge.CLOSE, (suite, 1))
    core.close()


def audio(first, n):
    return [struct.pack("!BBHII", 0x80, 0, (first + i) & 0xffff, 160 * i, 77) + bytes([i]) * 160
            for i in range(n)]


def say(phone, datagrams, place):
    for d in datagrams:
        phone.socket.sendto(d, (MEDIA, 16384 + 2 * place))
        time.sleep(0.01)


def two_legs_talk_one_of_them_in_the_clear(t, media):
    core = media.core()
    for suite in range(1, len(SUITES)):
        a, b = (20 + 2 * suite, 1), (21 + 2 * suite, 1)
        port = RTP + 100 + 10 * suite
        phones = [wire.Listener(US, port), wire.Listener(US, port + 2)]
        refused = open_flow(core, a, port, suite) + open_flow(core, b, port + 2)
        for flow, peer in ((a, b), (b, a)):
            kind = core.ask(bridge.RELAY, flow, struct.pack("<IIH", *peer, 0))[0]
            refused += [] if kind == bridge.DONE else ["relay"]
        t.expect(not refused, f"{SUITES[suite]}: refused {refused}")
        said, bad = audio(65520, 50), core.stat("rx_bad_srtp")
        say(phones[0], said[:3], a[0])  # in the clear: not heard
        say(phones[0], judge("seal", suite, key_of(suite, 10 * suite + RECEIVE), said), a[0])
        say(phones[1], said, b[0])
        time.sleep(0.2)
        heard = [d for _, d in phones[1].heard()]
        t.expect([d[12:] for d in heard] == [d[12:] for d in said],
                 f"{SUITES[suite]}: {len(heard)} heard in the clear")
        t.expect(core.stat("rx_bad_srtp") - bad == 3, "what was in the clear is not counted")
        heard = judge("open", suite, key_of(suite, 10 * suite + SEND),
                      [d for _, d in phones[0].heard()])
        t.expect([d and d[12:] for d in heard] == [d[12:] for d in said],
                 f"{SUITES[suite]}: {len(heard)} heard under the key")
        for flow in (a, b):
            core.ask(bridge.CLOSE, flow)
    core.close()


def keys_are_in_no_core_dump(t, media):
    with open(f"/proc/{media.process.pid}/smaps", encoding="ascii") as f:
        flags = re.findall(r"^VmFlags: (.*)$", f.read(), re.MULTILINE)
    hidden = [line for line in flags if {"wr", "lo", "dd"} <= set(line.split())]
    t.expect(hidden, "no locked memory is left out of core dumps")


def main():
    import tempfile  # pylint: disable=import-outside-toplevel
    with tempfile.TemporaryDirectory(prefix="layby-srtp-") as where:
        suite = cases.Suite("srtp")
        media = tap(where)
        for case in (music_is_opened_by_libsrtp, two_legs_talk_one_of_them_in_the_clear,
                     keys_are_in_no_core_dump):
            suite.case(case.__name__)(lambda t, case=case: case(t, media))
        return suite.run()


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
