#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Calls between people: each way in which they can end, and that nothing of them is left."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import cases, namespace, network, office, peer, sources  # noqa: E402
from harness.stage import Recording, Stage  # noqa: E402

LOST_ACK_S = 32  # 64 * T1, RFC 3261 13.3.1.4


def make(where):
    stage = Stage(where, office.accounts(ring=6)).open()
    o = stage.office
    stage.anna, stage.bert = o.agent("201", 500), o.agent("202", 900)
    stage.caller, stage.voicemail = o.caller(700), o.voicemail(2100)
    return stage


suite = cases.Suite("calls", make)


def nothing_left(t, seconds=3):
    """Both sides are free, and so is layby."""
    t.soon(lambda: not t.stage.layby.rows("call"), seconds, "no call is left in laybyctl call list")


@suite.case("user_calls_user_and_both_hear_each_other")
def _(t):
    s, heard = t.stage, Recording(t.stage.bert)
    began, waiting = time.time(), s.bert.mark()
    mark = s.anna.dial("sip:202@acme.example")
    s.bert.rings(5, waiting)
    s.bert.accept()
    s.anna.talks(5, mark)
    s.they_talk(s.anna, s.bert, began)
    t.expect(heard.tone(s.anna.hz) >= 0.8, "Bert does not hear Anna")
    mark = s.bert.mark()
    s.anna.hang_up()
    s.bert.is_released(3, mark)
    nothing_left(t)


@suite.case("user_calls_out_through_the_trunk")
def _(t):
    s = t.stage
    began, waiting = time.time(), s.caller.mark()
    mark = s.anna.dial("sip:+61400000001@acme.example")
    s.caller.rings(5, waiting)
    s.caller.accept()
    s.anna.talks(5, mark)
    s.they_talk(s.anna, s.caller, began)
    mark = s.anna.mark()
    s.caller.hang_up()
    s.anna.is_released(3, mark)
    nothing_left(t)


@suite.case("the_wrong_password_does_not_register")
def _(t):
    stranger = t.stage.office.agent("203", 0, password="wrong")
    stranger.process.await_line(r"203@acme\.example.*(401|403)", 10)
    answers = t.stage.wire.messages(dst=stranger.ip, method="REGISTER")
    t.expect(answers and not any(m.status == 200 for m in answers), "it was let in")


@suite.case("a_call_with_a_stolen_name_is_not_let_in")
def _(t):
    host = t.stage.office.host("thief", "10.99.0.66")
    thief = peer.Peer(host, "201", "acme.example", "not the password")
    try:
        call = thief.invite("sip:202@acme.example")
        t.expect(call.status in (401, 403, 407), f"answered {call.status}")
    finally:
        thief.close()
    nothing_left(t)


@suite.case("hold_by_reinvite_gives_music_and_resume_gives_the_voice_back")
def _(t):
    s, heard = t.stage, Recording(t.stage.caller)
    began = s.call(s.caller, "acme", s.anna)
    s.they_talk(s.caller, s.anna, began)
    held = time.time()
    s.anna.hold()
    time.sleep(0.3)
    s.listen(s.caller, held, 4)
    t.expect(heard.track(office.ACME_MUSIC) >= 2, "no music while held")
    resumed = time.time()
    s.anna.resume()
    s.hears_tone(s.caller, s.anna.hz, resumed)
    s.hears_tone(s.anna, s.caller.hz, resumed)
    mark = s.anna.mark()
    s.caller.hang_up()
    s.anna.is_released(3, mark)
    nothing_left(t)


@suite.case("a_caller_who_gives_up_silences_the_phone")
def _(t):
    s, waiting = t.stage, t.stage.anna.mark()
    s.caller.dial(office.number_uri("acme"))
    s.anna.rings(5, waiting)
    s.caller.hang_up()
    s.anna.is_released(3, waiting)
    nothing_left(t)


@suite.case("a_busy_user_is_told_as_busy")
def _(t):
    s, waiting = t.stage, t.stage.bert.mark()
    mark = s.anna.dial("sip:202@acme.example")
    s.bert.rings(5, waiting)
    s.bert.hang_up()
    closed = s.anna.is_released(3, mark)
    t.expect("486" in closed.get("param", ""), f"told {closed.get('param')}")
    nothing_left(t)


@suite.case("nobody_answers_and_the_call_flow_goes_on")
def _(t):
    s, began = t.stage, time.time()
    mark = s.caller.dial(office.number_uri("acme"))
    s.caller.talks(12, mark)
    invites = s.requests("INVITE", s.anna.ip, began) + s.requests("INVITE", network.VOICEMAIL,
                                                                  began)
    t.require(len(invites) == 2, f"{len(invites)} calls instead of Anna's and voicemail's")
    waited = invites[1].at - invites[0].at
    t.expect(abs(waited - 6) < 1, f"rang {waited:.1f} s instead of 6")
    t.expect(len(s.requests("CANCEL", s.anna.ip, began)) == 1, "Anna's phone rings on")
    s.they_talk(s.caller, s.voicemail, began)
    mark = s.voicemail.mark()
    s.caller.hang_up()
    s.voicemail.is_released(3, mark)
    nothing_left(t)


@suite.case("a_user_without_a_phone_cannot_be_reached")
def _(t):
    s = t.stage
    mark = s.anna.dial("sip:203@acme.example")
    closed = s.anna.is_released(5, mark)
    t.expect("480" in closed.get("param", ""), f"told {closed.get('param')}")
    nothing_left(t)


@suite.case("a_number_of_nobody_is_refused")
def _(t):
    s = t.stage
    mark = s.anna.dial("sip:7@acme.example")
    closed = s.anna.is_released(5, mark)
    t.expect("404" in closed.get("param", ""), f"told {closed.get('param')}")
    nothing_left(t)


@suite.case("a_lost_ack_ends_both_sides_after_32_s")
def _(t):
    s = t.stage
    host = s.office.host("forgetful", "10.99.0.67")
    forgetful = peer.Peer(host, "203", "acme.example", "secret203")
    try:
        waiting = s.anna.mark()
        answered = []
        caller = threading.Thread(
            target=lambda: answered.append(forgetful.invite("sip:201@acme.example")))
        caller.start()
        s.anna.rings(5, waiting)
        s.anna.accept()
        caller.join(10)
        t.require(answered and answered[0].status == 200, "not answered")
        first = time.time()
        bye = forgetful.await_message(lambda m: m.method == "BYE" and not m.status,
                                      LOST_ACK_S + 8, "BYE")
        forgetful.reply(bye, 200, "OK")
        t.expect(abs(bye.at - first - LOST_ACK_S) < 1.5, f"BYE after {bye.at - first:.1f} s")
        repeats = [m for m in forgetful.seen if m.status == 200 and m.method == "INVITE"]
        t.expect(8 <= len(repeats) <= 13, f"200 came {len(repeats)} times")
        s.anna.is_released(3, waiting)
    finally:
        forgetful.close()
    nothing_left(t)


@suite.case("a_phone_that_lost_power_does_not_keep_the_caller")
def _(t):
    s, began = t.stage, time.time()
    s.bert.vanish()
    s.office.phones.remove(s.bert)
    mark = s.anna.dial("sip:202@acme.example")
    s.anna.is_released(40, mark)
    t.expect(time.time() - began < 36, "it took too long")
    nothing_left(t)


if __name__ == "__main__":
    if not sources.TRACKS:
        sys.exit("no music: run scripts/install-packages")
    sys.exit(namespace.run_inside(suite.run))
