#!/usr/bin/env python3
"""One run shared between ranks on this machine, beside one process; and what more machines would make of it.

Prints for each way: seconds a step, how many times as fast as one process with the same number of threads in all, memory of all
processes, and the SHA-256 of the last picture's pixels, which must be the same wherever the threads of a process are as many. Then the parts of a
step that one rank takes with one thread: what every rank repeats (measured with a prompt of weight 0) and the cutouts; and by these the
time that n machines would need, each with one thread, over networks of 1, 10 and 100 Gbit/s:

    step(n) = repeated + cutouts * ceil(16 / n) / 16 + transfer(n),  transfer(n) = (n - 1) * bytes / bandwidth

where bytes is what a rank receives from each of the others: one picture's gradient for each node of the sum that it holds.

  python3 benchmarks/ranks.py [--perceptor FILE_OR_NAME] [--size 512] [--cutouts 40] [--steps 8] [--rounds 3] [--cores 2]
"""

import argparse
import hashlib
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REVERIE = os.path.join(REPOSITORY, "build/release/bin/reverie")


def run(arguments, threads, extra, scenes="a red heart"):
    """Median seconds of a step, peak MB of all processes, and the picture's hash."""
    with tempfile.TemporaryDirectory() as folder:
        command = [REVERIE, "render", f"scenes={scenes}", f"perceptors={arguments.perceptor}", f"width={arguments.size}",
                   f"height={arguments.size}", f"cutouts={arguments.cutouts}", f"steps_per_scene={arguments.steps}",
                   f"save_every={arguments.steps}", "seed=1", "device=cpu", "backups=0", *extra]
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        moments, peak, said = [], 0.0, ""
        for line in process.stderr:
            said += line
            if match := re.match(r"step (\d+)/", line):
                moments.append((time.monotonic(), int(match[1])))
                peak = max(peak, memory_of(process.pid))
        if process.wait() != 0 or len(moments) < 3:
            sys.exit(f"{' '.join(command)}\n{said}")
        times = [(b - a) / (m - n) for (a, n), (b, m) in zip(moments[1:], moments[2:]) if m > n]
        with open(os.path.join(folder, "images_out/default/default_1.png"), "rb") as file:
            data = file.read()
        # Between IHDR and IEND; the texts hold the settings, which differ.
        pixels, at = hashlib.sha256(), 8
        while at < len(data):
            size, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
            if kind == b"IDAT":
                pixels.update(data[at + 8:at + 8 + size])
            at += 12 + size
        return statistics.median(times), peak, pixels.hexdigest()


def memory_of(pid):
    """MB of a process and its children that no other process shares, and its part of the rest."""
    total = 0.0
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            pids = [str(pid), *children.read().split()]
        for each in pids:
            with open(f"/proc/{each}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) / 1024 for line in file if line.startswith("Pss:"))
    except OSError:
        pass
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perceptor", default="tiny_vit")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--cutouts", type=int, default=40)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if os.path.exists(arguments.perceptor):
        arguments.perceptor = os.path.abspath(arguments.perceptor)
    cores = arguments.cores
    ways = {f"1 process, {cores} threads, no groups": (cores, []),
            f"1 process, {cores} threads, 16 groups": (cores, ["cutout_groups=16"])}
    ranks = 2
    while ranks <= cores:
        ways[f"{ranks} ranks, {cores // ranks} threads each"] = (cores // ranks, ["--ranks", str(ranks)])
        ranks *= 2
    ways["1 process, 1 thread, 16 groups"] = (1, ["cutout_groups=16"])
    results = {name: [] for name in ways}
    for _ in range(arguments.rounds):
        for name, (threads, extra) in ways.items():
            results[name].append(run(arguments, threads, extra))
    first = None
    print(f"{'':36}{'s/step':>8}{'times as fast':>15}{'MB':>7}  SHA-256 of the picture")
    for name, rounds in results.items():
        seconds = statistics.median(result[0] for result in rounds)
        first = first or seconds
        print(f"{name:36}{seconds:8.3f}{first / seconds:15.2f}{max(result[1] for result in rounds):7.0f}  {rounds[0][2][:16]}")
    one = statistics.median(result[0] for result in results["1 process, 1 thread, 16 groups"])
    repeated = statistics.median(run(arguments, 1, [], "a red heart:0")[0] for _ in range(arguments.rounds))
    size = 4 * 3 * arguments.size ** 2
    print(f"\nstep of one rank with one thread: {one:.3f} s, of which every rank repeats {repeated:.3f} s "
          f"({100 * repeated / one:.1f} %); {size / 1e6:.1f} MB of gradient")
    print(f"{'machines':>8}" + "".join(f"{speed:>7} Gbit/s" for speed in (1, 10, 100)) + "    times as fast")
    for machines in (2, 4, 8, 16):
        row = []
        for speed in (1, 10, 100):
            transfer = (machines - 1) * size * 8 / (speed * 1e9)
            row.append(one / (repeated + (one - repeated) * math.ceil(16 / machines) / 16 + transfer))
        print(f"{machines:8}" + "".join(f"{value:14.2f}" for value in row))


if __name__ == "__main__":
    main()
