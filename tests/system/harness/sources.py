# SPDX-License-Identifier: BSD-3-Clause
"""The music and the voice that the tests use, read where Debian's packages put them."""

import glob
import os

PROMPTS = "/usr/share/asterisk/sounds/en_US_f_Allison"
MUSIC = "/usr/share/asterisk/moh"
TRACKS = sorted(glob.glob(os.path.join(MUSIC, "*.wav")))


def prompt(name):
    return os.path.join(PROMPTS, f"{name}.wav")
