#!/usr/bin/env python3
"""Time to picture: what a network that took no part makes of pictures painted in other ways, at equal time, and how long each way
takes to equal today's figure.

  .deps/python/bin/python benchmarks/time_to_picture.py --classifier efficientnet-lite2.pth --out FOLDER
      [--preset whole] [--ways NAME ...] [--also NAME:SETTING] [--shares 0.25 0.5 1] [--every 8] [--drawn-every 5] [--program build/release/bin/reverie]

Time is counted in cutouts that the networks look at, which is what steps take it for: each way has as many steps as make a share of
the cutouts that the preset sees in all its steps. The processor's seconds, in one thread and with the start of the program, are
shown beside. The largest share is done in today's way alone. The learning rate falls over a whole run, so each share is a run
of its own. All runs have the seed 1. Runs that FOLDER has already are not done once more, so the benchmark may be done in parts.

Every K-th line of tools/sixty_nouns.txt is painted with the preset (`whole`, that of `reverie paint`) and judged by EfficientNet-Lite2's classifier, whose file
tools/judge_pictures.py names; every K-th of tools/twenty_prompts.txt with the preset `whole`, judged by tools/cross_judge
and `tiny_vit` (the rank of the right prompt among the twenty; 0 leaves them out).
"""
import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

STEPS, CUTOUTS = 110, 16  # of the presets `paint` and `whole`
TODAY = "today"
WAYS = {  # cutouts of a step, on average, and settings
    TODAY: (CUTOUTS, []),
    "8 cutouts": (8, ["cutouts=8"]),
    "4 cutouts": (4, ["cutouts=4"]),
    "cutouts 4 to 12": (8, ["cutouts=4 + 8*p"]),
    "cutouts 12 to 4": (8, ["cutouts=12 - 8*p"]),
    "rate 0.12": (CUTOUTS, ["learning_rate=0.12"]),
    "rate 0.12 to 0.06": (CUTOUTS, ["learning_rate=0.12 - 0.06*p"]),
    "8 cutouts, rate 0.09": (8, ["cutouts=8", "learning_rate=0.09"]),
    "grid": (CUTOUTS, ["cutout_method=grid"]),
    "disco": (CUTOUTS, ["cutout_method=disco"]),
    "disco, 8 cutouts": (8, ["cutout_method=disco", "cutouts=8"]),
    "disco, rate 0.12": (CUTOUTS, ["cutout_method=disco", "learning_rate=0.12"]),
    "disco, 8 cutouts, rate 0.09": (8, ["cutout_method=disco", "cutouts=8", "learning_rate=0.09"]),
    "disco, 8 cutouts, rate 0.12": (8, ["cutout_method=disco", "cutouts=8", "learning_rate=0.12"]),
    "disco, 4 cutouts": (4, ["cutout_method=disco", "cutouts=4"]),
    "begun at 200": (CUTOUTS, ["upscale_from=[200]"]),
    "begun at 100, 200": (CUTOUTS, ["upscale_from=[100, 200]"]),
    "adamw": (CUTOUTS, ["optimiser=adamw"]),
    "radam": (CUTOUTS, ["optimiser=radam"]),
    "lbfgs": (CUTOUTS, ["optimiser=lbfgs"]),
}


def render(program, folder, settings):
    """Processor seconds of a run, and its last picture."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen([program, "render", *settings, "seed=1", "allow_overwrite=true", "backups=0", "display_every=100000",
                                "device=cpu"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"the render failed: {' '.join(settings)}")
    picture = re.findall(r"\S+\.png", output)[-1]
    return usage.ru_utime + usage.ru_stime, str((folder / picture).relative_to(folder))


class Results:
    """What was done before, in a file."""

    def __init__(self, path):
        self.path = path
        self.all = json.loads(path.read_text()) if path.exists() else {}

    def get(self, key, make):
        if key not in self.all:
            self.all[key] = make()
            self.path.write_text(json.dumps(self.all, indent=1))
        return self.all[key]


class Bench:
    def __init__(self, options):
        from judge_pictures import Judge

        self.options = options
        self.results = Results(options.out / "results.json")
        self.judge = Judge(options.classifier)

    def painted(self, preset, way, share, number, prompt):
        """Seconds, and the picture of line `number`, where tools/cross_judge looks for it."""
        folder = self.options.out / preset / f"{way}_{share:g}".replace(" ", "_")

        def make():
            cutouts, settings = WAYS[way]
            steps = round(share * STEPS * CUTOUTS / cutouts)
            return [*render(self.options.program, folder, [
                f"scenes={prompt}", f"preset={preset}", f"file_namespace=paint_{number}", f"steps_per_scene={steps}",
                f"save_every={steps}", *settings]), steps]
        seconds, picture, steps = self.results.get(f"{preset}|{way}|{share:g}|{number}", make)
        return seconds, folder / picture, steps

    def noun(self, way, share, number, prompt, right):
        """Seconds, steps, logarithm of the right class's chance, whether it is the first."""
        from PIL import Image

        seconds, picture, steps = self.painted(self.options.preset, way, share, number, prompt)

        def make():
            chances = self.judge.chances(Image.open(picture).convert("RGB"))
            return [math.log(float(chances[right])), int(chances.argmax()) == right]
        return [seconds, steps, *self.results.get(f"judged|{self.options.preset}|{way}|{share:g}|{number}", make)]

    def drawn(self, way, share):
        """The mean rank of the right prompt, and for how many it comes first."""
        prompts, every = ROOT / "tools/twenty_prompts.txt", self.options.drawn_every
        lines = prompts.read_text().splitlines()
        for number in range(1, len(lines) + 1, every):
            picture = self.painted("whole", way, share, number, lines[number - 1])[1]
        folder = picture.parent.parent.parent
        table = subprocess.run([ROOT / "build/release/tools/cross_judge", "--guide", "paint", "--judge", "tiny_vit", "--prompts", prompts,
                                "--out", folder, "--every", str(every), "--program", self.options.program],
                               capture_output=True, text=True, check=True).stdout
        ranks = [int(rank) for rank in re.findall(r"^\| [^|]* \| (\d+) \|", table, re.M)]
        return f"{statistics.mean(ranks):.1f}, {sum(rank == 1 for rank in ranks)} of {len(ranks)}"


