#!/usr/bin/env python3
"""A sweep of 12 runs that three workers share by claims, while one of them is killed twice (SIGKILL) in the middle of a run and started
again. Prints for each run who began and who finished it, from which backup it was continued, and the SHA-256 of all its pictures' pixels
beside that of a sweep by one process. Fails where they differ.

  python3 benchmarks/farm.py [--program build/release/bin/reverie] [--runs 12] [--steps 30]
"""

import argparse
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LEASE = 3
NAMES = "ABC"


def pixels_of(file):
    """The picture's data; the file's texts hold the settings."""
    data, at, pixels = file.read_bytes(), 8, b""
    while at < len(data):
        size, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        if kind == b"IDAT":
            pixels += data[at + 8:at + 8 + size]
        at += 12 + size
    return pixels


def digest(folder, run):
    """Of all pictures of a run, and how many they are."""
    files = sorted((folder / f"images_out/run_{run}").glob("*.png"), key=lambda path: int(path.stem.split("_")[-1]))
    total = hashlib.sha256()
    for file in files:
        total.update(hashlib.sha256(pixels_of(file)).digest())
    return total.hexdigest(), len(files)


class Worker:
    def __init__(self, name, command, folder):
        self.name, self.command, self.folder, self.starts = name, command, folder, 0
        self.logs = []
        self.start()

    def start(self):
        self.starts += 1
        self.logs.append(self.folder / f"{self.name}{self.starts}.log")
        with open(self.logs[-1], "wb") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT,
                                            env=dict(os.environ, OMP_NUM_THREADS="1"))

    def present_run(self):
        """The run that it has claimed and that has a backup; None between runs."""
        for claim in (self.folder / "claims").glob("*.claim"):
            try:
                mine = f"-{self.process.pid}-" in claim.read_text()
            except FileNotFoundError:
                continue
            run = claim.name.split("-")[0]
            if mine and list((self.folder / f"backup/run_{run}").glob("*.bak")):
                return int(run)
        return None

    def kill(self):
        """In the middle of a run, which is returned."""
        while (run := self.present_run()) is None:
            if self.process.poll() is not None:
                sys.exit(f"worker {self.name} ended before it was killed: more --runs or --steps are needed\n{self.logs[-1].read_text()}")
            time.sleep(0.02)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return run


def histories(workers):
    """Of each run: (worker, number of the backup that it continued) in the order of the parts; the latter empty where it began."""
    parts = {}
    for worker in workers:
        for log in worker.logs:
            run = None
            for line in log.read_text().splitlines():
                if begin := re.match(r"\[(\d+)/\d+ ", line):
                    run = int(begin[1])
                    parts.setdefault(run, []).append([worker.name, ""])
                elif run and (more := re.search(r"continuing 'run_\d+' from its backup number (\d+)", line)):
                    parts[run][-1][1] = more[1]
    return {run: sorted(each, key=lambda part: int(part[1] or 0)) for run, each in parts.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(REPOSITORY / "build/release/bin/reverie"))
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    seeds = ",".join(str(seed) for seed in range(1, arguments.runs + 1))
    sweep = [os.path.abspath(arguments.program), "render", "-m", "scenes=a red heart", "perceptors=tiny_vit", "width=64", "height=64",
             "cutouts=4", f"steps_per_scene={arguments.steps}", "save_every=2", f"seed={seeds}", "file_namespace=run_${seed}"]
    with tempfile.TemporaryDirectory() as sequential, tempfile.TemporaryDirectory() as shared:
        alone, folder = Path(sequential), Path(shared)
        subprocess.run(sweep, cwd=alone, check=True, capture_output=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
        workers = [Worker(name, [*sweep, "--claim", "claims", "--lease", str(LEASE)], folder) for name in NAMES]
        killed = []
        for _ in range(2):
            killed.append(workers[0].kill())
            workers[0].start()
        failed = [worker.name for worker in workers if worker.process.wait() != 0]
        print("| run | rendered by | pictures | SHA-256 | by one process |")
        print("|---|---|---|---|---|")
        equal = True
        history = histories(workers)
        for run in range(1, arguments.runs + 1):
            made, expected = digest(folder, run), digest(alone, run)
            equal = equal and made == expected and made[1] > 0
            parts = ", ".join(f"{name} from backup {backup}" if backup else name for name, backup in history[run])
            print(f"| {run} | {parts} | {made[1]} | {made[0][:12]} | {'the same' if made == expected else expected[0][:12]} |")
        print(f"\nWorker A was killed in run {killed[0]} and run {killed[1]}.")
        if failed or not equal:
            sys.exit(f"workers that failed: {failed}; equal: {equal}")


if __name__ == "__main__":
    main()
