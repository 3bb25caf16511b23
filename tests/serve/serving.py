"""A real server in a folder of its own, and requests to it."""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop(1)).resolve()) if len(sys.argv) > 1 else ""

# Small enough to be rendered in moments.
TINY = {"perceptors": "tiny_vit", "width": 40, "height": 32, "cutouts": 2, "steps_per_scene": 6, "save_every": 3,
        "seed": 1}


def settings(scenes, **more):
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in {"scenes": scenes, **TINY, **more}.items())


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Server:
    def __init__(self, folder, *options, port=0):
        self.folder = Path(folder)
        self.log = open(self.folder / "server.log", "ab")
        begin = self.log.tell()
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(port), "--token-file", "token", *options], cwd=folder,
            stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.host, self.port, self.token = "127.0.0.1", None, None
        while self.port is None:
            text = self.output(begin)
            found = re.search(r"open http://[^:]+:(\d+)/\?token=(\S+)\n", text)
            if found:
                self.port, self.token = int(found[1]), found[2]
            elif self.process.poll() is not None:
                self.log.close()
                raise RuntimeError("the server did not begin: " + text)
            else:
                time.sleep(0.01)

    def output(self, begin=0):
        """What it said from this byte on."""
        return (self.folder / "server.log").read_bytes()[begin:].decode(errors="replace")

    def ask(self, method, path, body=None, headers=None, authorised=True):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=300)
        headers = dict(headers or {})
        if authorised:
            headers.setdefault("Authorization", "Bearer " + self.token)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if body is None and method != "GET":
            body = b""
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def get(self, path):
        return self.ask("GET", path).json()

    def post(self, path, body=None):
        return self.ask("POST", path, body)

    def submit(self, scenes, title=None, paused=False, kind="render", **more):
        answer = self.post("/api/runs", {"settings": settings(scenes, **more), "paused": paused, "kind": kind,
                                         **({"title": title} if title else {})})
        assert answer.status == 201, answer.body
        return answer.json()["id"]

    def run(self, number):
        return self.get(f"/api/runs/{number}")

    def wait(self, number, *states):
        """The run once it is in one of these states."""
        while True:
            run = self.run(number)
            if run["state"] in states:
                return run
            assert run["state"] in ("queued", "running"), run
            time.sleep(0.02)

    def file(self, number, name):
        from urllib.parse import quote
        return self.ask("GET", f"/api/runs/{number}/files/{quote(name, safe='')}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def end(self):
        """As Ctrl-C does; the exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(60)
        self.log.close()
        return status


class ServerTest(unittest.TestCase):
    """One server for each test."""
    options = ()

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="reverie_serve_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = self.begin()
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.kill())

    def begin(self):
        self.server = Server(self.folder, *self.options)
        return self.server
