#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends messages that were collected to break parsers to a running layby-core, as datagrams.

    torture.py --data DIR [--pid PID] [--rounds N] [--source IP [--trunk]] HOST:PORT

DIR holds rfc4475 (with EXPECTED.tsv), osip-findings and sofia-sip-msgs. After each message an
OPTIONS asks whether the core still lives. Messages of RFC 4475 must get what the table says; for
the others any one answer or silence will do. From the second round on, each message is a new
transaction and a new call. With --pid the core's memory must not grow once it has seen all of
it. Prints a line for each file; exits with 1 when anything is not as it must be.

Only loopback and private addresses: nobody else's core is to be tortured."""

import argparse
import csv
import glob
import ipaddress
import os
import re
import select
import socket
import sys
import time

SETS = ("rfc4475/*.dat", "osip-findings/*", "sofia-sip-msgs/*.txt")
WAIT_S = 0.15  # for an answer to a message that may have none
PING_S = 2.0
GROWTH_KB = 1024
WARM_ROUNDS = 2  # until every table and every arena of the core has been touched
CALL_ID = re.compile(rb"^(?:call-id|i)\s*:\s*([^\s,;]+)", re.I | re.M)
TOP_VIA = re.compile(rb"^(?:via|v)\s*:\s*SIP\s*/\s*2\.0\s*/\s*\w+\s+([^\s;,]+)", re.I | re.M)
BRANCH = re.compile(rb"(branch\s*=\s*z9hG4bK)(?=[A-Za-z0-9])", re.I)


class Dead(Exception):
    """The core does not answer any more."""


def private(text):
    address = ipaddress.ip_address(text)
    if not address.is_private:
        raise argparse.ArgumentTypeError(f"{text} is not a loopback or private address")
    return text


def place(text):
    host, _, port = text.rpartition(":")
    return private(host), int(port)


class Line:
    """Our end: a socket for every port that a Via asks the answer to be sent to (RFC 3261
    section 18.2.2: without rport it goes there, and not where the request came from)."""

    def __init__(self, core, source):
        self.core, self.source = core, source
        self.sockets = {}
        self.pings = 0
        self.socket(5060)

    def socket(self, port):
        if port not in self.sockets:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((self.source, port))
            self.sockets[port] = s
        return self.sockets[port]

    def send(self, data):
        try:
            self.sockets[5060].sendto(data, self.core)
        except OSError as e:
            return str(e)
        return None

    def hear(self, seconds, wanted):
        """The first datagram that is wanted within this time, or None."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select(list(self.sockets.values()), [], [], left)
            for s in ready:
                try:
                    data = s.recv(65536)
                except ConnectionRefusedError:
                    raise Dead("nobody listens there") from None
                if wanted(data):
                    return data
        return None

    def ping(self):
        """Whether it still answers; once more, should the first have been lost."""
        for _ in range(2):
            self.pings += 1
            call_id = f"ping-{os.getpid()}-{self.pings}".encode()
            self.send(b"OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;rport;branch=z9hG4bK%s"
                      b"\r\nFrom: <sip:torture@test.invalid>;tag=1\r\nTo: <sip:layby@test.invalid>"
                      b"\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
                      b"Content-Length: 0\r\n\r\n"
                      % (self.core[0].encode(), self.source.encode(), call_id, call_id))
            if self.hear(PING_S, lambda data, wanted=call_id: wanted in data) is not None:
                return
        raise Dead("no answer to OPTIONS")


def as_message(path):
    """A file's bytes; a bare description becomes the body of an INVITE."""
    with open(path, "rb") as f:
        data = f.read()
    if not path.endswith(".sdp"):
        return data
    name = os.path.basename(path).encode()
    return (b"INVITE sip:1@test.invalid SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%s\r\n"
            b"From: <sip:2@test.invalid>;tag=1\r\nTo: <sip:1@test.invalid>\r\nCall-ID: %s\r\n"
            b"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:2@192.0.2.1>\r\n"
            b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n"
            % (name, name, len(data))) + data


def renewed(data, turn):
    """The same message as a transaction and a call of its own."""
    found = CALL_ID.search(data)
    if turn == 0 or found is None:
        return data
    head, blank, body = data.partition(b"\r\n\r\n")
    head = head.replace(found[1], b"t%d-" % turn + found[1])
    return BRANCH.sub(rb"\g<1>t%d" % turn, head) + blank + body


