# SPDX-License-Identifier: BSD-3-Clause
"""Sound as arrays of samples at 8 kHz: WAV files, tones, G.711."""

import ctypes
import functools
import struct
import sys

try:
    import numpy
except ImportError:
    sys.exit("python3-numpy is missing: run scripts/install-packages, and start me with "
             "/usr/bin/python3 (another python may be first in the PATH).")

RATE = 8000
_UNKNOWN_LENGTH = 0xFFFFFFFF


def _chunks(data):
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        # A recorder that was killed leaves a length of 0 behind: then the rest is sound.
        if name == b"data" and size in (0, _UNKNOWN_LENGTH):
            size = len(data) - at - 8
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + (size & 1)


def read(path):
    """The samples of a WAV file (PCM 16 bit, mono, 8 kHz), -1 to 1."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return numpy.zeros(0)
    chunks = dict(_chunks(data))
    kind, channels, rate = struct.unpack_from("<HHI", chunks.get(b"fmt ", bytes(8)))
    if b"data" not in chunks:
        return numpy.zeros(0)
    if (kind, channels, rate) not in ((1, 1, RATE), (0xFFFE, 1, RATE)):
        raise ValueError(f"{path} is not PCM, mono, 8 kHz")
    whole = len(chunks[b"data"]) // 2 * 2
    return numpy.frombuffer(chunks[b"data"][:whole], "<i2").astype(float) / 32768


def write(path, samples):
    pcm = (numpy.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1,
                       RATE, RATE * 2, 2, 16, b"data", len(pcm))
    with open(path, "wb") as f:
        f.write(head + pcm)


def silence(seconds):
    return numpy.zeros(int(seconds * RATE))


def tone(hz, seconds, level=0.3):
    return level * numpy.sin(2 * numpy.pi * hz * numpy.arange(int(seconds * RATE)) / RATE)


def join(pieces):
    return numpy.concatenate(pieces) if pieces else numpy.zeros(0)


def _mulaw_table():
    code = ~numpy.arange(256) & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return numpy.where(code & 0x80, -size, size) / 32768


def _alaw_table():
    code = numpy.arange(256) ^ 0x55
    exponent, mantissa = code >> 4 & 7, code & 0x0F
    size = numpy.where(exponent, (mantissa * 16 + 264) << numpy.maximum(exponent - 1, 0),
                       mantissa * 16 + 8)
    return numpy.where(code & 0x80, size, -size) / 32768


_TABLES = {0: _mulaw_table(), 8: _alaw_table()}


class _G722:
    """spandsp's, for one stream at a time: 8 kHz in and out here, whatever it says of 16."""

    def __init__(self):
        self.lib = ctypes.CDLL("libspandsp.so.2")
        for name in ("g722_encode_init", "g722_decode_init"):
            getattr(self.lib, name).restype = ctypes.c_void_p
            getattr(self.lib, name).argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        for name in ("g722_encode", "g722_decode"):
            getattr(self.lib, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p,
                                                ctypes.c_int]
        self.encoder = self.lib.g722_encode_init(None, 64000, 0)

    def decode(self, payload):
        pcm = ctypes.create_string_buffer(4 * len(payload) + 4)
        state = self.lib.g722_decode_init(None, 64000, 0)
        n = self.lib.g722_decode(state, pcm, payload, len(payload))
        return numpy.frombuffer(pcm.raw[:2 * n], "<i2")[::2] / 32768

    def encode(self, samples):
        pcm = (numpy.repeat(samples, 2) * 32767).astype("<i2").tobytes()
        out = ctypes.create_string_buffer(len(samples) + 4)
        n = self.lib.g722_encode(self.encoder, out, pcm, len(pcm) // 2)
        return out.raw[:n]


class _Opus:
    """libopus's, by the packet; 8 kHz out."""

    def __init__(self):
        self.lib = ctypes.CDLL("libopus.so.0")
        self.lib.opus_decoder_create.restype = ctypes.c_void_p
        self.lib.opus_decode.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int,
                                         ctypes.c_char_p, ctypes.c_int, ctypes.c_int]

    def decode(self, packets):
        state = self.lib.opus_decoder_create(RATE, 1, None)
        pcm = ctypes.create_string_buffer(2 * 960)
        pieces = []
        for packet in packets:
            n = self.lib.opus_decode(state, packet, len(packet), pcm, 960, 0)
            pieces.append(numpy.frombuffer(pcm.raw[:2 * max(n, 0)], "<i2") / 32768)
        return join(pieces)


def decode_opus(packets):
    """Packets of Opus, in order, to samples."""
    return _Opus().decode(packets)


G722 = 9


@functools.cache
def _g722():
    return _G722()


def decode(payload, pt):
    """Payload bytes to samples; pt 0 is mu-law, 8 A-law, 9 G.722."""
    if pt == G722:
        return _g722().decode(payload)
    return _TABLES[pt][numpy.frombuffer(payload, "u1")]


def encode(samples, pt=0):
    """The nearest G.711 code of each sample: slow and plain, for tests."""
    if pt == G722:
        return _g722().encode(samples)
    table = _TABLES[pt]
    order = numpy.argsort(table)
    middle = (table[order][1:] + table[order][:-1]) / 2
    return order[numpy.searchsorted(middle, samples)].astype("u1").tobytes()
