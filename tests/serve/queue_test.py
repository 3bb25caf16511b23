#!/usr/bin/env python3
"""The queue of a real server: what clients ask for, and what comes of it."""
import http.client
import json
import shutil
import subprocess
import time
import unittest
from pathlib import Path

from serving import PROGRAM, TINY, ServerTest, settings

LONG = {"steps_per_scene": 1000000}
PNG = b"\x89PNG\r\n\x1a\n"


class QueueTest(ServerTest):
    def test_problems_are_those_of_check(self):
        text = "scenes: 'a heart:1_[nowhere.png]'\nwidht: 40\nwidth: forty\ncutouts: 0\n"
        (self.folder / "wrong.yaml").write_text(text)
        checked = subprocess.run([PROGRAM, "check", "wrong.yaml"], cwd=self.folder, capture_output=True, text=True)
        lines = checked.stderr.replace("reverie: ", "", 1).split("\n")
        for path, status in ("/api/check", 200), ("/api/runs", 422):
            answer = self.server.post(path, {"settings": text})
            self.assertEqual(answer.status, status)
            problems = answer.json()["problems"]
            self.assertEqual([problem["line"] for problem in problems], [1, 2, 3, 4])
            self.assertEqual([f"wrong.yaml:{problem['line']}: {problem['message']}" for problem in problems], lines[:4])
            self.assertEqual([problem["setting"] for problem in problems], ["scenes", "", "width", "cutouts"])
        # The same of a file that is missing alone.
        answer = self.server.post("/api/check", {"settings": settings("a heart:1_[nowhere.png]")}).json()
        self.assertEqual([problem["setting"] for problem in answer["problems"]], ["scenes"])
        self.assertIn("there is no file 'nowhere.png'", answer["problems"][0]["message"])
        self.assertEqual(self.server.get("/api/runs")["runs"], [])

    def test_overrides_win_and_steps_are_reported(self):
        answer = self.server.post("/api/check", {"settings": settings("a || b"), "overrides": ["cut_pow=3", "seed=7"]}).json()
        used = json.loads(answer["settings"])
        self.assertEqual((used["cut_pow"], used["seed"], answer["steps"], answer["problems"]), (3, 7, 12, []))

    def test_words_alone_are_painted_as_the_command_does(self):
        presets = {preset["name"]: preset for preset in self.server.get("/api/presets")["presets"]}
        self.assertFalse(presets["paint"]["needs_file"])
        self.assertTrue(presets["restyle"]["needs_file"])
        self.assertTrue(presets["restyle_print"]["needs_file"])  # which is based on it
        self.assertEqual([presets[name]["needs"] for name in ("paint", "restyle", "restyle_print", "pulse")],
                         [[], ["video_path"], ["video_path"], ["input_audio"]])
        self.assertEqual(self.server.post("/api/paint", {"words": " "}).status, 400)
        self.assertEqual(self.server.post("/api/paint", {}).status, 400)
        answer = self.server.post("/api/paint", {"words": "a heart", "overrides": ["widht=40"]})
        self.assertEqual(answer.status, 422)
        self.assertIn("widht", answer.json()["problems"][0]["message"])
        tiny = [f"{name}={value}" for name, value in TINY.items()]
        answer = self.server.post("/api/paint", {"words": "a heart", "overrides": ["preset=noir", *tiny], "paused": True})
        self.assertEqual(answer.status, 201)
        self.assertEqual((answer.json()["title"], answer.json()["steps"], answer.json()["paused"]), ("a heart", 6, True))
        made = self.server.get("/api/runs/1/settings")
        self.assertEqual((made["scenes"], made["width"], made["saturation_weight"]), ("a heart", 40, 200))

    def test_losses_that_look_through_the_perceptors_work(self):
        # The server keeps perceptors loaded; what they offer besides embeddings has to come through.
        first = self.server.submit("a")
        self.server.wait(first, "finished")
        picture = next(file["name"] for file in self.server.get(f"/api/runs/{first}/files")["files"] if file["name"].endswith(".png"))
        (self.folder / "style.png").write_bytes(self.server.file(first, picture).body)
        number = self.server.submit("a", perceptors="tiny_resnet", losses=[{"name": "style", "target": "style.png"}])
        self.assertEqual(self.server.wait(number, "finished")["done"], 6)

    def test_order_pause_cancel_delete(self):
        server = self.server
        first = server.submit("a", **LONG)
        server.wait(first, "running")
        a, b, c, d = (server.submit(name, title=name) for name in "abcd")
        self.assertEqual([run["id"] for run in server.get("/api/runs")["runs"]], [first, a, b, c, d])
        self.assertEqual(server.post(f"/api/runs/{d}/move", {"before": a}).status, 200)
        self.assertEqual(server.post(f"/api/runs/{a}/move", {"before": None}).status, 200)
        self.assertEqual([run["id"] for run in server.get("/api/runs")["runs"]], [first, d, b, c, a])
        self.assertEqual(server.post(f"/api/runs/{a}/move", {"before": first}).status, 409)
        self.assertEqual(server.post(f"/api/runs/{b}/pause").json()["paused"], True)
        self.assertEqual(server.post(f"/api/runs/{c}/cancel").json()["state"], "cancelled")
        self.assertEqual(server.ask("DELETE", f"/api/runs/{first}").status, 409)
        self.assertEqual(server.post(f"/api/runs/{first}/cancel").json()["state"], "running")
        self.assertEqual(server.wait(first, "cancelled")["cancelling"], False)
        begun = [server.wait(number, "finished")["begun"] for number in (d, a)]
        self.assertEqual(begun, sorted(begun))
        self.assertEqual(server.run(b)["state"], "queued")
        self.assertEqual(server.ask("DELETE", f"/api/runs/{c}").status, 204)
        self.assertEqual(server.ask("GET", f"/api/runs/{c}").status, 404)
        server.post(f"/api/runs/{b}/resume")
        self.assertEqual(server.wait(b, "finished")["done"], 6)
        self.assertEqual(server.post(f"/api/runs/{b}/pause").status, 409)
        self.assertEqual(server.post(f"/api/runs/{b}/cancel").status, 409)
        self.assertEqual(server.post(f"/api/runs/{b}/resume").status, 409)

    def test_a_number_is_never_given_twice(self):
        number = self.server.submit("a", paused=True)
        self.assertEqual(self.server.ask("DELETE", f"/api/runs/{number}").status, 204)
        self.server.kill()
        self.begin()
        self.assertEqual(self.server.submit("b", paused=True), number + 1)

    def test_cancelled_runs_go_on_where_they_were(self):
        server = self.server
        whole = server.submit("a", steps_per_scene=600, save_every=9)
        server.wait(whole, "finished")
        number = server.submit("a", steps_per_scene=600, save_every=9)
        while server.run(number)["done"] < 4:
            time.sleep(0.005)
        server.post(f"/api/runs/{number}/cancel")
        self.assertEqual(server.wait(number, "cancelled", "finished")["state"], "cancelled")
        server.post(f"/api/runs/{number}/resume")
        base = server.wait(number, "finished")["base"]
        self.assertEqual(server.run(whole)["base"], "default")
        self.assertEqual(base, "default(1)")
        last = self.server.file(whole, "default_67.png").body
        self.assertEqual(last[:8], PNG)
        self.assertEqual(server.file(number, "default(1)_67.png").body, last)

    def test_a_run_that_fails_is_reported_and_the_next_one_starts(self):
        server = self.server
        picture = self.folder / "start.png"
        shutil.copy(Path(__file__).parents[2] / "docs/pictures/first_light.png", picture)
        number = server.submit("a", paused=True, init_image="start.png")
        picture.unlink()
        server.post(f"/api/runs/{number}/resume")
        following = server.submit("b")
        failed = server.wait(number, "failed")
        self.assertIn("there is no file 'start.png'", failed["message"])
        self.assertEqual(server.wait(following, "finished")["pictures"], 2)

    def test_watching(self):
        server = self.server
        stream = http.client.HTTPConnection(server.host, server.port, timeout=60)
        stream.request("GET", "/api/events", headers={"Authorization": "Bearer " + server.token})
        lines = stream.getresponse()

        def next_list():
            while not (line := lines.readline()).startswith(b"data: "):
                pass
            return json.loads(line[6:])
        self.assertEqual(next_list()["runs"], [])
        number = server.submit("a", display_every=1, **LONG)
        while not (runs := next_list()["runs"]) or runs[0]["done"] < 2:
            pass
        self.assertEqual((runs[0]["id"], runs[0]["state"]), (number, "running"))
        stream.close()
        self.assertEqual(server.ask("GET", f"/api/runs/{number}/picture").body[:8], PNG)
        self.assertEqual(server.get(f"/api/runs/{number}/state")["steps"], 1000000)
        self.assertTrue(server.post(f"/api/runs/{number}/pause").json()["paused"])
        self.assertFalse(server.post(f"/api/runs/{number}/resume").json()["paused"])
        self.assertEqual(server.post(f"/api/runs/{number}/keep").status, 204)
        while not [name for name in self.files(number) if "_step_" in name]:
            time.sleep(0.005)
        server.post(f"/api/runs/{number}/stop")
        self.assertEqual(server.wait(number, "cancelled")["id"], number)
        # What went on in it can still be looked at, also after the server has come again.
        self.assertEqual(server.ask("GET", f"/api/runs/{number}/picture").body[:8], PNG)
        server.kill()
        server = self.begin()
        state = server.get(f"/api/runs/{number}/state")
        self.assertEqual((state["state"], state["steps"], state["picture"]["width"]), ("interrupted", 1000000, 40))
        last = server.ask("GET", f"/api/runs/{number}/picture").body
        self.assertEqual(server.ask("GET", f"/api/runs/{number}/frames/{state['frames']['last']}").body, last)
        self.assertEqual(last[:8], PNG)
        self.assertEqual(len(state["kept"]), 1)

    def files(self, number):
        return [file["name"] for file in self.server.get(f"/api/runs/{number}/files")["files"]]

    def test_files_and_the_same_run_again(self):
        server = self.server
        text = settings("a").replace("seed: 1\n", "")  # the server has to choose one
        number = server.post("/api/runs", {"settings": text}).json()["id"]
        server.wait(number, "finished")
        self.assertEqual(self.files(number), ["default_1.png", "default_2.png", "default_settings.txt"])
        used = server.ask("GET", f"/api/runs/{number}/settings").body
        self.assertEqual(used, (self.folder / "images_out/default/default_settings.txt").read_bytes())
        again = server.post("/api/runs", {"settings": used.decode()}).json()["id"]
        server.wait(again, "finished")
        picture = server.file(number, "default_2.png")
        self.assertEqual((picture.status, picture.headers["Content-Type"]), (200, "image/png"))
        self.assertEqual(server.file(again, "default(1)_2.png").body, picture.body)
        part = server.ask("GET", f"/api/runs/{number}/files/default_2.png", headers={"Range": "bytes=1-3"})
        self.assertEqual((part.status, part.body), (206, b"PNG"))
        # The picture holds its settings, and a page can read them.
        read = server.post("/api/settings/read", picture.body).json()
        entries = {entry["name"]: entry["value"] for entry in read["entries"]}
        self.assertEqual((entries["scenes"], entries["width"], read["problems"]), ("a", "40", []))

    def test_a_field_for_each_parameter(self):
        table = {setting["name"]: setting for setting in self.server.get("/api/settings")["settings"]}
        # Shared by those that take the same; a setting of the program is nobody's, whoever reads it.
        self.assertEqual(table["frame_digits"]["plugins"], ["contact_sheet", "exr_sequence", "picture_sequence", "png_sequence", "video_file"])
        self.assertEqual((table["clear_every"]["group"], table["clear_every"]["plugins"]), ("Output", ["terminal_preview"]))
        long = [name for name in table if "." in name]
        self.assertEqual(long, [], "of our own plugins, none takes different things by one name")
        problems = self.server.post("/api/check", {"settings": settings("a", **{"unlimited_palette.pixel_size": 0})}).json()["problems"]
        self.assertEqual([problem["setting"] for problem in problems], ["unlimited_palette.pixel_size"])

    def test_videos_and_what_counts_as_a_picture(self):
        server = self.server
        motion = server.submit("a", kind="motion", animation_mode="2D", translate_x="3", pre_animation_steps=0)
        server.wait(motion, "finished")
        number = server.submit("a", outputs=["png_sequence", "exr_sequence", "video_file"])
        run = server.wait(number, "finished")
        self.assertEqual(run["pictures"], 2, "two frames, each written by three outputs")
        base = run["base"]
        self.assertEqual(self.files(number), [name for frame in (1, 2) for name in (f"{base}_{frame}.exr", f"{base}_{frame}.png")] +
                         [f"{base}.mp4", f"{base}_settings.txt"])
        video = server.file(number, base + ".mp4")
        self.assertEqual((video.status, video.headers["Content-Type"], video.body[4:8]), (200, "video/mp4", b"ftyp"))
        # A preview of what moves lists its own video alone.
        self.assertEqual(self.files(motion), [server.run(motion)["base"] + "_motion.mp4"])
        self.assertEqual(server.file(motion, base + ".mp4").status, 404)

    def test_pictures_that_only_a_video_keeps_are_listed_too(self):
        server = self.server
        number = server.submit("a", outputs=["video_file"])
        base = server.wait(number, "finished")["base"]
        folder = self.folder / "images_out/default"
        self.assertEqual(self.files(number), [f"{base}_1.png", f"{base}_2.png", f"{base}.mp4", f"{base}_settings.txt"])
        kept = (folder / f"{base}_frames" / f"{base}_2.png").read_bytes()
        self.assertEqual(kept[:4], b"\x89PNG")
        self.assertEqual(server.file(number, f"{base}_2.png").body, kept)
        # Of a run that another server has made, the files tell what its page shows.
        server.kill()
        server = self.begin()
        self.assertEqual(server.ask("GET", f"/api/runs/{number}/frames/2").body, kept)
        # Nothing else of that folder, and no link in its place.
        (folder / f"{base}_frames" / f"{base}_notes.txt").write_text("mine")
        self.assertNotIn(f"{base}_notes.txt", self.files(number))
        (folder / f"{base}_frames").rename(folder / "elsewhere")
        (folder / f"{base}_frames").symlink_to(folder / "elsewhere")
        self.assertEqual(self.files(number), [f"{base}.mp4", f"{base}_settings.txt"])
        self.assertEqual(server.file(number, f"{base}_2.png").status, 404)

    def test_motion_previews_do_not_wait_for_runs(self):
        server = self.server
        going = server.submit("a", **LONG)
        server.wait(going, "running")
        number = server.submit("a", kind="motion", animation_mode="2D", translate_x="3", pre_animation_steps=0,
                               steps_per_frame=2)
        server.wait(number, "finished")
        self.assertEqual(server.run(going)["state"], "running")
        (name,) = self.files(number)
        self.assertEqual(name, server.run(number)["base"] + "_motion.mp4")
        self.assertEqual(server.file(number, name).body[4:8], b"ftyp")
        # The picture moves before steps 1, 3 and 5 of its 6.
        run = server.run(number)
        self.assertEqual((run["steps"], run["done"]), (3, 3))
        # Nothing moves: that is said at once.
        answer = server.post("/api/runs", {"settings": settings("a"), "kind": "motion"})
        self.assertEqual(answer.status, 422)
        self.assertIn("nothing moves", answer.json()["problems"][0]["message"])

    def test_what_the_server_does_its_own_way(self):
        server = self.server
        answer = server.post("/api/check", {"settings": settings("a", allow_overwrite=True, viewers=["web_preview"])}).json()
        self.assertEqual([notice.split(":")[0] for notice in answer["notices"]], ["viewers", "allow_overwrite"])
        used = json.loads(answer["settings"])
        self.assertEqual((used["viewers"], used["allow_overwrite"]), ([], False))
        elsewhere = settings("a", output_dir="/tmp/elsewhere", backup_dir="..", restore=True)
        answer = server.post("/api/check", {"settings": elsewhere}).json()
        self.assertEqual([notice.split(":")[0] for notice in answer["notices"]][:2], ["backup_dir", "output_dir"])
        number = server.submit("a", output_dir="elsewhere", backup_dir="elsewhere")
        self.assertEqual(server.wait(number, "finished")["folder"], "images_out/default")
        self.assertFalse((self.folder / "elsewhere").exists())
        server.wait(server.submit("a"), "finished")
        problems = server.post("/api/check", {"settings": settings("a", restore=True)}).json()["problems"]
        self.assertEqual([problem["setting"] for problem in problems], ["restore"])

    def test_one_server_to_a_folder(self):
        second = subprocess.run([PROGRAM, "serve", "--port", "0"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(second.returncode, 2)
        self.assertIn("another server has the folder 'reverie_serve'", second.stderr)

    def test_a_damaged_record_is_reported_and_left_alone(self):
        number = self.server.submit("a", paused=True)
        other = self.server.submit("b", paused=True)
        self.server.kill()
        file = self.folder / f"reverie_serve/runs/{number}.json"
        file.write_bytes(file.read_bytes()[:100])
        self.begin()
        self.assertEqual([run["id"] for run in self.server.get("/api/runs")["runs"]], [other])
        self.assertIn(f"{number}.json' is left out", self.server.output())
        self.assertEqual(file.stat().st_size, 100)


if __name__ == "__main__":
    unittest.main()
