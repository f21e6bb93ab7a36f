# SPDX-License-Identifier: BSD-3-Clause
"""SIPp: many callers at once, from a scenario file."""

import os

from .network import CORE
from .process import Process

SCENARIOS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenarios")


class Sipp:
    def __init__(self, host, where, scenario, number, calls, rate, port=5060):
        log = os.path.join(where, f"sipp-{scenario}.log")
        self.process = Process(host.command(
            "sipp", f"{CORE}:5060", "-sf", os.path.join(SCENARIOS, f"{scenario}.xml"),
            "-i", host.address, "-p", str(port), "-mi", host.address, "-mp", "6000",
            "-s", number, "-m", str(calls), "-l", str(calls), "-r", str(rate), "-nostdin",
            "-timeout", "900", "-aa"), log, "sipp", cwd=where)

    def stop(self):
        return self.process.stop()