def status(answer):
    return int(answer[8:11]) if re.match(rb"SIP/2\.0 \d{3} ", answer) else -1


def answer_port(data):
    found = TOP_VIA.search(data)
    port = found[1].rpartition(b":")[2] if found else b""
    return int(port) if port.isdigit() and 0 < int(port) < 65536 else 5060


def ask(line, data):
    """The status of the answer; 0: silence."""
    line.socket(answer_port(data))
    error = line.send(data)
    if error:
        return error
    found = CALL_ID.search(data)
    mark = found[1] if found else None
    answer = line.hear(WAIT_S, lambda a: a.startswith(b"SIP/2.0 ") and b"ping-" not in a
                       and (mark is None or mark in a))
    return status(answer) if answer else 0


class Table:
    """What RFC 4475's messages must get."""

    def __init__(self, path, trunk):
        # A stranger must not learn which numbers there are; the trunk may.
        self.processed = ["481", "404" if trunk else "401", "401"]
        with open(path, encoding="utf-8", newline="") as f:
            self.rows = {row["file"]: row for row in csv.DictReader(f, delimiter="\t",
                                                                   quoting=csv.QUOTE_NONE)}

    def allows(self, name, code):
        """A number that the row names; silence where it says so. What it wants processed comes
        from nobody we know and is for nobody there is: a challenge to a stranger, 404 to the
        trunk, 481 in a dialog that nobody has."""
        row = self.rows.get(name)
        if row is None:
            return True
        said = row["expected at a UAS/B2BUA (layby)"]
        if code == 0:
            return "drop" in said
        codes = re.findall(r"\b[1-6]\d\d\b", said)
        if "wrong reject" in row["gap"]:  # a deviation that the table itself records
            codes += re.findall(r"\b[1-6]\d\d\b", row["guard needed"])
        if "process" in said or "200" in codes:
            codes += self.processed
        return str(code) in codes


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M)[1])


def torture(line, files, table, turn):
    """One round. Returns the names of the files that did not get what they must."""
    wrong = []
    for path in files:
        name = os.path.splitext(os.path.basename(path))[0]
        folder = os.path.basename(os.path.dirname(path))
        code = ask(line, renewed(as_message(path), turn))
        good = folder != "rfc4475" or table.allows(name, code)
        if turn == 0 or not good:
            print(f"{'ok   ' if good else 'WRONG'} {code or 'silence':>7}  {folder}/{name}")
        if not good:
            wrong.append(f"{folder}/{name}")
        try:
            line.ping()
        except Dead as e:
            raise Dead(f"{e}, after {folder}/{name}") from None
    return wrong


def options():
    p = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    p.add_argument("core", type=place, metavar="HOST:PORT")
    p.add_argument("--data", required=True, help="where the messages are")
    p.add_argument("--pid", type=int, help="of the core: its memory is watched (not of a "
                   "sanitized one, which keeps what was freed)")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--source", type=private, default="127.0.0.2", help="address we send from")
    p.add_argument("--trunk", action="store_true", help="that address is the core's trunk")
    return p.parse_args()


def main():
    o = options()
    files = [f for pattern in SETS for f in sorted(glob.glob(os.path.join(o.data, pattern)))
             if not f.endswith(".tsv")]
    if not files:
        sys.exit(f"{o.data}: none of {', '.join(SETS)} is there")
    table = Table(os.path.join(o.data, "rfc4475", "EXPECTED.tsv"), o.trunk)
    line = Line(o.core, o.source)
    wrong, sizes = set(), []
    try:
        line.ping()
        for turn in range(o.rounds):
            wrong.update(torture(line, files, table, turn))
            sizes += [resident_kb(o.pid)] if o.pid else []
    except Dead as e:
        sys.exit(f"DEAD: {e}")
    grown = sizes[-1] - sizes[min(WARM_ROUNDS, len(sizes)) - 1] if sizes else 0
    print(f"{len(files)} files, {o.rounds} rounds, {len(wrong)} with a wrong answer"
          + (f"; memory {sizes} kB" if sizes else ""))
    if grown > GROWTH_KB:
        print(f"GROWN: by {grown} kB since round {WARM_ROUNDS}")
    sys.exit(1 if wrong or grown > GROWTH_KB else 0)


if __name__ == "__main__":
    main()
