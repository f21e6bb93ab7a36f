#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The story of layby, played by real telephones, told as it happens, checked by ear and wire.

Usage: story.py [--json] [--stay] [--stop] [--music FILE] [--keep DIR]
  --json        one object a line for each check, the story goes to stderr
  --stay        afterwards leave layby up for your own softphone (see what it prints)
  --stop        end one that was left up
  --music FILE  give the first company this music while the story expects its own: it must fail
  --keep DIR    keep recordings, captures and logs there
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import namespace, network, office, sound, stay, timeline  # noqa: E402
from harness.hearing import SAID  # noqa: E402
from harness.process import Gone  # noqa: E402
from harness.sources import TRACKS, prompt  # noqa: E402
from harness.stage import Recording, Stage  # noqa: E402

TIMEOUT_S = 15  # of acme's lot
VOICES = {"201": 500, "202": 900, "401": 1300, "301": 1700, "voicemail": 2100}
CALLERS = [700, 1100, 1500, 1900, 2300]
ONE_FRAME_MS = 20


class Story:
    def __init__(self, stage, out):
        self.stage, self._out = stage, out
        self.checks = []
        self._began = time.monotonic()

    def tell(self, text):
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", file=self._out, flush=True)

    def check(self, name, ok, value, unit):
        value = round(float(value), 3)
        self.checks.append({"check": name, "ok": bool(ok), "value": value, "unit": unit})
        shown = f"{value:g} {unit}"
        self.tell(f"    {'holds ' if ok else 'FAILS '} {name.replace('_', ' ')}: {shown}")

    def scene(self, title, act):
        """Plays a scene; one that breaks off is a check that does not hold. True: played."""
        self.tell("")
        self.tell(f"== {title}")
        try:
            act(self)
        except (Gone, OSError) as e:
            self.tell(f"    the scene breaks off: {e}")
            self.check(act.__name__ + "_is_played_to_its_end", False, 0, "scenes")
            self.stage.clear()
            return False
        return True

    # --- what several scenes check

    def check_talk(self, name, one, other, heard):
        """Both hear each other: the poorer of both recordings counts."""
        seconds = min(heard[one].tone(other.hz), heard[other].tone(one.hz))
        self.check(name, seconds >= 0.8, seconds, "s")

    def check_said(self, name, recording, path, wanted=True):
        score = recording.prompt(path)
        self.check(name, (score >= SAID) == wanted, score, "likeness")

    def check_untouched(self, name, caller, recording, since, prompts):
        """The customer heard no key and no prompt."""
        keys = len(self.stage.wire.to(caller, since).digits())
        self.check(f"{name}_never_hears_the_digits", keys == 0, keys, "digits")
        score = max(recording.prompt(p) for p in prompts)
        self.check(f"{name}_never_hears_a_prompt", score < SAID, score, "likeness")


def curtain(story):
    """The phones are plugged in and register."""
    o = story.stage.office
    story.tell("agents 201 and 202 of acme, 401 of coda and 301 of bolt register, with passwords")
    story.agents = {n: o.agent(n, VOICES[n]) for n in ("201", "202", "401", "301")}
    story.callers = [o.caller(hz) for hz in CALLERS]
    story.voicemail = o.voicemail(VOICES["voicemail"])
    story.check("phones_registered", True, len(story.agents), "phones")


