#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""layby-media with two workers on one tap of two queues: what comes on the wrong queue, relays
between the workers, queues that move while music plays, a worker that is stopped. The kernel
chooses the queue of a tap by the flow, so both are hit."""

import os
import random
import signal
import socket
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bridge, cases, namespace, tracing, wire  # noqa: E402
from harness.appliance import program  # noqa: E402
from harness.bridge import Core  # noqa: E402
from harness.network import ip  # noqa: E402
from harness.process import Process  # noqa: E402

US, OURS = "10.99.0.1", ("10.99.0.2", "10.99.0.3")
RTP, FIRST, TRACK = 40000, 16384, 0xfeed
AUDIO = random.Random(1).randbytes(160 * 77)
MOVES = 20


class Media:
    """One layby-media with two workers and a core of ours."""

    def __init__(self, where):
        self.config = os.path.join(where, "media.yaml")
        path = os.path.join(where, "media.sock")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"""cores: {{main: 0, workers: "0,1", idle: sleep, watchdog-ms: 200}}
memory: {{hugepages: none, tracks-mb: 1}}
ports:
  - name: media0
    vdev: "net_tap0,iface=media0"
    gateway: {US}
    addresses:
      - {{ip: {OURS[0]}, prefix: 24, rtp-ports: "{FIRST}-{FIRST + 99}", worker: 1}}
      - {{ip: {OURS[1]}, prefix: 24, rtp-ports: "{FIRST}-{FIRST + 99}", worker: 2}}
