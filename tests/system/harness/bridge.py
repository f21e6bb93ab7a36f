# SPDX-License-Identifier: BSD-3-Clause
"""The core's end of the contract, in Python: attaches to layby-media, sends commands, hears
events. Written from the headers and not from the code, so that the two check each other."""

import array
import json
import mmap
import os
import re
import select
import socket
import struct
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
VERSION = 2
HELLO, BUSY, TRACK_ADD, TRACK_DROP, TRACK, MOVE, MOVED, PLAN, STALLED = range(1, 10)
OK, NO_MEMORY, BAD_TRACK, IN_USE, UNKNOWN = range(5)
NO_PT = 0xff
LANE, LANES_MAX, WORKERS, ADDRESSES = 1024, 64, 64, 128
MESSAGE = "<IHHQQII"
PLAN_ADDRESS = "<16sHHII"
PLAN_SIZE = 16 + 4 * WORKERS + struct.calcsize(PLAN_ADDRESS) * ADDRESSES


def names(header, of):
    """The names in an X-list of the contract, in order."""
    with open(os.path.join(ROOT, "dataplane", header), encoding="utf-8") as f:
        text = f.read()
    entries = re.search(rf"#define {of}\(X\).*\n((?:\tX\(.*\n)+)", text)
    return re.findall(r"^\tX\((\w+),", entries[1], re.MULTILINE)


def counters():
    return names("stats.h", "WORKER_STAT_LIST")


_COMMANDS, _EVENTS = names("cmd.h", "DP_CMD_LIST"), names("event.h", "DP_EVENT_LIST")
OPEN, REMOTE, SILENT, MUSIC, PROMPT, RELAY, WATCH, DIGITS, CLOSE = (
    _COMMANDS.index(name) for name in ("OPEN", "REMOTE", "SILENT", "MUSIC", "PROMPT", "RELAY",
                                       "WATCH", "DIGITS", "CLOSE"))
DONE, REFUSED, CLOSED, LOCKED, DIGIT, PLAYED = (
    _EVENTS.index(name) for name in ("DONE", "REFUSED", "CLOSED", "LOCKED", "DIGIT", "PLAYED"))


def mapped(ip):
    return bytes(10) + b"\xff\xff" + socket.inet_aton(ip)


def remote(ip, port, rtcp, ptime=20):
    """The body of a REMOTE: PCMU, with digits, without comfort noise."""
    return struct.pack("<16s16sIHHBBBBBBBB", mapped(ip), bytes(16), 8000, port, rtcp, 0, 0, 101,
                       101, 0, ptime, 0, NO_PT)


class Turned(Exception):
    """The media process did not let us in."""


