# SPDX-License-Identifier: BSD-3-Clause
"""Real processes in a network namespace of their own, and what can be heard and seen of them.

Nothing here asks layby how it feels: content comes from the WAV files that the phones write,
times from the packets on the wire.
"""