def park_and_pick_up(story):
    stage, caller = story.stage, story.callers[0]
    anna, bert = story.agents["201"], story.agents["202"]
    heard = {p: Recording(p) for p in (caller, anna, bert)}

    story.tell(f"a customer calls {office.NUMBERS['acme']}; 201 rings; Anna answers")
    began = stage.call(caller, "acme", anna)
    stage.they_talk(caller, anna, began)
    story.check_talk("caller_and_agent_hear_each_other", caller, anna, heard)

    story.tell("Anna presses #0")
    up = stage.park(anna)
    story.tell("... and is released")
    check_music_begins(story, caller, anna, up)
    story.check_said("parker_hears_one", heard[anna], prompt("digits/1"))
    story.check_said("parker_hears_no_other_number", heard[anna], prompt("digits/2"), False)
    span = stage.prompt(anna, prompt("digits/1"), up)
    bye = stage.soon(lambda: stage.requests("BYE", anna.ip, up), 3, "BYE to the parker")[0].at
    story.check("parker_released_after_the_prompt", -0.1 <= bye - span[1] <= 1.0,
                (bye - span[1]) * 1000, "ms")

    story.tell("the caller waits in slot 1 and hears acme's music")
    stage.listen(caller, up, 6)
    story.check("caller_hears_the_accounts_music", (s := heard[caller].track(office.ACME_MUSIC)) >= 3,
                s, "s")
    other = max(heard[caller].track(t) for t in TRACKS if t != office.ACME_MUSIC)
    story.check("caller_hears_no_other_track", other == 0, other, "s")
    story.check_untouched("caller", caller, heard[caller], began,
                          [prompt("digits/1"), prompt("vm-extension")])

    story.tell("Bert dials 1 on his phone")
    dialled = stage.pick_up(bert, 1)
    both = stage.they_talk(caller, bert, dialled)
    ok = stage.answered(bert, dialled)
    story.check("two_way_sound_after_200_ok", ok and both - ok <= 0.3, (both - (ok or 0)) * 1000,
                "ms")
    story.check_talk("caller_and_retriever_hear_each_other", caller, bert, heard)
    check_continuity(story, caller, began)

    story.tell("Bert hangs up; so the call is over for the caller too")
    hung, mark = time.time(), caller.mark()
    bert.hang_up()
    caller.is_released(3, mark)
    story.check("caller_is_released_with_the_retriever", True, (time.time() - hung) * 1000, "ms")


def check_music_begins(story, caller, agent, up):
    wire, track = story.stage.wire, sound.read(office.ACME_MUSIC)
    try:
        begun = story.stage.soon(
            lambda: timeline.music_begin(wire.to(caller, up), track, agent.hz, up), 5, "music")
        story.check("music_after_key_up", begun - up <= 0.2, (begun - up) * 1000, "ms")
    except Gone:
        story.check("music_after_key_up", False, 5000, "ms")


def check_continuity(story, caller, began):
    """Agent, music, agent: for the caller one stream without a hole."""
    found = [s for s in story.stage.wire.streams(src=network.MEDIA, since=began)
             if s.dst == caller.ip and s.dport in caller.rtp]
    story.check("caller_has_one_stream_all_along", len(found) == 1, len(found), "streams")
    lost = sum(s.lost() for s in found)
    story.check("no_packet_number_is_missing", lost == 0, lost, "packets")
    gap = max(s.longest_gap() for s in found)
    story.check("longest_silence_of_the_stream", gap <= 0.12, gap * 1000, "ms")


def nobody_comes(story):
    stage, caller, anna = story.stage, story.callers[1], story.agents["201"]
    heard = {p: Recording(p) for p in (caller, anna, story.voicemail)}
    story.tell("a second customer calls; Anna answers and parks him in slot 1")
    began = stage.call(caller, "acme", anna)
    stage.they_talk(caller, anna, began)
    up = stage.park(anna)
    dial_nowhere(story)
    from_elsewhere(story)

    story.tell(f"nobody comes; after {TIMEOUT_S} s he goes on to the next step: voicemail")
    mark = story.voicemail.mark()
    invite = stage.soon(lambda: stage.requests("INVITE", network.VOICEMAIL, up)
                        or stage.requests("INVITE", anna.ip, up), TIMEOUT_S + 5,
                        "a call to voicemail")[0]
    story.check("nobody_calls_the_parker_back", invite.dst != anna.ip, invite.dst == anna.ip,
                "calls")
    waited = invite.at - up
    story.check("goes_on_after_the_lots_timeout", abs(waited - TIMEOUT_S) <= 1.0, waited, "s")
    story.voicemail.talks(5, mark) if not story.voicemail.since(0, "CALL_ESTABLISHED") else None
    stage.they_talk(caller, story.voicemail, invite.at)
    story.check_talk("caller_and_voicemail_hear_each_other", caller, story.voicemail, heard)
    seconds = heard[caller].track(office.ACME_MUSIC)
    story.check("caller_heard_music_until_then", seconds >= TIMEOUT_S * 0.7, seconds, "s")
    again = len(stage.requests("INVITE", anna.ip, up))
    story.check("nobody_calls_the_parker_later", again == 0, again, "calls")
    mark = caller.mark()
    caller.hang_up()
    caller.is_released(3, mark)


