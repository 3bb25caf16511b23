#!/usr/bin/env python3
"""Paints the prompts of a list and has a network judge the pictures that took no part: EfficientNet-Lite2's classifier.

  judge_pictures.py --classifier efficientnet-lite2.pth --names imagenet1k_clean_names.json --out FOLDER
      [--list tools/sixty_nouns.txt] [--program reverie] [--every K] [name=value ...]

A line of the list is a prompt, a tab and the number of its class. Pictures that are there already are not painted once more.
For each: the place of the right class among 1,000, noise (mean distance to the 3x3 median, of 255) and saturation.
tools/train_models.sh lit leaves the files it needs in build/lit/sources. Prompts that are not a class: tools/cross_judge.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parent / "train_lit"))
from trunk import Trunk, STRIDES, pooled  # noqa: E402

SIDE = 256  # of the 260 it was trained at: sides are multiples of 32 here


def squares(picture):
    """The picture's shorter side at SIDE: its left, middle and right, or upper and lower, part."""
    scale = SIDE / min(picture.size)
    picture = picture.resize([max(SIDE, round(side * scale)) for side in picture.size], Image.BICUBIC)
    room = [side - SIDE for side in picture.size]
    return [picture.crop((int(room[0] * u), int(room[1] * u), int(room[0] * u) + SIDE, int(room[1] * u) + SIDE)) for u in (0, 0.5, 1)]


class Judge:
    def __init__(self, file):
        weights = torch.load(file, map_location="cpu")
        self.trunk = Trunk(weights, STRIDES["efficientnet-lite2"])
        self.weight, self.bias = weights["_fc.weight"], weights["_fc.bias"]

    @torch.no_grad()
    def chances(self, picture):
        pixels = np.stack([np.asarray(square, np.float32) / 255 for square in squares(picture)])
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2)

        features = pooled(self.trunk.maps(images, ()))[-1]
        return torch.softmax(torch.nn.functional.linear(features, self.weight, self.bias), 1).mean(0)


def noise(picture):
    """Mean distance to the 3x3 median."""
    bands = [np.abs(np.asarray(band, np.float32) - np.asarray(band.filter(ImageFilter.MedianFilter(3)), np.float32)) for band in picture.split()]
    return float(np.mean(bands))


def saturation(picture):
    return float(np.asarray(picture.convert("HSV"))[..., 1].mean() / 255)


def paint(program, prompt, out, settings):
    name = re.sub(r"[^a-z0-9]+", "_", prompt.lower()).strip("_")
    target = out / f"{name}.png"
    if not target.exists():
        command = [program, "paint", prompt, f"file_namespace=judged_{name}", "seed=1", "allow_overwrite=true", *settings]
        output = subprocess.run(command, capture_output=True, text=True, cwd=out, check=True).stdout
        target.write_bytes((out / next(line for line in output.splitlines() if line.endswith(".png"))).read_bytes())
    return Image.open(target).convert("RGB")


def main():
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classifier", required=True)
    parser.add_argument("--names", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--list", type=Path, default=root / "tools/sixty_nouns.txt")
    parser.add_argument("--program", default=str(root / "build/release/bin/reverie"))
    parser.add_argument("--every", type=int, default=1, help="only every K-th line")
    parser.add_argument("settings", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2)
    judge, names = Judge(options.classifier), json.load(open(options.names, encoding="utf-8"))
    ranks, noises, colours = [], [], []
    for line in options.list.read_text().splitlines()[::options.every]:
        prompt, number = line.split("\t")
        picture = paint(options.program, prompt, options.out, options.settings)
        chances = judge.chances(picture)
        order = chances.argsort(descending=True).tolist()
        ranks.append(order.index(int(number)) + 1)
        noises.append(noise(picture))
        colours.append(saturation(picture))
        print(f"{prompt}: {ranks[-1]}. with {chances[int(number)]:.2f} (first: {names[order[0]]} {chances[order[0]]:.2f}), "
              f"noise {noises[-1]:.1f}, saturation {colours[-1]:.2f}", flush=True)
    share = lambda most: sum(rank <= most for rank in ranks) / len(ranks)
    print(f"{len(ranks)} prompts: top-1 {share(1):.1%}, top-5 {share(5):.1%}; noise {np.mean(noises):.1f}, at most {max(noises):.1f}; "
          f"saturation {np.mean(colours):.2f}")


if __name__ == "__main__":
    main()
