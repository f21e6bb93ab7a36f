#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Trouble from outside and from within: bad packets, a killed core, a start that cannot be.
Each case has a stage of its own."""

import json
import os
import random
import re
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import cases, namespace, network, office, sound, timeline  # noqa: E402
from harness.appliance import Appliance, user  # noqa: E402
from harness.capture import streams  # noqa: E402
from harness.peer import Peer, Robot  # noqa: E402
from harness.process import Gone  # noqa: E402
from harness.sipp import Sipp  # noqa: E402
from harness.sources import prompt  # noqa: E402
from harness.stage import Recording, Stage  # noqa: E402

MANY = 100
STADIUM = {"name": "stadium", "domain": "stadium.example",
           "parking": {"code": "#0", "fallback": "main"},
           "lots": [{"name": "stand", "slots": "1-200", "timeout": 600}],
           "users": [user("501")],
           "numbers": [{"number": "+61355500500", "flow": "main"}],
           "flows": [{"name": "main", "steps": [{"dial": ["501"], "seconds": 30}]}]}

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

suite = cases.Suite("trouble")


def figure(name, value, unit):
    print(json.dumps({"bench": name, "value": round(value, 3), "unit": unit}), flush=True)


def complaint(process, status, t, words):
    """It ended by itself, not well, and with one sentence that has these words."""
    t.expect(status not in (0, -6, -11), f"{process.name} ended with status {status}")
    said = [line for line in process.lines if re.search(words, line, re.I)]
    t.expect(len(said) == 1, f"{process.name} said {process.lines[-4:]}")


@suite.case("the_media_works_over_af_packet_too")
def _(t):
    with Stage(t.where, office.accounts(), port="af_packet") as s:
        anna, bert, caller = s.office.agent("201", 500), s.office.agent("202", 900), \
            s.office.caller(700)
        heard = Recording(caller)
        began = s.call(caller, "acme", anna)
        s.they_talk(caller, anna, began)
        up = s.park(anna)
        s.listen(caller, up, 4)
        t.expect(heard.track(office.ACME_MUSIC) >= 2, "no music")
        s.they_talk(caller, bert, s.pick_up(bert, 1))


def strange_packets():
    """RTP that is none, and RTP that is none of the attacker's business."""
    chance = random.Random(7)
    fine = struct.pack("!BBHII", 0x80, 0, 7, 160, 99) + sound.encode(sound.tone(3000, 0.02))
    key = struct.pack("!BBHIIBBH", 0x80, 101 | 0x80, 8, 160, 99, 11, 0x8A, 800)
    zero = struct.pack("!BBHIIBBH", 0x80, 101 | 0x80, 9, 1600, 99, 0, 0x8A, 800)
    yield from (fine, key, zero)
    yield from (fine[:n] for n in range(12))
    yield from (bytes([first]) + fine[1:] for first in (0x00, 0x40, 0xC0, 0x8F, 0x90, 0xA0, 0xBF))
    yield from (fine[:-1] + bytes([n]) for n in (0, 200, 255))
    yield struct.pack("!BBHI", 0x81, 203, 1, 99)  # RTCP BYE
    yield from (bytes(chance.randrange(256) for _ in range(chance.randrange(1, 300)))
                for _ in range(20))


@suite.case("bad_rtp_from_anywhere_changes_nothing")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        anna, caller = s.office.agent("201", 500), s.office.caller(700)
        heard = Recording(anna)
        began = s.call(caller, "acme", anna)
        s.they_talk(caller, anna, began)
        mark, sprayed = anna.mark(), time.time()
        target = next(st.sport for st in s.wire.streams(src=network.MEDIA))
        thief = s.office.host("thief", "10.99.0.66")
        with thief.socket(31000) as out:
            for _ in range(20):
                for packet in strange_packets():
                    for port in range(target - 3, target + 4):
                        out.sendto(packet, (network.MEDIA, port))
                time.sleep(0.02)
        s.hears_tone(anna, caller.hz, time.time())
        s.hears_tone(caller, anna.hz, time.time())
        t.expect(not anna.since(mark, "CALL_CLOSED"), "the call ended")
        t.expect(heard.tone(3000) == 0, "the stranger was heard")
        t.expect(not s.wire.to(caller, sprayed).digits(), "the stranger's keys were taken")
        leaked = [d for d in s.wire.datagrams() if d.dst == thief.address]
        t.expect(not leaked, f"{len(leaked)} packets for the stranger")
        gap = s.wire.to(caller, sprayed).longest_gap()
        t.expect(gap < 0.2, f"the call was silent for {gap * 1000:.0f} ms")


