#!/usr/bin/env python3
"""Attacks on a real server, and what each gets; docs/serve.md lists them."""
import json
import os
import shutil
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path

from serving import Server, ServerTest, settings


class AttackTest(ServerTest):
    def raw(self, data, limit=60):
        """What the server answers to these bytes."""
        with socket.create_connection((self.server.host, self.server.port), timeout=limit) as connection:
            connection.sendall(data)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer

    def raw_status(self, *lines, body=b""):
        head = "\r\n".join(lines) + f"\r\nAuthorization: Bearer {self.server.token}\r\n\r\n"
        answer = self.raw(head.encode("latin-1") + body)
        return int(answer.split(b" ")[1]) if answer else None

    def problems(self, **more):
        answer = self.server.post("/api/check", {"settings": settings("a", **more)})
        self.assertEqual(answer.status, 200)
        return [problem["message"] for problem in answer.json()["problems"]]

    def answers(self):
        """It still serves."""
        self.assertEqual(self.server.ask("GET", "/api/runs").status, 200)

    # Who asks

    def test_missing_and_wrong_tokens(self):
        for path in "/", "/api/runs", "/api/settings", "/api/openapi.json", "/pages/studio.js", "/runs/1":
            self.assertEqual(self.server.ask("GET", path, authorised=False).status, 401, path)
            self.assertEqual(self.server.ask("GET", path, headers={"Authorization": "Bearer " + "0" * 64}).status, 401)
        self.assertEqual(self.server.ask("GET", "/?token=wrong", authorised=False).status, 401)
        self.assertEqual(self.server.ask("POST", "/api/runs", "{}", authorised=False).status, 401)

    def test_the_token_opens_the_page_by_a_cookie_that_others_do_not_get(self):
        answer = self.server.ask("GET", "/?token=" + self.server.token, authorised=False)
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/"))
        cookie = answer.headers["Set-Cookie"]
        self.assertIn("HttpOnly", cookie)
        self.assertIn("SameSite=Strict", cookie)
        headers = {"Cookie": cookie.split(";")[0]}
        self.assertEqual(self.server.ask("GET", "/", headers=headers, authorised=False).status, 200)
        # A page of another site that got the browser to send the cookie would still be found out by its Origin.
        for origin in None, "https://evil.example", "null", "http://127.0.0.1:1":
            more = {**headers, **({"Origin": origin} if origin else {}), "Content-Type": "text/plain"}
            answer = self.server.ask("POST", "/api/runs", json.dumps({"settings": settings("a")}), more, authorised=False)
            self.assertEqual(answer.status, 403, origin)
        self.assertEqual(self.server.get("/api/runs")["runs"], [])

    def test_names_that_point_here(self):
        for host in "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil.example", "":
            self.assertEqual(self.server.ask("GET", "/api/runs", headers={"Host": host}).status, 421, host)
        self.assertEqual(self.raw_status("GET /api/runs HTTP/1.1", "Host: localhost", "Host: evil.example"), 400)

    def test_nobody_but_this_machine_is_listened_to(self):
        addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
        for address in addresses - {"127.0.0.1", "127.0.1.1"}:
            with self.assertRaises(OSError):
                socket.create_connection((address, self.server.port), timeout=5).close()

    def test_names_of_a_server_that_listens_to_others(self):
        self.server.kill()
        self.options = ("--listen", "0.0.0.0", "--host", "Studio.example")
        self.begin()
        self.assertIn("others on the network can reach this server", self.server.output())
        for host, status in {"studio.example": 200, "STUDIO.EXAMPLE:443": 200, socket.gethostname(): 200, "0.0.0.0": 200,
                             "example": 421, "evil.studio.example": 421}.items():
            self.assertEqual(self.server.ask("GET", "/api/runs", headers={"Host": host}).status, status, host)
        self.assertEqual(self.server.ask("GET", "/api/runs", authorised=False).status, 401)

    def test_tokens_are_kept_from_others(self):
        self.assertEqual((self.folder / "token").stat().st_mode & 0o777, 0o600)
        self.server.kill()
        (self.folder / "token").write_text("short\n")
        with self.assertRaises(RuntimeError) as raised:
            self.begin()
        self.assertIn("must have at least 16", str(raised.exception))

    def test_other_sites_cannot_show_it(self):
        headers = self.server.ask("GET", "/").headers
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")
        self.assertIsNone(headers["Access-Control-Allow-Origin"])

    # Files that are none of theirs

    def test_paths_that_leave_the_folder_of_a_run(self):
        (self.folder / "secret_1.png").write_text("secret")
        number = self.server.submit("a")
        self.server.wait(number, "finished")
        for name in ("../../secret_1.png", "..%2f..%2fsecret_1.png", "%2e%2e/%2e%2e/secret_1.png", "....//secret_1.png",
                     "%252e%252e%252fsecret_1.png", "default_1.png%00.txt", "default_1.png/", "/etc/passwd", "%2fetc%2fpasswd",
                     "..\\..\\secret_1.png", "default_1.png/../../../secret_1.png", ".", "..", "", "*", "token", "default_.."):
            answer = self.server.ask("GET", f"/api/runs/{number}/files/{name}")
            self.assertIn(answer.status, (400, 404), name)
            self.assertNotIn(b"secret", answer.body.replace(b"secret_1.png", b""))
        for path in ("/../token", "/pages/../token", "/pages/%2e%2e/token", "/pages/..%2ftoken", "//etc/passwd", "/reverie_serve/",
                     "/images_out/", "/images_out/default/", "/token", "/runs/../token", "/runs/", "/pages/"):
            self.assertIn(self.server.ask("GET", path).status, (400, 404), path)

    def test_links_out_of_the_folder_of_a_run(self):
        secret = self.folder / "secret.txt"
        secret.write_text("secret")
        number = self.server.submit("a")
        self.server.wait(number, "finished")
        images = self.folder / "images_out/default"
        (images / "default_77.png").symlink_to(secret)
        os.mkfifo(images / "default_78.png")
        (images / "default_79.png").mkdir()
        names = [file["name"] for file in self.server.get(f"/api/runs/{number}/files")["files"]]
        self.assertEqual(names, ["default_1.png", "default_2.png", "default_settings.txt"])
        for name in "default_77.png", "default_78.png", "default_79.png":
            self.assertEqual(self.server.file(number, name).status, 404)
        # The folder itself, moved away and replaced by a link to another.
        other = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, other)
        (other / "default_1.png").write_text("secret")
        images.rename(self.folder / "elsewhere")
        images.symlink_to(other)
        self.assertEqual(self.server.get(f"/api/runs/{number}/files")["files"], [])
        self.assertEqual(self.server.file(number, "default_1.png").status, 404)

    def test_links_in_the_place_of_pictures(self):
        """Whichever way a picture is asked for, while the run is known and when the server has come again."""
        server = self.server
        number = server.submit("a", steps_per_scene=1000000)
        while server.run(number)["pictures"] < 2:
            time.sleep(0.01)
        server.post(f"/api/runs/{number}/pause")
        server.ask("POST", f"/api/runs/{number}/keep")
        images = self.folder / "images_out/default"
        while not (kept := list(images.glob("default_step_*.png"))):
            time.sleep(0.01)
        while not server.get(f"/api/runs/{number}/state")["kept"]:
            time.sleep(0.01)
        server.post(f"/api/runs/{number}/cancel")
        server.wait(number, "cancelled")
        ways = {"frames/1": "default_1.png", "kept/1": kept[0].name}
        for begun_again in False, True:
            if begun_again:
                self.server.kill()
                self.begin()
            for way, name in ways.items():
                self.assertEqual(self.server.ask("GET", f"/api/runs/{number}/{way}").body[:4], b"\x89PNG")
                (images / name).rename(images / "aside")
                for target in "/etc/passwd", images / "default_2.png":
                    (images / name).symlink_to(target)
                    for path in way, f"files/{name}":
                        self.assertEqual(self.server.ask("GET", f"/api/runs/{number}/{path}").status, 404, path)
                    (images / name).unlink()
                (images / "aside").rename(images / name)
            images.rename(self.folder / "elsewhere")
            images.symlink_to(self.folder / "elsewhere")
            for way, name in ways.items():
                for path in way, f"files/{name}":
                    self.assertEqual(self.server.ask("GET", f"/api/runs/{number}/{path}").status, 404, path)
            images.unlink()
            (self.folder / "elsewhere").rename(images)

    def test_settings_that_name_files_elsewhere(self):
        other = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, other)
        picture = Path(__file__).parents[2] / "docs/pictures/first_light.png"
        shutil.copy(picture, other / "theirs.png")
        (self.folder / "link.png").symlink_to(other / "theirs.png")
        (self.folder / "link").symlink_to(other)
        shutil.copy(picture, self.folder / "ours.png")
        theirs = [str(other / "theirs.png"), "link.png", "link/theirs.png", f"../{other.name}/theirs.png", f"file://{other}/theirs.png",
                  "/dev/zero", "/proc/self/environ", "/proc/self/fd/0", "/etc/passwd", "~/.ssh/id_rsa", "/nowhere/at/all.png"]
        for name in theirs:
            for setting in "init_image", "input_audio":
                raised = self.problems(**{setting: name})
                self.assertEqual(len(raised), 1, (setting, name))
                self.assertIn("outside the folders", raised[0], (setting, name))
            self.assertIn("outside the folders", self.problems(animation_mode="Video Source", video_path=name)[0])
            if not name.startswith("file:"):
                self.assertIn("outside the folders", self.problems(perceptors=[name])[0])
        self.assertIn("outside the folders", self.problems(image_model="limited_palette", target_palette="/etc/passwd")[0])
        self.assertIn("outside the folders", self.problems(models_parent_dir="/etc", perceptors=["ViT-B/32"])[0])
        self.assertIn("outside the folders", self.problems(curves_file="/etc/passwd")[0])
        self.assertIn("outside the folders", self.problems(wildcards=True, wildcards_dir="/etc", scene_suffix=" __x__")[0])
        self.assertIn("outside the folders", self.server.post("/api/check", {
            "settings": settings("a:1_[/etc/passwd] | [/proc/self/maps]")}).json()["problems"][0]["message"])
        self.assertEqual(self.problems(init_image="ours.png"), [])
        # The same names, with the folder allowed.
        self.server.kill()
        self.options = ("--allow", str(other))
        self.begin()
        for name in theirs[:5]:
            self.assertEqual(self.problems(init_image=name), [], name)
        self.assertIn("outside the folders", self.problems(init_image="/etc/passwd")[0])

    def test_devices_and_pipes_inside_the_folder(self):
        os.mkfifo(self.folder / "pipe.png")
        for setting in "init_image", "input_audio":
            self.assertIn("a device or a pipe", self.problems(**{setting: "pipe.png"})[0])
        self.assertTrue(self.problems(perceptors=["pipe.png"]))
        self.server.kill()
        self.options = ("--allow", "/dev")
        self.begin()
        self.assertIn("a device or a pipe", self.problems(init_image="/dev/zero")[0])

    def test_addresses_of_the_web(self):
        for address in "http://127.0.0.1:1/x.png", "https://example.com/x.png", "HTTP://169.254.169.254/latest":
            self.assertIn("downloads nothing", self.problems(init_image=address)[0])
            self.assertIn("downloads nothing", self.problems(input_audio=address)[0])
        for address in "ftp://example.com/x.png", "gopher://example.com", "data://x", "concat:a|b":
            self.assertEqual(len(self.problems(init_image=address)), 1)

    def test_where_runs_write(self):
        for name in "../out", "a/b", "/tmp", "..", ".", "a\\b", "", "a\0b":
            self.assertEqual(len(self.problems(file_namespace=name)), 1, name)
        self.assertTrue(self.problems(file_namespace="x" * 300))
        other = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, other)
        (self.folder / "images_out").mkdir()
        (self.folder / "images_out/away").symlink_to(other)
        self.assertIn("leads out of", self.problems(file_namespace="away")[0])
        self.assertEqual(list(other.iterdir()), [])

    def test_config_groups_stay_in_their_folders(self):
        (self.folder / "secret.yaml").write_text("scenes: secret\n")
        for line in "defaults: [../secret]", "defaults: [/etc/passwd]", "defaults: ['/../secret']", "defaults:\n- a: ../../secret":
            answer = self.server.post("/api/check", {"settings": line + "\nscenes: a\n"})
            self.assertEqual(len(answer.json()["problems"]), 1, line)
            self.assertNotIn("secret\n", answer.body.decode())

    # Too much

    def test_huge_bodies(self):
        head = ("POST /api/check HTTP/1.1", "Host: localhost", "Content-Type: application/json")
        self.assertEqual(self.raw_status(*head, "Content-Length: 99999999999"), 413)
        self.assertEqual(self.raw_status(*head, "Content-Length: 99999999999999999999999999"), 400)
        self.assertEqual(self.raw_status(*head, "Content-Length: -1"), 400)
        self.assertEqual(self.raw_status(*head), 400)
        self.assertEqual(self.raw_status(*head, "Transfer-Encoding: chunked"), 415)
        self.assertEqual(self.raw_status(*head, "Content-Encoding: gzip", "Content-Length: 3", body=b"abc"), 415)
        self.answers()

    def test_long_addresses_and_headers(self):
        self.assertEqual(self.server.ask("GET", "/api/runs/" + "1" * 900).status, 404)
        self.assertEqual(self.server.ask("GET", "/" + "a" * 5000).status, 414)
        answer = self.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100000 + b"\r\n\r\n")
        self.assertTrue(answer == b"" or b" 431 " in answer.split(b"\r\n")[0] or b" 400 " in answer.split(b"\r\n")[0])
        self.answers()

    def test_too_many_runs(self):
        statuses = []
        for _ in range(130):
            answer = self.server.post("/api/runs", {"settings": settings("a"), "paused": True})
            statuses.append(answer.status)
            if answer.status == 429:
                break
        self.assertEqual(statuses[-1], 429)
        waiting = len(self.server.get("/api/runs")["runs"])
        self.assertLessEqual(waiting, 100)
        self.assertEqual(waiting, statuses.count(201))
        self.answers()

    def test_too_many_requests(self):
        statuses = {self.server.post("/api/runs/1/pause").status for _ in range(300)}
        self.assertLessEqual(statuses, {404, 429})
        self.answers()

    def test_connections_that_say_nothing(self):
        slow = []
        for index in range(300):
            connection = socket.create_connection((self.server.host, self.server.port), timeout=60)
            connection.sendall(b"" if index % 2 else b"POST /api/check HTTP/1.1\r\nHost: localhost\r\nContent-Le")
            slow.append(connection)
        self.answers()
        # Sooner or later they are let go.
        for connection in slow:
            while connection.recv(4096):
                pass
            connection.close()
        self.answers()

    def test_many_slow_texts_hold_nobody_up(self):
        text = "a: [" + "x, " * 700000 + "]"
        ended = []

        def read():
            ended.append(("read", self.server.post("/api/settings/read", text).status))
        readers = [threading.Thread(target=read) for _ in range(16)]
        for reader in readers:
            reader.start()
        # Most are refused while the first are still read; others are served before these have come to an end.
        while True:
            self.answers()
            ended.append(("other", 200))
            if sum(status == 429 for _, status in ended) >= 8 or not any(reader.is_alive() for reader in readers):
                break
            time.sleep(0.01)
        for reader in readers:
            reader.join()
        read = [status for what, status in ended if what == "read"]
        self.assertEqual(set(read), {200, 429})
        self.assertIn(("other", 200), ended[:ended.index(("read", 200))])

    def test_bodies_of_very_many_values(self):
        for body in '{"overrides": [' + "0," * 4000000 + '0]}', '{"settings": "a", "x": [' + "[]," * 3000000 + "[]]}":
            self.assertEqual(self.server.ask("POST", "/api/check", body, {"Content-Type": "application/json"}).status, 400)
        text = "scenes: " + "a, [b] {" * 3000  # what stands inside of a text is none
        self.assertEqual(self.server.post("/api/check", {"settings": text}).status, 200)

    def test_deep_and_odd_json(self):
        for body in ('{"settings":' + "[" * 100000, "[" * 5000 + "]" * 5000, '{"settings": "a"} x', "nul", "", '{"settings": 3}',
                     '{"settings": null}', '{"settings": "scenes: a", "overrides": "x"}', '{"settings": "a", "other": 1}',
                     '{"settings": "a", "settings": "b"}', '{"settings": "\\udc00"}', "[]", "3", '{"settings": 1e999}', "\xff\xfe",
                     '{"settings": "a", "kind": "other"}', '{"settings": "a", "overrides": [3]}'):
            answer = self.server.ask("POST", "/api/check", body, {"Content-Type": "application/json"})
            self.assertEqual(answer.status, 400, body[:60])
            answer.json()
        for body in b"\xff\xfe{}", b"{\"settings\": \"\xff\"}", b"\0":
            self.assertEqual(self.server.ask("POST", "/api/check", body, {"Content-Type": "application/json"}).status, 400)
        self.assertEqual(self.server.ask("POST", "/api/check", "{}", {"Content-Type": "text/plain"}).status, 415)

    def test_settings_that_explode(self):
        bombs = ["scenes: a\nzzz: " + "[" * 5000, "a: &a [x,x]\n" + "".join(f"b{i}: &b{i} [*a,*a]\n" for i in range(30)),
                 "scenes: '" + "${scene_prefix}" * 900 + "'\nscene_prefix: '" + "${scene_suffix}" * 900 + "'\nscene_suffix: '" + "x" * 900 + "'",
                 "scenes: a:" + "(" * 5000, "scenes: a:9**9**9**9**9", "scenes: a:" + "1+" * 100000 + "1", "scenes: \0", "\0", "{" * 5000,
                 "scenes: a\nwidth: 1e999", "scenes: a\nwidth: 99999999999999999999", "scenes: a\nscenes: b", "%YAML 9.9", "!!python/object:x y"]
        for bomb in bombs:
            answer = self.server.post("/api/check", {"settings": bomb})
            self.assertEqual(answer.status, 200, bomb[:60])
            self.assertTrue(answer.json()["problems"], bomb[:60])
        for name in "a\0b", "=", "x", "==", "\n=1", "scenes", "seed=\0", "../x=1":
            answer = self.server.post("/api/check", {"settings": settings("a"), "overrides": [name]})
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.json()["problems"], name)
        self.answers()

    # Words that mean something elsewhere

    def test_names_in_headers(self):
        answer = self.server.post("/api/check", {"settings": settings("a"), "overrides": ["file_namespace=a\r\nSet-Cookie: x=1"]})
        self.assertIn("file_namespace", answer.json()["problems"][0]["message"])
        name = "a Set-Cookie: x=1 <script>\"';é"
        number = self.server.submit("a", file_namespace=name)
        self.server.wait(number, "finished")
        files = self.server.get(f"/api/runs/{number}/files")["files"]
        self.assertEqual([file["frame"] for file in files], [1, 2, 0])
        answer = self.server.file(number, files[0]["name"])
        self.assertEqual(answer.status, 200)
        self.assertIsNone(answer.headers["Set-Cookie"])
        self.assertEqual(answer.headers["Content-Disposition"],
                         "inline; filename*=UTF-8''a%20Set-Cookie%3A%20x%3D1%20%3Cscript%3E%22%27%3B%C3%A9_1.png")
        self.assertEqual(answer.headers["Content-Type"], "image/png")

    def test_requests_within_requests(self):
        smuggled = b"GET /api/settings HTTP/1.1\r\nHost: localhost\r\n\r\n"
        head = (f"POST /api/check HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.server.token}\r\n"
                f"Content-Type: application/json\r\n")
        for more in "Content-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 60\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n":
            answer = self.raw((head + more + "\r\n").encode() + b"{}" + smuggled)
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, more)
            self.assertNotIn(b"steps_per_scene", answer)
        for junk in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\r\n" * 1000, b"GET / HTTP/9.9\r\n\r\n", os.urandom(2000) + b"\r\n\r\n":
            self.raw(junk)
        self.answers()

    def test_texts_come_back_as_json_only(self):
        words = "<script>alert(1)</script>"
        number = self.server.submit(words, title=words, paused=True)
        for path in "/api/runs", f"/api/runs/{number}", f"/api/runs/{number}/settings":
            answer = self.server.ask("GET", path)
            self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/json")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")


if __name__ == "__main__":
    unittest.main()
