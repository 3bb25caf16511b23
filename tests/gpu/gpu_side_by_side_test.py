"""The benchmark of cards where there is none: what it says, and that wrong arguments are refused before."""

import os
import subprocess
import sys
import unittest

PROGRAM = os.path.join(sys.argv.pop(), "benchmarks/gpu_side_by_side.py")


def run(*arguments):
    environment = dict(os.environ, CUDA_VISIBLE_DEVICES="")
    return subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True, env=environment)


class GpuSideBySide(unittest.TestCase):
    def test_says_that_there_is_no_card(self):
        for arguments in ((), ("--case", "pair", "--rounds", "1", "--steps", "8")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.strip(), "no CUDA device")

    def test_refuses_wrong_arguments(self):
        for arguments in (("--case", "huge"), ("--steps", "2"), ("--rounds", "0"), ("--rounds", "few")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("usage:", done.stderr)


unittest.main()