@suite.case("sip_garbage_leaves_the_core_up_and_calls_alone")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        anna, caller = s.office.agent("201", 500), s.office.caller(700)
        began = s.call(caller, "acme", anna)
        s.they_talk(caller, anna, began)
        chance, host = random.Random(11), s.office.host("mad", "10.99.0.67")
        model = (f"INVITE sip:201@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP {host.address}:5060;"
                 "branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:201@acme.example>\r\n"
                 "Call-ID: mad\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
                 ).encode()
        before = s.layby.core.memory_kb()
        with host.socket(5060) as out:
            for n in range(3000):
                text = bytearray(model.replace(b"mad", b"mad%d" % n))
                for _ in range(chance.randrange(1, 12)):
                    text[chance.randrange(len(text))] = chance.randrange(256)
                out.sendto(bytes(text), (network.CORE, 5060))
                if n % 50 == 0:
                    time.sleep(0.01)
            for big in (b"\0" * 9000, b"INVITE " * 5000, b"\r\n\r\n", b""):
                out.sendto(big, (network.CORE, 5060))
        s.hears_tone(anna, caller.hz, time.time())
        mark = anna.mark()
        caller.hang_up()
        anna.is_released(3, mark)
        grown = s.layby.core.memory_kb() - before
        t.expect(grown < 20000, f"the core grew by {grown} KB")


def torture(t, name, address, *more):
    """The sets of others, one message after the other, and every answer looked at."""
    data = os.path.join(ROOT, "..", "shared", "testdata")
    if not os.path.isdir(os.path.join(data, "rfc4475")):
        raise cases.Skipped(f"*** {data} is not there: nothing was tortured ***")
    with Stage(t.where, office.accounts()) as s:
        host = s.office.host(name, address)
        done = subprocess.run(
            host.command("/usr/bin/python3", os.path.join(ROOT, "tests/system/torture.py"),
                         "--data", data, "--pid", str(s.layby.core.pid), "--rounds", "4",
                         "--source", address, *more, f"{network.CORE}:5060"),
            capture_output=True, text=True, check=False, timeout=600)
        t.expect(done.returncode == 0, "\n".join(
            line for line in (done.stdout + done.stderr).splitlines()
            if not line.startswith("ok ")))
        t.soon(lambda: s.layby.ask("system.info")["calls"] == 0, 70,
               "no call is left of it")


@suite.case("row_44_every_torture_message_of_a_stranger_is_answered_or_dropped_by_rule")
def _(t):
    torture(t, "mad", "10.99.0.67")


@suite.case("row_44_the_same_from_the_trunk")
def _(t):
    torture(t, "trunk", network.TRUNK, "--trunk")