def reached(points, wanted):
    """Seconds at which a way reaches a figure, linear in their logarithm between those measured; none if it does not."""
    points = sorted(points)
    if points[0][1] >= wanted:
        return f"at most {points[0][0]:.1f}"
    for (a, low), (b, high) in zip(points, points[1:]):
        if low < wanted <= high:
            return f"{a * (b / a) ** ((wanted - low) / (high - low)):.1f}"
    return f"more than {points[-1][0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classifier", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/bin/reverie")
    parser.add_argument("--preset", default="whole")
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS))
    parser.add_argument("--shares", nargs="*", type=float, default=[0.25, 0.5, 1])
    parser.add_argument("--every", type=int, default=8)
    parser.add_argument("--drawn-every", type=int, default=5)
    parser.add_argument("--also", action="append", default=[], metavar="NAME:SETTING",
                        help="one more way, with 16 cutouts a step, such as mine:cutout_method=my_plugin")
    options = parser.parse_args()
    for name, setting in (one.split(":", 1) for one in options.also):
        WAYS[name] = (CUTOUTS, [setting])
        options.ways.append(name)
    options.out, options.program = options.out.resolve(), str(options.program.resolve())
    options.out.mkdir(parents=True, exist_ok=True)
    import torch

    torch.set_num_threads(1)
    bench = Bench(options)
    nouns = [(number, *line.split("\t")) for number, line in enumerate((ROOT / "tools/sixty_nouns.txt").read_text().splitlines(), 1)]
    nouns = nouns[::options.every]
    *shares, whole = sorted(options.shares)
    runs = [(way, share) for share in shares for way in dict.fromkeys([TODAY, *options.ways])] + [(TODAY, whole)]
    rows = {run: [] for run in runs}
    for number, prompt, right in nouns:  # all ways by turns, so that a busy machine disturbs all alike
        for way, share in runs:
            rows[way, share].append(bench.noun(way, share, number, prompt, int(right)))
            print(f"{prompt}, {way}, {share:g}: {rows[way, share][-1]}", file=sys.stderr, flush=True)
    figure = {run: statistics.mean(row[2] for row in found) for run, found in rows.items()}
    seconds = {run: statistics.mean(row[0] for row in found) for run, found in rows.items()}
    print("| share of the time | way | steps | seconds | chance | by today's | first | drawn: rank, first |\n|---|---|---|---|---|---|---|---|")
    for (way, share), found in rows.items():
        apart = [row[2] - base[2] for row, base in zip(found, rows[TODAY, share])]
        error = statistics.stdev(apart) / math.sqrt(len(apart)) if len(apart) > 1 else math.inf
        ratio = "1" if way == TODAY else f"{math.exp(statistics.mean(apart)):.2f} ({math.exp(statistics.mean(apart) - error):.2f} to " \
                                         f"{math.exp(statistics.mean(apart) + error):.2f})"
        drawn = bench.drawn(way, share) if options.drawn_every else "-"
        print(f"| {share:g} | {way} | {statistics.mean(row[1] for row in found):.0f} | {seconds[way, share]:.1f} | "
              f"{math.exp(figure[way, share]):.3f} | {ratio} | {sum(row[3] for row in found)} of {len(found)} | {drawn} |", flush=True)
    print(f"\n| way | seconds to today's figure at {whole:g} of its time |\n|---|---|")
    for way in dict.fromkeys(way for way, _ in runs):
        points = [(seconds[run], figure[run]) for run in runs if run[0] == way]
        print(f"| {way} | {reached(points, figure[TODAY, whole])} |")


if __name__ == "__main__":
    main()
