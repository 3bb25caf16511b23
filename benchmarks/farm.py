#!/usr/bin/env python3
"""A sweep of 12 runs that three workers share by claims, while one of them is killed twice (SIGKILL) in the middle of a run and started
again. Prints for each run who began and who finished it, from which backup it was continued, and the SHA-256 of all its pictures' pixels
beside that of a sweep by one process. Fails where they differ.

  python3 benchmarks/farm.py [--program build/release/bin/reverie] [--gate FOLDER] [--runs 12] [--steps 30]

Each worker waits at its second picture, by the output `gate` of the tests (build/release/tests/distributed/plugins), so that all are in the
middle of a run when one is killed, however fast the machine is. When it has been killed twice, the others go on.
"""

import argparse
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LEASE = 8
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
        self.name, self.command, self.folder = name, command, folder
        self.logs = []

    def start(self, gate):
        """With a gate, it waits at its second picture until it is let on."""
        self.logs.append(self.folder / f"{self.name}{len(self.logs) + 1}.log")
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        ends = ()
        if gate:
            (self.arrived, at_gate), (goes_on, self.let_on) = os.pipe(), os.pipe()
            ends = (at_gate, goes_on)
            environment["REVERIE_GATE"] = f"{at_gate},{goes_on}"
        with open(self.logs[-1], "wb") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, env=environment,
                                            pass_fds=ends)
        for end in ends:
            os.close(end)

    def run_at_gate(self):
        """The run in the middle of which it waits."""
        name = os.read(self.arrived, 100).decode().strip()
        if not name:
            sys.exit(f"worker {self.name} ended before its second picture\n{self.logs[-1].read_text()}")
        return int(name.removeprefix("run_"))

    def kill(self):
        run = self.run_at_gate()
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
    parser.add_argument("--gate", default=str(REPOSITORY / "build/release/tests/distributed/plugins"))
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    if not (Path(arguments.gate) / "io/gate.so").exists():
        sys.exit(f"there is no io/gate.so in {arguments.gate}; cmake --build --preset release --target plugin_gate makes it")
    seeds = ",".join(str(seed) for seed in range(1, arguments.runs + 1))
    sweep = [os.path.abspath(arguments.program), "render", "-m", "--plugin-path", os.path.abspath(arguments.gate), "scenes=a red heart",
             "outputs=[png_sequence,gate]", "perceptors=tiny_vit", "width=64", "height=64", "cutouts=4",
             f"steps_per_scene={arguments.steps}", "save_every=2", f"seed={seeds}", "file_namespace=run_${seed}"]
    with tempfile.TemporaryDirectory() as sequential, tempfile.TemporaryDirectory() as shared:
        alone, folder = Path(sequential), Path(shared)
        subprocess.run(sweep, cwd=alone, check=True, capture_output=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
        workers = [Worker(name, [*sweep, "--claim", "claims", "--lease", str(LEASE)], folder) for name in NAMES]
        for worker in workers:
            worker.start(gate=True)
        first, *others = workers
        busy = [worker.run_at_gate() for worker in others]
        killed = [first.kill()]
        first.start(gate=True)
        killed.append(first.kill())
        first.start(gate=False)
        for worker in others:
            os.write(worker.let_on, b"1")
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
        print(f"\nWorker A was killed in run {killed[0]} and run {killed[1]}, while B was in run {busy[0]} and C in run {busy[1]}.")
        if failed or not equal:
            sys.exit(f"workers that failed: {failed}; equal: {equal}")


if __name__ == "__main__":
    main()
