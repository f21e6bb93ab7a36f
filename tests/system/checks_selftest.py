#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Proves the ears and the eyes of the system tests: each check must say yes to the right thing
and no to the nearest wrong one. Needs no layby; the last part calls from phone to phone."""

import glob
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy  # noqa: E402

from harness import cases, hearing, namespace, sound  # noqa: E402
from harness.capture import Capture  # noqa: E402
from harness.network import Host, Segment  # noqa: E402
from harness.phone import Phone  # noqa: E402
from harness.sources import PROMPTS, TRACKS, prompt  # noqa: E402


def as_heard(samples, seed=1):
    """Through mu-law, quieter, with a lost frame and some hiss: what a phone writes down."""
    hiss = numpy.random.default_rng(seed).normal(0, 0.0005, len(samples))
    heard = sound.decode(sound.encode(samples * 0.9 + hiss), 0)
    cut = len(heard) // 2
    return numpy.concatenate((heard[:cut], heard[cut + 160 :]))


def some(path, start, seconds):
    return sound.read(path)[int(start * sound.RATE) : int((start + seconds) * sound.RATE)]


suite = cases.Suite("checks")


@suite.case("mulaw_and_alaw_come_back_nearly_as_they_went")
def _(t):
    wave = sound.tone(440, 1)
    for pt in (0, 8):
        error = hearing.level(sound.decode(sound.encode(wave, pt), pt) - wave)
        t.expect(error < 0.01, f"payload type {pt}: error {error:.4f}")


@suite.case("a_track_is_known_from_wherever_it_starts_and_across_its_seam")
def _(t):
    for path in TRACKS:
        track = sound.read(path)
        middle = as_heard(some(path, 31.234, 4))
        seam = as_heard(numpy.concatenate((track[-2 * sound.RATE :], track[: 2 * sound.RATE])))
        for what, piece in (("from its middle", middle), ("across its seam", seam)):
            found, loud = hearing.track_seconds(piece, track), hearing.loud_seconds(piece)
            t.expect(loud >= 0.5 and found >= loud - 0.5,
                     f"{os.path.basename(path)} {what}: {found} of {loud} s")


@suite.case("a_track_is_not_taken_for_another_one")
def _(t):
    for path in TRACKS:
        piece = as_heard(some(path, 20, 4))
        for other in TRACKS:
            if other != path:
                found = hearing.track_seconds(piece, sound.read(other))
                t.expect(found == 0, f"{os.path.basename(path)} heard as {other}: {found} s")


@suite.case("tones_silence_and_speech_are_no_track")
def _(t):
    track = sound.read(TRACKS[0])
    speech = as_heard(sound.read(prompt("pbx-invalidpark")))
    for what, piece in (("tone", sound.tone(440, 4)), ("silence", sound.silence(4)),
                        ("speech", speech)):
        t.expect(hearing.track_seconds(piece, track) == 0, f"{what} was heard as music")


@suite.case("each_digit_is_heard_as_itself_and_as_no_other")
def _(t):
    digits = {d: sound.read(prompt(f"digits/{d}")) for d in "0123456789"}
    for said, samples in digits.items():
        padded = numpy.concatenate((sound.silence(1), sound.tone(800, 1), samples,
                                    sound.silence(0.5)))
        for asked, wanted in digits.items():
            score = hearing.prompt_likeness(as_heard(padded), wanted)
            right = (score >= hearing.SAID) == (said == asked)
            t.expect(right, f"said {said}, asked for {asked}: {score:.2f}")


@suite.case("a_digit_that_lost_a_frame_on_the_way_is_still_heard")
def _(t):
    for d in "0123456789":
        whole = sound.read(prompt(f"digits/{d}"))
        score = hearing.prompt_likeness(as_heard(whole), whole)
        t.expect(score >= hearing.SAID, f"{d}: {score:.2f}")


@suite.case("long_prompts_are_heard_as_themselves_only")
def _(t):
    names = ("pbx-invalidpark", "pbx-parkingfailed", "vm-extension", "pbx-invalid")
    for said in names:
        heard = as_heard(numpy.concatenate((sound.silence(0.3), sound.read(prompt(said)))))
        for asked in names:
            score = hearing.prompt_likeness(heard, sound.read(prompt(asked)))
            right = (score >= hearing.SAID) == (said == asked)
            t.expect(right, f"said {said}, asked for {asked}: {score:.2f}")


@suite.case("a_prompt_is_not_heard_in_music")
def _(t):
    for path in TRACKS:
        music = as_heard(some(path, 10, 10))
        for name in ("digits/1", "digits/4", "pbx-parkingfailed"):
            score = hearing.prompt_likeness(music, sound.read(prompt(name)))
            t.expect(score < hearing.SAID, f"{name} in {path}: {score:.2f}")


@suite.case("a_tone_is_heard_at_its_pitch_and_not_at_a_neighbours")
def _(t):
    heard = as_heard(sound.tone(700, 2))
    t.expect(hearing.hears_tone(heard, 700), "700 Hz not heard")
    for hz in (500, 600, 800, 1000):
        t.expect(not hearing.hears_tone(heard, hz), f"700 Hz heard as {hz}")
    music = as_heard(some(TRACKS[0], 20, 10))
    t.expect(not hearing.hears_tone(music, 700), "700 Hz heard in music")


@suite.case("silence_is_silent_and_a_whisper_is_not")
def _(t):
    t.expect(hearing.silent(sound.silence(1)), "silence is loud")
    t.expect(not hearing.silent(sound.tone(500, 1, 0.02)), "a whisper is silent")


@suite.case("two_phones_hear_each_other_and_the_wire_shows_keys_pressed")
def _(t):
    Segment()
    with tempfile.TemporaryDirectory(prefix="layby-") as where:
        wire = Capture(where)
        anna = Phone("anna", Host("a", "10.99.0.11", where), where, "anna", "10.99.0.11", hz=500)
        bert = Phone("bert", Host("b", "10.99.0.12", where), where, "bert", "10.99.0.12", hz=900)
        try:
            anna.dial("sip:bert@10.99.0.12")
            bert.rings()
            bert.accept()
            anna.talks()
            t.soon(lambda: len(wire.streams(dst="10.99.0.12")[0].audio()) > 100, 5,
                   "two seconds of sound")
            anna.press("#0")
            t.soon(lambda: len(wire.streams(src="10.99.0.11")[0].digits()) == 2, 5, "two digits")
            bert.hang_up()
            anna.is_released()
        finally:
            anna.stop()
            bert.stop()
            wire.stop()
        t.expect(hearing.hears_tone(anna.heard(), 900, 1), "anna does not hear bert")
        t.expect(hearing.hears_tone(bert.heard(), 500, 1), "bert does not hear anna")
        t.expect(not hearing.hears_tone(bert.heard(), 900), "bert hears himself")
        digits = [d for d, _ in wire.streams(src="10.99.0.11")[0].digits()]
        t.expect(digits == ["#", "0"], f"pressed #0, seen {digits}")
        byes = [m for m in wire.messages(method="BYE") if not m.status]
        t.expect([m.src for m in byes] == ["10.99.0.12"], "the one who hung up sends BYE")


if __name__ == "__main__":
    if not glob.glob(os.path.join(PROMPTS, "*.wav")):
        sys.exit(f"no prompts in {PROMPTS}: run scripts/install-packages")
    sys.exit(namespace.run_inside(suite.run))