@suite.case("a_killed_core_is_not_heard_by_a_hundred_parked_callers")
def _(t):
    with Stage(t.where, [*office.accounts(), STADIUM]) as s:
        robot = Robot(s.office.host("stadium", "10.99.0.51"), "501", "stadium.example",
                      "secret501")
        t.require(robot.register() == 200, "the robot is not registered")
        empty, media = s.layby.core.memory_kb(), s.layby.media.memory_kb()
        load = Sipp(s.office.host("trunk", network.TRUNK), t.where, "caller", "+61355500500",
                    MANY, 10)
        try:
            t.soon(lambda: len(s.layby.rows("slot")) == MANY, 60, f"{MANY} parked callers")
            # Until then the parkers are still being told where.
            t.soon(lambda: len(robot.released) == MANY, 20, "every parker is released")
            t.soon(lambda: s.layby.ask("system.info")["media"]["flows_open"] == MANY, 3,
                   "one flow for each parked caller, and no other")
            full, media_full = s.layby.core.memory_kb(), s.layby.media.memory_kb()
            time.sleep(1)
            killed = time.time()
            s.layby.core.kill()
            s.layby.core.wait()
            time.sleep(5)
            music = [st for st in streams(d for d in s.wire.datagrams() if d.at > killed - 1)
                     if st.src == network.MEDIA and st.dst == network.TRUNK]
            lost = sum(st.lost() for st in music)
            short = sum(len(st.packets) < 50 * 5.5 for st in music)
            figure("streams_when_the_core_is_killed", len(music), "streams")
            figure("packets_lost_when_the_core_is_killed", lost, "packets")
            figure("longest_gap_when_the_core_is_killed",
                   max((st.longest_gap() for st in music), default=9) * 1000, "ms")
            figure("memory_of_the_core_per_parked_call", (full - empty) / MANY, "KB")
            figure("memory_of_the_media_per_parked_call", (media_full - media) / MANY, "KB")
            figure("memory_of_the_core", full, "KB")
            figure("memory_of_the_media", media_full, "KB")
            t.expect(len(music) == MANY, f"{len(music)} streams of music")
            t.expect(lost == 0, f"{lost} packets are missing")
            t.expect(short == 0, f"{short} streams became thin or ended")
            s.layby.start_core()
            t.expect(any(re.search(rf"\b{MANY}\b", line) for line in s.layby.core.lines),
                     f"the new core does not say how many it closed: {s.layby.core.lines[-4:]}")
            t.soon(lambda: not s.wire.streams(src=network.MEDIA, since=time.time() - 0.3), 5,
                   "the flows of nobody are closed")
            s.office.agent("201", 500)  # registers, or it is a failure
        finally:
            load.stop()
            robot.close()


@suite.case("a_killed_media_ends_its_calls_and_is_taken_back_when_it_returns")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        anna, caller, other = s.office.agent("201", 500), s.office.caller(700), \
            s.office.caller(1100)
        s.call(caller, "acme", anna)
        s.park(anna)
        mark = caller.mark()
        s.layby.media.kill()
        s.layby.media.wait()
        caller.is_released(3, mark)
        t.expect(not s.layby.rows("call") and not s.layby.rows("slot"), "something is left")
        trunk = Peer(s.office.host("trunk", network.TRUNK), "+614", network.TRUNK, port=5090)
        refused = trunk.invite(office.number_uri("acme"))
        trunk.close()
        t.expect(refused.status == 503, f"a new call is answered {refused.status}")
        t.expect(refused.final.header("Retry-After"), "503 does not say when to come again")
        s.layby.start_media()
        t.soon(s.layby.attached, 5, "the core takes it back")
        began = s.call(other, "acme", anna)
        s.they_talk(other, anna, began)


@suite.case("a_killed_core_is_not_heard_by_two_who_talk")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        anna, caller = s.office.agent("201", 500), s.office.caller(700)
        s.they_talk(caller, anna, s.call(caller, "acme", anna))
        killed = time.time()
        s.layby.core.kill()
        s.layby.core.wait()
        time.sleep(4)  # nothing is to happen for that long
        s.they_talk(caller, anna, killed + 3)
        for phone in (caller, anna):
            heard = [st for st in streams(d for d in s.wire.datagrams() if d.at > killed - 1)
                     if st.src == network.MEDIA and st.dst == phone.ip]
            t.expect(len(heard) == 1, f"{phone.name} hears {len(heard)} streams")
            t.expect(sum(st.lost() for st in heard) == 0, f"{phone.name} misses packets")
            gap = max((st.longest_gap() for st in heard), default=9)
            t.expect(gap < 0.2, f"{phone.name} heard nothing for {gap * 1000:.0f} ms")
        s.layby.start_core()
        t.expect(any(re.search(r"\b2 flows of nobody closed", line)
                     for line in s.layby.core.lines),
                 f"the new core does not say how many it closed: {s.layby.core.lines[-4:]}")


@suite.case("a_core_that_is_first_waits_for_its_media")
def _(t):
    os.makedirs(t.where)
    network.Segment()
    layby = Appliance(t.where, office.accounts())
    try:
        layby.start_core(ready=False)
        layby.core.await_line("waiting for layby-media", 5)
        t.expect(not layby.attached(), "it is attached to nothing")
        layby.start_media()
        t.soon(layby.attached, 5, "the core takes it")
    finally:
        layby.stop()


