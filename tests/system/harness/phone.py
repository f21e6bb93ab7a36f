# SPDX-License-Identifier: BSD-3-Clause
"""A telephone: a headless baresip with an address, a tone of its own, and a recorder.

It is driven through its ctrl_tcp module (JSON in netstrings, both ways), and says there what
happens to it.
"""

import json
import os
import socket
import threading
import time

from . import sound
from .process import Gone, Process

MODULES = "/usr/lib/baresip/modules"
CONTROL = -1000  # from its SIP port to its control port

_CONFIG = """
poll_method epoll
sip_listen {ip}:{port}
net_interface {ip}
rtp_ports {rtp}-{rtp_end}
rtcp_enable yes
jitter_buffer_delay 1-10
call_local_timeout 300
call_max_calls 4
audio_source aufile,{speech}
audio_player aubridge,sink
audio_alert aubridge,bell
audio_path /nonexistent
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {ip}:{control}
snd_path {recordings}
statmode_default off
"""


class Phone:
    def __init__(self, name, host, where, user, domain, server=None, password=None, hz=0,
                 speech=None, seconds=180, answer="manual", codecs="pcmu", port=5060):
        """A phone with a password registers at its server; one without calls through it only.
        hz: the tone it speaks with; speech: a WAV file (8 kHz, mono) instead of it. Phones on
        one host need ports that are at least 2 apart: baresip takes the next one for TLS."""
        self.name, self.host, self.user, self.hz, self.port = name, host, user, hz, port
        self.home = os.path.join(where, name)
        self.recordings = os.path.join(self.home, "heard")
        os.makedirs(self.recordings)
        self.events = []
        self._news = threading.Condition()
        self._token = 0
        self._answers = {}
        rtp = 20000 + (port - 5060) * 50
        account = f"<sip:{user}@{domain}>;answermode={answer};audio_codecs={codecs}"
        if server:
            account += f';outbound="sip:{server}"'
        account += f";regint=60;auth_pass={password}" if password else ";regint=0"
        self._write("config", _CONFIG.format(
            ip=host.address, port=port, rtp=rtp, rtp_end=rtp + 99, control=port + CONTROL,
            speech=speech or self._voice(hz, seconds), modules=MODULES,
            recordings=self.recordings))
        self._write("accounts", account + "\n")
        self._write("contacts", "")
        self.process = Process(host.command("/usr/bin/baresip", "-f", self.home),
                               os.path.join(self.home, "log"), name)
        self._socket = self._connect()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def ip(self):
        return self.host.address

    @property
    def rtp(self):
        """Its media ports."""
        first = 20000 + (self.port - 5060) * 50
        return range(first, first + 100)

    def _write(self, file, text):
        with open(os.path.join(self.home, file), "w", encoding="ascii") as f:
            f.write(text)

    def _voice(self, hz, seconds):
        path = os.path.join(self.home, "voice.wav")
        sound.write(path, sound.tone(hz, seconds) if hz else sound.silence(seconds))
        return path

    def _connect(self):
        self.process.await_line("baresip is ready", 10)
        link = socket.create_connection((self.ip, self.port + CONTROL), 5)
        link.settimeout(None)
        return link

    def _listen(self):
        data = b""
        while True:
            try:
                more = self._socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                return
            data += more
            while True:
                head, colon, rest = data.partition(b":")
                if not colon or len(rest) < int(head) + 1:
                    break
                self._heard(json.loads(rest[: int(head)].decode("utf-8", "replace")))
                data = rest[int(head) + 1 :]

    def _heard(self, message):
        message["at"] = time.time()
        with self._news:
            if message.get("event"):
                self.events.append(message)
            else:
                self._answers[message.get("token")] = message
            self._news.notify_all()

    def _await(self, look, seconds, what):
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                found = look()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or not self.process.running():
                    seen = ", ".join(e["type"] for e in self.events[-6:]) or "nothing"
                    raise Gone(f"{self.name}: no {what} in {seconds} s; last it saw: {seen}")
                self._news.wait(min(left, 0.5))

    def command(self, name, params=""):
        """Asks the phone to do something; returns when it has."""
        self._token += 1
        token = str(self._token)
        text = json.dumps({"command": name, "params": params, "token": token}).encode()
        self._socket.sendall(b"%d:%s," % (len(text), text))
        answer = self._await(lambda: self._answers.pop(token, None), 5, f"answer to {name}")
        if not answer.get("ok"):
            raise Gone(f"{self.name}: {name} {params}: {answer.get('data')}")
        return answer.get("data", "")

    def mark(self):
        """Where its story is now: to await only what comes later."""
        with self._news:
            return len(self.events)

    def since(self, mark, kind):
        """The events of one kind after a mark."""
        with self._news:
            return [e for e in self.events[mark:] if e["type"] == kind]

    def await_event(self, kind, seconds=5, since=0):
        def look():
            return next((e for e in self.events[since:] if e["type"] == kind), None)

        return self._await(look, seconds, kind)

    # --- what a person does with a telephone

    def registered(self, seconds=10):
        # Often before anybody listens for the event; its log has it for certain.
        self.process.await_line(r"200 OK .*\[\d+ binding", seconds)

    def dial(self, uri):
        mark = self.mark()
        self.command("dial", uri)
        return mark

    def rings(self, seconds=5, since=0):
        return self.await_event("CALL_INCOMING", seconds, since)

    def accept(self):
        mark = self.mark()
        self.command("accept")
        self.await_event("CALL_ESTABLISHED", 5, mark)

    def talks(self, seconds=5, since=0):
        return self.await_event("CALL_ESTABLISHED", seconds, since)

    def is_released(self, seconds=10, since=0):
        return self.await_event("CALL_CLOSED", seconds, since)

    def press(self, digits):
        """Presses keys, one after the other, 180 ms each with 60 ms between them."""
        self.command("sndcode", digits)

    def hang_up(self):
        self.command("hangup")

    def calls(self):
        """How many calls it is in, ringing ones included."""
        with self._news:
            begun = {e.get("id") for e in self.events if e.get("class") == "call"}
            ended = {e.get("id") for e in self.events if e["type"] == "CALL_CLOSED"}
        return len(begun - ended)

    def hold(self):
        self.command("hold")

    def resume(self):
        self.command("resume")

    def heard(self):
        """What it has heard so far, all calls one after the other, as samples."""
        return sound.join([sound.read(f) for f in self.heard_files()])

    def heard_files(self):
        files = [f for f in os.listdir(self.recordings) if f.endswith("-dec.wav")]
        return [os.path.join(self.recordings, f) for f in sorted(files)]

    def stop(self):
        if self.process.running():
            try:
                self.command("quit")
                self.process.wait(3)
            except (Gone, OSError):
                pass
        self._socket.close()
        return self.process.stop()

    def vanish(self):
        """As if its plug was pulled: no more word from it."""
        self.process.kill()
        self.process.wait()
        self._socket.close()
