#!/usr/bin/env python3
"""What `cadence` saves, and whether it jumps: the time of the same film with 1, 2 and 4, and how much neighbouring pictures differ.

Prints for each cadence the time of the run, and the mean absolute difference (of 255) of each picture from the one before: where that
one is the picture of an optimised frame, and where it was made by the motion alone. Where the two are alike, nothing jumps.

  python3 -m venv /tmp/plain && /tmp/plain/bin/pip install numpy pillow
  /tmp/plain/bin/python benchmarks/cadence.py [--frames 48] [--size 96] [--steps 8] [SETTING=VALUE ...]
"""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
BEFORE = 80  # steps before the first move


def render(arguments, cadence):
    """The seconds that a run takes after its first frame, and its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [f"scenes={arguments.scenes}", f"perceptors={arguments.perceptor}", f"width={arguments.size}",
                    f"height={arguments.size}", "cutouts=16", "cut_pow=1", "smoothing_weight=1", "seed=5", "animation_mode=2D",
                    "zoom_x_2d=2", "zoom_y_2d=2", "rotate_2d=1", f"pre_animation_steps={BEFORE}",
                    f"steps_per_frame={arguments.steps}", f"steps_per_scene={BEFORE + arguments.frames * arguments.steps}",
                    f"save_every={arguments.steps}", "display_every=0", "backups=0", f"cadence={cadence}",
                    *arguments.settings]
        begun = time.monotonic()
        subprocess.run([arguments.program, "render", *settings], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        seconds = time.monotonic() - begun
        files = sorted(Path(folder, "images_out/default").glob("default_*.png"), key=lambda f: int(f.stem.split("_")[-1]))
        return seconds, [np.asarray(Image.open(file).convert("RGB"), float) for file in files[BEFORE // arguments.steps - 1:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/reverie"))
    parser.add_argument("--scenes", default="a coral reef")
    parser.add_argument("--perceptor", default="tiny_vit")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=8, help="a frame")
    parser.add_argument("settings", nargs="*")
    arguments = parser.parse_args()
    start, _ = render(argparse.Namespace(**{**vars(arguments), "frames": 0}), 1)
    print(f"{arguments.frames} moves, {arguments.steps} steps a frame; the first frame, {start:.1f} s, is left out")
    print("| cadence | s | times as fast | into frames between | into optimised frames | out of optimised frames |")
    print("|---|---|---|---|---|---|")
    whole = None
    for cadence in (1, 2, 4):
        seconds, pictures = render(arguments, cadence)
        seconds -= start
        whole = whole or seconds
        changes = [np.abs(b - a).mean() for a, b in zip(pictures, pictures[1:])]
        # Frame k is pictures[k]; of the moves 1 to n, every cadence-th is optimised, and the last.
        optimised = [k % cadence == 0 or k == len(pictures) - 1 for k in range(len(pictures))]
        mean = lambda chosen: f"{np.mean(chosen):.2f}" if chosen else "-"
        into_between = [c for k, c in enumerate(changes, 1) if not optimised[k]]
        into = [c for k, c in enumerate(changes, 1) if optimised[k]]
        out = [c for k, c in enumerate(changes, 1) if optimised[k - 1]]
        print(f"| {cadence} | {seconds:.1f} | {whole / seconds:.2f} | {mean(into_between)} | {mean(into)} | {mean(out)} |")


if __name__ == "__main__":
    sys.exit(main())
