#!/usr/bin/env python3
"""Paints prompts that ImageNet has no class for and has a network judge the pictures that took no part: EfficientNet-Lite2 with a
head that learns to tell the prompts of the list apart.

  judge_forty.py --classifier efficientnet-lite2.pth --out FOLDER [--every K] [--program reverie] [name=value ...]

The head is a linear discriminant of the trunk's last features (Fisher 1936). It learns from pictures that tools/pictures draws of each prompt,
with other random numbers than the training of the models that ship; a fifth is held out and shows how good the judge is. It
is a better judge than tiny_vit, but its pictures are of the same program as some of those that the models learnt from. So a
prompt that comes first says that the painted picture looks like its kind to another network, not that every person agrees.

Pictures that are there already are not painted once more. --every K paints every K-th prompt; all forty stay possible answers.
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "tools/train_lit"))
from judge_pictures import SIDE, noise, paint, saturation, squares  # noqa: E402
from pictures import more_scenes, scenes, styles, subjects  # noqa: E402
from trunk import STRIDES, Trunk, pooled  # noqa: E402

SHRINKAGE = 0.3  # of the covariance within kinds towards a multiple of the identity
SEED = 4000  # that no training used

# Who draws a prompt, and what one of the drawing's captions must match.
DRAWN = {
    "a red heart": ([subjects.hearts], "red heart"),
    "a yellow star": ([subjects.star_shapes], "yellow star"),
    "a sunset over the sea": ([more_scenes.sunset_water, scenes.sunset_sea], ""),
    "a forest in autumn": ([more_scenes.seasons, scenes.autumn], "autumn forest|forest in autumn"),
    "a city at night": ([more_scenes.city_lights, scenes.city], "night"),
    "portrait of a woman": ([subjects.portraits], "woman"),
    "a dragon": ([subjects.dragons], ""),
    "a rainbow over a meadow": ([more_scenes.rainbows, scenes.rainbow], ""),
    "white clouds in a blue sky": ([more_scenes.skies, scenes.clear_sky], ""),
    "a night sky with stars": ([more_scenes.night_skies, scenes.starry], ""),
    "a full moon": ([more_scenes.full_moons], ""),
    "a galaxy in space": ([more_scenes.galaxies, scenes.galaxy], ""),
    "a planet with rings": ([more_scenes.ringed_planets], ""),
    "a field of flowers": ([scenes.flower_field], ""),
    "a purple flower": ([subjects.blossoms], "purple"),
    "a green tree": ([scenes.one_tree], "green"),
    "a snowy landscape": ([more_scenes.snowy_land, scenes.snowfall], ""),
    "rain on a grey day": ([more_scenes.rains, scenes.rain], ""),
    "lightning in a dark sky": ([more_scenes.lightnings], ""),
    "a desert with dunes": ([more_scenes.dunes, scenes.desert], ""),
    "a house on a meadow": ([more_scenes.houses, scenes.house], ""),
    "fire": ([more_scenes.flames, scenes.fire], ""),
    "a smiling face": ([subjects.smiling_faces], "smil"),
    "an eye": ([subjects.eyes], ""),
    "a hand": ([subjects.hands], ""),
    "a skull": ([subjects.skulls], ""),
    "a crown": ([subjects.crowns], ""),
    "a gift with a ribbon": ([subjects.gifts], ""),
    "a diamond": ([subjects.diamonds], ""),
    "a key": ([subjects.keys], ""),
    "a birthday cake": ([subjects.cakes], ""),
    "a dinosaur": ([subjects.dinosaurs], ""),
    "a robot": ([subjects.robots], ""),
    "a ghost": ([subjects.ghosts], ""),
    "a blue fish under water": ([subjects.fish_near, scenes.underwater], "blue fish"),
    "a black and white checkerboard": ([more_scenes.two_tone_boards], "(black and white|white and black) (check|square)"),
    "red and white stripes": ([more_scenes.two_tone_boards], "(red and white|white and red) stripes"),
    "a colourful spiral": ([more_scenes.colourful_spirals], ""),
    "a stained glass window": ([more_scenes.stained_glass], ""),
    "a watercolour of a lake": ([scenes.lake], ""),  # through the filter
}


def drawings(prompt, count):
    makers, caption = DRAWN[prompt]
    rng, number = np.random.default_rng([SEED, list(DRAWN).index(prompt)]), 0
    while count > 0:
        picture, captions = makers[number % len(makers)](rng)
        number += 1
        if not any(re.search(caption, text) for text in captions):
            continue
        if prompt.startswith("a watercolour"):
            picture = styles.watercolour(rng, picture)
        count -= 1
        yield picture.convert("RGB")


class Judge:
    def __init__(self, file, prompts, each):
        self.trunk = Trunk(torch.load(file, map_location="cpu"), STRIDES["efficientnet-lite2"])
        features = torch.stack([torch.stack([self.features(picture) for picture in drawings(prompt, each)]) for prompt in prompts])
        known = features[:, :each * 4 // 5]  # [prompts, pictures, features]
        means = known.mean(1)
        within = (known - means.unsqueeze(1)).flatten(0, 1)
        covariance = within.t() @ within / len(within)
        size = len(covariance)
        shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * covariance.trace() / size * torch.eye(size)
        self.rows = torch.linalg.solve(shrunk, means.t()).t()
        self.offsets = -0.5 * (self.rows * means).sum(1)
        held_out = features[:, each * 4 // 5:]
        right = (held_out @ self.rows.t() + self.offsets).argmax(2) == torch.arange(len(prompts)).unsqueeze(1)
        self.share, self.count = right.float().mean().item(), right.numel()

    @torch.no_grad()
    def features(self, picture):
        """Mean over the picture's parts; one part of a square picture."""
        parts = squares(picture) if picture.width != picture.height else [picture.resize((SIDE, SIDE), Image.BICUBIC)]
        pixels = np.stack([np.asarray(part, np.float32) / 255 for part in parts])
        return pooled(self.trunk.maps(torch.from_numpy(pixels).permute(0, 3, 1, 2), ()))[-1].mean(0)

    def order(self, picture):
        return (self.rows @ self.features(picture) + self.offsets).argsort(descending=True).tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classifier", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/reverie"))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--each", type=int, default=60, help="drawn pictures of each prompt that the judge learns from")
    parser.add_argument("settings", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    prompts = (ROOT / "tools/forty_prompts.txt").read_text().splitlines()
    judge = Judge(options.classifier, prompts, options.each)
    print(f"the judge names {judge.share:.1%} of {judge.count} held-out drawings right, first of {len(prompts)}", flush=True)
    ranks, noises, colours = [], [], []
    for number in range(0, len(prompts), options.every):
        picture = paint(options.program, prompts[number], options.out, options.settings)
        order = judge.order(picture)
        ranks.append(order.index(number) + 1)
        noises.append(noise(picture))
        colours.append(saturation(picture))
        print(f"{prompts[number]}: {ranks[-1]}. (first: {prompts[order[0]]}), noise {noises[-1]:.1f}, saturation {colours[-1]:.2f}", flush=True)
    print(f"{len(ranks)} prompts: first {sum(rank == 1 for rank in ranks)}, among the first five {sum(rank <= 5 for rank in ranks)}; "
          f"noise {np.mean(noises):.1f}, at most {max(noises):.1f}; saturation {np.mean(colours):.2f}")


if __name__ == "__main__":
    main()
