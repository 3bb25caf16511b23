#!/usr/bin/env python3
"""What was made: the gallery, its search, the trash, and all files of a run as one archive."""
import io
import json
import shutil
import subprocess
import unittest
import zipfile

from PIL import Image

from serving import ServerTest


class GalleryTest(ServerTest):
    def make(self, scenes, **more):
        number = self.server.submit(scenes, **more)
        self.server.wait(number, "finished")
        return number

    def gallery(self, query=""):
        return self.server.get("/api/gallery" + query)

    def ids(self, query=""):
        return [item["id"] for item in self.gallery(query)["items"]]

    def files(self):
        return sorted(str(path.relative_to(self.folder)) for folder in ("images_out", "backup")
                      for path in (self.folder / folder).rglob("*") if path.is_file())

    def test_what_it_shows_and_finds(self):
        heart, leaf = self.make("a red heart"), self.make("Ein grünes Blatt || ÄPFEL im Schnee", outputs=["png_sequence", "video_file"])
        self.server.submit("it waits", paused=True)
        all_of_it = self.gallery()
        self.assertEqual(([item["id"] for item in all_of_it["items"]], all_of_it["found"], all_of_it["deleted"]), ([leaf, heart], 2, 0))
        film, still = all_of_it["items"]
        self.assertEqual((still["picture"], still["film"], still["width"], still["height"], still["words"], still["files"]),
                         ("default_2.png", "", 40, 32, "a red heart", 3))
        self.assertTrue(film["film"].endswith(".mp4"))
        self.assertEqual(self.server.file(heart, still["picture"]).headers["Content-Type"], "image/png")
        for words, found in {"heart": [heart], "RED+a": [heart], "%C3%84pfel": [leaf], "%C3%A4PFEL+schnee": [leaf], "heart+blatt": [], "+": [leaf, heart]}.items():
            self.assertEqual(self.ids("?words=" + words), found, words)
        self.assertEqual((self.ids("?limit=1"), self.ids("?limit=1&from=2"), self.ids("?from=3")), ([leaf], [heart], []))
        for wrong in "?limit=0", "?limit=999", "?from=0", "?from=x", "?other=1", "?words=%ff":
            self.assertEqual(self.server.ask("GET", "/api/gallery" + wrong).status, 400, wrong)

    def test_deleted_runs_come_back(self):
        one, two = self.make("one", backups=1), self.make("two", backups=1)
        before = self.files()
        self.assertEqual(self.server.post(f"/api/runs/{one}/delete").status, 200)
        self.assertEqual((self.ids(), self.gallery()["deleted"], [run["id"] for run in self.server.get("/api/runs")["runs"]]), ([two], 1, [two]))
        self.assertEqual(self.files(), before)  # nothing is lost
        for method, path in ("GET", ""), ("GET", "/files"), ("GET", "/settings"), ("POST", "/resume"), ("POST", "/delete"), ("GET", "/picture"), ("DELETE", ""):
            self.assertEqual(self.server.ask(method, f"/api/runs/{one}{path}").status, 404, path)
        self.server.kill()
        self.begin()
        trash = self.server.get("/api/trash")
        self.assertEqual(([run["id"] for run in trash["runs"]], trash["days"]), ([one], 7))
        # Its names are not given away meanwhile.
        three = self.make("three")
        self.assertNotIn(self.server.run(three)["base"], [name.rsplit("/", 1)[-1].rsplit("_", 1)[0] for name in before])
        self.assertEqual(self.server.post(f"/api/runs/{one}/undelete").status, 200)
        self.assertEqual(self.server.post(f"/api/runs/{one}/undelete").status, 404)
        self.assertEqual(sorted(self.ids()), [one, two, three])
        self.assertEqual(self.server.get("/api/trash")["runs"], [])

    def test_the_trash_is_emptied(self):
        one, two = self.make("one", backups=1), self.make("two", backups=1, outputs=["video_file"])
        names = {number: self.server.run(number)["base"] for number in (one, two)}
        self.assertNotEqual(names[one], names[two])
        before = self.files()
        mine = [name for name in before if name.split("/")[-1].startswith((names[one] + "_", names[one] + "."))]
        self.assertTrue(any(".bak" in name for name in mine))
        self.server.post(f"/api/runs/{one}/delete")
        self.assertEqual(self.server.ask("DELETE", "/api/trash").status, 204)
        self.assertEqual(self.files(), [name for name in before if name not in mine])
        self.assertEqual(self.server.get("/api/trash")["runs"], [])
        self.assertEqual(self.server.post(f"/api/runs/{one}/undelete").status, 404)
        self.assertEqual(self.ids(), [two])

    def test_a_new_run_does_not_make_the_changes_of_a_deleted_one(self):
        # Deleted by hand, but for the record of its changes.
        record = self.folder / "backup/default/default_changes.json"
        record.parent.mkdir(parents=True)
        record.write_text(json.dumps({"changes": [{"step": 2, "settings": {"scenes": "a blue sea"}}]}))
        self.assertEqual(self.server.run(self.make("a red heart"))["base"], "default")
        self.assertFalse(record.exists())
        self.make("a red heart", file_namespace="other")
        one, other = (Image.open(self.folder / f"images_out/{name}/{name}_2.png").tobytes() for name in ("default", "other"))
        self.assertEqual(one, other)

    def test_only_what_is_over_is_deleted(self):
        waiting, running = self.server.submit("a", paused=True), self.server.submit("b", steps_per_scene=1000000)
        self.server.wait(running, "running")
        for number in waiting, running:
            self.assertEqual(self.server.post(f"/api/runs/{number}/delete").status, 409)
            self.assertEqual(self.server.ask("GET", f"/api/runs/{number}/files.zip").status, 409)
        self.server.post(f"/api/runs/{running}/cancel")
        self.server.wait(running, "cancelled")
        self.assertEqual(self.server.post(f"/api/runs/{running}/delete").status, 200)

    def test_all_files_as_a_zip(self):
        number = self.make("a", file_namespace="ä <b> %41", outputs=["png_sequence", "video_file"])
        answer = self.server.ask("GET", f"/api/runs/{number}/files.zip")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/zip"))
        self.assertEqual(int(answer.headers["Content-Length"]), len(answer.body))
        self.assertTrue(answer.headers["Content-Disposition"].startswith("attachment; "))
        listed = {file["name"]: file["bytes"] for file in self.server.get(f"/api/runs/{number}/files")["files"]}
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual({info.filename: info.file_size for info in archive.infolist()}, listed)
            for info in archive.infolist():
                self.assertEqual(archive.read(info), self.server.file(number, info.filename).body)
                self.assertEqual(info.compress_type, zipfile.ZIP_STORED)
                self.assertGreaterEqual(info.date_time[0], 2024)
        if shutil.which("unzip"):
            (self.folder / "all.zip").write_bytes(answer.body)
            subprocess.run(["unzip", "-tq", "all.zip"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        # Again while nobody reads: another request is answered.
        self.assertEqual(self.server.ask("GET", "/api/runs/99/files.zip").status, 404)


if __name__ == "__main__":
    unittest.main()
