#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The story as a test: each check of it is a case, and it must fail with other music."""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import story  # noqa: E402
from harness import cases, namespace, office, sources  # noqa: E402

# What of features.md B0 a check of the story proves.
PROVES = {
    "caller_hears_the_accounts_music": "S0-02",
    "goes_on_after_the_lots_timeout": "S0-10, S0-12, S0-13",
    "music_after_key_up": "S0-18, S0-20",
    "parker_hears_one": "S0-19",
    "parker_released_after_the_prompt": "S0-20",
    "two_way_sound_after_200_ok": "S0-08, S0-23",
    "nobody_calls_the_parker_back": "S0-11",
    "parker_hears_4": "S0-09",
    "parker_hears_that_parking_failed": "S0-21",
    "parker_is_back_with_the_customer": "S0-22",
    "freed_slot_is_used_again": "S0-26",
    "empty_slot_says_nobody_is_parked": "S0-25",
    "without_parking_the_digits_pass": "S0-01",
}


def whole_story(where):
    os.makedirs(where)
    return story.play(where, sys.stdout)


def swapped(where):
    """The first scene only, with music that is not acme's."""
    os.makedirs(where)
    other = next(t for t in sources.TRACKS if t != office.ACME_MUSIC)
    return story.play(where, sys.stdout, music=other, scenes=story.SCENES[:2])


def main():
    suite = cases.Suite("story")
    where = tempfile.mkdtemp(prefix="layby-story-")
    checks = whole_story(os.path.join(where, "whole"))
    for check in checks:
        ids = PROVES.get(check["check"])
        name = f"{check['check']} [{ids}]" if ids else check["check"]
        suite.case(name)(lambda t, c=check: t.expect(c["ok"], f"{c['value']} {c['unit']}"))

    @suite.case("the_story_fails_when_the_track_file_is_swapped")
    def _(t):
        failed = [c["check"] for c in swapped(os.path.join(where, "swapped")) if not c["ok"]]
        t.expect("caller_hears_the_accounts_music" in failed, "the ears took other music for it")

    try:
        return suite.run()
    finally:
        shutil.rmtree(where, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(namespace.run_inside(main))
