#!/usr/bin/env python3
"""Files that clients bring along: what becomes of good ones, and what attacks get."""
import hashlib
import io
import json
import socket
import subprocess
import threading
import time
import unittest
import wave
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from serving import ServerTest, settings


def picture(width=48, height=32, form="PNG"):
    data = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 60)).save(data, form)
    return data.getvalue()


def sound(seconds=1.5, rate=8000):
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join((((i * 37) % 2000) - 1000).to_bytes(2, "little", signed=True) for i in range(int(seconds * rate))))
    return data.getvalue()


def video(folder, seconds=2, audio=False):
    """Of 64 x 48 pixels, 10 frames a second."""
    path = Path(folder) / "made.mp4"
    more = ["-f", "lavfi", "-i", f"sine=duration={seconds}"] if audio else []
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc=size=64x48:rate=10:duration={seconds}",
                    *more, "-pix_fmt", "yuv420p", str(path)], check=True)
    return path.read_bytes()


class UploadTest(ServerTest):
    def upload(self, data, name="", **headers):
        return self.server.ask("POST", f"/api/uploads?name={quote(name)}", data, {"Content-Type": "application/octet-stream", **headers})

    def kept(self):
        folder = self.folder / "reverie_serve/uploads"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def listed(self):
        return [one["name"] for one in self.server.get("/api/uploads")["uploads"]]

    def test_each_kind_is_recognised_by_its_content(self):
        for data, name, kind, ending, size, seconds in (
                (picture(), "a.txt", "picture", ".png", (48, 32), 0),
                (picture(30, 20, "JPEG"), "b", "picture", ".jpg", (30, 20), 0),
                (picture(30, 20, "WEBP"), "b.png", "picture", ".webp", (30, 20), 0),
                (sound(), "beat.wav", "sound", ".wav", (0, 0), 1.5),
                (video(self.folder), "film.mp4", "video", ".mp4", (64, 48), 2)):
            answer = self.upload(data, name)
            self.assertEqual(answer.status, 201, answer.body)
            made = answer.json()
            self.assertEqual((made["kind"], made["title"], (made["width"], made["height"]), made["bytes"]), (kind, name, size, len(data)))
            self.assertAlmostEqual(made["seconds"], seconds, delta=0.11)
            # Its name comes from its content alone.
            self.assertEqual(made["name"], hashlib.sha256(data).hexdigest()[:32] + ending)
            self.assertEqual(self.server.ask("GET", "/api/uploads/" + made["name"]).body, data)
            part = self.server.ask("GET", "/api/uploads/" + made["name"], headers={"Range": "bytes=2-5"})
            self.assertEqual((part.status, part.body), (206, data[2:6]))
            # Settings can name it.
            setting = {"picture": {"init_image": made["path"]}, "sound": {"input_audio": made["path"]},
                       "video": {"video_path": made["path"], "animation_mode": "Video Source"}}[kind]
            checked = self.server.post("/api/check", {"settings": settings("a", **setting)}).json()
            self.assertEqual(checked["problems"], [])
        self.assertTrue(self.upload(video(self.folder, 1, audio=True)).json()["sound"])

    def test_the_same_content_is_one_file(self):
        first, second = self.upload(picture(), "one.png"), self.upload(picture(), "two.png")
        self.assertEqual((first.status, second.status), (201, 200))
        self.assertEqual(first.json(), second.json())
        self.assertEqual(len(self.listed()), 1)

    def test_they_survive_the_server_and_are_deleted(self):
        name = self.upload(picture(), "one.png").json()["name"]
        path = self.server.get("/api/uploads")["uploads"][0]["path"]
        before = self.server.get("/api/uploads")
        (self.folder / "reverie_serve/uploads/incoming-abcdef").write_bytes(b"of a server that was killed")
        self.server.kill()
        self.begin()
        self.assertEqual(self.server.get("/api/uploads"), before)
        self.assertNotIn("incoming-abcdef", self.kept())
        # A run that waits needs it.
        number = self.server.submit("a", paused=True, init_image=path)
        refused = self.server.ask("DELETE", "/api/uploads/" + name)
        self.assertEqual(refused.status, 409)
        self.assertIn(f"run {number}", refused.json()["error"])
        self.server.ask("DELETE", f"/api/runs/{number}")
        self.assertEqual(self.server.ask("DELETE", "/api/uploads/" + name).status, 204)
        self.assertEqual((self.listed(), self.kept()), ([], []))
        self.assertEqual(self.server.ask("DELETE", "/api/uploads/" + name).status, 404)
        self.assertEqual(self.server.ask("GET", "/api/uploads/" + name).status, 404)

    def test_one_that_was_removed_by_hand_can_be_uploaded_again(self):
        name = self.upload(picture(), "one.png").json()["name"]
        (self.folder / "reverie_serve/uploads" / name).unlink()
        self.assertEqual(self.server.ask("GET", "/api/uploads/" + name).status, 404)
        again = self.upload(picture(), "two.png")
        self.assertEqual((again.status, again.json()["name"], again.json()["title"]), (201, name, "two.png"))
        self.assertEqual(self.server.ask("GET", "/api/uploads/" + name).body, picture())
        self.assertEqual(self.listed(), [name])

    def test_without_its_note_nothing_stays(self):
        name = hashlib.sha256(picture()).hexdigest()[:32]
        # A folder in its place, which the note cannot replace.
        (self.folder / "reverie_serve/uploads" / f"{name}.json").mkdir(parents=True)
        self.assertGreaterEqual(self.upload(picture(), "one.png").status, 500)
        self.assertEqual((self.listed(), self.kept()), ([], [f"{name}.json"]))

    def test_many_settings_that_are_read_hold_no_upload_up(self):
        text, refused = "a: [" + "x, " * 700000 + "]", threading.Semaphore(0)

        def read():
            if self.server.post("/api/settings/read", text).status == 429:
                refused.release()
        readers = [threading.Thread(target=read) for _ in range(16)]
        for reader in readers:
            reader.start()
        for _ in range(8):
            refused.acquire()  # as many are read, and as many wait, as may
        self.assertEqual(self.upload(picture(), "one.png").status, 201)
        for reader in readers:
            reader.join()

    def test_runs_in_the_trash_need_theirs(self):
        made = self.upload(picture(), "one.png").json()
        number = self.server.submit("a", paused=True, init_image=made["path"])
        self.server.post(f"/api/runs/{number}/cancel")
        self.assertEqual(self.server.post(f"/api/runs/{number}/delete").status, 200)
        refused = self.server.ask("DELETE", "/api/uploads/" + made["name"])
        self.assertEqual(refused.status, 409)
        self.assertIn(f"run {number}, which is in the trash", refused.json()["error"])
        self.server.ask("DELETE", "/api/trash")
        self.assertEqual(self.server.ask("DELETE", "/api/uploads/" + made["name"]).status, 204)

    # Attacks; docs/serve.md lists them.

    def test_names_are_never_paths(self):
        for name in "../../../etc/passwd.png", "/etc/cron.d/x", "..\\..\\x.png", "a\r\nSet-Cookie: x=1.png", "x" * 900 + ".png", "<script>.png":
            answer = self.upload(picture(), name)
            self.assertIn(answer.status, (200, 201))
            made = answer.json()
            self.assertEqual(made["name"], hashlib.sha256(picture()).hexdigest()[:32] + ".png")
            self.assertNotRegex(made["title"], r"[/\\\x00-\x1f]")
            self.server.ask("DELETE", "/api/uploads/" + made["name"])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["reverie_serve", "server.log", "token"])
        self.assertEqual(self.upload(picture(), "a\0b").status, 400)
        (self.folder / "secret.png").write_bytes(picture())
        for path in ("../secret.png", "..%2f..%2fsecret.png", "%2e%2e/%2e%2e/secret.png", "....//secret.png", "%2fetc%2fpasswd",
                     "..%5c..%5csecret.png", "x%00.png", "..", ".", "*", ""):
            for method in "GET", "DELETE":
                self.assertIn(self.server.ask(method, "/api/uploads/" + path).status, (400, 404, 405), path)
        self.assertTrue((self.folder / "secret.png").exists())

    def test_content_that_is_none_of_the_kinds(self):
        for data in (b"<html><script>alert(1)</script></html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"#!/bin/sh\nid\n", b"\x7fELF" + bytes(60),
                     # These would make a decoder open other files.
                     b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n", b"%PDF-1.4\n", b"PK\x03\x04" + bytes(60),
                     b"<?xml version='1.0'?><MPD/>", b"v=0\no=- 0 0 IN IP4 127.0.0.1\n", bytes(500), b"a", b"BM, they said, is a beginning"):
            answer = self.upload(data, "innocent.png")
            self.assertEqual(answer.status, 415, data[:20])
        # It begins like one, but is none.
        for data in picture()[:60], picture()[:8] + bytes(500), b"\xff\xd8\xff" + bytes(500), b"RIFF\0\0\0\0WAVE" + bytes(500), b"ID3" + bytes(500), \
                b"\0\0\0\x20ftypisom" + bytes(500), b"\x1aE\xdf\xa3webm" + bytes(500), b"OggS" + bytes(500), b"fLaC" + bytes(500):
            answer = self.upload(data, "damaged.png")
            self.assertEqual(answer.status, 415, data[:12])
            self.assertNotIn("incoming", answer.body.decode())  # nor any other path
        self.assertEqual((self.listed(), self.kept()), ([], []))

    def test_a_picture_that_unpacks_to_too_much(self):
        """A PNG of 60000 x 60000 pixels in some kilobytes: refused, or read; the server lives."""
        import struct
        import zlib

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)) \
            + chunk(b"IDAT", zlib.compress(bytes(1000000))) + chunk(b"IEND", b"")
        self.assertEqual(self.upload(bomb, "bomb.png").status, 415)
        self.assertEqual(self.server.ask("GET", "/api/runs").status, 200)
        self.assertEqual(self.kept(), [])

    def test_too_large_and_too_little(self):
        def raw(*lines, path="/api/uploads"):
            with socket.create_connection((self.server.host, self.server.port), timeout=60) as connection:
                head = "\r\n".join((f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.server.token}",
                                    "Content-Type: application/octet-stream", *lines)) + "\r\n\r\n"
                connection.sendall(head.encode())
                return int(connection.recv(65536).split(b" ")[1])
        limit = self.server.get("/api/uploads")["largest"]
        self.assertEqual(raw(f"Content-Length: {limit + 1}"), 413)
        self.assertEqual(raw("Content-Length: 99999999999999999999"), 400)
        self.assertEqual(raw("Transfer-Encoding: chunked"), 415)
        self.assertEqual(self.upload(b"").status, 400)
        self.assertEqual(self.server.ask("POST", "/api/uploads", picture(), {"Content-Type": "text/html"}).status, 415)
        self.assertEqual(self.kept(), [])
        # The other addresses take no more than before.
        self.assertEqual(raw(f"Content-Length: {17 << 20}", path="/api/settings/read"), 413)

    def test_one_that_is_given_up_leaves_nothing(self):
        for _ in range(3):
            with socket.create_connection((self.server.host, self.server.port), timeout=60) as connection:
                connection.sendall((f"POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.server.token}\r\n"
                                    "Content-Type: application/octet-stream\r\nContent-Length: 5000000\r\n\r\n").encode() + picture())
                while not any(name.startswith("incoming-") for name in self.kept()):
                    time.sleep(0.01)
            while self.kept():
                time.sleep(0.01)
        self.assertEqual(self.listed(), [])

    def test_only_with_the_token_and_from_here(self):
        self.assertEqual(self.server.ask("POST", "/api/uploads", picture(), {"Content-Type": "application/octet-stream"}, authorised=False).status, 401)
        for method in "GET", "DELETE":
            self.assertEqual(self.server.ask(method, "/api/uploads/x.png", authorised=False).status, 401)
        cookie = self.server.ask("GET", "/?token=" + self.server.token, authorised=False).headers["Set-Cookie"].split(";")[0]
        answer = self.server.ask("POST", "/api/uploads", picture(), {"Cookie": cookie, "Origin": "https://evil.example"}, authorised=False)
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.kept(), [])

    def test_notes_that_somebody_changed(self):
        name = self.upload(picture(), "one.png").json()["name"]
        self.server.kill()
        folder = self.folder / "reverie_serve/uploads"
        (self.folder / "token2").write_text("secret")
        note = json.loads((folder / (name[:-4] + ".json")).read_text())
        for index, other in enumerate(("../../token", "../../token2", "/etc/passwd", "x/../../../token", "gone.png", "", 3, None)):
            (folder / f"{index}.json").write_text(json.dumps({**note, "name": other}))
        (folder / "link.json").write_text(json.dumps({**note, "name": "link.png"}))
        (folder / "link.png").symlink_to("/etc/passwd")
        (folder / "broken.json").write_text("{")
        self.begin()
        self.assertEqual(self.listed(), [name])
        self.assertEqual(self.server.ask("GET", "/api/uploads/link.png").status, 404)

    def test_a_file_that_is_replaced_by_a_link(self):
        name = self.upload(picture(), "one.png").json()["name"]
        file = self.folder / "reverie_serve/uploads" / name
        file.unlink()
        file.symlink_to("/etc/passwd")
        self.assertEqual(self.server.ask("GET", "/api/uploads/" + name).status, 404)


if __name__ == "__main__":
    unittest.main()
