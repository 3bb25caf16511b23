#!/usr/bin/env python3
"""A server that is killed at any moment and started again ends with the same files, byte for byte, as one that is left
alone: each run is made once, whole, and what was finished stays as it is. REVERIE_KILLS sets how often it is tried."""
import ctypes
import json
import os
import random
import select
import shutil
import struct
import tempfile
import time
import unittest
from pathlib import Path

from serving import Server, settings

TRIALS = int(os.environ.get("REVERIE_KILLS", "4"))
RUNS = [{"scenes": "a red heart", "seed": 3, "steps_per_scene": 9, "outputs": ["png_sequence", "video_file"]},
        {"scenes": "a hill", "seed": 4, "image_model": "limited_palette", "palettes": 2},
        {"scenes": "a tree", "seed": 5, "backups": "0"},  # always started again
        {"scenes": "the sea", "seed": 6, "file_namespace": "sea", "animation_mode": "2D", "translate_x": "1",
         "pre_animation_steps": 2, "steps_per_frame": 2}]
FOLDERS = ["images_out/default", "images_out/sea", "backup/default", "backup/sea", "reverie_serve/runs"]
CREATE, MODIFY, MOVED_TO, DELETE = 0x100, 0x2, 0x80, 0x200


class Changes:
    """Counts the changes of files: a server is killed while it writes, renames or deletes, and between."""

    def __init__(self, folder):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.watch = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
            self.libc.inotify_add_watch(self.watch, os.fsencode(folder / name), CREATE | MODIFY | MOVED_TO | DELETE)
        self.seen = 0

    def wait(self, seconds):
        """Adds what has come, after at most so long."""
        if not select.select([self.watch], [], [], seconds)[0]:
            return
        data = os.read(self.watch, 1 << 16)
        at = 0
        while at < len(data):
            at += 16 + struct.unpack_from("iIII", data, at)[3]
            self.seen += 1

    def close(self):
        os.close(self.watch)


def all_over(server):
    return all(run["state"] == "finished" for run in server.get("/api/runs")["runs"])


def results(folder):
    """What counts: pictures, videos and settings, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "images_out").rglob("*")
            if path.is_file() and path.suffix != ".part"}


class KillTest(unittest.TestCase):
    def scratch(self):
        folder = Path(tempfile.mkdtemp(prefix="reverie_kill_"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def submit_all(self, server, runs=RUNS):
        return [server.submit(title=str(index), **run) for index, run in enumerate(runs)]

    def left_alone(self, runs=RUNS):
        folder = self.scratch()
        changes = Changes(folder)
        server = Server(folder)
        self.submit_all(server, runs)
        while not all_over(server):
            changes.wait(0.1)
        server.kill()
        changes.wait(0)
        changes.close()
        return results(folder), changes.seen

    def test_killed_servers_end_the_same(self):
        expected, moments = self.left_alone()
        self.assertEqual(len(expected), 14, sorted(expected))
        chance = random.Random(20261125)
        for trial in range(TRIALS):
            folder = self.scratch()
            server = Server(folder)
            numbers = self.submit_all(server)
            killed = []
            for _ in range(3):
                moment = chance.randint(1, moments // 2)
                killed.append(moment)
                changes = Changes(folder)
                while changes.seen < moment and not all_over(server):
                    changes.wait(0.05)
                done = [run["id"] for run in server.get("/api/runs")["runs"] if run["state"] == "finished"]
                server.kill()
                changes.close()
                before = self.times(folder, done)
                server = Server(folder)
                self.assertEqual(self.times(folder, done), before)
            while not all_over(server):
                time.sleep(0.02)
            ended = server.get("/api/runs")["runs"]
            self.assertEqual(sorted(run["id"] for run in ended), numbers)
            self.assertEqual({run["title"]: run["base"] for run in ended},
                             {"0": "default", "1": "default(1)", "2": "default(2)", "3": "sea"})
            self.assertEqual(self.times(folder, done), before, "what was finished was written again")
            files = results(folder)
            self.assertEqual(sorted(files), sorted(expected), f"killed at changes {killed} of {moments}")
            for name, content in expected.items():
                self.assertTrue(files[name] == content, f"{name} differs; killed at changes {killed} of {moments}")
            server.kill()

    def times(self, folder, done):
        """When the files of finished runs were written."""
        found = {}
        for number in done:
            record = json.loads((folder / f"reverie_serve/runs/{number}.json").read_text())
            for path in Path(folder / record["folder"]).glob(record["base"].replace("[", "[[]") + "_*"):
                found[str(path)] = path.stat().st_mtime_ns
        return found

    def test_a_server_that_is_asked_to_end_saves_and_goes_on(self):
        # A first run of some seconds: it has not ended by itself when the signal comes, on the fastest machine either.
        runs = [{**RUNS[0], "steps_per_scene": 600, "save_every": 300}, *RUNS[1:]]
        expected, _ = self.left_alone(runs)
        folder = self.scratch()
        server = Server(folder)
        numbers = self.submit_all(server, runs)
        while server.run(numbers[0])["done"] < 4:
            time.sleep(0.005)
        self.assertEqual(server.end(), 0)
        self.assertIn("goes on when the server comes again", (folder / "server.log").read_text())
        server = Server(folder)
        while not all_over(server):
            time.sleep(0.02)
        self.assertEqual(server.end(), 0)
        files = results(folder)
        # A picture that was saved because the server ended is one more, which the run later writes again.
        for name, content in expected.items():
            self.assertTrue(files.get(name) == content, f"{name} differs")
        self.assertEqual(sorted(files), sorted(expected))

    def test_a_run_that_ends_the_server_again_and_again_waits_for_people(self):
        folder = self.scratch()
        server = Server(folder)
        number = server.submit("a", steps_per_scene=1000000, save_every=1000000)
        other = server.submit("b")
        for _ in range(5):
            server.wait(number, "running")
            server.kill()
            server = Server(folder)
        self.assertEqual(server.wait(other, "finished")["id"], other)
        run = server.run(number)
        self.assertEqual((run["state"], run["paused"]), ("queued", True))
        self.assertIn("the server ended 5 times", run["message"])
        server.post(f"/api/runs/{number}/resume")
        self.assertEqual(server.wait(number, "running")["paused"], False)
        server.kill()


if __name__ == "__main__":
    unittest.main()
