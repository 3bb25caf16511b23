#!/usr/bin/env python3
"""One run shared between ranks on this machine, beside one process; and what more machines would make of it.

Prints for each way: seconds a step, how many times as fast as one process with the same number of threads in all, memory of all
processes, and the SHA-256 of the last picture's pixels, which must be the same wherever the threads of a process are as many. Then the parts of a
step that one rank takes with one thread: what every rank repeats (measured with a prompt of weight 0) and the cutouts; and by these the
time that n machines would need, each with one thread, over networks of 1, 10 and 100 Gbit/s:

    step(n) = repeated + cutouts * ceil(16 / n) / 16 + transfer(n),  transfer(n) = (n - 1) * bytes / bandwidth

where bytes is what a rank receives from each of the others: one picture's gradient for each node of the sum that it holds.

  python3 benchmarks/ranks.py [--perceptor FILE_OR_NAME] [--size 512] [--cutouts 40] [--steps 8] [--rounds 3] [--cores 2]

With --model, every term of the model is measured by `reverie check --ranks 2`, in turns with real runs of 1, 2 and 4 ranks of one
thread, so that other work on the machine is in all of them alike. Prints a table of these runs, how much of what the model allows they
reach where the machine has a core for each rank, and what the model predicts for more machines and for cards; --plot draws it.

  python3 benchmarks/ranks.py --model [--plot docs/pictures/ranks.svg] [...]

--standard is the standard step, 512 x 512 pixels, 40 cutouts and CLIP ViT-B/32, with random weights, which take the same time. Making them
needs PyTorch, open_clip and safetensors, which the tests' Python has. About five minutes on two cores:

  .deps/python/bin/python benchmarks/ranks.py --model --standard --plot docs/pictures/ranks.svg
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


def words_of(arguments, scenes="a red heart"):
    return [f"scenes={scenes}", f"perceptors={arguments.perceptor}", f"width={arguments.size}", f"height={arguments.size}",
            f"cutouts={arguments.cutouts}", f"steps_per_scene={arguments.steps}", f"save_every={arguments.steps}", "seed=1",
            "device=cpu", "backups=0"]


def run(arguments, threads, extra, scenes="a red heart", memory=None):
    """Median seconds of a step, peak MB of all processes by memory(), and the picture's hash."""
    memory = memory or memory_of
    with tempfile.TemporaryDirectory() as folder:
        command = [REVERIE, "render", *words_of(arguments, scenes), *extra]
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        moments, peak, said = [], 0.0, ""
        for line in process.stderr:
            said += line
            if match := re.match(r"step (\d+)/", line):
                moments.append((time.monotonic(), int(match[1])))
                peak = max(peak, memory(process.pid))
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


