#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A worker that polls asks the kernel for nothing, on the ports that do not either: strace on its
thread for a second, while music plays. The main thread is traced as well: it must be seen to ask,
or the tracer saw nothing at all."""

import os
import signal
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bridge, cases, namespace, tracing  # noqa: E402
from harness.appliance import program  # noqa: E402
from harness.bridge import Core  # noqa: E402
from harness.process import Process  # noqa: E402

US, MEDIA, SECONDS, FLOWS = "10.99.0.1", "10.99.0.2", 1, 50


def start(where, vdev):
    config, path = os.path.join(where, "media.yaml"), os.path.join(where, "media.sock")
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"""cores: {{main: 0, workers: "1", idle: poll}}
memory: {{hugepages: none, tracks-mb: 1}}
ports:
  - name: media0
    vdev: "{vdev}"
    gateway: {US}
    addresses:
      - {{ip: {MEDIA}, prefix: 24, rtp-ports: 16384-16583}}
socket: {path}
""")
    process = Process([program("layby-media"), "--config", config],
                      os.path.join(where, "media.log"))
    process.await_line("ready", 15)
    return process, Core(path)


def worker_of(process):
    """The thread that is on CPU 1."""
    for task in os.listdir(f"/proc/{process.pid}/task"):
        if int(task) != process.pid and os.sched_getaffinity(int(task)) == {1}:
            return int(task)
    raise FileNotFoundError("the worker's thread")


def polls_without_a_system_call(t, vdev):
    if not {0, 1} <= os.sched_getaffinity(0):
        raise cases.Skipped("there are no two CPUs for us")
    with tempfile.TemporaryDirectory(prefix="layby-poll-") as where:
        process, core = start(where, vdev)
        try:
            t.soon(core.described, 3, "the directory")
            t.require(core.track(bridge.TRACK_ADD, 5, 0, bytes(8000)) == bridge.OK, "no track")
            for place in range(FLOWS):
                flow = (place, 7)
                core.ask(bridge.OPEN, flow, struct.pack("<Q", 1))
                core.remote(flow, US, 40000 + 2 * place)
                got = core.ask(bridge.MUSIC, flow, struct.pack("<Q", 5))
                t.require(got[0] == bridge.DONE, f"no music: {got[:2]}")
            log = os.path.join(where, "strace")
            main = tracing.syscalls(process.pid, SECONDS, log)
            t.expect(sum(main.values()) > 10, f"the tracer sees nothing: {main}")
            time.sleep(0.2)
            before = [core.stat(name) for name in ("turns", "music_packets")]
            worker = tracing.syscalls(worker_of(process), SECONDS, log)
            time.sleep(0.2)
            after = [core.stat(name) for name in ("turns", "music_packets")]
            t.expect(not worker, f"the worker asks the kernel: {worker}")
            t.expect(after[0] - before[0] > 10000, f"it does not turn: {before} {after}")
            t.expect(after[1] - before[1] >= FLOWS * 25, f"it does not play: {before} {after}")
        finally:
            process.kill(signal.SIGTERM)
            t.expect(process.wait(5) == 0, "it does not end well")


def main():
    suite = cases.Suite("poll")
    for name, vdev in (("net_null", "net_null0"), ("net_ring", "net_ring0")):
        suite.case(name)(lambda t, vdev=vdev: polls_without_a_system_call(t, vdev))
    return suite.run()


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
