#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""laybyctl before a real control socket with a made-up domain, and before sockets that lie.

laybyctl_test.py LAYBYCTL FAKE_CORE
"""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import unittest

LAYBYCTL, FAKE_CORE = sys.argv[1:3]
DONE, REFUSED, USAGE, NO_DAEMON = range(4)
# What a caller may call himself: an escape, a bell, C1, a right-to-left override, a byte that is
# no UTF-8, a line end, a tag character; and what must stay readable.
NASTY = b"A\x1b[2J\x07\xc2\x9b31m\xe2\x80\xae\xff\n\xf3\xa0\x80\x81\x7fZ\xc3\xa9"


def run(*words, path=None, code=DONE):
    command = [LAYBYCTL] + (["-s", path] if path else []) + list(words)
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    if code is not None and done.returncode != code:
        raise AssertionError(
            f"{words}: exit {done.returncode}, not {code}: {done.stdout!r} {done.stderr!r}")
    return done.stdout.decode(), done.stderr.decode()


@contextlib.contextmanager
def core(parked=3, name=b"Ann", broken=False):
    """A core that lives for the length of a with."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "control.sock")
        words = [FAKE_CORE, path, str(parked), name] + (["broken"] if broken else [])
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            assert process.stdout.readline() == b"ready\n"
            process.path = path
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            left = process.wait(10)
            process.stdout.close()
        assert left == 0, f"the core ended with {left}"


