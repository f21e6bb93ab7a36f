#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Parking where it is hard: races, people who vanish, times that run out."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import cases, namespace, network, office, peer  # noqa: E402
from harness.appliance import user  # noqa: E402
from harness.sources import TRACKS, prompt  # noqa: E402
from harness.stage import Recording, Stage  # noqa: E402

TIMEOUT_S = 60
SPARE_URI = f"sip:spare@{network.VOICEMAIL}:5080"


def accounts():
    """acme with time enough; bolt parks here with all defaults and no music of its own."""
    made = office.accounts(acme_timeout=TIMEOUT_S)
    bolt = made[1]
    bolt["parking"] = {"code": "#0", "fallback": "spare"}
    bolt["lots"] = [{"name": "only", "slots": "1-4"}]
    bolt["users"].append(user("302"))
    bolt["flows"][0]["steps"].append({"forward": office.VOICEMAIL_URI, "seconds": 30})
    bolt["flows"].append({"name": "spare", "steps": [{"forward": SPARE_URI, "seconds": 30}]})
    return made


def make(where):
    stage = Stage(where, accounts()).open()
    o = stage.office
    stage.anna, stage.bert, stage.cleo = (o.agent(n, hz) for n, hz in
                                          (("201", 500), ("202", 900), ("203", 1300)))
    stage.callers = [o.caller(hz) for hz in (700, 1100, 1500)]
    stage.voicemail = o.voicemail(2100)
    return stage


suite = cases.Suite("park", make)


def parked(t, caller, account="acme", agent=None):
    """Brings a caller into slot 1. When he was parked."""
    s = t.stage
    agent = agent or s.anna
    began = s.call(caller, account, agent)
    s.they_talk(caller, agent, began)
    return s.park(agent)


def parked_from_queue(t, caller):
    """Comes by the queue, whose other agent may be gone. When he was parked."""
    s = t.stage
    began, waiting = time.time(), s.bert.mark()
    caller.dial(office.number_uri("acme queue"))
    s.bert.rings(5, waiting)
    s.bert.accept()
    s.they_talk(caller, s.bert, began)
    return s.park(s.bert)


def lot_is_empty(t, seconds=3):
    t.soon(lambda: not t.stage.layby.rows("slot"), seconds, "no call is left in slot list")


@suite.case("two_callers_of_bolt_begin_to_wait_for_its_default_time")
def _(t):
    s = t.stage
    s.dora = s.office.agent("301", 1700)
    s.patient = s.office.caller(1900)
    s.patient_heard = Recording(s.patient)
    s.patient_parked = parked(t, s.patient, "bolt", s.dora)
    s.direct = s.office.agent("302", 2300)
    began, waiting = time.time(), s.dora.mark()
    mark = s.direct.dial("sip:301@bolt.example")
    s.dora.rings(5, waiting)
    s.dora.accept()
    s.direct.talks(5, mark)
    s.they_talk(s.direct, s.dora, began)
    s.direct_parked = s.park(s.dora)
    # Nobody is to hang up for them between the cases.
    s.patients = [s.patient, s.direct]
    for phone in s.patients:
        s.office.phones.remove(phone)


@suite.case("S0-08_the_parker_may_pick_up_again")
def _(t):
    s, caller = t.stage, t.stage.callers[0]
    parked(t, caller)
    dialled = s.pick_up(s.anna, 1)
    s.they_talk(caller, s.anna, dialled)


@suite.case("S0-26_a_caller_who_hangs_up_frees_his_slot_at_once")
def _(t):
    s, caller = t.stage, t.stage.callers[0]
    parked(t, caller)
    caller.hang_up()
    hung, mark, heard = time.time(), s.bert.mark(), Recording(s.bert)
    s.bert.dial(office.slot_uri(s.bert, 1))
    s.bert.is_released(10, mark)
    t.expect(heard.prompt(prompt("pbx-invalidpark")) >= 0.82, "the slot was not empty")
    t.expect(time.time() - hung < 9, "it took long")


@suite.case("S0-07_the_call_stays_when_the_parkers_phone_goes")
def _(t):
    s, caller = t.stage, t.stage.callers[0]
    parked(t, caller)
    s.anna.stop()
    s.office.phones.remove(s.anna)
    dialled = s.pick_up(s.bert, 1)
    s.they_talk(caller, s.bert, dialled)


@suite.case("of_two_who_pick_up_at_once_exactly_one_wins")
def _(t):
    s, caller = t.stage, t.stage.callers[1]
    parked_from_queue(t, caller)
    heard = {p: Recording(p) for p in (s.bert, s.cleo)}
    marks, dialled = {p: p.mark() for p in heard}, time.time()
    both = [threading.Thread(target=p.dial, args=(office.slot_uri(p, 1),)) for p in heard]
    for one in both:
        one.start()
    for one in both:
        one.join()
    t.soon(lambda: any(p.since(marks[p], "CALL_CLOSED") for p in heard), 12, "one loses")
    losers = [p for p in heard if p.since(marks[p], "CALL_CLOSED")]
    t.require(len(losers) == 1, f"{len(losers)} lost")
    winner = s.bert if losers[0] is s.cleo else s.cleo
    s.they_talk(caller, winner, dialled, 10)
    t.expect(heard[losers[0]].prompt(prompt("pbx-invalidpark")) >= 0.82,
             "the loser is not told that nobody is there")
    t.expect(heard[losers[0]].tone(caller.hz) == 0, "the loser heard the caller")


