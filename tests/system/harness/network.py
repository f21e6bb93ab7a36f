# SPDX-License-Identifier: BSD-3-Clause
"""The wires between the machines: one Ethernet segment, 10.99.0.0/24, and hosts on it.

Every telephone is a host with a network of its own, so that what it sends comes from its own
address: baresip binds its media to no address, and layby believes no other than the named one.
"""

import ctypes
import os
import socket
import subprocess

from .process import Process

SEGMENT = "lan0"
CORE = "10.99.0.1"  # layby-core: this side of the segment
CORE6 = "2001:db8:99::1"
MEDIA = "10.99.0.2"  # layby-media: lives behind its DPDK port, no kernel knows it
TRUNK = "10.99.0.9"
VOICEMAIL = "10.99.0.20"
_CLONE_NEWNET = 0x40000000


def ip(*args):
    subprocess.run(["ip", *args], check=True, stdout=subprocess.DEVNULL)


class Segment:
    """A switch. Its own address is layby-core's."""

    def __init__(self, address=CORE):
        # One that an earlier stage in this namespace left behind.
        subprocess.run(["ip", "link", "delete", SEGMENT], check=False, stderr=subprocess.DEVNULL)
        ip("link", "add", SEGMENT, "type", "bridge")
        ip("address", "add", f"{address}/24", "dev", SEGMENT)
        ip("link", "set", SEGMENT, "up")

    @staticmethod
    def plug(link):
        """Connects an interface that exists already."""
        ip("link", "set", link, "master", SEGMENT)
        ip("link", "set", link, "up")


def alone_on_the_card():
    """The core's address is not the segment's any more: it is to be on the kernel's interface
    of layby-media. Nobody but that interface may answer for this machine, though the kernel sees
    all that is on the segment and on the card."""
    ip("address", "flush", "dev", SEGMENT)
    setting("ipv4/conf/all/arp_ignore", 1)  # only for an address of the interface that was asked
    setting("ipv4/conf/all/rp_filter", 1)  # only where the answer would go out again
    setting("ipv6/conf/default/disable_ipv6", 1)
    setting(f"ipv6/conf/{SEGMENT}/disable_ipv6", 1)


def setting(name, value):
    with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as f:
        f.write(str(value))


def move_in(interface):
    """Gives an interface the core's addresses, as on any card."""
    setting(f"ipv6/conf/{interface}/disable_ipv6", 0)
    ip("address", "add", f"{CORE}/24", "dev", interface)
    ip("address", "add", f"{CORE6}/64", "dev", interface, "nodad")
    ip("link", "set", interface, "up")


class Host:
    """A machine on the segment: an address, and processes that see nothing else."""

    def __init__(self, name, address, where):
        self.name, self.address = name, address
        self._holder = Process(
            ["unshare", "-n", "sh", "-c", "echo here; exec sleep infinity"],
            os.path.join(where, f"{name}.host.log"), f"host {name}")
        self._holder.await_line("here", 5)
        link = f"h{address.rsplit('.', 1)[-1]}"
        # The kernel takes its time to clear away a host of an earlier stage.
        subprocess.run(["ip", "link", "delete", link], check=False, stderr=subprocess.DEVNULL)
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns",
           str(self._holder.pid))
        for args in (("address", "add", f"{address}/24", "dev", "eth0"),
                     ("link", "set", "eth0", "up"), ("link", "set", "lo", "up")):
            subprocess.run(self.command("ip", *args), check=True)
        Segment.plug(link)

    def command(self, *argv):
        """The command line that runs argv on this host."""
        return ["nsenter", "-t", str(self._holder.pid), "-n", *argv]

    def socket(self, port=0, kind=socket.SOCK_DGRAM):
        """A socket of ours on this host."""
        def bound():
            made = socket.socket(socket.AF_INET, kind)
            made.bind((self.address, port))
            return made
        return self.make(bound)

    def make(self, factory):
        """What factory() makes on this host: we step into its network for as long as that takes."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", "rb") as home, \
                open(f"/proc/{self._holder.pid}/ns/net", "rb") as there:
            if libc.setns(there.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"cannot enter the network of {self.name}")
            try:
                return factory()
            finally:
                libc.setns(home.fileno(), _CLONE_NEWNET)

    def unplug(self):
        """Takes the host away, and its processes' network with it."""
        self._holder.stop()
