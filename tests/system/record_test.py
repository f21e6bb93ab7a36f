#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Calls recorded: what is left and right in the file, a pause, another party, a full disk."""

import os
import subprocess
import sys
import time
import wave

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import cases, namespace, office, sources  # noqa: E402
from harness.appliance import Refused  # noqa: E402
from harness.sound import numpy  # noqa: E402
from harness.stage import Stage  # noqa: E402

DISK_KB = 1024
PIECE_S = 0.1
LEFT, RIGHT = 0, 1


def make(where):
    directory = os.path.join(where, "recordings")
    stage = Stage(where, office.accounts(acme_timeout=60),
                  media={"recordings": {"directory": directory}}).open()
    stage.recordings = directory
    o = stage.office
    stage.anna, stage.bert = o.agent("201", 500), o.agent("202", 900)
    stage.caller = o.caller(700)
    return stage


suite = cases.Suite("record", make)


def read(path):
    """Both channels of a file, and how many seconds it has."""
    with wave.open(path) as f:
        assert f.getnchannels() == 2 and f.getsampwidth() == 2
        rate, data = f.getframerate(), f.readframes(f.getnframes())
    frames = numpy.frombuffer(data, "<i2").reshape(-1, 2).astype(float) / 32768
    return frames, rate, len(frames) / rate


def pieces(channel, rate):
    size = int(PIECE_S * rate)
    return [channel[at:at + size] for at in range(0, len(channel) - size + 1, size)]


def share(piece, hz, rate):
    """How much of what is heard is this tone."""
    energy = float(numpy.sum(piece**2))
    if energy < 1e-3:
        return 0.0
    turn = numpy.exp(-2j * numpy.pi * hz * numpy.arange(len(piece)) / rate)
    return float(2 * abs(numpy.sum(piece * turn)) ** 2 / energy / len(piece))


def seconds_of(frames, rate, channel, hz):
    return PIECE_S * sum(share(p, hz, rate) > 0.9 for p in pieces(frames[:, channel], rate))


def silence_of(frames, rate, channel):
    return PIECE_S * sum(float(numpy.abs(p).max()) < 0.003
                         for p in pieces(frames[:, channel], rate))


def event(t, name, recording, seconds=5):
    """Awaits what is told of a recording."""
    layby, found = t.stage.layby, []

    def look():
        found[:] = [e for e in layby.ask("events.list", limit=1000)["events"]
                    if e["name"] == name and e.get("recording") == recording]
        return found

    t.soon(look, seconds, f"{name} of {recording}")
    return found[0]


def talk(t, agent):
    """The caller and an agent of acme talk; the call's ref."""
    s = t.stage
    began = s.call(s.caller, "acme", agent)
    s.they_talk(s.caller, agent, began)
    return s.layby.rows("call")[0]["ref"]


def record(t, ref, state):
    return t.stage.layby.ctl("call", "record", ref, state)


def begin(t, ref):
    recording = record(t, ref, "on")["recording"]
    event(t, "call.recording", recording)
    return recording


def end(t, phone):
    mark = phone.mark()
    t.stage.caller.hang_up()
    phone.is_released(3, mark)
    t.soon(lambda: not t.stage.layby.rows("call"), 3, "no call is left")


def file_of(t, recording, suffix=""):
    return os.path.join(t.stage.recordings, f"{recording}.wav{suffix}")


@suite.case("each_party_is_on_its_own_side_of_the_file")
def _(t):
    ref = talk(t, t.stage.anna)
    recording = begin(t, ref)
    time.sleep(4)
    t.expect(record(t, ref, "off")["state"] == "ending", "it does not end")
    told = event(t, "call.recorded", recording)
    t.expect(told["reason"] == "ok" and told["ref"] == ref, f"told {told}")
    frames, rate, length = read(file_of(t, recording))
    t.expect(3.8 < length < 4.8, f"{length:.2f} s")
    t.expect(abs(told["length_ms"] / 1000 - length) < 0.02, f"{told['length_ms']} ms are told")
    for channel, phone in ((LEFT, t.stage.caller), (RIGHT, t.stage.anna)):
        heard = seconds_of(frames, rate, channel, phone.hz)
        t.expect(heard > 0.9 * length, f"{phone.name}: {heard:.1f} s of {length:.1f}")
    end(t, t.stage.anna)


