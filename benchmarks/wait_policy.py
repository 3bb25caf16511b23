#!/usr/bin/env python3
"""How OpenMP's threads should wait for each other: a short run under several policies by turns, on a quiet machine and
beside busy neighbours.

  benchmarks/wait_policy.py [--rounds 5] [--steps 60] [--neighbours 0 2] [--quick] [--program build/release/bin/reverie]

Under each policy the same run is timed from its start to its end. Printed are medians, and the median of the ratios to the
program's own choice, round by round, so that what else happens on the machine disturbs all alike. A neighbour is a process
that only counts. --quick is for a first look: 3 rounds of 15 steps.
"""

import argparse
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

POLICIES = {
    "the program's own": {},
    "libgomp's": {"GOMP_SPINCOUNT": "300000"},  # what it takes where nothing is set
    "10,000 looks": {"GOMP_SPINCOUNT": "10000"},
    "passive": {"OMP_WAIT_POLICY": "passive"},
}
RUN = ["scenes=a red heart", "width=128", "height=128", "cutouts=16", "save_every=100000", "display_every=0", "backups=0",
       "viewers=[]", "seed=1", "device=cpu", "allow_overwrite=true"]


def timed(program, steps, policy, folder):
    """Seconds on the clock, and of all processors."""
    environment = {name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    begin = time.monotonic()
    process = subprocess.Popen([program, "render", *RUN, f"steps_per_scene={steps}"], cwd=folder, env={**environment, **policy},
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(message.decode())
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--neighbours", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--program", default=pathlib.Path(__file__).resolve().parent.parent / "build/release/bin/reverie")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # the neighbours end with it
    program = str(pathlib.Path(arguments.program).resolve())
    rounds = arguments.rounds or (3 if arguments.quick else 5)
    steps = arguments.steps or (15 if arguments.quick else 60)
    for count in arguments.neighbours:
        neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
        times = {name: [] for name in POLICIES}
        try:
            with tempfile.TemporaryDirectory() as folder:
                for _ in range(rounds):
                    for name, policy in POLICIES.items():
                        times[name].append(timed(program, steps, policy, folder))
        finally:
            for neighbour in neighbours:
                neighbour.kill()
                neighbour.wait()
        own = [clock for clock, _ in next(iter(times.values()))]
        print(f"{count} busy neighbours, {os.cpu_count()} processors: seconds on the clock (of all processors), times the own")
        for name, results in times.items():
            clock, processors = (statistics.median(column) for column in zip(*results))
            ratio = statistics.median(result[0] / mine for result, mine in zip(results, own))
            print(f"  {name:20}{clock:8.2f}{'(' + format(processors, '.2f') + ')':>10}{ratio:7.2f}", flush=True)


if __name__ == "__main__":
    main()
