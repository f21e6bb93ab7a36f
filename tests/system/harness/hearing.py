# SPDX-License-Identifier: BSD-3-Clause
"""What a pair of ears would say about a recording.

Each check answers with a figure, and a limit says from where on it is believed. A recording is
not on a timeline (a phone drops and repeats frames), so a piece of a second or so is looked for
at a time, wherever it may be.
"""

import numpy

from . import sound

MATCH = 0.80  # correlation from which two sounds are the same one
_QUIET = 10 ** (-50 / 20)  # -50 dBFS


def level(samples):
    return float(numpy.sqrt(numpy.mean(samples**2))) if len(samples) else 0.0


def silent(samples):
    return level(samples) < _QUIET


def _likeness(piece, within):
    """Normalised cross-correlation of a piece at each place where it fits; 1 is "the same"."""
    places = len(within) - len(piece) + 1
    if places < 1 or level(piece) < _QUIET:
        return numpy.zeros(1)
    size = 1 << (len(within) + len(piece) - 1).bit_length()
    product = numpy.fft.irfft(
        numpy.fft.rfft(within, size) * numpy.conj(numpy.fft.rfft(piece, size)), size
    )[:places]
    energy = numpy.concatenate(([0.0], numpy.cumsum(within**2)))
    around = numpy.sqrt(numpy.maximum(energy[len(piece) :][:places] - energy[:places], 0))
    floor = _QUIET * numpy.sqrt(len(piece))
    return product / (numpy.maximum(around, floor) * numpy.sqrt(numpy.sum(piece**2)))


def _pieces(samples, seconds, step):
    size = int(seconds * sound.RATE)
    for at in range(0, len(samples) - size + 1, int(step * sound.RATE)):
        yield samples[at : at + size]


def track_seconds(samples, track, piece=0.5):
    """How many seconds of the recording are this track, from wherever in it.

    The first pieces are looked for in the whole track; once found, the next is expected close
    behind, and searched everywhere only when it is not there."""
    loop = numpy.concatenate((track, track[: int(piece * sound.RATE)]))
    size, found, expected, misses = int(piece * sound.RATE), 0.0, None, 0
    slack = int(0.6 * sound.RATE)
    for part in _pieces(samples, piece, piece):
        if silent(part):
            continue
        near = None
        if expected is not None:
            start = max(0, expected - slack)
            near = _likeness(part, loop[start : expected + size + slack])
            if near.max() >= MATCH:
                expected = start + int(near.argmax()) + size
                found += piece
                continue
            expected += size
        # A whole track is large: after some vain searches only now and then.
        misses += 1
        if misses > 8 and misses % 8:
            continue
        far = _likeness(part, loop)
        if far.max() >= MATCH:
            expected, misses = int(far.argmax()) + size, 0
            found += piece
    return found


def trimmed(samples):
    """Without the silence at both ends."""
    loud = numpy.flatnonzero(numpy.abs(samples) > 0.02)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def prompt_likeness(samples, prompt):
    """How surely the prompt is somewhere in the recording, 0 to 1; MATCH is enough.

    A long one is looked for in pieces, for a phone may drop a frame within it: the worst piece
    but the worst quarter counts."""
    wanted = trimmed(prompt)
    parts = list(_pieces(wanted, 0.4, 0.4)) or [wanted]
    scores = sorted(float(_likeness(p, samples).max()) for p in parts if not silent(p))
    return scores[len(scores) // 4] if scores else 0.0


def hears_prompt(samples, prompt):
    return prompt_likeness(samples, prompt) >= MATCH


def tone_seconds(samples, hz):
    """How many seconds of the recording are mostly this tone."""
    window = int(0.1 * sound.RATE)
    wave = numpy.exp(-2j * numpy.pi * hz * numpy.arange(window) / sound.RATE)
    found = 0.0
    for part in _pieces(samples, 0.1, 0.1):
        power = numpy.sum(part**2)
        if not silent(part) and 2 * abs(part @ wave) ** 2 / window > 0.7 * power:
            found += 0.1
    return found


def hears_tone(samples, hz, seconds=0.5):
    return tone_seconds(samples, hz) >= seconds