@suite.case("a_retriever_who_vanishes_before_his_ack_gives_the_caller_back")
def _(t):
    s, caller = t.stage, t.stage.callers[2]
    up = parked_from_queue(t, caller)
    ghost = peer.Peer(s.office.host("ghost", "10.99.0.29"), "203", "acme.example", "secret203")
    try:
        call = ghost.invite("sip:1@acme.example")
        t.expect(call.status == 200, f"the ghost was answered {call.status}")
        taken = time.time()
        bye = ghost.await_message(lambda m: m.method == "BYE" and not m.status, 40, "BYE")
        ghost.reply(bye, 200, "OK")
        t.expect(abs(bye.at - taken - 32) < 2, f"given up after {bye.at - taken:.1f} s")
    finally:
        ghost.close()
    gap = s.wire.to(caller, up + 1).longest_gap()
    t.expect(gap < 0.2, f"the music stopped for {gap * 1000:.0f} ms")
    invite = s.soon(lambda: s.requests("INVITE", network.VOICEMAIL, taken), TIMEOUT_S + 5,
                    "his call flow goes on")[0]
    rest = TIMEOUT_S - (taken - up)
    t.expect(abs(invite.at - bye.at - rest) < 2,
             f"went on {invite.at - bye.at:.1f} s after he was back; {rest:.1f} s were left")


def park_with_ack(t, between):
    """A caller from the trunk whose ACK comes before the agent's keys, or between # and 0: the
    wire delays and loses ACKs, and the agent cannot know."""
    s = t.stage
    late = peer.Peer(s.office.host("trunk", network.TRUNK), "+61400000009", network.TRUNK)
    agent = peer.Robot(s.office.host("hasty", "10.99.0.28"), "201", "acme.example", "secret201",
                       keys="")
    try:
        t.require(agent.register() == 200, "the agent is not registered")
        guest = late.invite(office.number_uri("acme"))
        t.require(guest.status == 200, f"the caller was answered {guest.status}")
        desk = next(iter(agent.calls.values()))
        if not between:
            guest.ack()
        time.sleep(0.1)  # whatever the ACK leads to has happened
        desk.press("#")
        if between:
            guest.ack()
        time.sleep(0.1)
        desk.press("0")
        t.soon(lambda: agent.released, 5, "the agent is released, for #0 parks")
        keys = [k for st in s.wire.streams(dst=network.TRUNK) if st.dport == guest.media_port
                for k, _ in st.digits()]
        t.expect(not keys, f"the caller heard {keys}")
        guest.bye()
    finally:
        agent.register(0)
        agent.close()
        late.close()


@suite.case("S0-18_an_ack_before_the_keys_and_the_code_parks")
def _(t):
    # The first caller's telephone has the trunk's port; it has nothing more to do.
    t.stage.callers[0].stop()
    t.stage.office.phones.remove(t.stage.callers[0])
    park_with_ack(t, between=False)


@suite.case("S0-18_a_late_ack_of_the_caller_between_the_keys_does_not_spoil_the_code")
def _(t):
    if t.stage.callers[0] in t.stage.office.phones:
        t.stage.callers[0].stop()
        t.stage.office.phones.remove(t.stage.callers[0])
    park_with_ack(t, between=True)


@suite.case("S0-14_from_a_queue_he_goes_on_with_its_timeout_step")
def _(t):
    # The call before came from the queue and went to voicemail: the step after the queue.
    s = t.stage
    t.expect(s.requests("INVITE", network.VOICEMAIL), "nobody came to voicemail")


@suite.case("S0-15_a_call_without_a_call_flow_goes_to_the_fallback")
def _(t):
    s = t.stage
    invite = s.soon(lambda: [i for i in s.requests("INVITE", network.VOICEMAIL)
                             if i.uri.startswith("sip:spare@")], 130, "the fallback step")[0]
    waited = invite.at - s.direct_parked
    t.expect(abs(waited - 120) <= 1, f"waited {waited:.2f} s")


@suite.case("S0-03_unset_lot_waits_120_s_with_the_default_music")
def _(t):
    s = t.stage
    begun = s.patient_parked
    invite = s.soon(lambda: [i for i in s.requests("INVITE", network.VOICEMAIL, begun)
                             if s.patient.user in i.header("From")], 130, "bolt's caller goes on")[0]
    waited = invite.at - begun
    t.expect(abs(waited - 120) <= 1, f"waited {waited:.2f} s")
    t.expect(s.patient_heard.track(TRACKS[0]) > 60, "the default music was not played")
    s.office.phones += s.patients


@suite.case("the_lot_is_empty_at_the_end")
def _(t):
    lot_is_empty(t)


if __name__ == "__main__":
    sys.exit(namespace.run_inside(suite.run))
