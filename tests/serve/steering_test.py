#!/usr/bin/env python3
"""Settings that change while a run goes: they are made again exactly, from the record and after a kill."""
import json
import os
import subprocess
import time
import unittest
from pathlib import Path

from PIL import Image

from serving import PROGRAM, Server, ServerTest

# Long enough that a change comes before the end, on any machine.
STILL = {"steps_per_scene": 600, "save_every": 50, "display_every": 0}
MOVING = {"animation_mode": "2D", "pre_animation_steps": 8, "steps_per_frame": 4, "save_every": 4, "steps_per_scene": 408,
          "display_every": 0, "translate_x": 1}


class SteeringTest(ServerTest):
    def change(self, number, **settings):
        return self.server.ask("PATCH", f"/api/runs/{number}", settings)

    def begun(self, number):
        """The run, paused before its first step is far behind it."""
        self.server.wait(number, "running")
        self.assertEqual(self.server.post(f"/api/runs/{number}/pause").status, 200)
        while self.server.ask("GET", f"/api/runs/{number}/state").status != 200:
            time.sleep(0.01)

    def changed(self, number, **settings):
        answer = self.change(number, **settings)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["step"]

    def pictures(self, name):
        folder = self.folder / "images_out" / name
        numbers = sorted(int(path.stem.rsplit("_", 1)[1]) for path in folder.glob(f"{name}_*.png"))
        return [Image.open(folder / f"{name}_{number}.png").convert("RGB").tobytes() for number in numbers]

    def record(self, name):
        return json.loads((self.folder / "backup" / name / f"{name}_changes.json").read_text())["changes"]

    def again(self, name, number, *more):
        """The same run from its settings and its recorded changes, by another process."""
        settings = self.folder / "again.json"
        settings.write_bytes(self.server.ask("GET", f"/api/runs/{number}/settings").body)
        done = subprocess.run(
            [PROGRAM, "render", "again.json", f"changes_file=backup/{name}/{name}_changes.json", "file_namespace=again", *more],
            cwd=self.folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.pictures("again"), done.stderr

    def test_a_still_with_changes_is_made_again_exactly(self):
        number = self.server.submit("a red heart", file_namespace="still", **STILL)
        self.begun(number)
        first = self.changed(number, learning_rate=0.3)
        self.assertEqual(self.changed(number, scenes="a red heart:0.5 | a green leaf:2"), first, "at the same step: it is paused")
        self.server.post(f"/api/runs/{number}/resume")
        later = self.changed(number, smoothing_weight="0.1*(1 + sin(t))", cutouts=3)
        self.assertGreaterEqual(later, first)
        run = self.server.wait(number, "finished")
        self.assertEqual(run["done"], STILL["steps_per_scene"])
        record = self.record("still")
        self.assertEqual([change["step"] for change in record], sorted({first, later}))
        self.assertEqual(record[0]["settings"]["learning_rate"], "0.3")
        made = self.pictures("still")
        self.assertEqual(len(made), 12)
        again, said = self.again("still", number)
        self.assertEqual(made, again)
        self.assertIn(f"from step {first + 1} on: learning_rate=0.3", said)
        self.assertEqual(self.record("again"), record, "a run that repeats changes records them, too")
        # And they matter.
        (self.folder / "backup/still/still_changes.json").write_text('{"changes": []}')
        without, _ = self.again("still", number, "file_namespace=again", "allow_overwrite=true")
        self.assertNotEqual(made[-1], without[-1])

    def test_motion_changes_with_the_next_frame_and_survives_a_kill(self):
        number = self.server.submit("a red heart", file_namespace="moving", **MOVING)
        self.begun(number)
        self.server.post(f"/api/runs/{number}/resume")
        step = self.changed(number, translate_x="5", learning_rate=0.05, scenes="a green leaf")
        self.assertTrue(step == 0 or (step >= 8 and (step - 8) % 4 == 0), step)
        while self.server.run(number)["pictures"] < 2 + step // 4:
            time.sleep(0.01)
        self.server.kill()
        self.server = Server(self.folder, *self.options)
        self.server.wait(number, "finished")
        record = self.record("moving")
        self.assertEqual(record, [{"step": step, "settings": {"learning_rate": "0.05", "scenes": "a green leaf", "translate_x": "5"}}])
        made = self.pictures("moving")
        self.assertEqual(len(made), 102)
        self.assertEqual(made, self.again("moving", number)[0])

    def test_what_is_wrong_is_said_as_by_check_and_changes_nothing(self):
        number = self.server.submit("a red heart", file_namespace="wrong", **STILL)
        self.begun(number)

        def problems(**settings):
            answer = self.change(number, **settings)
            self.assertEqual(answer.status, 422, answer.body)
            return [problem["message"] for problem in answer.json()["problems"]]

        for name, value in (("learning_rate", "-1"), ("learning_rat", "0.1"), ("cut_pow", "2 + "), ("scenes", "a cat:1/0"),
                            ("cutout_erasing", "f/10")):
            answer = self.server.post("/api/check", {
                "settings": self.server.ask("GET", f"/api/runs/{number}/settings").body.decode(), "overrides": [f"{name}={value}"]})
            wanted = [problem["message"] for problem in answer.json()["problems"]]
            self.assertEqual(len(wanted), 1, answer.body)
            self.assertEqual(problems(**{name: value}), wanted)
        self.assertIn("'width' stays as it is", problems(width=80)[0])
        self.assertIn("their number stays", problems(scenes="a || b")[0])
        self.assertIn("there is no file 'nothing.png'", problems(scenes="[nothing.png]")[0])
        self.assertEqual(self.server.ask("PATCH", f"/api/runs/{number}", "[]", {"Content-Type": "application/json"}).status, 400)
        self.assertEqual(self.server.ask("PATCH", f"/api/runs/{number}", "{}").status, 415)
        self.assertEqual(self.change(77, learning_rate=1).status, 404)
        self.server.post(f"/api/runs/{number}/resume")
        self.server.wait(number, "finished")
        self.assertEqual(self.change(number, learning_rate=1).status, 409)
        self.assertFalse((self.folder / "backup/wrong/wrong_changes.json").exists())

    def test_the_state_says_what_can_change(self):
        number = self.server.submit("a red heart", file_namespace="known", **STILL)
        self.begun(number)
        values = lambda: {value["name"]: value for value in self.server.get(f"/api/runs/{number}/state")["changeable"]}
        self.assertEqual(values()["scenes"]["value"], "a red heart")
        self.assertEqual(values()["cutout_erasing"], {**values()["cutout_erasing"], "low": 0, "high": 1, "number": True})
        self.assertNotIn("width", values())
        self.assertNotIn("cadence", values(), "nothing moves")
        self.changed(number, cutout_erasing=0.25)
        self.server.post(f"/api/runs/{number}/resume")
        self.server.wait(number, "finished")
        self.assertEqual(values()["cutout_erasing"]["value"], "0.25")


if __name__ == "__main__":
    unittest.main()
