#!/usr/bin/env python3
"""What saving costs a run: seconds a step that is saved as a PNG file of 16 bits, with its backup, of each program by turns.

  benchmarks/saving.py [--rounds 5] [--steps 20] [--side 1024] [--cutouts 8] [--threads 1 2] [--program FILE ...] [-- SETTING=VALUE ...]

A step's time is the difference between a run of so many steps more and one of two steps, so that what a run takes to begin and to
end does not count. Beside it stands the same run without any saving but at its end. Several programs, such as those of two
versions, take turns, so that what else happens on the machine disturbs all alike. Printed are medians.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

FEW = 2


def timed(program, steps, words, threads):
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        done = subprocess.run([program, "render", *words, f"steps_per_scene={steps}"], cwd=folder,
                              env={**os.environ, "OMP_NUM_THREADS": str(threads)}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr.decode())
        return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--cutouts", type=int, default=8)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--program", nargs="+",
                        default=[pathlib.Path(__file__).resolve().parent.parent / "build/release/bin/reverie"])
    parser.add_argument("settings", nargs="*")
    arguments = parser.parse_args()
    words = ["scenes=a red heart", f"width={arguments.side}", f"height={arguments.side}", "pixel_size=1", "png_bits=16",
             f"cutouts={arguments.cutouts}", "perceptors=tiny_vit", "image_model=unlimited_palette", "display_every=0", "viewers=[]",
             "seed=1", "device=cpu", *arguments.settings]
    programs = [str(pathlib.Path(program).resolve()) for program in arguments.program]
    for threads in arguments.threads:
        times = {(program, every): [] for program in programs for every in (1, 1000)}
        for _ in range(arguments.rounds):
            for program, every in times:
                run = [*words, f"save_every={every}"]
                few, many = (timed(program, FEW + more, run, threads) for more in (0, arguments.steps))
                times[program, every].append((many - few) / arguments.steps)
        for program in programs:
            saved, plain = (statistics.median(times[program, every]) for every in (1, 1000))
            print(f"{threads} threads, {program}: {saved:.3f} s a step that is saved, {plain:.3f} s one that is not", flush=True)


if __name__ == "__main__":
    main()
