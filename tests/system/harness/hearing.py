# SPDX-License-Identifier: BSD-3-Clause
"""What a pair of ears would say about a recording.

Each check answers with a figure, and a limit says from where on it is believed. A recording is
not on a timeline (a phone drops and repeats frames), so a piece of a second or so is looked for
at a time, wherever it may be.
"""

import numpy

from . import sound

MATCH = 0.80  # correlation from which half a second of two sounds is the same
# Of a spoken prompt. "two" in "three" comes to 0.78, a digit that lost a frame to 0.86.
SAID = 0.82
_QUIET = 10 ** (-50 / 20)  # -50 dBFS


def level(samples):
    return float(numpy.sqrt(numpy.mean(samples**2))) if len(samples) else 0.0


def silent(samples):
    return level(samples) < _QUIET


class Within:
    """A recording in which pieces of one size are looked for: transformed once, in blocks that
    overlap by a piece, so that a track of minutes costs little."""

    BLOCK = 1 << 15

    def __init__(self, samples, size):
        self.size = size
        self.places = max(0, len(samples) - size + 1)
        step = self.BLOCK - size + 1
        blocks = -(-self.places // step)
        padded = numpy.concatenate((samples, numpy.zeros(blocks * step + size - 1 - len(samples)
                                                         if self.places else 0)))
        self._spectra = [numpy.fft.rfft(padded[i * step : i * step + self.BLOCK], self.BLOCK)
                         for i in range(blocks)]
        self._step = step
        energy = numpy.concatenate(([0.0], numpy.cumsum(samples**2)))
        around = numpy.maximum(energy[size:] - energy[:-size], 0) if self.places else energy[:0]
        self._around = numpy.sqrt(numpy.maximum(around, _QUIET**2 * size))

    def likeness(self, piece):
        """Normalised cross-correlation with the piece at each place; 1 is "the same"."""
        if not self.places or silent(piece):
            return numpy.zeros(1)
        wanted = numpy.conj(numpy.fft.rfft(piece, self.BLOCK))
        product = sound.join([numpy.fft.irfft(s * wanted)[: self._step] for s in self._spectra])
        return product[: self.places] / (self._around * numpy.sqrt(numpy.sum(piece**2)))


def _likeness(piece, samples):
    return Within(samples, len(piece)).likeness(piece)


def _pieces(samples, seconds, step):
    size = int(seconds * sound.RATE)
    for at in range(0, len(samples) - size + 1, int(step * sound.RATE)):
        yield samples[at : at + size]


def track_seconds(samples, track, piece=0.5):
    """How many seconds of the recording are this track, from wherever in it.

    The first piece is looked for in the whole track; the next is expected close behind, and
    looked for everywhere only when it is not there."""
    size, slack = int(piece * sound.RATE), int(0.6 * sound.RATE)
    loop = numpy.concatenate((track, track[: size + slack]))
    everywhere = Within(loop, size)
    found, expected = 0.0, None
    for part in _pieces(samples, piece, piece):
        if silent(part):
            continue
        if expected is not None:
            start = max(0, expected % len(track) - slack)
            near = _likeness(part, loop[start : start + size + 2 * slack])
            if near.max() >= MATCH:
                expected = start + int(near.argmax()) + size
                found += piece
                continue
        far = everywhere.likeness(part)
        expected = int(far.argmax()) + size if far.max() >= MATCH else None
        found += piece if expected else 0
    return found


def loud_seconds(samples, piece=0.5):
    """How many seconds, counted in the same pieces, are not silent."""
    return sum(piece for p in _pieces(samples, piece, piece) if not silent(p))


def trimmed(samples):
    """Without the silence at both ends."""
    loud = numpy.flatnonzero(numpy.abs(samples) > 0.02)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def _look_for(samples, prompt):
    """How surely the prompt's loud part is there, and at which sample it begins.

    Looked for in short pieces, for a phone may drop a frame within it: where the best piece is
    found, the others must be around it, and the mean of all counts."""
    wanted = trimmed(prompt)
    loud, slack = level(wanted) / 2, int(0.03 * sound.RATE)
    size, step = min(len(wanted), int(0.12 * sound.RATE)), int(0.05 * sound.RATE)
    parts = [(at, wanted[at : at + size]) for at in range(0, len(wanted) - size + 1, step)]
    parts = [(at, p) for at, p in parts if level(p) > loud]
    within = Within(samples, size)
    found = [(at, within.likeness(p)) for at, p in parts]
    best_at, best = max(found, key=lambda f: f[1].max())
    begin = int(best.argmax()) - best_at
    scores = [max(f[max(0, begin + at - slack) : max(0, begin + at + slack)], default=0.0)
              for at, f in found]
    return float(sum(scores) / len(scores)), max(0, begin)


def prompt_likeness(samples, prompt):
    """How surely the prompt is somewhere in the recording, 0 to 1; SAID is enough."""
    return _look_for(samples, prompt)[0]


def prompt_place(samples, prompt):
    """The sample at which its loud part begins."""
    return _look_for(samples, prompt)[1]


def hears_prompt(samples, prompt):
    return prompt_likeness(samples, prompt) >= SAID


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
