# SPDX-License-Identifier: BSD-3-Clause
"""layby itself: its two processes with their settings, started, asked and ended."""

import glob
import json
import os
import socket
import subprocess
import time

from . import network, sources
from .process import Gone, Process

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
BUILD = os.environ.get("LAYBY_BUILD", os.path.join(ROOT, "build"))
TAP = "layby0"
KERNEL = "host0"  # the kernel's interface on a one-card site


def program(name):
    """Where the build has put a program of ours."""
    found = glob.glob(os.path.join(BUILD, "**", name), recursive=True)
    found = [f for f in found if os.path.isfile(f) and os.access(f, os.X_OK)]
    if not found:
        raise Gone(f"{name} is not built in {BUILD}: run meson setup build && ninja -C build")
    return found[0]


def yaml(value, depth=0):
    """Plain data as YAML that a person likes to read."""
    lead = "  " * depth
    if isinstance(value, dict) and depth < 3 and value:
        return "".join(f"\n{lead}{k}:{yaml(v, depth + 1)}" for k, v in value.items())
    if isinstance(value, list) and depth < 3 and any(isinstance(v, dict) for v in value):
        items = (yaml(v, depth + 1).lstrip("\n").removeprefix("  " * (depth + 1)) for v in value)
        return "".join(f"\n{lead}- {item}" for item in items)
    return " " + _flow(value)


def _flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    if isinstance(value, str) and value.replace("-", "").replace("_", "").isalpha():
        return value
    return json.dumps(value)


def user(name, display=None):
    made = {"name": name, "password": f"secret{name}"}
    return {**made, "display": display} if display else made


class Refused(Exception):
    """The control socket said no."""


class Appliance:
    """layby-media on a port of the segment, layby-core on the segment's own address."""

    def __init__(self, where, accounts, port="tap", rtp="16384-32767", music=None,
                 address=network.MEDIA, name="layby", media=None):
        self.where = os.path.join(where, name)
        os.makedirs(self.where)
        self.accounts_file = self._path("accounts.yaml")
        self.control = self._path("control.sock")
        self._port, self._rtp, self._address = port, rtp, address
        self._music = music or sources.TRACKS[0]
        self._more = media or {}  # settings of layby-media besides
        self.media = self.core = None
        self._starts = 0
        self.before = []  # what layby-media is started through
        self.provision(accounts)
        self._write_settings()

    def _path(self, file):
        return os.path.join(self.where, file)

    def _write(self, file, data):
        with open(self._path(file), "w", encoding="utf-8") as f:
            f.write(yaml(data).lstrip("\n") + "\n")

    def provision(self, accounts):
        self._write("accounts.yaml", {"accounts": accounts})

    def _write_settings(self):
        vdev = f"net_tap0,iface={TAP}"
        kernel = {}
        if self._port != "tap":
            vdev = "net_af_packet0,iface=card0"
        if self._port == "one card":
            kernel = {"kernel": {"interface": KERNEL}}
        self._write("media.yaml", {
            "cores": {"main": 0, "workers": "1", "idle": "sleep"},
            "memory": {"hugepages": "none"},
            "ports": [{"name": "media0", "vdev": vdev, "worker": 1, "gateway": network.CORE,
                       **kernel, "addresses": [{"ip": self._address, "prefix": 24,
                                      "rtp-ports": self._rtp}]}],
            "socket": self._path("media.sock"), **self._more})
        self._write("core.yaml", {
            "sip": {"listen": f"udp:{network.CORE}:5060"},
            "media": {"socket": self._path("media.sock")},
            "control": {"socket": self.control},
            "accounts": {"file": self.accounts_file},
            "prompts": {"directory": sources.PROMPTS},
            "music": {"default": self._music},
            "trunk": {"name": "carrier", "address": f"{network.TRUNK}:5060"},
            "log": "info"})

    def start(self):
        self.start_media()
        self.start_core()
        return self

    def start_media(self, ready=True):
        if self._port != "tap":
            self._make_card()
        self.media = Process([*self.before, program("layby-media"), "--config", self._path("media.yaml")],
                             self._next_log("media"), "layby-media")
        if ready:
            self._soon(lambda: os.path.exists(self._path("media.sock")), self.media, 15)
            if self._port == "tap":
                self._soon(lambda: os.path.exists(f"/sys/class/net/{TAP}"), self.media, 5)
                network.Segment.plug(TAP)
            if self._port == "one card":
                network.move_in(KERNEL)

    @staticmethod
    def _make_card():
        network.ip("link", "add", "card0", "type", "veth", "peer", "name", "cable0")
        network.ip("link", "set", "card0", "up")
        # The kernel leaves checksums on veth to a card that is not there.
        subprocess.run(["ethtool", "-K", "cable0", "tx", "off"], check=True, capture_output=True)
        network.Segment.plug("cable0")

    def start_core(self, ready=True):
        self.core = Process([program("layby-core"), "--config", self._path("core.yaml")],
                            self._next_log("core"), "layby-core")
        if ready:
            self._soon(self.attached, self.core, 15)

    def _next_log(self, what):
        self._starts += 1
        return self._path(f"{self._starts}-{what}.log")

    def _soon(self, look, process, seconds):
        """Awaits what only looking tells: a file, an interface, an answer."""
        deadline = time.monotonic() + seconds
        while not look():
            if not process.running() or time.monotonic() > deadline:
                why = "ended" if not process.running() else f"is not ready after {seconds} s"
                raise Gone("\n  ".join([f"{process.name} {why}; its last lines:",
                                        *process.lines[-12:]]))
            time.sleep(0.02)

    def ask(self, method, **params):
        """One question on the control socket, and its answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(5)
            s.connect(self.control)
            s.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                                  "params": params}).encode() + b"\n")
            answer = json.loads(s.makefile("rb").readline())
        if "error" in answer:
            raise Refused(answer["error"]["message"])
        return answer["result"]

    def attached(self):
        """Whether the core answers and has its media."""
        try:
            return self.ask("system.info")["media"]["attached"]
        except (OSError, ValueError):
            return False

    def ctl(self, *words):
        """What laybyctl says, as data."""
        done = subprocess.run([program("laybyctl"), "-s", self.control, "--json", *words],
                              capture_output=True, text=True, timeout=10, check=False)
        if done.returncode:
            raise Refused(done.stderr.strip() or done.stdout.strip())
        return json.loads(done.stdout)

    def rows(self, what):
        """The rows of "slot list" or "call list"."""
        answer = self.ctl(what, "list")
        if isinstance(answer, dict):
            answer = next(v for v in answer.values() if isinstance(v, list))
        return answer

    def stop(self):
        """Ends both; their exit statuses."""
        return [p.stop() if p else None for p in (self.core, self.media)]
