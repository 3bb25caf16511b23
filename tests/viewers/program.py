"""The real program in a terminal of its own, and pictures that are known beforehand."""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

from PIL import Image

PROGRAM = None  # set by main()

# Quarters of the picture: red, green, blue, white.
QUARTERS = [(220, 30, 40), (40, 200, 60), (30, 60, 210), (240, 240, 235)]


def write_quarters(path, side=64):
    picture = Image.new("RGB", (side, side))
    half = side // 2
    for i, colour in enumerate(QUARTERS):
        picture.paste(colour, (i % 2 * half, i // 2 * half, (i % 2 + 1) * half, (i // 2 + 1) * half))
    picture.save(path)


def small_run(*more):
    """A picture that stays what it was, so that what is shown can be compared with it."""
    return ["scenes=a red heart", "perceptors=tiny_vit", "width=64", "height=64", "cutouts=2", "seed=1",
            "init_image=quarters.png", "learning_rate=0.000001", "steps_per_scene=8", "display_every=4", *more]


def environment(**more):
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "OMP_NUM_THREADS": "1", **more}


class Terminal:
    """A pseudo-terminal with the program in it."""

    def __init__(self, folder, words, rows=24, columns=80, pixels=(0, 0), stdout=None, **env):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            if stdout:
                os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT), 1)
            os.execve(PROGRAM, [PROGRAM, "render", *words], environment(**env))
        self.resize(rows, columns, pixels)

    def resize(self, rows, columns, pixels=(0, 0)):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, *pixels))

    def read(self):
        """More output; false at its end."""
        try:
            more = os.read(self.fd, 1 << 16)
        except OSError:  # the other side is closed
            more = b""
        self.output += more
        return bool(more)

    def read_until(self, part, start=0):
        while part not in self.output[start:]:
            if not self.read():
                raise AssertionError(f"{part!r} never came: {self.output[-2000:]!r}")

    def end(self):
        """Reads to the end; the exit status."""
        while self.read():
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def show(folder, words, **more):
    """Output and exit status of a run in a terminal."""
    terminal = Terminal(folder, words, **more)
    status = terminal.end()
    return terminal.output, status


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        write_quarters(self.folder / "quarters.png")

    def close_to(self, colour, wanted, tolerance):
        self.assertLessEqual(max(abs(a - b) for a, b in zip(colour, wanted)), tolerance, (colour, wanted))

    def render(self, *words):
        """A run without a terminal."""
        return subprocess.run([PROGRAM, "render", *words], cwd=self.folder, env=environment(), capture_output=True,
                              text=True, check=False)


def main():
    global PROGRAM
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    # The test files import this module again by its name.
    sys.modules["program"].PROGRAM = PROGRAM
    unittest.main(module="__main__", verbosity=2)
