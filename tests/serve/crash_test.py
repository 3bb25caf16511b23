#!/usr/bin/env python3
"""What runs, plugins, settings and the system can do to a process, and the server that outlives it: crash_test.py
PROGRAM PLUGINS"""
import json
import os
import signal
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

PLUGINS = str(Path(sys.argv.pop(2)).resolve())

from serving import PROGRAM, Server, ServerTest, settings  # noqa: E402

# A value nested a million deep, when it is evaluated.
DEEP = ("[(lambda D: len(D(D(D(D(D(D(D(D(D(D(D(D(lambda x: " + 54 * "(" + "x" + 54 * ",)" + "))))))))))))({0})))"
        "(lambda f: lambda x: f(f(x)))][0]")
WAYS = {"segv": "SIGSEGV", "abort": "SIGABRT", "kill": "SIGKILL", "exit": "exit status", "at_once": "exit status",
        "thread": "SIGABRT"}


def started_by(process):
    """The numbers of the processes right below this one."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == process:
                found.append(int(entry.name))
        except (ValueError, OSError):  # no process, or one that has just ended
            pass
    return found


def children(process):
    """The numbers of all processes below this one."""
    below = started_by(process)
    return below + [pid for child in below for pid in children(child)]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class CrashTest(ServerTest):
    options = ("--plugin-path", PLUGINS)

    def forks(self):
        """The process that starts the others."""
        (found,) = started_by(self.server.process.pid)
        return found

    def crashing(self, how, **more):
        return {"outputs": ["png_sequence", "crashes"], "crash": how, **more}

    def test_a_run_that_ends_its_process_fails_with_words_and_the_next_one_goes(self):
        server = self.server
        for how, word in WAYS.items():
            number = server.submit("a", **self.crashing(how))
            following = server.submit("b", save_every=6)
            failed = server.wait(number, "failed")
            self.assertIn(word, failed["message"])
            self.assertIn("io/crashes", failed["message"])
            self.assertRegex(failed["message"], r"\b6\b")  # steps, when the second frame is written
            self.assertTrue(failed["advice"])
            self.assertEqual(server.get(f"/api/runs/{number}/state")["state"], "failed")
            self.assertEqual(server.wait(following, "finished")["done"], 6)
            # What was saved before is there.
            self.assertEqual(server.file(number, failed["base"] + "_1.png").body[:4], b"\x89PNG")

    def test_a_plugin_that_ends_its_process_when_the_run_is_over_is_named(self):
        failed = self.server.wait(self.server.submit("a", **self.crashing("destructor")), "failed")
        self.assertIn("io/crashes", failed["message"])
        self.assertNotIn("the start of the run", failed["message"])

    def test_what_crashed_is_not_tried_again_unless_somebody_asks(self):
        number = self.server.submit("a", **self.crashing("segv"))
        self.server.wait(number, "failed")
        for end in Server.kill, Server.end:
            end(self.server)
            self.begin()
            other = self.server.submit("b", save_every=6)
            self.server.wait(other, "finished")
            self.assertEqual(self.server.run(number)["state"], "failed")
        # It goes on from its backup, to the same end.
        self.server.post(f"/api/runs/{number}/resume")
        self.assertIn("SIGSEGV", self.server.wait(number, "failed")["message"])

    def test_without_the_process_that_starts_others_the_server_ends_and_the_next_one_goes_on(self):
        server = self.server
        number = server.submit("a", steps_per_scene=1000000, save_every=2)
        server.wait(number, "running")
        os.kill(self.forks(), signal.SIGKILL)
        self.assertEqual(server.process.wait(timeout=120), 1)
        self.begin()
        self.assertEqual(self.server.wait(self.server.submit("b", save_every=6), "finished")["done"], 6)

    def test_a_process_that_ended_between_two_runs_is_no_fault_of_the_second(self):
        server = self.server
        server.wait(server.submit("a", save_every=6), "finished")
        for pid in children(self.forks()):
            os.kill(pid, signal.SIGKILL)
            while alive(pid):
                time.sleep(0.01)
        number = server.submit("b", save_every=6)
        self.assertEqual(server.wait(number, "finished")["done"], 6)

    def test_a_process_that_ends_before_it_takes_a_run_is_no_fault_of_the_run(self):
        """As when it dies while the run is on its way to it: it stands still, and so never reads of it."""
        server = self.server
        server.wait(server.submit("a", save_every=6), "finished")
        below = children(self.forks())
        for pid in below:
            os.kill(pid, signal.SIGSTOP)
        number = server.submit("b", save_every=6)
        server.wait(number, "running")
        for pid in below:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(server.wait(number, "finished")["done"], 6)

    def test_a_run_that_hangs_is_ended_by_the_second_cancel(self):
        server = self.server
        number = server.submit("a", crash="hang", outputs=["crashes", "png_sequence"])
        while (run := server.run(number))["done"] < 6:
            self.assertIn(run["state"], ("queued", "running"))
            time.sleep(0.01)
        self.assertTrue(server.post(f"/api/runs/{number}/cancel").json()["cancelling"])
        server.post(f"/api/runs/{number}/cancel")
        self.assertEqual(server.wait(number, "cancelled")["pictures"], 1)
        self.assertEqual(server.wait(server.submit("b", save_every=6), "finished")["done"], 6)

    def test_checks_that_end_their_process(self):
        header = json.dumps({"__metadata__": {"crash": "yes"}}).encode()
        (self.folder / "crash.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
        text = settings("a", perceptors=["crash.safetensors"])
        answer = self.server.post("/api/check", {"settings": text})
        (problem,) = answer.json()["problems"]
        self.assertEqual(answer.status, 200)
        self.assertIn("SIGABRT", problem["message"])
        answer = self.server.post("/api/runs", {"settings": text})
        self.assertEqual(answer.status, 422)
        self.assertIn("SIGABRT", answer.json()["problems"][0]["message"])
        self.assertEqual(self.server.get("/api/runs")["runs"], [])
        self.assertEqual(self.server.post("/api/check", {"settings": settings("b")}).json()["problems"], [])

    def test_values_nested_a_million_deep(self):
        """In a check, in a run, and when the server comes again."""
        for scenes in "a: " + DEEP.format(0), "a red heart:" + DEEP.format("t"):
            answer = self.server.post("/api/check", {"settings": settings(scenes)})
            self.assertEqual(answer.status, 200)
            answer = self.server.post("/api/runs", {"settings": settings(scenes)})
            if answer.status == 201:
                self.server.wait(answer.json()["id"], "failed")
            self.server.kill()
            self.begin()
        self.assertEqual(self.server.wait(self.server.submit("b", save_every=6), "finished")["done"], 6)

    def test_nothing_is_left_of_a_server_that_is_killed(self):
        number = self.server.submit("a", steps_per_scene=1000000)
        self.server.wait(number, "running")
        while not len(below := children(self.server.process.pid)) >= 2:
            time.sleep(0.01)
        self.server.kill()
        while any(alive(pid) for pid in below):
            time.sleep(0.01)

    def test_nobody_need_read_what_it_says(self):
        self.server.end()
        process = subprocess.Popen([PROGRAM, "serve", "--port", "0", "--token-file", "token"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        process.stdout.close()
        self.server.port = int(line.split("/?token=")[0].rsplit(":", 1)[1])
        number = self.server.submit("a", save_every=6)  # which it says, to nobody
        self.assertEqual(self.server.wait(number, "finished")["done"], 6)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 0)

    def test_what_runs_make_is_private(self):
        number = self.server.submit("a", outputs=["png_sequence", "video_file"])
        self.server.wait(number, "finished")
        for name in "images_out", "backup", "reverie_serve":
            for path in [self.folder / name, *(self.folder / name).rglob("*")]:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main()
