#!/usr/bin/env python3
"""Ranks that torchrun starts, and starts again when one dies. torchrun_test.py PROGRAM SOURCES

Needs PyTorch's torchrun (Debian: python3-torch); without it, it is skipped with exit status 77.
"""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from PIL import Image

from slurm import free_port, until

PROGRAM = Path(sys.argv[1]).resolve()
WORDS = ["scenes=a red heart", "perceptors=tiny_vit", "width=64", "height=64", "cutouts=16", "steps_per_scene=32", "seed=1", "save_every=4"]


def torchrun(*words):
    """By names of options that all versions know. The store of PyTorch 1's agents is not that of PyTorch 2; with the rendezvous c10d, rank 0
    has one of its own. Redirections are named because PyTorch 1.13 fails without them in Python 3.11."""
    return ["torchrun", "--no_python", "--nnodes", "1", "--nproc_per_node", "2", "--rdzv_backend", "c10d", "--rdzv_endpoint",
            f"localhost:{free_port()}", "--rdzv_id", "test", "--redirects", "1", "--tee", "1", "--log_dir", "logs", *words]


class TorchrunTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="reverie-torchrun-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = dict(os.environ, OMP_NUM_THREADS="1")

    def pictures(self):
        return {path.name: hashlib.sha256(Image.open(path).convert("RGB").tobytes()).hexdigest()
                for path in self.folder.glob("images_out/default/*.png")}

    def alone(self):
        """The pictures of one process."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([str(PROGRAM), "render", *WORDS, "cutout_groups=16"], cwd=folder, env=self.environment, check=True,
                           capture_output=True)
            here, self.folder = self.folder, Path(folder)
            try:
                return self.pictures()
            finally:
                self.folder = here

    def rank(self, number, agent):
        """The process that is this rank, among the children of torchrun's agent; None if there is none yet."""
        for child in Path(f"/proc/{agent}/task/{agent}/children").read_text().split():
            try:
                if f"RANK={number}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
                    return int(child)
            except OSError:  # it has ended
                continue
        return None

    def test_a_rank_that_dies_is_started_again_and_the_run_goes_on(self):
        expected = self.alone()
        self.assertEqual(len(expected), 8)
        with open(self.folder / "said", "wb") as said:
            process = subprocess.Popen(torchrun("--max_restarts", "1", str(PROGRAM), "render", *WORDS, "--restore"), cwd=self.folder,
                                       env=self.environment, stdout=said, stderr=said)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until(lambda: (self.folder / "backup/default/default_1.bak").exists() or process.poll() is not None, 240, "a backup")
        self.assertIsNone(process.poll(), "the run has ended before")
        os.kill(self.rank(1, process.pid), signal.SIGKILL)
        self.assertEqual(process.wait(300), 0, (self.folder / "said").read_text())
        self.assertIn("continuing 'default' from its backup", (self.folder / "said").read_text())
        self.assertEqual(self.pictures(), expected)

    def test_a_signal_that_the_agent_passes_on_saves_the_run(self):
        expected = self.alone()
        with open(self.folder / "said", "wb") as said:
            process = subprocess.Popen(torchrun(str(PROGRAM), "render", *WORDS, "--restore"), cwd=self.folder, env=self.environment,
                                       stdout=said, stderr=said, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until(lambda: (self.folder / "backup/default/default_1.bak").exists() or process.poll() is not None, 240, "a backup")
        self.assertIsNone(process.poll(), "the run has ended before")
        os.killpg(process.pid, signal.SIGTERM)  # as a batch system does; torchrun also passes it on
        process.wait(300)
        self.assertIn("interrupted after ", (self.folder / "said").read_text())
        done = subprocess.run([str(PROGRAM), "render", *WORDS, "--restore", "cutout_groups=16"], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.pictures(), expected)


if __name__ == "__main__":
    if not shutil.which("torchrun") or subprocess.run(["torchrun", "--help"], capture_output=True).returncode != 0:
        print("skipped: torchrun is not installed (Debian: python3-torch)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
