"""What the benchmarks that run beside PyTorch share: two programs by turns, and the ratios of their medians."""

import json
import os
import statistics
import subprocess


def compare(title, ours, pytorch, rounds, threads):
    """Each command prints a JSON object: for each case, seconds on the clock and in the processor."""
    # The environment that helps PyTorch most: freed memory is kept, threads do not spin while the others work.
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MALLOC_TOP_PAD_": "1000000000",
                   "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000", "OMP_WAIT_POLICY": "PASSIVE"}
    times = {"ours": [], "PyTorch": []}
    for _ in range(rounds):
        for who, command in (("ours", ours), ("PyTorch", pytorch)):
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
            times[who].append(json.loads(done.stdout))
    print(f"{title}, {threads} threads; seconds on the clock (in the processor)")
    for case in times["ours"][0]:
        median = {who: [statistics.median(r[case][i] for r in results) for i in range(2)] for who, results in times.items()}
        (a, b), (c, d) = median["ours"], median["PyTorch"]
        print(f"{case:22} ours {a:.3f} ({b:.3f}), PyTorch {c:.3f} ({d:.3f}): {c / a:.2f} times as fast ({d / b:.2f})")
