#!/usr/bin/env python3
"""Ranks that Open MPI starts. mpirun_test.py PROGRAM SOURCES

Needs Debian's package openmpi-bin; without it, it is skipped with exit status 77.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from PIL import Image

from slurm import free_port

PROGRAM = Path(sys.argv[1]).resolve()
WORDS = ["render", "scenes=a red heart", "perceptors=tiny_vit", "width=64", "height=64", "cutouts=19", "steps_per_scene=6", "seed=1",
         "save_every=2"]


class MpirunTest(unittest.TestCase):
    def pictures(self, *command, **variables):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                                  env=dict(os.environ, OMP_NUM_THREADS="1", **variables))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return done.stderr, {path.name: hashlib.sha256(Image.open(path).convert("RGB").tobytes()).hexdigest()
                                 for path in Path(folder).glob("images_out/default/*.png")}

    def test_two_ranks_make_the_pictures_of_one_process(self):
        _, expected = self.pictures(str(PROGRAM), *WORDS, "cutout_groups=16")
        self.assertEqual(len(expected), 3)
        # As root, and with more processes than processors, it wants to be asked twice.
        said, made = self.pictures("mpirun", "-np", "2", "--oversubscribe", "-x", "MASTER_ADDR", "-x", "MASTER_PORT", str(PROGRAM), *WORDS,
                                   MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()), OMPI_ALLOW_RUN_AS_ROOT="1",
                                   OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        self.assertIn("rank 0 of 2", said)
        self.assertEqual(made, expected)


if __name__ == "__main__":
    if not shutil.which("mpirun"):
        print("skipped: mpirun is not installed (Debian: openmpi-bin)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
