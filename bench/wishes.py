# SPDX-License-Identifier: BSD-3-Clause
"""Bodies of commands (dataplane/cmd.h) that more than one bench gives."""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests",
                                "system"))

from harness import bridge  # noqa: E402


def remote(ip, port, rtcp):
    """REMOTE: PCMU of 20 ms, digits as payload type 101, no comfort noise."""
    return struct.pack("<16s16sIHHBBBBBBBB", bridge.mapped(ip), bytes(16), 8000, port, rtcp, 0, 0,
                       101, 101, 0, 20, 0, bridge.NO_PT)
