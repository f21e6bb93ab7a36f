# SPDX-License-Identifier: BSD-3-Clause
"""The people of the story: three companies with their phones, a carrier, a voicemail server."""

from . import network, sources
from .appliance import user
from .network import Host
from .phone import Phone

ACME_MUSIC = sources.TRACKS[1] if len(sources.TRACKS) > 1 else ""
VOICEMAIL_URI = f"sip:voicemail@{network.VOICEMAIL}:5080"
SERVER = f"{network.CORE}:5060"

DOMAINS = {"2": "acme.example", "3": "bolt.example", "4": "coda.example"}
NUMBERS = {"acme": "+61355500100", "acme queue": "+61355500101", "bolt": "+61355500200",
           "coda": "+61355500300"}


def _forward(seconds=30):
    return {"forward": VOICEMAIL_URI, "seconds": seconds}


def accounts(acme_timeout=15, coda_timeout=120, ring=20, music=ACME_MUSIC):
    """acme parks and has its own music; bolt has not asked for parking; coda parks too."""
    return [
        {"name": "acme", "domain": "acme.example", "music": music,
         "parking": {"code": "#0", "fallback": "reception"},
         "lots": [{"name": "front", "slots": "1-4", "timeout": acme_timeout}],
         "users": [user("201", "Anna"), user("202", "Bert"), user("203")],
         "numbers": [{"number": NUMBERS["acme"], "flow": "main"},
                     {"number": NUMBERS["acme queue"], "flow": "support"}],
         "flows": [{"name": "main", "steps": [{"dial": ["201"], "seconds": ring}, _forward()]},
                   {"name": "support",
                    "steps": [{"queue": ["201", "202"], "seconds": 60}, _forward()]},
                   {"name": "reception", "steps": [{"dial": ["203"], "seconds": 20}]}]},
        {"name": "bolt", "domain": "bolt.example", "users": [user("301")],
         "numbers": [{"number": NUMBERS["bolt"], "flow": "main"}],
         "flows": [{"name": "main", "steps": [{"dial": ["301"], "seconds": 20}]}]},
        {"name": "coda", "domain": "coda.example",
         "parking": {"code": "#0", "fallback": "main"},
         "lots": [{"name": "back", "slots": "1-4", "timeout": coda_timeout}],
         "users": [user("401"), user("402")],
         "numbers": [{"number": NUMBERS["coda"], "flow": "main"}],
         "flows": [{"name": "main", "steps": [{"dial": ["401"], "seconds": 20}, _forward()]}]},
    ]


class Office:
    """Makes hosts and phones as they are needed, and ends all of them."""

    def __init__(self, where):
        self.where = where
        self.phones = []
        self._hosts = {}
        self._callers = 0

    def host(self, name, address):
        if address not in self._hosts:
            self._hosts[address] = Host(name, address, self.where)
        return self._hosts[address]

    def _add(self, phone):
        self.phones.append(phone)
        return phone

    def agent(self, number, hz, answer="manual", password=None, codecs="pcmu"):
        """A registered user's phone; 201 lives at .21, 302 at .32 and so on."""
        host = self.host(f"desk{number}", f"10.99.0.{int(number[0]) * 10 + int(number[-1])}")
        phone = self._add(Phone(f"agent{number}", host, self.where, number, DOMAINS[number[0]],
                                SERVER, password or f"secret{number}", hz, answer=answer,
                                codecs=codecs))
        if password is None:
            phone.registered()
        return phone

    def caller(self, hz, answer="manual"):
        """Somebody out in the world, behind the carrier's trunk."""
        self._callers += 1
        host = self.host("trunk", network.TRUNK)
        return self._add(Phone(f"caller{self._callers}", host, self.where,
                               f"+6140000000{self._callers}", network.TRUNK, SERVER, hz=hz,
                               answer=answer, port=5060 + 4 * (self._callers - 1)))

    def voicemail(self, hz):
        host = self.host("voicemail", network.VOICEMAIL)
        return self._add(Phone("voicemail", host, self.where, "voicemail", network.VOICEMAIL,
                               hz=hz, answer="auto", port=5080))

    def close(self):
        for phone in reversed(self.phones):
            phone.stop()
        for host in self._hosts.values():
            host.unplug()
        self.phones, self._hosts = [], {}


def number_uri(account):
    return f"sip:{NUMBERS[account]}@{network.CORE}"


def slot_uri(phone, slot):
    return f"sip:{slot}@{DOMAINS[phone.user[0]]}"
