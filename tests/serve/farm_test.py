#!/usr/bin/env python3
"""Servers that hand runs to other servers: whichever of them is killed, each run is made once, whole, with the same bytes as
on one server that is left alone."""
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from serving import PROGRAM, Server

LEASE = 2
ENDLESS = {"steps_per_scene": 1000000, "save_every": 1000000}
# Long enough that it is not over before it is killed or paused.
LONG = {"steps_per_scene": 900, "save_every": 60, "outputs": ["png_sequence", "video_file"], "backups": "2"}


def pictures(folder):
    """What counts: pictures, videos and settings, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "images_out").rglob("*")
            if path.is_file() and path.suffix != ".part"}


def wait_until(condition):
    while not condition():
        time.sleep(0.02)


class FarmTest(unittest.TestCase):
    def scratch(self):
        folder = Path(tempfile.mkdtemp(prefix="reverie_farm_"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def start(self, folder, *options, port=0):
        server = Server(folder, *options, port=port)
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def worker(self, folder=None, port=0):
        return self.start(folder or self.scratch(), port=port)

    def main(self, workers, folder=None, lease=LEASE):
        folder = folder or self.scratch()
        (folder / "tokens").write_text("".join(f"http://127.0.0.1:{worker.port} {worker.token}\n" for worker in workers))
        return self.start(folder, "--workers", *(f"http://127.0.0.1:{worker.port}" for worker in workers),
                          "--worker-tokens", "tokens", "--lease", str(lease))

    made = {}

    def alone(self, *runs):
        """The files that one server makes."""
        if repr(runs) in self.made:
            return self.made[repr(runs)]
        server = self.start(self.scratch())
        for run in runs:
            server.wait(server.submit(**run), "finished")
        server.kill()
        return self.made.setdefault(repr(runs), pictures(server.folder))

    def started(self, lease=LEASE, **run):
        """A main server that is busy, its worker, and a run that the worker has."""
        main = self.start(self.scratch())
        busy = main.submit("busy", file_namespace="busy", **ENDLESS)
        wait_until(lambda: main.run(busy)["done"] > 0)
        main.end()
        worker = self.worker()
        main = self.main([worker], main.folder, lease)
        wait_until(lambda: main.run(busy)["state"] == "running" and main.run(busy)["base"])
        self.assertEqual(main.run(busy)["worker"], "", "it has a backup")
        number = main.submit(**run)
        wait_until(lambda: main.run(number)["worker"])
        return main, worker, busy, number

    def compare(self, folder, expected):
        found = {name: content for name, content in pictures(folder).items() if "/busy" not in name}
        self.assertEqual(sorted(found), sorted(expected))
        for name, content in expected.items():
            self.assertTrue(found[name] == content, f"{name} differs")

    def test_runs_are_shared_and_come_back(self):
        runs = [{"scenes": f"a {word}", "file_namespace": word, "steps_per_scene": 60, "save_every": 20,
                 "outputs": ["png_sequence", "video_file"] if word != "sea" else ["video_file"]}
                for word in ("heart", "hill", "sea", "tree")]
        expected = self.alone(*runs)
        worker = self.worker()
        main = self.main([worker])
        numbers = [main.submit(**run) for run in runs]
        ended = [main.wait(number, "finished") for number in numbers]
        self.assertEqual({run["worker"] for run in ended}, {"", f"http://127.0.0.1:{worker.port}"})
        self.compare(main.folder, expected)
        wait_until(lambda: worker.get("/api/runs")["runs"] == [])
        for run in ended:
            self.assertEqual((run["done"], run["pictures"]), (60, 3))
            self.assertEqual(main.get(f"/api/runs/{run['id']}/state")["state"], "finished")
            self.assertTrue((main.folder / f"backup/{run['base']}/{run['base']}_3.bak").exists())

    def test_a_run_whose_worker_is_killed_goes_on_here_from_its_backup(self):
        run = {"scenes": "a red heart", "file_namespace": "heart", **LONG}
        expected = self.alone(run)
        main, worker, busy, number = self.started(**run)
        backups = main.folder / "backup/heart"
        wait_until(lambda: any(backups.glob("heart_*.bak")))
        self.assertEqual(main.run(number)["state"], "running")
        watched = main.get(f"/api/runs/{number}/state")
        self.assertEqual((watched["run"], watched["state"], watched["steps"]), ("heart", "running", LONG["steps_per_scene"]))
        worker.kill()
        wait_until(lambda: main.run(number)["state"] == "queued")
        main.post(f"/api/runs/{busy}/cancel")
        main.wait(number, "finished")
        self.assertIn(f"run {number} waits again: the worker http://127.0.0.1:{worker.port} is gone", main.output())
        record = (main.folder / f"reverie_serve/runs/{number}.json").read_text()
        self.assertRegex(record, r'"reached" : [1-9]', "it did not go on from a backup")
        self.compare(main.folder, expected)

    def test_a_killed_server_finds_its_run_again(self):
        run = {"scenes": "a red heart", "file_namespace": "heart", **LONG}
        expected = self.alone(run)
        main, worker, busy, number = self.started(**run)
        for _ in range(2):
            before = main.run(number)["done"]
            wait_until(lambda: main.run(number)["done"] > before)
            main.kill()
            main = self.main([worker], main.folder)
        self.assertEqual(main.wait(number, "finished")["worker"], f"http://127.0.0.1:{worker.port}")
        self.assertEqual([path.name for path in (worker.folder / "images_out").iterdir()], ["heart"])
        self.assertEqual(sorted(path.name for path in (worker.folder / "images_out/heart").glob("*_settings.txt")),
                         ["heart_settings.txt"], "it was begun twice")
        main.post(f"/api/runs/{busy}/cancel")
        self.compare(main.folder, expected)

    def test_a_worker_stops_when_nobody_asks_and_goes_on_when_somebody_does(self):
        run = {"scenes": "a red heart", "file_namespace": "heart", **LONG}
        expected = self.alone(run)
        main, worker, busy, number = self.started(**run)
        there = lambda: worker.get("/api/runs")["runs"][0]  # noqa: E731  this does not renew a lease
        # On hold, it cannot end before the lease does.
        wait_until(lambda: main.run(number)["done"] > 0)
        main.post(f"/api/runs/{number}/pause")
        wait_until(lambda: there()["paused"])
        main.kill()
        wait_until(lambda: there()["state"] == "cancelled")
        self.assertIn("has not asked for it", there()["message"])
        self.assertLess(there()["done"], LONG["steps_per_scene"])
        main = self.main([worker], main.folder)
        wait_until(lambda: there()["state"] != "cancelled")
        main.post(f"/api/runs/{number}/resume")
        self.assertEqual(main.wait(number, "finished")["done"], LONG["steps_per_scene"])
        main.post(f"/api/runs/{busy}/cancel")
        self.compare(main.folder, expected)

    def test_a_worker_that_comes_again_in_time_keeps_its_run(self):
        run = {"scenes": "a red heart", "file_namespace": "heart", **LONG}
        expected = self.alone(run)
        main, worker, busy, number = self.started(lease=60, **run)
        wait_until(lambda: main.run(number)["done"] > 100)
        worker.kill()
        worker = self.worker(worker.folder, worker.port)
        self.assertEqual(main.wait(number, "finished")["worker"], f"http://127.0.0.1:{worker.port}")
        main.post(f"/api/runs/{busy}/cancel")
        self.compare(main.folder, expected)

    def test_a_run_of_a_worker_that_is_not_named_any_more_waits_until_that_has_stopped(self):
        run = {"scenes": "a red heart", "file_namespace": "heart", **LONG}
        expected = self.alone(run)
        main, worker, busy, number = self.started(**run)
        there = lambda: worker.get("/api/runs")["runs"][0]  # noqa: E731  this does not renew a lease
        wait_until(lambda: any((main.folder / "backup/heart").glob("heart_*.bak")))
        # On hold, it cannot end before the lease does.
        main.post(f"/api/runs/{number}/pause")
        wait_until(lambda: there()["paused"])
        main.kill()
        main = self.start(main.folder)
        self.assertIn("1 run of servers that are not among the --workers", main.output())
        main.post(f"/api/runs/{number}/resume")
        main.post(f"/api/runs/{busy}/cancel")
        wait_until(lambda: main.run(number)["state"] != "queued")
        self.assertEqual(there()["state"], "cancelled", "it goes on in two places")
        self.assertIn("has not asked for it", there()["message"])
        self.assertEqual(main.wait(number, "finished")["worker"], "")
        self.compare(main.folder, expected)

    def test_wishes_are_passed_on(self):
        main, worker, busy, number = self.started(scenes="a", file_namespace="a", **ENDLESS)
        there = lambda: worker.get("/api/runs")["runs"]  # noqa: E731
        wait_until(lambda: main.run(number)["done"] > 0)
        main.post(f"/api/runs/{number}/pause")
        wait_until(lambda: there()[0]["paused"])
        main.post(f"/api/runs/{number}/resume")
        wait_until(lambda: not there()[0]["paused"])
        self.assertEqual(main.post(f"/api/runs/{number}/cancel").json()["cancelling"], True)
        main.wait(number, "cancelled")
        wait_until(lambda: there() == [])
        # What was done there is here, and goes on here.
        self.assertTrue((main.folder / "images_out/a/a_1.png").exists())
        self.assertTrue((main.folder / "backup/a/a_1.bak").exists())

    def test_a_run_on_a_worker_is_changed_neither_there_nor_here(self):
        main, worker, busy, number = self.started(scenes="a", file_namespace="a", **ENDLESS)
        address = f"http://127.0.0.1:{worker.port}"
        wait_until(lambda: main.run(number)["done"] > 0)
        there = worker.get("/api/runs")["runs"][0]
        name = f"run {number} of the server on {socket.gethostname()}"
        self.assertEqual((there["from"], main.run(number)["from"], main.run(number)["worker"]), (name, "", address))
        for server, run, where in (worker, there["id"], f"this is {name}"), (main, number, f"the server {address} renders this run"):
            answer = server.ask("PATCH", f"/api/runs/{run}", {"learning_rate": 0.5})
            self.assertEqual(answer.status, 422, answer.body)
            problem, = answer.json()["problems"]
            self.assertIn(where, problem["message"])
            self.assertIn("cancel it", problem["message"])
            self.assertFalse(server.get(f"/api/runs/{run}/state").get("changeable"))
        self.assertEqual(list(worker.folder.rglob("*_changes.json")), [])
        # A run of the worker's own goes first, and changes as always.
        own = worker.submit("b", file_namespace="b", **ENDLESS)
        main.post(f"/api/runs/{number}/cancel")
        main.wait(number, "cancelled")
        wait_until(lambda: worker.run(own)["done"] > 0)
        self.assertEqual(worker.ask("PATCH", f"/api/runs/{own}", {"learning_rate": 0.5}).status, 200)

    def test_a_run_needs_the_same_files_there(self):
        main, worker, busy, number = self.started(scenes="a", file_namespace="a", steps_per_scene=6)
        main.wait(number, "finished")
        same = main.folder / "images_out/a/a_1.png"
        shutil.copy(same, main.folder / "init.png")
        shutil.copy(same, worker.folder / "init.png")
        number = main.submit("b", file_namespace="b", init_image="init.png")
        self.assertEqual(main.wait(number, "finished")["worker"], f"http://127.0.0.1:{worker.port}")
        (worker.folder / "init.png").write_bytes(same.read_bytes() + b"another")
        number = main.submit("c", file_namespace="c", init_image="init.png")
        wait_until(lambda: f"run {number} waits again" in main.output())
        self.assertIn("'init.png' is another file here", main.output())
        main.post(f"/api/runs/{busy}/cancel")
        self.assertEqual(main.wait(number, "finished")["worker"], "")

    def test_a_sweep_over_three_workers_of_which_one_is_killed_twice(self):
        runs = [{"scenes": f"a heart {seed}", "seed": seed, "file_namespace": f"heart{seed}", "steps_per_scene": 240,
                 "save_every": 40} for seed in range(1, 13)]
        expected = self.alone(*runs)
        workers = [self.worker() for _ in range(3)]
        main = self.main(workers, lease=30)
        numbers = [main.submit(**run) for run in runs]
        chance = random.Random(20261130)
        for _ in range(2):
            address, moment = f"http://127.0.0.1:{workers[0].port}", chance.randint(1, 75)
            while not any(run["worker"] == address and run["state"] == "running" and run["done"] >= moment
                          for run in main.get("/api/runs")["runs"]):
                self.assertTrue(any(run["state"] in ("queued", "running") for run in main.get("/api/runs")["runs"]),
                                "all is done already")
                time.sleep(0.01)
            workers[0].kill()
            workers[0] = self.worker(workers[0].folder, workers[0].port)
        ended = [main.wait(number, "finished") for number in numbers]
        self.assertGreaterEqual(len({run["worker"] for run in ended}), 3)
        self.compare(main.folder, expected)

    def test_tokens_are_no_part_of_the_address(self):
        folder = self.scratch()
        (folder / "tokens").write_text("a-token-of-some-length\n")
        for options in (["--workers", "http://secret@127.0.0.1:1", "--worker-tokens", "tokens"],
                        ["--workers", "http://127.0.0.1:1/?token=secret", "--worker-tokens", "tokens"],
                        ["--workers", "http://127.0.0.1:1"], ["--worker-tokens", "tokens"]):
            refused = subprocess.run([PROGRAM, "serve", "--port", "0", *options], cwd=folder, capture_output=True, text=True,
                                     timeout=60)
            self.assertEqual(refused.returncode, 2, options)
            self.assertNotIn("secret", refused.stderr)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    unittest.main()
