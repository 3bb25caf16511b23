#!/usr/bin/env python3
"""How much a picture that joins itself is broken at its seam, for every image model, with `tile: off` and `tile: xy`.

Prints the mean absolute difference of neighbouring pixels over the seam (last column beside the first, last row beside the first),
divided by that of all other neighbours: 1 where nothing shows the seam.

  python3 -m venv /tmp/plain && /tmp/plain/bin/pip install numpy pillow
  /tmp/plain/bin/python benchmarks/seams.py [--size 96] [--steps 100] [--models fourier,pyramid] [SETTING=VALUE ...]
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
MODELS = {"Unlimited Palette": [], "Limited Palette": [], "fourier": [], "pyramid": [], "VQGAN": ["vqgan_model=tiny"], "siren": [],
          "cells": [], "strokes": []}


def picture(arguments, model, tile):
    with tempfile.TemporaryDirectory() as folder:
        settings = ["scenes=" + arguments.scenes, "perceptors=" + arguments.perceptor, f"image_model={model}", *MODELS.get(model, []),
                    f"width={arguments.size}", f"height={arguments.size}", "cutouts=16", "cut_pow=1", "seed=5",
                    f"steps_per_scene={arguments.steps}", f"save_every={arguments.steps}", "display_every=0", "backups=0",
                    "tile=" + tile, *arguments.settings]
        subprocess.run([arguments.program, "render", *settings], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return np.asarray(Image.open(next(Path(folder, "images_out/default").glob("default_*.png"))).convert("RGB"), float)


def seam(pixels):
    """Of both axes together."""
    over = inside = 0.0
    for axis in 0, 1:
        changes = np.abs(np.roll(pixels, -1, axis) - pixels).mean(axis=(1 - axis, 2))
        over += changes[-1]  # from the last to the first
        inside += changes[:-1].mean()
    return over / inside


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/reverie"))
    parser.add_argument("--scenes", default="a mosaic of blue tiles")
    parser.add_argument("--perceptor", default="tiny_vit")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("settings", nargs="*")
    arguments = parser.parse_args()
    models = arguments.models.split(",")
    print("| | " + " | ".join(models) + " |")
    print("|---" * (len(models) + 1) + "|")
    for tile in "off", "xy":
        print(f"| `tile: {tile}` | " + " | ".join(f"{seam(picture(arguments, model, tile)):.2f}" for model in models) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
