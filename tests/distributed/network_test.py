#!/usr/bin/env python3
"""Ranks on machines of their own, with a link of 1 Gbit/s and 1 ms between them (link.py). network_test.py PROGRAM

Needs root and iproute2; without them, it is skipped with exit status 77.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from link import Machines, ip

PROGRAM = Path(sys.argv.pop(1)).resolve()
SAMPLES = PROGRAM.parent.parent / "share/reverie/models"
NAMES = [f"reverie{os.getpid()}a", f"reverie{os.getpid()}b"]
ADDRESSES = ["10.77.0.1", "10.77.0.2"]
PORT = "29511"
USUAL = (1000, 1)  # Mbit/s and ms
WORDS = ["scenes=a red heart", "perceptors=tiny_vit", "width=64", "height=64", "cutouts=19", "seed=1", "save_every=2"]


LISTENS = f"""
import socket
listener = socket.create_server(("0.0.0.0", {PORT}))
print(flush=True)
connection = listener.accept()[0]
while connection.recv(1 << 20)[-1:] != b"!":
    pass
connection.sendall(b"!")
"""
CONNECTS = f"""
import socket, sys, time
begin = time.monotonic()
connection = socket.create_connection(("{ADDRESSES[0]}", {PORT}))
connected = time.monotonic()
connection.sendall(bytes(int(sys.argv[1])) + b"!")
connection.recv(1)
print(connected - begin, time.monotonic() - connected)
"""


class NetworkTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="reverie-network-"))
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()
            if process.stdin:
                process.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, rank, *words, address=ADDRESSES[0], count=2, folder=None, host=None):
        """The first half of the ranks is on the first machine. `host`: what the machine calls itself."""
        environment = dict(os.environ, RANK=str(rank), WORLD_SIZE=str(count), MASTER_ADDR=address, MASTER_PORT=PORT, OMP_NUM_THREADS="1")
        command = [str(PROGRAM), "render", *WORDS, *words]
        if host:
            command = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', host, *command]
        process = subprocess.Popen(["ip", "netns", "exec", NAMES[2 * rank // count], *command], cwd=folder or self.folder,
                                   env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.processes.append(process)
        return process

    def alone(self, *words):
        """The pictures of one process."""
        folder = Path(tempfile.mkdtemp(prefix="reverie-network-"))
        try:
            subprocess.run([str(PROGRAM), "render", *WORDS, "cutout_groups=16", *words], cwd=folder, check=True, capture_output=True,
                           env=dict(os.environ, OMP_NUM_THREADS="1"))
            return self.pictures(folder)
        finally:
            shutil.rmtree(folder)

    @staticmethod
    def pictures(folder):
        """Files but for their texts, which hold the settings."""
        result = {}
        for path in sorted((folder / "images_out/default").glob("*.png")):
            data, at, pixels = path.read_bytes(), 8, b""
            while at < len(data):
                size = int.from_bytes(data[at:at + 4], "big")
                if data[at + 4:at + 8] == b"IDAT":
                    pixels += data[at + 8:at + 8 + size]
                at += 12 + size
            result[path.name] = pixels
        return result

    def end(self, *processes):
        """All have done what they should."""
        said = [process.communicate()[0] for process in processes]
        self.assertEqual([process.returncode for process in processes], [0] * len(processes), said)

    def wait_until_it_listens(self, process):
        """Until a rank 0 waits for the others: its network has a socket that listens (state 0A)."""
        port = f":{int(PORT):04X}"
        while True:
            self.assertIsNone(process.poll(), "rank 0 has ended")
            for name in ("tcp", "tcp6"):
                lines = Path(f"/proc/{process.pid}/net/{name}").read_text().splitlines()[1:]
                if any(line.split()[1].endswith(port) and line.split()[3] == "0A" for line in lines):
                    return
            time.sleep(0.01)

    def python_on(self, machine, *words):
        process = subprocess.Popen(["ip", "netns", "exec", NAMES[machine], sys.executable, "-c", *words], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def test_the_link_has_its_delay_and_its_rate(self):
        if not machines.has_delay:
            self.skipTest("there are neither netem nor TUN devices")
        size = 125_000
        machines.shape(10, 20)
        try:
            listener = self.python_on(0, LISTENS)
            listener.stdout.readline()
            connect, answer = map(float, self.python_on(1, CONNECTS, str(size)).communicate()[0].split())
        finally:
            machines.shape(*USUAL)
        # There and back is the least that either can take, and each byte has eight bits.
        self.assertGreaterEqual(connect, 2 * 0.020)
        self.assertGreaterEqual(answer, 2 * 0.020 + 8 * size / 10e6)

    def test_two_machines_make_the_same_pictures(self):
        self.end(self.start(0, "steps_per_scene=4"), self.start(1, "steps_per_scene=4"))
        pictures = self.pictures(self.folder)
        self.assertEqual(len(pictures), 2)
        self.assertEqual(pictures, self.alone("steps_per_scene=4"))

    def test_two_machines_of_two_ranks_each_make_the_same_pictures(self):
        self.end(*(self.start(rank, "steps_per_scene=4", count=4) for rank in range(4)))
        self.assertEqual(self.pictures(self.folder), self.alone("steps_per_scene=4"))

    def test_a_rank_that_is_late_is_waited_for(self):
        first = self.start(0, "steps_per_scene=4")
        self.wait_until_it_listens(first)
        self.end(first, self.start(1, "steps_per_scene=4"))
        self.assertEqual(self.pictures(self.folder), self.alone("steps_per_scene=4"))

    def test_a_slow_link_changes_nothing(self):
        # A gradient of 64 x 64 pixels takes 40 ms.
        print("the slow link:", machines.shape(10, 20))
        try:
            self.end(self.start(0, "steps_per_scene=4"), self.start(1, "steps_per_scene=4"))
        finally:
            machines.shape(*USUAL)
        self.assertEqual(self.pictures(self.folder), self.alone("steps_per_scene=4"))

    def test_other_weights_on_another_machine_are_noticed(self):
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        shutil.copy(SAMPLES / "tiny_vit.safetensors", self.folder / "own.safetensors")
        shutil.copy(SAMPLES / "tiny_resnet.safetensors", elsewhere / "own.safetensors")
        words = ["perceptors=own.safetensors", "steps_per_scene=4"]
        both = [self.start(0, *words, host="here"), self.start(1, *words, folder=elsewhere, host="there")]
        for process in both:
            said = process.communicate()[0]
            self.assertEqual(process.returncode, 2, said)
            for rank, name in enumerate(("tiny_vit", "tiny_resnet")):
                sha = hashlib.sha256((SAMPLES / f"{name}.safetensors").read_bytes()).hexdigest()
                self.assertIn(f"SHA-256 of own.safetensors of rank {rank}: {sha}", said)
        self.assertFalse(list(self.folder.rglob("*.png")), "a step was made")

    def test_a_cut_link_ends_the_run_on_both_sides_and_it_goes_on_later(self):
        first = self.start(0, "steps_per_scene=100000")
        second = self.start(1, "steps_per_scene=100000")
        while not (self.folder / "backup/default/default_1.bak").exists():
            self.assertIsNone(first.poll(), "rank 0 has ended")
            time.sleep(0.01)
        ip("-n", NAMES[1], "link", "set", "eth0", "down")
        begin = time.monotonic()
        try:
            said = [process.communicate(timeout=60)[0] for process in (first, second)]
        finally:
            ip("-n", NAMES[1], "link", "set", "eth0", "up")
        print(f"both ended within {time.monotonic() - begin:.1f} s")
        self.assertEqual((first.returncode, second.returncode), (1, 1), said)
        self.assertIn("rank 1 of 2", said[0])
        self.assertIn("rank 0 of 2", said[1])
        steps = 2 * len(self.pictures(self.folder)) + 2
        first = self.start(0, "--restore", f"steps_per_scene={steps}")
        second = self.start(1, "--restore", f"steps_per_scene={steps}")
        said = [process.communicate()[0] for process in (first, second)]
        self.assertEqual((first.returncode, second.returncode), (0, 0), said)

    def test_a_port_in_use_is_named(self):
        listener = self.python_on(0, f"import socket; s = socket.create_server(('0.0.0.0', {PORT})); print(flush=True); input()")
        listener.stdout.readline()
        first = self.start(0, "steps_per_scene=4")
        said = first.communicate()[0]
        self.assertEqual(first.returncode, 1)
        self.assertIn(PORT, said)


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("ip") or ip("netns", "add", NAMES[0], check=False).returncode != 0:
        print("skipped: network namespaces need root and iproute2")
        sys.exit(77)
    ip("netns", "delete", NAMES[0])
    machines = Machines(NAMES, ADDRESSES)
    try:
        machines.begin()
        print("the link:", machines.shape(*USUAL))
        unittest.main(verbosity=2)
    finally:
        machines.end()
