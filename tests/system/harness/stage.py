# SPDX-License-Identifier: BSD-3-Clause
"""The stage of the story: layby, the phones and the wire, and what people do on it in words."""

import os
import time

from . import hearing, office, sound, timeline
from .appliance import Appliance
from .capture import Capture
from .network import Segment
from .process import Gone


class Stage:
    """Everything of one play. Close it, whatever happens."""

    def __init__(self, where, accounts, **appliance):
        os.makedirs(where, exist_ok=True)
        self.where = where
        Segment()
        self.wire = Capture(where)
        self.office = office.Office(where)
        self.layby = Appliance(where, accounts, **appliance)

    def open(self):
        self.layby.start()
        return self

    def __enter__(self):
        return self.open()

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends all; the exit statuses of core and media."""
        self.office.close()
        statuses = self.layby.stop()
        self.wire.stop()
        return statuses

    def clear(self):
        """Everybody puts the receiver down, so that the next scene can begin."""
        for phone in self.office.phones:
            try:
                for _ in range(phone.calls()):
                    phone.hang_up()
            except (Gone, OSError):
                pass

    # --- what people do

    def call(self, caller, account, agent):
        """The caller calls the account's number; the agent answers. When the call began."""
        began, waiting = time.time(), agent.mark()
        mark = caller.dial(office.number_uri(account))
        agent.rings(10, waiting)
        agent.accept()
        caller.talks(5, mark)
        return began

    def park(self, agent, seconds=15):
        """The agent presses #0 and is released. When the 0 was let go."""
        pressed, mark = time.time(), agent.mark()
        agent.press("#0")
        agent.is_released(seconds, mark)
        return self.key_up(agent, "0", pressed)

    def pick_up(self, agent, slot, since=None):
        """The agent dials the number of a slot and is connected. When he dialled."""
        dialled = time.time()
        mark = agent.dial(office.slot_uri(agent, slot))
        agent.talks(5, mark)
        return dialled

    # --- what is seen on the wire

    def soon(self, look, seconds, what):
        """Looks until it is there; what it is."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise Gone(f"not within {seconds} s: {what}")
            time.sleep(0.1)

    def key_up(self, phone, key, since, seconds=3):
        """When a key was let go, as the phone's own packets tell."""
        def look():
            ups = self.wire.by(phone, since).digits()
            return next((at for k, at in ups if k == key), None)

        return self.soon(look, seconds, f"{phone.name} lets {key} go")

    def hears_tone(self, phone, hz, since, seconds=5, packets=50):
        """Awaits a second of a tone on its way to the phone. When it began."""
        def look():
            times = timeline.tone_times(self.wire.to(phone, since), hz)
            return times[0] if len(times) >= packets else None

        return self.soon(look, seconds, f"{hz} Hz on its way to {phone.name}")

    def they_talk(self, one, other, since, seconds=5):
        """Awaits that each is sent the other's voice. When both had it."""
        return max(self.hears_tone(one, other.hz, since, seconds),
                   self.hears_tone(other, one.hz, since, seconds))

    def listen(self, phone, since, seconds):
        """Awaits so many seconds of sound on its way to the phone."""
        self.soon(lambda: len(self.wire.to(phone, since).audio()) >= seconds * 50, seconds + 5,
                  f"{seconds} s of sound for {phone.name}")

    def requests(self, method, dst, since=0.0, src=None):
        """Requests on their way to an address, repetitions left out."""
        found, seen = [], set()
        for m in self.wire.messages(src=src, dst=dst, method=method):
            key = (m.header("Call-ID"), m.header("CSeq"))
            if not m.status and m.at >= since and key not in seen:
                seen.add(key)
                found.append(m)
        return found

    def answered(self, phone, dialled):
        """When the 200 to the phone's INVITE went out."""
        oks = [m.at for m in self.wire.messages(dst=phone.ip, method="INVITE")
               if m.status == 200 and m.at >= dialled]
        return min(oks) if oks else None

    def prompt(self, phone, path, since, seconds=8):
        """Awaits a prompt on its way to the phone; from when to when it lasts."""
        samples = sound.read(path)
        return self.soon(lambda: timeline.prompt_span(self.wire.to(phone, since), samples),
                         seconds, f"{path} on its way to {phone.name}")


class Recording:
    """What a phone wrote down of one call: begin it before the call."""

    def __init__(self, phone):
        self._phone, self._before = phone, set(phone.heard_files())

    def samples(self):
        files = [f for f in self._phone.heard_files() if f not in self._before]
        return sound.join([sound.read(f) for f in files])

    def tone(self, hz):
        return hearing.tone_seconds(self.samples(), hz)

    def track(self, path):
        return hearing.track_seconds(self.samples(), sound.read(path))

    def prompt(self, path):
        return hearing.prompt_likeness(self.samples(), sound.read(path))
