# SPDX-License-Identifier: BSD-3-Clause
"""The media of a telephone in Python: one RTP stream, a packet every 20 ms, a tone or a key.

For benches, where a hundred calls must follow each other faster than baresip presses keys. What
it sends is a phone's: one SSRC, and keys in the place of the audio (RFC 4733, the end said three
times). It does not listen: what came is read from the wire."""

import itertools
import random
import struct
import threading
import time

from harness import sound
from harness.peer import KEYS

PTIME = 0.02
_KEY_STEPS, _ENDS, _PAUSE = 5, 3, 3  # packets of a key, of its end, of audio after it
_ssrcs = itertools.count(random.randrange(1 << 31))


class Voice:
    """Speaks from now on, until it is hushed. hz: a multiple of 50, so that packets are alike."""

    def __init__(self, call, hz):
        self._socket = call.peer.host.socket(call.media_port)
        self._to, self._ssrc = call.media, next(_ssrcs)
        self._frame = sound.encode(sound.tone(hz, PTIME))
        self._keys = []  # packets to be sent in the place of audio
        self._speaking = True
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def hush(self):
        self._speaking = False
        self._thread.join(1)
        self._socket.close()

    def press(self, keys):
        """Returns at once; None among the packets is one of audio."""
        for key in keys:
            steps = [(i, False) for i in range(1, _KEY_STEPS + 1)] + [(_KEY_STEPS, True)] * _ENDS
            self._keys += [(KEYS.index(key), *step) for step in steps] + [None] * _PAUSE

    def _speak(self):
        due, began = time.monotonic(), 0
        for seq in itertools.count(random.randrange(1 << 15)):
            if not self._speaking:
                return
            ts = seq * 160
            key = self._keys.pop(0) if self._keys else None
            if key:
                event, step, end = key
                began = ts if step == 1 else began
                body = struct.pack("!BBH", event, 0x8A if end else 0x0A, 160 * step)
                self._send(101 | (0x80 if step == 1 else 0), seq, began, body)
            else:
                self._send(0, seq, ts, self._frame)
            due += PTIME
            time.sleep(max(0, due - time.monotonic()))

    def _send(self, pt, seq, ts, body):
        head = struct.pack("!BBHII", 0x80, pt, seq & 0xFFFF, ts & 0xFFFFFFFF, self._ssrc)
        self._socket.sendto(head + body, self._to)
