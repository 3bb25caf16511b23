#!/usr/bin/env python3
"""Before a run is started: what it will take, and grids of runs."""
import itertools
import time
import unittest

from serving import ServerTest, settings


class PlansTest(ServerTest):
    def check(self, **more):
        return self.server.post("/api/check", {"settings": settings("a", **more)}).json()

    def grid(self, *axes, **more):
        return self.server.post("/api/grids", {"settings": settings("a", **more), "axes": list(axes), "paused": True})

    def test_film_and_steps(self):
        still = self.check(steps_per_scene=12, save_every=3)
        self.assertEqual((still["steps"], still["pictures"], still["film_seconds"]), (12, 4, 0))
        film = self.check(steps_per_scene=60, save_every=3, steps_per_frame=3, animation_mode="2D", translate_x="3", frames_per_second=5)
        self.assertEqual((film["steps"], film["pictures"], film["film_seconds"]), (60, 20, 4))

    def test_the_time_comes_from_runs_of_the_same_cost(self):
        self.assertEqual(self.check()["time"], {"seconds": None, "step_seconds": None})
        number = self.server.submit("another heart", steps_per_scene=30, seed=9)
        run = self.server.wait(number, "finished")
        known = self.check(steps_per_scene=500)
        step = known["time"]["step_seconds"]
        # No step takes longer than the whole run, and all of them no longer.
        self.assertGreater(step, 0)
        self.assertLessEqual(step * 30, (run["ended"] - run["begun"]) / 1000)
        self.assertAlmostEqual(known["time"]["seconds"], step * known["steps"])
        # Not of another size, other perceptors or another number of cutouts.
        for more in {"width": 48}, {"perceptors": ["tiny_lit"]}, {"cutouts": 3}:
            self.assertIsNone(self.check(**more)["time"]["seconds"], more)
        self.server.kill()
        self.begin()
        self.assertEqual(self.check(steps_per_scene=500)["time"], known["time"])
        answer = self.server.post("/api/estimate", {"settings": settings("a", steps_per_scene=500)}).json()
        self.assertEqual(answer["time"], known["time"])
        self.assertIn("newest run", answer["source"])

    def test_an_estimate_measures_what_is_not_known(self):
        answer = self.server.post("/api/estimate", {"settings": settings("a")})
        self.assertEqual(answer.status, 200, answer.body)
        estimate = answer.json()
        self.assertGreater(estimate["time"]["step_seconds"], 0)
        self.assertAlmostEqual(estimate["time"]["seconds"], 6 * estimate["time"]["step_seconds"])
        self.assertIn("measured just now", estimate["source"])
        self.assertRegex(estimate["memory"], r"about \d+")
        self.assertEqual(estimate["problem"], "")
        # It leaves nothing.
        self.assertEqual(self.server.get("/api/runs")["runs"], [])
        self.assertFalse((self.folder / "images_out").exists())

    def test_what_cannot_be_estimated(self):
        answer = self.server.post("/api/estimate", {"settings": "scenes: a\nwidth: x"})
        self.assertEqual((answer.status, answer.json()["problems"][0]["setting"]), (422, "width"))
        self.assertEqual(self.server.post("/api/estimate", {"settings": settings("a"), "kind": "motion"}).status, 400)

    def test_a_grid_is_one_run_for_each_combination(self):
        answer = self.grid("seed=1,2", "cut_pow=1,2.5", "smoothing_weight=0,0.1")
        self.assertEqual(answer.status, 201, answer.body)
        runs = answer.json()["runs"]
        self.assertEqual({run["grid_run"] for run in runs}, {runs[0]["id"]})
        expected = [list(zip(("seed", "cut_pow", "smoothing_weight"), values)) for values in itertools.product("12", ("1", "2.5"), ("0", "0.1"))]
        self.assertEqual([[(one["setting"], one["value"]) for one in run["cell"]] for run in runs], expected)
        for run, values in zip(runs, expected):
            made = self.server.get(f"/api/runs/{run['id']}/settings")
            self.assertEqual([made[name] for name, _ in values], [float(value) for _, value in values])
        self.server.kill()
        self.begin()
        self.assertEqual([run["cell"] for run in self.server.get("/api/runs")["runs"]], [run["cell"] for run in runs])

    def test_all_of_a_grid_or_nothing(self):
        for axes, status in ((["seed=1,2", "width=40,x"], 422), (["nothing=1,2"], 422), (["seed=(1"], 422), (["seed=range(0,65)"], 400), ([], 400),
                             (["seed=1"] * 4, 400), (["seed"], 422)):
            answer = self.grid(*axes)
            self.assertEqual(answer.status, status, (axes, answer.body))
        self.assertEqual(self.server.get("/api/runs")["runs"], [])
        # What waits already counts.
        self.assertEqual(self.grid("seed=range(0,64)").status, 201)
        self.assertEqual(self.grid("seed=range(0,64)").status, 429)
        self.assertEqual(len(self.server.get("/api/runs")["runs"]), 64)

    def test_what_a_run_warns_of_is_kept(self):
        number = self.server.submit("a", steps_per_scene=1000000, backups=5)
        while len(self.server.get(f"/api/runs/{number}/backups")["backups"]) < 2:
            time.sleep(0.02)
        self.server.post(f"/api/runs/{number}/cancel")
        self.server.wait(number, "cancelled")
        # Its newest backup is damaged: it goes on from the one before, and says so.
        newest = max((self.folder / "backup").rglob("*.bak"), key=lambda path: path.stat().st_mtime_ns)
        newest.write_bytes(newest.read_bytes()[:100])
        self.server.post(f"/api/runs/{number}/resume")
        while not any(newest.name in notice for notice in self.server.run(number)["notices"]):
            self.assertIn(self.server.run(number)["state"], ("queued", "running"))
            time.sleep(0.02)
        notices = self.server.run(number)["notices"]
        self.server.kill()
        self.begin()
        self.assertEqual(self.server.run(number)["notices"][:len(notices)], notices)


if __name__ == "__main__":
    unittest.main()
