#!/usr/bin/env python3
"""Does a step cost at the end of a long scene what it cost at its start, and does memory stay flat?

    benchmarks/long_scene.py [--steps 5000] [--program build/release/bin/reverie] [name=value ...]

Runs one scene with a small picture, a frame and a backup every hundred steps, and reports the time and the
resident memory of the first tenth (after a warm-up) and of the last tenth of the run, as ratios.
"""
import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


def resident_kilobytes(process):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def main():
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--program", default=root / "build/release/bin/reverie")
    parser.add_argument("settings", nargs="*")
    arguments = parser.parse_args()
    every = max(1, arguments.steps // 50)
    command = [Path(arguments.program).resolve(), "render", "scenes=a red heart | a hill:0.5_l",
               "perceptors=tiny_vit", "width=96", "height=96", "cutouts=4", "seed=1", f"steps_per_scene={arguments.steps}",
               f"save_every={every}", *arguments.settings]
    marks = []
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in process.stderr:
            if line.startswith("saved "):
                marks.append((time.monotonic(), resident_kilobytes(process)))
        if process.wait() != 0:
            raise SystemExit("the render failed")
    seconds = [(b[0] - a[0]) / every for a, b in zip(marks, marks[1:])]
    tenth = max(1, len(seconds) // 10)
    first, last = statistics.median(seconds[:tenth]), statistics.median(seconds[-tenth:])
    memory = [m for _, m in marks[:-1]]
    print(f"{arguments.steps} steps; medians of a tenth of the run each")
    print(f"  a step at the start  {first * 1e3:8.2f} ms")
    print(f"  a step at the end    {last * 1e3:8.2f} ms   ratio {last / first:.3f}")
    print(f"  memory at the start  {memory[tenth] / 1024:8.1f} MB")
    print(f"  memory at the end    {memory[-1] / 1024:8.1f} MB   ratio {memory[-1] / memory[tenth]:.3f}")


if __name__ == "__main__":
    main()