socket: {path}
""")
        self.process = Process([program("layby-media"), "--config", self.config],
                               os.path.join(where, "media.log"))
        self.process.await_line("ready", 15)
        ip("address", "add", f"{US}/24", "dev", "media0")
        self.core = Core(path)
        deadline = time.monotonic() + 3
        while not all(self.core.described(w) for w in range(2)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.core.track(bridge.TRACK_ADD, TRACK, 0, AUDIO) == bridge.OK

    def stat(self, name):
        time.sleep(0.15)  # they are copied ten times a second
        return [self.core.stat(name, w) for w in range(2)]

    def thread(self, worker):
        """The thread of a worker, as DPDK calls it."""
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/comm", encoding="ascii") as f:
                if f.read().strip() in (f"rte-worker-{worker + 1}", f"lcore-worker-{worker + 1}"):
                    return int(task)
        raise FileNotFoundError(f"worker {worker}")


class Phone:
    """A telephone: its RTP port on this side, its flow on the other."""

    def __init__(self, media, worker, place, port):
        self.worker, self.flow, self.port = worker, (place, 7), port
        self.core, self.seq = media.core, 0
        self.ear = wire.Listener(US, port)
        self.to = (OURS[worker], FIRST + 2 * place)

    def open(self):
        got = [self.core.ask(bridge.OPEN, self.flow, struct.pack("<Q", 1), worker=self.worker),
               self.core.remote(self.flow, US, self.port, worker=self.worker)]
        return [g[:2] for g in got if g[0] != bridge.DONE]

    def music(self):
        return self.core.ask(bridge.MUSIC, self.flow, struct.pack("<Q", TRACK),
                             worker=self.worker)[0] == bridge.DONE

    def relay(self, peer):
        return self.core.ask(bridge.RELAY, self.flow,
                             struct.pack("<IIH", *peer.flow, peer.worker),
                             worker=self.worker)[0] == bridge.DONE

    def say(self, payload=b"\xff" * 160):
        self.seq += 1
        self.ear.socket.sendto(struct.pack("!BBHII", 0x80, 0, self.seq & 0xffff, 160 * self.seq,
                                           self.port) + payload, self.to)

    def close(self):
        """What its flow received, sent and missed."""
        body = self.core.ask(bridge.CLOSE, self.flow, worker=self.worker)[2]
        received, sent, _, _, lost = struct.unpack_from("<IIQQI", body)
        return received, sent, lost


def phones(t, media, first, count=20):
    """So many for each worker, every one with a port of its own: the kernel spreads them."""
    made = [Phone(media, i % 2, first + i // 2, RTP + 100 * first + i) for i in range(2 * count)]
    refused = [r for p in made for r in p.open()]
    t.require(not refused, f"refused: {refused}")
    return made


def settle(media):
    """Until no worker takes anything in any more."""
    before = None
    while before != (now := media.stat("rx_packets")):
        before = now


def each_flow_hears_its_own_whatever_the_queue(t, media):
    made = phones(t, media, 0)
    for _ in range(50):
        for p in made:
            p.say()
        time.sleep(0.005)
    settle(media)
    over = media.stat("handed_over")
    t.expect(min(over) > 100, f"handed over: {over}; the kernel used one queue only")
    t.soon(lambda: media.stat("handed_in") == media.stat("handed_over")[::-1], 2,
           "all that is handed over is taken in")
    for p in made:
        got = p.close()
        t.expect(got[0] == 50 and got[2] == 0, f"worker {p.worker}, {p.port}: {got}")
    t.expect(sum(media.stat("rx_no_flow")) == 0 and sum(media.stat("handoff_full")) == 0,
             "some were lost")


def media_mac():
    """The driver's end of the tap has the kernel's MAC but for one bit."""
    with open("/sys/class/net/media0/address", encoding="ascii") as f:
        mac = bytearray.fromhex(f.read().strip().replace(":", ""))
    mac[5] ^= 1
    return bytes(mac)


def both_answer_arp_and_echo(t, media):
    ear = wire.Ear("media0")
    mine = bytes.fromhex("020000000099")
    for n, ours in enumerate(OURS * 4):
        ear.frames()
        ear.say(wire.ethernet(b"\xff" * 6, mine, 0x0806,
                              wire.arp(1, mine, f"10.99.0.{50 + n}", bytes(6), ours)))
        t.soon(lambda ours=ours: any(
            f.kind == 0x0806 and f.data[:6] == mine and f.data[20:22] == b"\0\2"
            and f.data[28:32] == socket.inet_aton(ours) for f in ear.frames()), 2,
            f"an answer to ARP for {ours}")
    question = b"\x08\0" + struct.pack("!HHH", wire.checksum(b"\x08\0\0\0\0\x01\0\x02"), 1, 2)
    to = media_mac()
    for ours in OURS * 4:
        ear.frames()
        ear.say(wire.ethernet(to, mine, 0x0800, wire.ipv4(US, ours, 1, question)))
        t.soon(lambda ours=ours: any(
            f.data[:6] == mine and f.data[23:24] == b"\1" and f.data[34:36] == b"\0\0"
            and f.data[26:30] == socket.inet_aton(ours) for f in ear.frames()), 2,
            f"an answer to an echo for {ours}")


def a_relay_between_the_workers_is_heard(t, media):
    made = phones(t, media, 20, 1)
    a, b = made
    t.require(a.relay(b) and b.relay(a), "refused")
    before = media.stat("relayed_over")
    for p in made:
        p.ear.heard()
    said = [[struct.pack("!I", n) * 40 for n in range(100)], [struct.pack("!I", ~n & 0xffffffff) * 40
                                                             for n in range(100)]]
    for n in range(100):
        a.say(said[0][n])
        b.say(said[1][n])
        time.sleep(0.01)
    time.sleep(0.1)
    for to, words in ((b, said[0]), (a, said[1])):
        heard = [d for _, d in to.ear.heard() if len(d) == 172]
        t.expect([d[12:] for d in heard] == words, f"{len(heard)} of 100 heard, or not those")
        seqs = [struct.unpack_from("!BBHII", d)[2] for d in heard]
        t.expect(all((y - x) & 0xffff == 1 for x, y in zip(seqs, seqs[1:])), "the numbers jump")
    over = media.stat("relayed_over")
    t.expect([o - x for o, x in zip(over, before)] == [100, 100], f"{before} {over}")
    a.close()
    b.say()  # may be on its way before b's worker has heard
    settle(media)
    over = media.stat("relayed_over")
    b.say()
    settle(media)
    t.expect(media.stat("relayed_over") == over, "passed to who is gone")
    b.close()


def queues_move_under_music_and_lose_nothing(t, media):
    made = phones(t, media, 25)
    t.require(all(p.music() for p in made), "no music")
    t.expect([q["worker"] for q in media.core.plan()["queues"]] == [1, 2], "the plan")
    settle(media)
    taken, told = media.stat("rx_packets"), 0
    for n in range(MOVES):
        queue, worker = n // 2 % 2, (n + 1) % 2
        for _ in range(5):
            for p in made:
                p.say()
            told += 1
            time.sleep(0.004)
        outcome = media.core.move(0, queue, worker)
        t.expect(outcome == bridge.OK, f"move {n}: {outcome}")
        where = media.core.plan()["queues"][queue]["worker"]
        t.expect(where == worker + 1, f"move {n}: the plan says worker {where}")
        for p in made:
            p.say()
        told += 1
    settle(media)
    t.expect(sum(media.stat("rx_packets")) - sum(taken) >= told * len(made), "some never came in")
    t.expect(sum(media.stat("handoff_full")) == 0, "a ring was full")
    streams = [[struct.unpack_from("!BBHII", d)[2] for _, d in p.ear.heard() if len(d) == 172]
               for p in made]
    for p, seqs in zip(made, streams):
        got = p.close()
        t.expect(got[0] == told and got[2] == 0, f"worker {p.worker}, {p.port}: {got} of {told}")
        t.expect(len(seqs) > 10 and all((y - x) & 0xffff == 1 for x, y in zip(seqs, seqs[1:])),
                 f"{p.port}: the music has a gap")
    for move in ((1, 0, 0), (0, 2, 0), (0, 0, 2)):
        t.expect(media.core.move(*move) == bridge.UNKNOWN, f"{move} is not refused")
    for queue in range(2):
        media.core.move(0, queue, queue)


def a_worker_that_stands_still_is_told_of(t, media):
    # A tracer holds one thread, as a debugger or a fault would; the others go on. On a busy
    # machine it may have stood still before: only what comes from now on counts.
    thread, before = media.thread(1), media.stat("stalled")[1]
    media.core.plan()
    media.core.stalls.clear()
    said = len(media.process.lines)
    with tracing.held(thread):
        media.process.await_line("worker 2 on CPU 1 stands still", 3, said)
        media.core.plan()
        t.expect(media.core.stalls[-1:] == [(1, True)], f"told: {media.core.stalls}")
        said = len(media.process.lines)
    media.process.await_line("worker 2 goes on", 3, said)
    media.core.plan()
    t.expect((1, False) in media.core.stalls, f"told: {media.core.stalls}")
    t.expect(media.stat("stalled")[1] > before, "the counter")


def it_ends_when_it_is_told(t, media):
    media.process.kill(signal.SIGTERM)
    status = media.process.wait(5)
    t.expect(status == 0, f"it ends with {status}: {media.process.lines[-5:]}")
    bad = [line for line in media.process.lines if "Sanitizer" in line or "runtime error" in line]
    t.expect(not bad, str(bad[:3]))


def main():
    with tempfile.TemporaryDirectory(prefix="layby-cores-") as where:
        suite, media = cases.Suite("cores"), Media(where)
        for case in (each_flow_hears_its_own_whatever_the_queue, both_answer_arp_and_echo,
                     a_relay_between_the_workers_is_heard,
                     queues_move_under_music_and_lose_nothing,
                     a_worker_that_stands_still_is_told_of, it_ends_when_it_is_told):
            suite.case(case.__name__)(lambda t, case=case: case(t, media))
        return suite.run()


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