@contextlib.contextmanager
def liar(answer):
    """A socket that sends these bytes to whoever asked once, then hangs up."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = os.path.join(folder, "control.sock")
        listener.bind(path)
        listener.listen(1)

        def serve():
            with contextlib.suppress(OSError):
                end, _ = listener.accept()
                with end:
                    end.recv(65536)
                    end.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield path
        thread.join(20)


def harmless(text):
    """Is there nothing in it that a terminal would obey or hide?"""
    return all(c == "\n" or unicodedata.category(c)[0] != "C" for c in text)


def wide(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Laybyctl(unittest.TestCase):
    def test_a_list_is_a_table(self):
        with core(parked=2) as c:
            out, _ = run("slot", "list", path=c.path)
        self.assertEqual(out.splitlines(), [
            "ACCOUNT  LOT   SLOT  STATE       CALLER        NAME  PARKED BY  WAITED (s)  LEFT (s)  REF",
            "acme     main     1  OCCUPIED    +61355500100  Ann   201                11       109  ref-1",
            "acme     main     2  RETRIEVING  +61355500100  Ann   201                12     never  ref-2",
        ])

    def test_every_list_has_its_columns(self):
        with core() as c:
            out, _ = run("call", "list", path=c.path)
            self.assertIn("CALL FLOW  STEP  KIND  SLOT  SINCE (s)", out)
            self.assertEqual(len(out.splitlines()), 5)
            out, _ = run("lot", "list", path=c.path)
            self.assertEqual(out.splitlines()[1].split(), "acme main 1 4 3 120".split())
            self.assertEqual(out.splitlines()[2].split(), "acme upper 10 19 0 never".split())
            out, _ = run("user", "list", "acme", path=c.path)
            self.assertEqual(out.splitlines()[2].split(), "202 Bob yes yes 1 sip:b".split())
            self.assertEqual(out.splitlines()[3].split(), "203 - no no 0 -".split())

    def test_an_empty_list_says_so(self):
        with core(parked=0) as c:
            self.assertEqual(run("slot", "list", path=c.path)[0], "no call is parked\n")
            self.assertEqual(run("slot", "list", "empty", path=c.path)[0],
                             "no call is parked in account empty\n")
            self.assertIn(" 0 ", run("lot", "list", path=c.path)[0].splitlines()[1])
            self.assertEqual(run("user", "list", "empty", path=c.path)[0],
                             "there is no user in account empty\n")
            self.assertEqual(run("call", "list", "empty", path=c.path)[0],
                             "there is no call in account empty\n")

    def test_json_is_json_and_a_long_list_is_whole(self):
        with core(parked=2500) as c:
            out, _ = run("slot", "list", "acme", "--json", path=c.path)
            slots = json.loads(out)["slots"]
            self.assertEqual([s["slot"] for s in slots], list(range(1, 2501)))
            self.assertEqual(len(run("slot", "list", path=c.path)[0].splitlines()), 2501)
            for words in ("info", "stats", "methods", "call list", "lot list"):
                json.loads(run(*words.split(), "--json", path=c.path)[0])

    def test_a_lot_narrows_the_list(self):
        with core(parked=6) as c:
            out, _ = run("slot", "list", "acme", "upper", "-j", path=c.path)
            self.assertEqual([s["slot"] for s in json.loads(out)["slots"]], [5, 6])

    def test_what_is_refused_is_said_on_stderr(self):
        with core(broken=True) as c:
            for words, sentence in (
                    (["slot", "list", "nobody"], 'there is no account "nobody"'),
                    (["slot", "list", "acme", "x"], 'account "acme" has no lot "x"'),
                    (["log", "set", "loud"], "must be error, warning"),
                    (["account", "reload"], "line 3, column 5"),
                    (["config", "check"], "line 3, column 5"),
                    (["config", "check", "/no/such"], "No such file"),
                    (["config", "check", "/dev/null"], "is not a file"),
                    (["call", "no.such"], "there is no method"),
                    (["call", "slot.list", '{"x":1}'], 'no parameter "x"'),
                    (["call", "slot.list", "[1]"], "by name")):
                out, err = run(*words, path=c.path, code=REFUSED)
                self.assertEqual(out, "", words)
                self.assertIn(sentence, err)
                self.assertTrue(err.startswith("laybyctl: "))

    def test_what_is_done_is_said(self):
        with core() as c:
            self.assertEqual(run("account", "reload", path=c.path)[0], "taken: 2 accounts\n")
            self.assertEqual(run("config", "check", path=c.path)[0], "nothing is wrong with it\n")
            self.assertEqual(run("config", "check", __file__, path=c.path)[0],
                             "nothing is wrong with it\n")
            self.assertEqual(run("log", "set", "debug", path=c.path)[0],
                             "the core logs at level debug\n")
            self.assertEqual(json.loads(run("call", "log.set", '{"level":"info"}', path=c.path)[0]),
                             {"level": "info"})

    def test_the_quality_of_a_call_is_asked_for_until_it_is_there(self):
        with core() as c:
            out, _ = run("call", "quality", "ref-t", path=c.path)
            self.assertIn("guest 201\n", out)
            self.assertIn("other 202\n", out)
            self.assertEqual(out.count("received  packets 500  lost 5  jitter_us 1200  mos 4.3"), 2)
            self.assertEqual(out.count("sent      packets 510  lost 0  jitter_us 0  mos not known"), 2)
            self.assertEqual(out.count("round trip 40000 us"), 2)
            legs = json.loads(run("call", "quality", "ref-t", "--json", path=c.path)[0])["legs"]
            self.assertEqual(legs[1]["received"]["mos"], 4.3)
            self.assertIsNone(legs[1]["sent"]["mos"])
            _, error = run("call", "quality", "no-such", path=c.path, code=REFUSED)
            self.assertIn("there is no such call", error)

    def test_the_core_map_is_a_table_with_its_warnings(self):
        with core() as c:
            out, _ = run("core", "plan", path=c.path)
            self.assertRegex(out, r"right +3 +2 +2 +1 +0 +100 +1024 +1024 +auto")
            self.assertRegex(out, r"192\.0\.2\.1 +left +1 +1 +100 +16384 +16583")
            self.assertIn("warning: port right crosses", out)
            plan = json.loads(run("core", "plan", "--json", path=c.path)[0])
            self.assertEqual(plan["queues"][1]["queue"], 3)

    def test_a_queue_is_moved_or_it_is_said_why_not(self):
        with core() as c:
            out, _ = run("core", "move", "right", "3", "1", path=c.path)
            self.assertEqual(out, "queue 3 of right is polled by worker 1\n")
            for words, why in ((("left", "3", "1"), "there is no queue 3 of a port"),
                               (("up", "0", "1"), "there is no queue 0 of a port \"up\""),
                               (("right", "3", "3"), "there is no worker 3: there are 2"),
                               (("right", "x", "1"), "queue"), (("right", "3", "0"), "worker")):
                _, err = run("core", "move", *words, path=c.path, code=REFUSED)
                self.assertIn(why, err, words)
        with core(broken=True) as c:
            _, err = run("core", "move", "right", "3", "1", path=c.path, code=REFUSED)
            self.assertIn("layby-media is not there, or is busy", err)

    def test_the_plan_of_a_file_needs_no_core(self):
        with tempfile.TemporaryDirectory() as folder:
            media = os.path.join(folder, "media")
            with open(media, "w", encoding="ascii") as f:
                f.write("#!/bin/sh\necho \"$@\"\n")
            os.chmod(media, 0o755)
            os.environ["LAYBY_MEDIA"] = media
            self.assertEqual(run("core", "plan", "a.yaml", path="/no/such")[0],
                             "--config a.yaml --check\n")
            self.assertEqual(run("core", "plan", "a.yaml", "--json", path="/no/such")[0],
                             "--config a.yaml --check --json\n")
            os.environ["LAYBY_MEDIA"] = "/no/such"
            self.assertIn("/no/such", run("core", "plan", "a.yaml", code=REFUSED)[1])
            del os.environ["LAYBY_MEDIA"]

    def test_wrong_usage_is_told_apart(self):
        for words in ([], ["slot"], ["slot", "lost"], ["user", "list"], ["log", "set"],
                      ["slot", "list", "a", "b", "c"], ["info", "x"], ["--nonsense"], ["-x"],
                      ["-s"], ["slot", "list", "--since", "1"], ["events", "--watch"],
                      ["events", "--since", "x"], ["call", "system.info", "{"], ["--json=1", "info"],
                      ["x"] * 200):
            # The order matters: usage is wrong whether a core is there or not.
            with core() as c:
                out, err = run(*words, path=c.path if words != ["-s"] else None, code=USAGE)
            self.assertEqual(out, "", words)
            self.assertIn("laybyctl: ", err)
            self.assertTrue(harmless(err))

    def test_no_core_is_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "none.sock")
            _, err = run("slot", "list", path=path, code=NO_DAEMON)
            self.assertIn("is layby-core running?", err)
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(path)
            _, err = run("info", path=path, code=NO_DAEMON)
            self.assertIn("is layby-core running?", err)
            _, err = run("info", path="/" + "x" * 200, code=NO_DAEMON)
            self.assertIn("too long", err)

    def test_a_socket_that_lies_is_no_core(self):
        for answer, sentence in (
                (b"", "closed the connection"),
                (b"hello\n", "no answer of layby-core"),
                (b"[]\n", "no answer of layby-core"),
                (b'{"jsonrpc":"2.0","id":1}\n', "no answer of layby-core"),
                (b'{"jsonrpc":"2.0","id":1,"resu', "closed the connection"),
                (b'{"id":7,"result":{}}\n', "closed the connection"),
                (b"x" * (5 << 20), "no answer of layby-core")):
            with liar(answer) as path:
                out, err = run("info", path=path, code=NO_DAEMON)
            self.assertEqual(out, "")
            self.assertIn(sentence, err)

    def test_a_refusal_without_an_id_is_a_refusal(self):
        with liar(b'{"id":null,"error":{"code":-32007,"message":"32 are\\u001b connected"}}\n') as p:
            _, err = run("info", path=p, code=REFUSED)
        self.assertEqual(err, "laybyctl: 32 are\ufffd connected\n")

    def test_a_list_that_is_none_is_an_empty_one(self):
        for result in (b"{}", b"7", b'{"slots":7,"next":[]}'):
            with liar(b'{"id":1,"result":' + result + b"}\n") as path:
                self.assertEqual(run("slot", "list", path=path)[0], "no call is parked\n")

    def test_a_callers_name_cannot_touch_the_terminal(self):
        with core(parked=2, name=NASTY) as c:
            c.send_signal(signal.SIGUSR1)
            time.sleep(0.1)
            for words in (["slot", "list"], ["events"], ["slot", "list", "--json"],
                          ["events", "--json"], ["call", "slot.list"]):
                out, err = run(*words, path=c.path)
                self.assertTrue(harmless(out + err), (words, out))
            out, _ = run("slot", "list", path=c.path)
            self.assertIn("A\ufffd[2J\ufffd\ufffd31m\ufffd\ufffd\ufffd\ufffd\ufffdZé", out)
            _, err = run("slot", "list", "no\x1b[2Jbody", path=c.path, code=REFUSED)
            self.assertTrue(harmless(err))
            _, err = run("no\x1b[2J", path=c.path, code=USAGE)
            self.assertTrue(harmless(err))

    def test_wide_and_combining_characters_keep_the_columns(self):
        with core(parked=1, name="日本".encode()) as c:
            lines = run("slot", "list", path=c.path)[0].splitlines()
        self.assertEqual(wide(lines[1].split("201")[0]), wide(lines[0].split("PARKED")[0]))

    def test_events_are_shown_and_followed(self):
        with core() as c:
            self.assertEqual(run("events", path=c.path)[0], "nothing has happened\n")
            for _ in range(3):
                c.send_signal(signal.SIGUSR1)
                time.sleep(0.05)
            out, _ = run("events", path=c.path)
            self.assertEqual(len(out.splitlines()), 3)
            self.assertRegex(out, r"^ +1  \d{4}-\d\d-\d\dT[\d:.]+Z  park\.parked +acme slot 2  "
                                  r"caller=Ann  parker=201  ref=ref-2  waited 1\.5 s\n")
            out, _ = run("events", "--json", "--since=2", path=c.path)
            self.assertEqual(json.loads(out)["seq"], 3)
            follower = subprocess.Popen(
                [LAYBYCTL, "-s", c.path, "events", "-f", "-j", "--since", "1"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(json.loads(follower.stdout.readline())["seq"], 2)
            self.assertEqual(json.loads(follower.stdout.readline())["seq"], 3)
            c.send_signal(signal.SIGUSR1)
            self.assertEqual(json.loads(follower.stdout.readline())["seq"], 4)
            c.terminate()
            c.wait(10)
            _, err = follower.communicate(timeout=10)
            self.assertIn(b"closed the connection", err)
            self.assertEqual(follower.returncode, NO_DAEMON)

    def test_events_of_a_former_run_are_said_to_be_missing(self):
        with core() as c:
            _, err = run("events", "--since", "77", path=c.path)
            self.assertIn("missing", err)

    def test_watching_prints_again_until_the_core_goes(self):
        with core() as c:
            watcher = subprocess.Popen([LAYBYCTL, "-s", c.path, "lot", "list", "-w"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            lines = [watcher.stdout.readline() for _ in range(5)]
            self.assertEqual(lines[0], lines[4])
            self.assertEqual(lines[3], b"\n")
            c.terminate()
            c.wait(10)
            watcher.communicate(timeout=10)
            self.assertEqual(watcher.returncode, NO_DAEMON)

    def test_stats_and_info_are_readable(self):
        with core() as c:
            out, _ = run("stats", path=c.path)
            self.assertRegex(out, r"(?m)^datagrams +42  datagrams received$")
            self.assertRegex(out, r"(?m)^MEDIA WORKER 0$")
            self.assertRegex(out, r"(?m)^turns +17  times round the loop$")
            self.assertRegex(out, r"(?m)^connections +1  connections accepted$")
            out, _ = run("info", path=c.path)
            self.assertRegex(out, r"(?m)^media +attached, 2 workers, 7 flows open, 93 free$")
            self.assertRegex(out, r"(?m)^calls +4, 3 of them parked$")
            out, _ = run("methods", path=c.path)
            self.assertIn("slot.list\n", out)

    def test_completion_knows_what_can_be_typed(self):
        with core() as c:
            os.environ["LAYBY_SOCKET"] = c.path
            for words, candidates in (
                    ([""], "slot call lot user info stats events core account config log methods"),
                    (["sl"], "slot"),
                    (["slot", ""], "list"),
                    (["call", "li"], "list"),
                    (["slot", "list", ""], "acme"),
                    (["slot", "list", "b"], ""),
                    (["slot", "list", "acme", ""], "main upper"),
                    (["slot", "list", "acme", "main", ""], ""),
                    (["log", "set", ""], "error warning notice info debug"),
                    (["call", "slot"], "slot.list"),
                    (["slot", "list", "--js"], "--json"),
                    (["--wa"], "--watch"),
                    (["nonsense", ""], "")):
                out, _ = run("--complete", *words)
                self.assertEqual(out.split(), candidates.split(), words)
            self.assertIn("events.subscribe", run("--complete", "call", "")[0].split())
            os.environ["LAYBY_SOCKET"] = "/no/such"
            self.assertEqual(run("--complete", "slot", "list", ""), ("", ""))
            del os.environ["LAYBY_SOCKET"]

    def test_the_environment_names_the_socket_and_the_option_wins(self):
        with core() as c:
            os.environ["LAYBY_SOCKET"] = c.path
            run("info")
            run("info", path="/no/such", code=NO_DAEMON)
            del os.environ["LAYBY_SOCKET"]

    def test_help_names_every_command(self):
        out, _ = run("--help")
        for text in ("slot list [ACCOUNT [LOT]]", "user list ACCOUNT", "call METHOD [JSON]",
                     "--follow", "exit: 0 done, 1 refused, 2 wrong usage, 3 no layby-core"):
            self.assertIn(text, out)
        self.assertRegex(run("--version")[0], r"^laybyctl \d")

    def test_a_silent_core_is_not_waited_for_without_end(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as silent:
            path = os.path.join(folder, "silent.sock")
            silent.bind(path)
            silent.listen(1)
            began = time.monotonic()
            _, err = run("info", path=path, code=NO_DAEMON)
            self.assertIn("did not answer within 10 s", err)
            self.assertLess(time.monotonic() - began, 15)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=0)