class Worker:
    """The parts of one worker in the mapping."""

    def __init__(self, take, flows):
        self.down, self.cmds = take(128), take(64 * LANE)
        self.up, self.events = take(128), take(64 * LANE)
        self.stats = take((8 * len(counters()) + 63) // 64 * 64)
        self.done, self.directory = take(4), take(16 * flows)
        self.flows = flows
        self.sent = self.heard = 0


class Core:
    """One attachment. Everything is done by one thread, and each call waits for its answer."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(5)
        self.socket.connect(path)
        data, fds, _, _ = socket.recv_fds(self.socket, 64, 4)
        self.hello = struct.unpack(MESSAGE, data)
        if self.hello[1] != HELLO:
            raise Turned(self.hello)
        self.memfd, self.wake = fds
        self.memory = mmap.mmap(self.memfd, 0)
        self.words = memoryview(self.memory).cast("I")
        self.longs = memoryview(self.memory).cast("Q")
        self.tag = 0
        self.stalls = []  # (worker, whether it stands still)
        self.spoken = []  # events nobody asked for
        self._read_plan()

    def _read_plan(self):
        self.version, self.workers, self.addresses, _ = struct.unpack_from("<IIII", self.memory)
        flows = struct.unpack_from(f"<{WORKERS}I", self.memory, 16)
        size = struct.calcsize(PLAN_ADDRESS)
        self.address = [struct.unpack_from(PLAN_ADDRESS, self.memory, 16 + 4 * WORKERS + size * i)
                        for i in range(self.addresses)]
        self._at = 0
        self._take(PLAN_SIZE)
        self.worker = [Worker(self._take, flows[i]) for i in range(self.workers)]

    def _take(self, size):
        here = self._at
        self._at = (here + size + 63) // 64 * 64
        return here

    def close(self):
        self.socket.close()
        for fd in (self.memfd, self.wake):
            os.close(fd)

    def gone(self, seconds=2):
        """Whether the media process hangs up on us."""
        try:
            self.socket.settimeout(seconds)
            return self.socket.recv(64) == b""
        except TimeoutError:
            return False

    # the socket

    def track(self, kind, track, codec=0, audio=None, length=None):
        fds = array.array("i")
        if audio is not None:
            fds.append(os.memfd_create("track"))
            os.write(fds[0], audio)
        length = len(audio or b"") if length is None else length
        socket.send_fds(self.socket,
                        [struct.pack(MESSAGE, VERSION, kind, 0, track, length, codec, length)], fds)
        for fd in fds:
            os.close(fd)
        answer, _ = self.heard()
        assert answer[1] == TRACK and answer[3] == track, answer
        return answer[2]

    def heard(self):
        """The next message that was asked for, and the descriptor that came with it, if one."""
        while True:
            data, fds, _, _ = socket.recv_fds(self.socket, 64, 4)
            message = struct.unpack(MESSAGE, data)
            if message[1] != STALLED:
                return message, fds[0] if fds else None
            self.stalls.append((message[5], message[2] != OK))

    def move(self, port, queue, worker):
        """Asks that another worker polls a queue; all counted from 0. The outcome."""
        self.socket.send(struct.pack(MESSAGE, VERSION, MOVE, 0, port << 32 | queue, 0, worker, 0))
        answer, _ = self.heard()
        assert answer[1] == MOVED, answer
        return answer[2]

    def plan(self):
        """Who does what, as the media process says."""
        self.socket.send(struct.pack(MESSAGE, VERSION, PLAN, 0, 0, 0, 0, 0))
        answer, fd = self.heard()
        assert answer[1] == PLAN and fd is not None, answer
        with os.fdopen(fd, encoding="utf-8") as f:
            return json.load(f)

    # the lanes

    def command(self, kind, flow, body=b"", worker=0):
        """Sends one, without waiting. Returns its tag."""
        w = self.worker[worker]
        self.tag += 1
        at = w.cmds + 64 * (w.sent % LANE)
        self.memory[at:at + 64] = struct.pack("<IHHII48s", self.tag, kind, 0, *flow, body)
        w.sent += 1
        self.words[w.down // 4] = w.sent & 0xffffffff
        return self.tag

    def event(self, worker=0):
        """The next event as (tag, kind, refusal, lost, flow, body), or None."""
        w = self.worker[worker]
        if self.words[w.up // 4] == w.heard & 0xffffffff:
            return None
        at = w.events + 64 * (w.heard % LANE)
        tag, kind, refusal, lost, index, gen, body = struct.unpack_from(
            "<IHBBII48s", self.memory, at)
        w.heard += 1
        self.words[(w.up + 64) // 4] = w.heard & 0xffffffff
        return tag, kind, refusal, lost, (index, gen), body

    def ask(self, kind, flow, body=b"", seconds=2, worker=0):
        """Sends one and waits for its answer: (kind, refusal, body)."""
        tag = self.command(kind, flow, body, worker)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            event = self.event(worker)
            if event is None:
                self.woken(0.05)
            elif event[0] == tag:
                return event[1], event[2], event[5]
            else:
                self.spoken.append(event)
        raise TimeoutError(f"no answer to command {kind} of {flow}")

    def remote(self, flow, ip, port, ptime=20, worker=0):
        return self.ask(REMOTE, flow, remote(ip, port, port + 1, ptime), worker=worker)

    def woken(self, seconds=1):
        """Whether the eventfd was written; it is empty afterwards."""
        ready = select.select([self.wake], [], [], seconds)[0]
        return bool(ready) and os.read(self.wake, 8) != b""

    # what is there to be read

    def stat(self, name, worker=0):
        return self.longs[self.worker[worker].stats // 8 + counters().index(name)]

    def described(self, worker=0):
        return self.words[self.worker[worker].done // 4] == 1

    def entry(self, flow, worker=0):
        """A line of the flow directory: (generation, open, owner)."""
        return struct.unpack_from("<IIQ", self.memory, self.worker[worker].directory + 16 * flow)
