# SPDX-License-Identifier: BSD-3-Clause
"""A SIP party that does exactly what a test says and nothing more: it can forget its ACK, call
twice at once, or answer and park a hundred callers. Everybody else in the tests is a telephone."""

import hashlib
import itertools
import queue
import random
import re
import struct
import threading
import time
from contextlib import nullcontext

from .capture import SipMessage
from .process import Gone

_SDP = ("v=0\r\no=- {id} {id} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {at}\r\nt=0 0\r\n"
        "m=audio {port} RTP/AVP {formats}\r\n{maps}a={direction}\r\n")
_EVENTS = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
CODECS = {0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000", 18: "G729/8000", 111: "opus/48000/2"}
_numbers = itertools.count(random.randrange(1 << 30))
KEYS = "0123456789*#ABCD"


def _md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def credentials(challenge, user, password, method, uri):
    """The Authorization value for a Digest challenge (RFC 2617, qop auth when offered)."""
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge.partition(" ")[2]))
    realm, nonce = said["realm"], said["nonce"]
    secret, what = _md5(f"{user}:{realm}:{password}"), _md5(f"{method}:{uri}")
    value = f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}"'
    if "auth" in said.get("qop", "").split(","):
        answer = _md5(f"{secret}:{nonce}:00000001:0a0b0c0d:auth:{what}")
        value += ', qop=auth, nc=00000001, cnonce="0a0b0c0d"'
    else:
        answer = _md5(f"{secret}:{nonce}:{what}")
    return value + f', response="{answer}", algorithm=MD5'


class Call:
    """One dialog of a peer."""

    def __init__(self, peer, call_id, target, local, remote):
        self.peer, self.call_id, self.target = peer, call_id, target
        self.local, self.remote = local, remote
        self.cseq = 1
        self.status = 0
        self.media = None  # where the other side wants its RTP
        self.media_port = peer.next_media_port()
        self.final = None

    def learn(self, message):
        """Takes over what an answer or an INVITE says of the other side."""
        contact = re.search(r"<([^>]*)>", message.header("Contact") or "")
        self.target = contact[1] if contact else self.target
        where = re.search(r"^c=IN IP4 (\S+)", message.text, re.M)
        port = re.search(r"^m=audio (\d+)", message.text, re.M)
        if where and port:
            self.media = (where[1].strip(), int(port[1]))

    def request(self, method, cseq=None, extra="", body=""):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        self.peer.request(self, method, cseq, extra, body)

    def ack(self):
        self.request("ACK", self.cseq)

    def bye(self):
        self.request("BYE")

    def sdp(self, direction="sendrecv", at=None, codecs=None):
        """What we offer or answer; at: another address than ours, as the old hold says it."""
        codecs, ip = codecs or self.peer.codecs, self.peer.host.address
        maps = "".join(f"a=rtpmap:{pt} {CODECS[pt]}\r\n" for pt in codecs)
        formats = [*codecs, 101] if self.peer.events else codecs
        return _SDP.format(id=next(_numbers), ip=ip, at=at or ip, port=self.media_port,
                           formats=" ".join(map(str, formats)),
                           maps=maps + (_EVENTS if self.peer.events else ""),
                           direction=direction)

    def press(self, keys, pt=101, mouth=None):
        """RFC 4733: each key 100 ms, the end said three times, 60 ms between two. mouth: the
        socket at our media port, when somebody has it already."""
        with nullcontext(mouth) if mouth else self.peer.host.socket(self.media_port) as rtp:
            ssrc, seq, ts = next(_numbers) & 0xFFFFFFFF, 1, 16000
            for key in keys:
                for step in range(1, 8):
                    end = step > 5
                    payload = struct.pack("!BBH", KEYS.index(key), 0x8A if end else 0x0A,
                                          160 * min(step, 5))
                    head = struct.pack("!BBHII", 0x80, pt | (0x80 if step == 1 else 0), seq, ts,
                                       ssrc)
                    rtp.sendto(head + payload, self.media)
                    seq += 1
                    if not end:
                        time.sleep(0.02)
                ts += 1600
                time.sleep(0.06)