@suite.case("a_second_core_says_what_is_in_its_way")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        first = s.layby.core
        s.layby.start_core(ready=False)
        second, s.layby.core = s.layby.core, first
        complaint(second, second.wait(10), t, r"(in use|already|another)")
        t.expect(s.layby.attached(), "the first one does not answer any more")


@suite.case("a_second_media_says_what_is_in_its_way")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        first = s.layby.media
        s.layby.start_media(ready=False)
        second, s.layby.media = s.layby.media, first
        complaint(second, second.wait(15), t, r"(in use|already|another|busy)")
        t.expect(s.layby.attached(), "the first one does not answer any more")


@suite.case("a_tap_that_is_not_permitted_is_named_with_what_to_do")
def _(t):
    os.makedirs(t.where)
    layby = Appliance(t.where, office.accounts())
    layby.before = ["setpriv", "--bounding-set", "-net_admin,-sys_admin", "--inh-caps",
                    "-net_admin,-sys_admin"]
    layby.start_media(ready=False)
    complaint(layby.media, layby.media.wait(15), t, r"(CAP_NET_ADMIN|root|permi)")


@suite.case("a_used_up_port_range_refuses_calls_and_recovers")
def _(t):
    with Stage(t.where, office.accounts(), rtp="16384-16387") as s:
        anna, bert, caller = s.office.agent("201", 500), s.office.agent("202", 900), \
            s.office.caller(700)
        began = s.call(caller, "acme", anna)
        s.they_talk(caller, anna, began)
        mark = bert.mark()
        bert.dial("sip:203@acme.example")
        closed = bert.is_released(5, mark)
        t.expect("503" in closed.get("param", ""), f"told {closed.get('param')}")
        mark = anna.mark()
        caller.hang_up()
        anna.is_released(3, mark)
        time.sleep(5.5)  # ports rest
        began = s.call(caller, "acme", anna)
        s.they_talk(caller, anna, began)


@suite.case("a_missing_track_file_is_named")
def _(t):
    os.makedirs(t.where)
    network.Segment()
    layby = Appliance(t.where, office.accounts(), music="/nonexistent/music.wav")
    try:
        layby.start_media()
        layby.start_core(ready=False)
        layby.core.await_line("/nonexistent/music.wav", 10)
    finally:
        layby.stop()


@suite.case("a_bad_provisioning_file_is_refused_with_its_place_and_the_old_data_kept")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        anna, caller = s.office.agent("201", 500), s.office.caller(700)
        began = s.call(caller, "acme", anna)
        s.they_talk(caller, anna, began)
        with open(s.layby.accounts_file, "a", encoding="utf-8") as f:
            f.write("  - name: broken\n    domain: [\n")
        try:
            s.layby.ask("account.reload")
            t.expect(False, "it was taken")
        except Exception as refused:  # pylint: disable=broad-except
            t.expect(re.search(r"\d+:\d+|line \d+.*column \d+", str(refused)),
                     f"does not say where: {refused}")
        s.hears_tone(anna, caller.hz, time.time())
        up = s.park(anna)
        span = s.prompt(anna, prompt("digits/1"), up)
        t.expect(span is not None, "parking is gone")


@suite.case("a_good_provisioning_file_is_taken_while_a_call_goes_on")
def _(t):
    with Stage(t.where, office.accounts()) as s:
        anna, caller = s.office.agent("201", 500), s.office.caller(700)
        began = s.call(caller, "acme", anna)
        s.they_talk(caller, anna, began)
        s.layby.provision([*office.accounts(), STADIUM])
        s.layby.ask("account.reload")
        reloaded = time.time()
        s.hears_tone(anna, caller.hz, reloaded)
        times = timeline.tone_times(s.wire.to(anna, began), caller.hz, reloaded)
        t.expect(bool(times), "the call did not outlive it")
        robot = Robot(s.office.host("stadium", "10.99.0.51"), "501", "stadium.example",
                      "secret501")
        try:
            t.expect(robot.register() == 200, "the new account is not there")
        except Gone as e:
            t.expect(False, str(e))
        finally:
            robot.close()


if __name__ == "__main__":
    sys.exit(namespace.run_inside(suite.run))