@suite.case("a_pause_is_not_in_the_file_and_it_is_one_file")
def _(t):
    ref = talk(t, t.stage.anna)
    recording = begin(t, ref)
    time.sleep(2)
    t.expect(record(t, ref, "pause")["state"] == "paused", "no pause")
    time.sleep(3)
    t.expect(record(t, ref, "resume")["recording"] == recording, "another recording")
    time.sleep(2)
    end(t, t.stage.anna)  # which ends the recording as well
    t.expect(event(t, "call.recorded", recording)["reason"] == "ok", "it did not end well")
    frames, rate, length = read(file_of(t, recording))
    t.expect(3.8 < length < 5.0, f"{length:.2f} s")
    heard = seconds_of(frames, rate, LEFT, t.stage.caller.hz)
    t.expect(heard > 0.85 * length, f"{heard:.1f} s of {length:.1f}")


@suite.case("row_23_the_file_goes_on_with_whoever_picks_the_call_up")
def _(t):
    s = t.stage
    ref = talk(t, s.anna)
    recording = begin(t, ref)
    time.sleep(2)
    s.park(s.anna)
    picked = s.pick_up(s.bert, 1)
    s.hears_tone(s.caller, s.bert.hz, picked)
    time.sleep(2)
    t.expect(s.layby.rows("call")[0]["ref"] == ref, "it is another call")
    end(t, s.bert)
    t.expect(event(t, "call.recorded", recording)["reason"] == "ok", "it did not end well")
    frames, rate, length = read(file_of(t, recording))
    heard = seconds_of(frames, rate, LEFT, s.caller.hz)
    t.expect(heard > 0.9 * length, f"the caller: {heard:.1f} s of {length:.1f}")
    t.expect(seconds_of(frames, rate, RIGHT, s.anna.hz) > 1.5, "Anna is missing")
    t.expect(seconds_of(frames, rate, RIGHT, s.bert.hz) > 2.5, "Bert is missing")
    t.expect(silence_of(frames, rate, RIGHT) > 0.5, "there is somebody while he is parked")


@suite.case("a_full_disk_ends_the_recording_and_no_packet_of_the_call_is_lost")
def _(t):
    s = t.stage
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "none", s.recordings],
                   check=True)
    try:
        with open(os.path.join(s.recordings, "fill"), "wb") as f:
            f.write(bytes((DISK_KB - 200) * 1024))  # some 6 s are left
        ref = talk(t, s.anna)
        began = time.time()
        recording = begin(t, ref)
        told = event(t, "call.recorded", recording, 15)
        t.expect(told["reason"] == "disk full", f"told {told}")
        time.sleep(3)
        now = time.time()
        for phone, voice in ((s.caller, s.anna), (s.anna, s.caller)):
            stream = s.wire.to(phone)
            t.expect(stream.lost(began, now - 0.5) == 0, f"lost on the way to {phone.name}")
            gap = stream.longest_gap(began, now - 0.5)
            t.expect(gap < 0.1, f"{phone.name} waits {gap * 1000:.0f} ms for a packet")
            s.hears_tone(phone, voice.hz, now - 2)
        frames, rate, length = read(file_of(t, recording, ".part"))
        t.expect(4 < length < 7, f"{length:.2f} s are in the file")
        heard = seconds_of(frames, rate, RIGHT, s.anna.hz)
        t.expect(heard > 0.9 * length, f"{heard:.1f} s of {length:.1f} can be heard")
        t.expect(not os.path.exists(file_of(t, recording)), "it has the name of a whole one")
        os.unlink(os.path.join(s.recordings, "fill"))
        again = begin(t, ref)
        t.expect(again != recording, "the same file again")
        end(t, s.anna)
        t.expect(event(t, "call.recorded", again)["reason"] == "ok", "with room it works again")
    finally:
        subprocess.run(["umount", s.recordings], check=False)


@suite.case("what_cannot_be_recorded_is_refused_in_words")
def _(t):
    for words in (("0123456789abcdef", "on"), ("0123456789abcdef", "loudly")):
        try:
            record(t, *words)
            t.expect(False, f"{words} is taken")
        except Refused as e:
            t.expect("no such call" in str(e) or "must be" in str(e), f"says {e}")
    ref = talk(t, t.stage.anna)
    try:
        record(t, ref, "pause")
        t.expect(False, "a pause of nothing is taken")
    except Refused as e:
        t.expect("not recorded" in str(e), f"says {e}")
    end(t, t.stage.anna)
    for worker in t.stage.layby.ask("stats.get")["workers"]:
        t.expect(worker["counters"]["recorded"] > 0, "nothing is counted")
        t.expect(worker["counters"]["record_full"] == 0, "the recorder was too slow")


if __name__ == "__main__":
    if not sources.TRACKS:
        sys.exit("no music: run scripts/install-packages")
    sys.exit(namespace.run_inside(suite.run))