def dial_nowhere(story):
    stage, bert = story.stage, story.agents["202"]
    story.tell("meanwhile Bert dials 3, where nobody waits")
    heard, dialled = Recording(bert), time.time()
    mark = bert.dial(office.slot_uri(bert, 3))
    bert.is_released(12, mark)
    story.check_said("empty_slot_says_nobody_is_parked", heard, prompt("pbx-invalidpark"))
    byes = len(stage.requests("BYE", bert.ip, dialled, src=network.CORE))
    story.check("empty_slot_dialler_is_released", byes == 1, byes, "BYE")


def from_elsewhere(story):
    stage, caller, stranger = story.stage, story.callers[1], story.agents["401"]
    story.tell("... and 401 of another company dials 1, where acme's customer waits")
    heard = Recording(stranger)
    dialled = time.time()
    mark = stranger.dial(office.slot_uri(stranger, 1))
    stage.soon(lambda: stranger.since(mark, "CALL_CLOSED") or len(
        timeline.tone_times(stage.wire.to(stranger, dialled), caller.hz)) > 50, 12, "an end")
    seconds = heard.tone(caller.hz)
    story.check("another_account_cannot_reach_the_slot", seconds == 0, seconds, "s")
    story.check_said("another_account_hears_nobody_is_parked", heard, prompt("pbx-invalidpark"))


def lot_is_full(story):
    stage, agent = story.stage, story.agents["401"]
    story.tell("coda has four slots; 401 parks four customers")
    for slot, caller in enumerate(story.callers[:4], 1):
        heard = Recording(agent)
        began = stage.call(caller, "coda", agent)
        stage.they_talk(caller, agent, began)
        stage.park(agent)
        story.check_said(f"parker_hears_{slot}", heard, prompt(f"digits/{slot}"))

    fifth = story.callers[4]
    heard = {p: Recording(p) for p in (agent, fifth)}
    story.tell("a fifth one calls; 401 presses #0")
    began = stage.call(fifth, "coda", agent)
    stage.they_talk(fifth, agent, began)
    mark, pressed = agent.mark(), time.time()
    agent.press("#0")
    up = stage.key_up(agent, "0", pressed)
    _, end = stage.prompt(agent, prompt("pbx-parkingfailed"), up)
    story.check_said("parker_hears_that_parking_failed", heard[agent], prompt("pbx-parkingfailed"))
    story.tell("... is told that it failed, and has the customer back")
    back = max(stage.hears_tone(agent, fifth.hz, end - 0.1),
               stage.hears_tone(fifth, agent.hz, end - 0.1))
    late = max(0.0, back - end)
    story.check("parker_is_back_with_the_customer", late <= 0.2, late * 1000, "ms")
    story.check_untouched("fifth_caller", fifth, heard[fifth], began,
                          [prompt("pbx-parkingfailed")])
    gone = len(agent.since(mark, "CALL_CLOSED"))
    story.check("parker_is_not_released", gone == 0, gone, "calls")
    slot_is_freed(story, agent, fifth)