def memory_of_largest(pid):
    """MB that the largest of a process' children had at most, shared ones among them; of itself, where it has none."""
    largest = 0.0
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            pids = children.read().split() or [str(pid)]
        for each in pids:
            with open(f"/proc/{each}/status") as file:
                largest = max(largest, *(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:")))
    except OSError:
        pass
    return largest


def check(arguments, ranks):
    """The terms that `reverie check --ranks` measures, in seconds and bytes."""
    command = [REVERIE, "check", *words_of(arguments), "--ranks", str(ranks)]
    said = subprocess.run(command, env=dict(os.environ, OMP_NUM_THREADS="1"), capture_output=True, text=True, check=True).stdout
    find = lambda pattern: float(re.search(pattern, said)[1])  # noqa: E731
    return {"serial": find(r"every rank does: (\S+) s"), "parallel": find(r"the cutouts: (\S+) s"),
            "bytes": find(r" s for (\d+) bytes"), "bandwidth": find(r"at (\S+) Gbit/s") * 1e9 / 8,
            "latency": find(r"latency of (\S+) s"), "transfer": find(r"transfer: (\S+) s"),
            "step": find(r"predicted step: (\S+) s"), "memory": find(r"memory of each rank: about (\S+) MB")}


class Model:
    """step(n) = serial + parallel * (largest share) + transfer(n): host/distributed/step_model.h."""

    def __init__(self, serial, parallel, size, latency=0.0, groups=16):
        self.serial, self.parallel, self.size, self.latency, self.groups = serial, parallel, size, latency, groups

    def step(self, machines, bandwidth):
        transfer = (machines - 1) * (2 * self.latency + self.size / bandwidth) if machines > 1 else 0
        return self.serial + self.parallel * math.ceil(self.groups / machines) / self.groups + transfer

    def speed(self, machines, bandwidth):
        return self.step(1, bandwidth) / self.step(machines, bandwidth)


def plot(path, lines, points):
    """Times as fast as one by the number of machines, both axes logarithmic."""
    width, height, left, bottom, right = 560, 330, 46, 40, 128
    most = 16
    x = lambda n: left + math.log2(n) / math.log2(most) * (width - left - right)  # noqa: E731
    y = lambda v: height - bottom - (math.log2(v) + 2) / 6 * (height - bottom - 14)  # noqa: E731  from 1/4 to 16
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for n in (1, 2, 4, 8, 16):
        parts.append(f'<path d="M{x(n):.1f} 14V{height - bottom}" stroke="#ddd"/>'
                     f'<text x="{x(n):.1f}" y="{height - bottom + 16}" text-anchor="middle">{n}</text>')
    for v, text in ((0.25, "1/4"), (0.5, "1/2"), (1, "1"), (2, "2"), (4, "4"), (8, "8"), (16, "16")):
        parts.append(f'<path d="M{left} {y(v):.1f}H{width - right}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{text}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 6}" text-anchor="middle">machines (ranks)</text>')
    parts.append(f'<text x="12" y="{(height - bottom) / 2}" text-anchor="middle" '
                 f'transform="rotate(-90 12 {(height - bottom) / 2})">times as fast as one</text>')
    lowest = 0.0
    for name, colour, values in sorted(lines, key=lambda line: -line[2][-1][1]):
        path_of = "L".join(f"{x(n):.1f} {y(max(v, 0.25)):.1f}" for n, v in values)
        parts.append(f'<path d="M{path_of}" fill="none" stroke="{colour}" stroke-width="2"/>')
        n, v = values[-1]
        lowest = max(lowest + 14, y(max(v, 0.25)) + 4)  # labels below each other
        parts.append(f'<text x="{x(n) + 6:.1f}" y="{lowest:.1f}" fill="{colour}">{name}</text>')
    for n, v in points:
        parts.append(f'<circle cx="{x(n):.1f}" cy="{y(v):.1f}" r="4" fill="#000"/>')
    parts.append(f'<circle cx="{left + 14}" cy="24" r="4" fill="#000"/><text x="{left + 24}" y="28">measured</text></svg>')
    with open(path, "w") as file:
        file.write("\n".join(parts) + "\n")


def model_main(arguments):
    counts, checks, runs = (1, 2, 4), [], {1: [], 2: [], 4: []}
    for _ in range(arguments.rounds):
        checks.append(check(arguments, 2))
        for ranks in counts:
            runs[ranks].append(run(arguments, 1, ["--ranks", str(ranks)], memory=memory_of_largest))
    middle = lambda values: statistics.median(values)  # noqa: E731
    term = {name: middle(each[name] for each in checks) for name in checks[0]}
    print(f"{arguments.rounds} rounds in turns, {arguments.steps} steps each, one thread a rank\n")
    print(f"{'ranks':>6}{'s/step':>9}{'MB per rank':>13}{'bytes sent':>12}  SHA-256 of the picture")
    hashes = set()
    for ranks in counts:
        rounds = runs[ranks]
        hashes |= {each[2] for each in rounds}
        print(f"{ranks:6}{middle(each[0] for each in rounds):9.4f}{max(each[1] for each in rounds):13.0f}"
              f"{(ranks - 1) * term['bytes']:12.0f}  {rounds[0][2][:12]}")
    print("all pictures are the same" if len(hashes) == 1 else "THE PICTURES DIFFER")
    print(f"\nmeasured terms: serial {term['serial']:.4f} s, parallel {term['parallel']:.4f} s, transfer {term['transfer']:.4f} s "
          f"({term['bytes']:.0f} bytes, {term['bandwidth'] * 8e-9:.2f} Gbit/s, latency {term['latency'] * 1e6:.0f} us), "
          f"memory {term['memory']:.0f} MB")
    one = middle(c["serial"] + c["parallel"] for c in checks)
    print(f"one rank: the model says {one:.4f} s, a run takes {middle(r[0] for r in runs[1]):.4f} s")
    model = Model(term["serial"], term["parallel"], term["bytes"], term["latency"])
    points = [(1, 1.0)]
    for ranks in counts[1:]:
        gain = middle(a[0] / b[0] for a, b in zip(runs[1], runs[ranks]))
        if ranks > os.cpu_count():
            print(f"{ranks} ranks: {gain:.2f} times as fast as one, since there are {os.cpu_count()} cores")
            continue
        points.append((ranks, gain))
        said = [Model(c["serial"], c["parallel"], c["bytes"], c["latency"]).step(ranks, c["bandwidth"]) for c in checks]
        shares = [step / r[0] for step, r in zip(said, runs[ranks])]
        print(f"{ranks} ranks: the model says {middle(said):.4f} s, a run takes {middle(r[0] for r in runs[ranks]):.4f} s: "
              f"{100 * middle(shares):.0f} % of what the model allows (in rounds: {', '.join(f'{100 * s:.0f}' for s in shares)}), "
              f"{gain:.2f} times as fast as one")
    print(f"every rank repeats {100 * term['serial'] / one:.1f} % of a step")

    many = Model(term["serial"], term["parallel"], term["bytes"], term["latency"], groups=64)
    print("\nPREDICTED, times as fast as one machine (64: if there were 64 groups; today more than 16 ranks are refused)")
    print(f"{'machines':>8}" + "".join(f"{speed:>7} Gbit/s" for speed in (1, 10, 100)))
    for machines in (4, 16, 64):
        which = many if machines > 16 else model
        print(f"{machines:8}" + "".join(f"{which.speed(machines, speed * 1e9 / 8):14.2f}" for speed in (1, 10, 100)))
    print("\nPREDICTED for 8 cards of one machine at 512 x 512, if a step of one card takes so long and every rank repeats 2 ms of it;\n"
          "gradients go through the CPU at the rate measured here")
    for seconds in (0.05, 0.2, 1.0):
        cards = Model(0.002, seconds - 0.002, 4 * 3 * 512 ** 2, term["latency"])
        print(f"{1000 * seconds:6.0f} ms: {cards.speed(8, term['bandwidth']):.2f} times as fast")
    if arguments.plot:
        lines = []
        for speed, colour in ((1, "#c33"), (10, "#b80"), (100, "#06a")):
            lines.append((f"{speed} Gbit/s", colour, [(n, model.speed(n, speed * 1e9 / 8)) for n in (1, 2, 4, 8, 16)]))
        lines.append(("all of it shared", "#888", [(n, n) for n in (1, 2, 4, 8, 16)]))
        plot(arguments.plot, lines, points)
        print(f"\n{arguments.plot}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--standard", action="store_true")
    parser.add_argument("--perceptor", default="tiny_vit")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--cutouts", type=int, default=40)
    parser.add_argument("--steps", type=int, help="8; 4 with --standard")
    parser.add_argument("--rounds", type=int, help="3; 2 with --standard")
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--model", action="store_true")
    parser.add_argument("--plot")
    arguments = parser.parse_args()
    arguments.steps = arguments.steps or (4 if arguments.standard else 8)
    arguments.rounds = arguments.rounds or (2 if arguments.standard else 3)
    if not arguments.standard:
        return measure(arguments)
    from side_by_side import make_weights

    with tempfile.TemporaryDirectory() as folder:
        make_weights(folder, ["ViT-B-32-quickgelu"])
        arguments.perceptor, = (os.path.join(folder, name) for name in os.listdir(folder))
        measure(arguments)


def measure(arguments):
    if os.path.exists(arguments.perceptor):
        arguments.perceptor = os.path.abspath(arguments.perceptor)
    if arguments.model:
        return model_main(arguments)
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
