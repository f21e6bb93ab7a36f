# SPDX-License-Identifier: BSD-3-Clause
"""When something was sent: from the packets' own times, never from a recording."""

import numpy

from . import hearing, sound

FRAME = 160
_STEPS = numpy.arange(FRAME) / sound.RATE


def carries_tone(packet, hz):
    """Whether one packet of 20 ms is mostly this tone (pitches are multiples of 50 Hz)."""
    samples = sound.decode(packet.payload, packet.pt)
    if len(samples) != FRAME or hearing.silent(samples):
        return False
    part = abs(samples @ numpy.exp(-2j * numpy.pi * hz * _STEPS)) ** 2 * 2 / FRAME
    return part > 0.6 * numpy.sum(samples**2)


def tone_times(stream, hz, start=0.0):
    return [p.at for p in stream.audio() if p.at >= start and carries_tone(p, hz)]


def first_tone(stream, hz, start=0.0):
    """When the tone is first there, or None."""
    return next((p.at for p in stream.audio() if p.at >= start and carries_tone(p, hz)), None)


def music_begin(stream, track, hz, start):
    """When the track took the place of the tone; None: not yet, or it is another one.

    A track may begin softly: what is found of it later tells, by its place in the track, when
    it began, and before that it cannot have begun earlier than the tone ended."""
    packets = [p for p in stream.audio() if p.at >= start]
    first = next((i for i, p in enumerate(packets) if not carries_tone(p, hz)), None)
    if first is None:
        return None
    size, everywhere = sound.RATE // 2, None
    for at in range(first, len(packets) - size // FRAME, 10):
        piece = sound.join([sound.decode(p.payload, p.pt)
                            for p in packets[at : at + size // FRAME]])
        if len(piece) < size or hearing.silent(piece):
            continue
        everywhere = everywhere or hearing.Within(track, size)
        likeness = everywhere.likeness(piece)
        if likeness.max() >= hearing.MATCH:
            begun = packets[at].at - float(likeness.argmax()) / sound.RATE
            return max(begun, packets[first].at)
    return None


def prompt_span(stream, prompt, start=0.0):
    """From when to when a prompt was sent, silence at its ends included; None: it was not."""
    packets = [p for p in stream.audio() if p.at >= start]
    heard = sound.join([sound.decode(p.payload, p.pt) for p in packets])
    if not packets or not hearing.hears_prompt(heard, prompt):
        return None
    loud = numpy.flatnonzero(numpy.abs(prompt) > 0.02)[0]
    begin = hearing.prompt_place(heard, prompt) - int(loud)
    first = packets[max(0, min(begin // FRAME, len(packets) - 1))].at
    return first, first + len(prompt) / sound.RATE