def slot_is_freed(story, agent, fifth):
    stage, second = story.stage, story.callers[1]
    story.tell("the customer in slot 2 hangs up; now #0 parks the fifth, in slot 2")
    mark = second.mark()
    second.hang_up()
    second.is_released(3, mark)
    up = stage.park(agent)
    stage.prompt(agent, prompt("digits/2"), up)
    story.check("freed_slot_is_used_again", True, 2, "slot")
    for caller in (story.callers[0], story.callers[2], story.callers[3], fifth):
        caller.hang_up()


def without_parking(story):
    stage, agent, caller = story.stage, story.agents["301"], story.callers[0]
    story.tell("bolt has not asked for parking: there #0 is two keys for the other side")
    began = stage.call(caller, "bolt", agent)
    stage.they_talk(caller, agent, began)
    mark, pressed = agent.mark(), time.time()
    agent.press("#0")
    stage.soon(lambda: len(stage.wire.to(caller, pressed).digits()) >= 2, 5, "keys for the caller")
    keys = "".join(k for k, _ in stage.wire.to(caller, pressed).digits())
    story.check("without_parking_the_digits_pass", keys == "#0", len(keys), "digits")
    stage.they_talk(caller, agent, time.time())
    gone = len(agent.since(mark, "CALL_CLOSED"))
    story.check("without_parking_the_call_goes_on", gone == 0, gone, "calls")
    mark = agent.mark()
    caller.hang_up()
    agent.is_released(3, mark)


SCENES = [("The phones register", curtain),
          ("Parked, and picked up from another phone", park_and_pick_up),
          ("Parked, and nobody comes", nobody_comes),
          ("All slots full", lot_is_full),
          ("A company without parking", without_parking)]


def play(where, out, music=None, scenes=None):
    """Plays it all, or some scenes; the checks."""
    accounts = office.accounts(acme_timeout=TIMEOUT_S, music=music or office.ACME_MUSIC)
    stage = Stage(where, accounts)
    story = Story(stage, out)
    try:
        story.tell("layby-media opens its DPDK port on a tap; no card, no hugepages are needed")
        stage.open()
        for title, act in scenes or SCENES:
            if not story.scene(title, act) and act is curtain:
                break
    except (Gone, OSError) as e:
        story.tell(f"the story breaks off: {e}")
        story.check("the_appliance_is_up", False, 0, "processes")
    finally:
        alive = sum(p is not None and p.running() for p in (stage.layby.core, stage.layby.media))
        story.check("both_processes_lived_through_it", alive == 2, alive, "processes")
        stage.close()
    return story.checks


def table(checks, out):
    width = max(len(c["check"]) for c in checks)
    print(file=out)
    for c in checks:
        print(f"  {'holds' if c['ok'] else 'FAILS'}  {c['check'].replace('_', ' '):{width}}"
              f"  {c['value']:>10g} {c['unit']}", file=out)
    failed = sum(not c["ok"] for c in checks)
    print(f"\n{len(checks) - failed} of {len(checks)} checks hold", file=out)


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("Usage: ")[1])
    for flag in ("--json", "--stay", "--stop"):
        parser.add_argument(flag, action="store_true")
    for option in ("--music", "--keep"):
        parser.add_argument(option)
    return parser.parse_args()


def main():
    asked = arguments()
    out = sys.stderr if asked.json else sys.stdout
    where = tempfile.mkdtemp(prefix="layby-story-")
    try:
        checks = play(where, out, asked.music)
    finally:
        if asked.keep:
            shutil.copytree(where, asked.keep, dirs_exist_ok=True,
                            ignore=lambda d, files: [f for f in files if f.endswith(".sock")])
        shutil.rmtree(where, ignore_errors=True)
    table(checks, out)
    if asked.json:
        for check in checks:
            print(json.dumps(check), flush=True)
    return 0 if all(c["ok"] for c in checks) else 1


def run():
    asked = arguments()
    if asked.stop:
        return stay.stop()
    status = namespace.run_inside(main)
    if asked.stay and not namespace.inside():
        return stay.start() or status
    return status


if __name__ == "__main__":
    sys.exit(run())