class Peer:
    def __init__(self, host, user, domain, password=None, port=5060, server=("10.99.0.1", 5060)):
        self.host, self.user, self.domain, self.password = host, user, domain, password
        self.port, self.server = port, server
        self.codecs = [0]  # payload types, best first
        self.events = True  # it has telephone-event
        self._socket = host.socket(port)
        self._media_port = 30000 + (port - 5060) * 100
        self._inbox = queue.Queue()
        self.seen = []  # every message that came, with its time
        self.on_request = None  # called with each request, in the receiver's thread
        self._open = True
        self._receiver = threading.Thread(target=self._receive, daemon=True)
        self._receiver.start()

    def next_media_port(self):
        self._media_port += 2
        return self._media_port

    def close(self):
        # The port is free only when nobody waits on it any more.
        self._open = False
        self._receiver.join(2)
        self._socket.close()

    def _receive(self):
        self._socket.settimeout(0.5)
        while self._open:
            try:
                data, (ip, port) = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            message = SipMessage(time.time(), ip, port, self.host.address, self.port,
                                 data.decode("utf-8", "replace"))
            self.seen.append(message)
            if not message.status and self.on_request:
                self.on_request(message)
            else:
                self._inbox.put(message)

    def await_message(self, look, seconds, what):
        """The next message that fits; the others are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self._inbox.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                last = [m.first for m in self.seen[-4:]]
                raise Gone(f"{self.user}: no {what} in {seconds} s; last came {last}") from None
            if look(message):
                return message

    def send(self, text):
        self._socket.sendto(text if isinstance(text, bytes) else text.encode(), self.server)

    def request(self, call, method, cseq, extra="", body="", uri=None):
        contact = f"<sip:{self.user}@{self.host.address}:{self.port}>"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._last = (f"{method} {uri or call.target} SIP/2.0\r\n"
                  f"Via: SIP/2.0/UDP {self.host.address}:{self.port};rport;"
                  f"branch=z9hG4bK{next(_numbers)}\r\nMax-Forwards: 70\r\n"
                  f"From: {call.local}\r\nTo: {call.remote}\r\nCall-ID: {call.call_id}\r\n"
                  f"CSeq: {cseq} {method}\r\nContact: {contact}\r\n{extra}{kind}"
                  f"Content-Length: {len(body)}\r\n\r\n{body}")
        self.send(self._last)

    def reply(self, message, code, reason, tag=None, body="", extra=""):
        """Answers a request; tag is ours in To."""
        vias = "".join(f"Via: {v}\r\n" for v in
                       re.findall(r"^Via:[ \t]*(.*?)\r$", message.text, re.M | re.I))
        to = message.header("To")
        if tag and ";tag=" not in to:
            to += f";tag={tag}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.send(f"SIP/2.0 {code} {reason}\r\n{vias}From: {message.header('From')}\r\n"
                  f"To: {to}\r\nCall-ID: {message.header('Call-ID')}\r\n"
                  f"CSeq: {message.header('CSeq')}\r\n"
                  f"Contact: <sip:{self.user}@{self.host.address}:{self.port}>\r\n{extra}{kind}"
                  f"Content-Length: {len(body)}\r\n\r\n{body}")

    # --- whole exchanges

    def _own_call(self, uri, remote):
        tag = next(_numbers)
        return Call(self, f"peer-{next(_numbers)}@{self.host.address}", uri,
                    f"<sip:{self.user}@{self.domain}>;tag={tag}", remote)

    def _ask(self, call, method, uri, body="", extra=""):
        """Asks, once more with a password when challenged; the final answer."""
        answer = self._sure(call, method, uri, extra, body)
        if answer.status in (401, 407) and self.password:
            if method == "INVITE":
                call.remote = answer.header("To")
                call.ack()
                call.remote = f"<{uri}>"
            call.cseq += 1
            proof = credentials(answer.header("WWW-Authenticate")
                                or answer.header("Proxy-Authenticate"),
                                self.user, self.password, method, uri)
            name = "Authorization" if answer.status == 401 else "Proxy-Authorization"
            answer = self._sure(call, method, uri, f"{extra}{name}: {proof}\r\n", body)
        return answer

    def _sure(self, call, method, uri, extra, body):
        """Asks, and again when nothing comes back (RFC 3261 17.1.1.2); the final answer."""
        def ours(m):
            return (m.status and m.header("Call-ID") == call.call_id
                    and m.header("CSeq") == f"{call.cseq} {method}")

        self.request(call, method, call.cseq, extra, body, uri)
        again = self._last
        for wait in (0.5, 1, 2, 4):
            try:
                first = self.await_message(ours, wait, f"answer to {method}")
                break
            except Gone:
                self.send(again)
        else:
            first = self.await_message(ours, 8, f"answer to {method}")
        if first.status >= 200:
            return first
        return self.await_message(lambda m: ours(m) and m.status >= 200, 40,
                                  f"final answer to {method}")

    def register(self, expires=600):
        uri = f"sip:{self.domain}"
        call = self._own_call(uri, f"<sip:{self.user}@{self.domain}>")
        answer = self._ask(call, "REGISTER", uri, extra=f"Expires: {expires}\r\n")
        return answer.status

    def invite(self, uri):
        """Calls; the call with its final status. A 2xx is not acknowledged: call.ack() does."""
        call = self._own_call(uri, f"<{uri}>")
        answer = self._ask(call, "INVITE", uri, call.sdp())
        call.status, call.final = answer.status, answer
        call.remote = answer.header("To")
        call.learn(answer)
        if answer.status >= 300:
            call.ack()
        return call


class Robot(Peer):
    """An agent who answers every call at once and parks it: presses #0."""

    def __init__(self, *args, keys="#0", **more):
        super().__init__(*args, **more)
        self._keys = keys
        self.calls = {}
        self.released = set()  # Call-IDs of those whose parker was told to hang up
        self.on_request = self._serve

    def _serve(self, message):
        call_id = message.header("Call-ID")
        if message.method == "INVITE" and call_id not in self.calls:
            call = self._answer(message)
            offered = re.search(r"^m=audio \d+ RTP/AVP (.*?)\r?$", message.text, re.M)
            offered = [int(pt) for pt in offered[1].split()] if offered else self.codecs
            codecs = [pt for pt in self.codecs if pt in offered]
            self.reply(message, 200, "OK", call.tag, call.sdp(codecs=codecs))
        elif message.method == "ACK" and call_id in self.calls:
            call = self.calls[call_id]
            if self._keys and not call.pressed:
                call.pressed = True
                threading.Thread(target=call.press, args=(self._keys,), daemon=True).start()
        elif message.method != "ACK":
            if message.method == "BYE":
                self.released.add(call_id)
            self.reply(message, 200, "OK", str(next(_numbers)))

    def _answer(self, message):
        tag = str(next(_numbers))
        call = Call(self, message.header("Call-ID"), "", f"{message.header('To')};tag={tag}",
                    message.header("From"))
        call.tag, call.pressed = tag, False
        call.learn(message)
        self.calls[call.call_id] = call
        return call
