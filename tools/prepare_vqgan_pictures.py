#!/usr/bin/env python3
"""Prepares the pictures that Reverie's small VQGAN is trained on.

The sources, their packages and licences, and the share that is held out are those of prepare_pictures.py; here the
pictures are larger, have no captions, and most of them are crops of photographs.  More of these come from

  lomiri-wallpapers-16.04, lomiri-wallpapers-20.04   CC-BY-SA-3.0, CC-BY-SA-4.0, CC-BY-4.0, CC0-1.0
  plasma-workspace-wallpapers                        GPL-2+

  python3 tools/prepare_vqgan_pictures.py --out DIR

writes DIR/vqgan.safetensors, whose tensors hold straight RGBA drawings (U8 [N,128,128,4]) and RGB photographs and
drawn scenes (U8 [N,128,128,3]), named `drawings`, `photographs` and `scenes`, each with `.heldout` beside it.  The
same seed and packages give the same file.
"""

import argparse
import re
import time
from pathlib import Path

import numpy as np
from PIL import Image

from pictures import canvas, sources, vector

SIDE = 128
# The modules take their sizes from these when they draw; synthetic's are bound when it is imported, so this comes first.
canvas.SIDE, canvas.PICTURE = 2 * SIDE, SIDE
vector.RENDER_SIDE = 192
sources.PICTURE = SIDE

import prepare_pictures  # noqa: E402  pylint: disable=wrong-import-position

PHOTOGRAPHS = 9000
SCENES = 3000
LARGEST = 2400  # photographs are reduced to this first, pixels


def more_wallpapers():
    """{name: file} of the packages that only the VQGAN learns from; of one picture in many sizes, the widest."""
    found = {path.name: path for package in ("lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04")
             for path in sources.package_files(package, ".jpg")}
    widest = {}
    for path in sources.package_files("plasma-workspace-wallpapers", ".jpg", ".png"):
        size = re.fullmatch(r"(\d+)x(\d+)", path.stem)
        if size:
            name = path.parts[-4] + ("-dark" if path.parent.name == "images_dark" else "")
            widest[name] = max(widest.get(name, (0, path)), (int(size[1]), path))
    return found | {name: path for name, (_, path) in widest.items()}


def photographs(count, seed):
    """{split: [n, 128, 128, 3]} crops, from 128 pixels of the photograph's height to all of it."""
    paths = {path.name: path for path in sources.wallpapers()} | more_wallpapers()
    # Photographs show more than the textures and geometric wallpapers do.
    weights = {name: 1 if re.search("mate/(?!nature)|gnome", str(path)) else 3 for name, path in paths.items()}
    crops = {"train": [], "heldout": []}
    for name, path in paths.items():
        rng = np.random.default_rng([seed, int(sources.stable_hash(name) * 2 ** 31)])
        with Image.open(path) as image:
            image.draft("RGB", (LARGEST, LARGEST))
            image.thumbnail((LARGEST, LARGEST))
            image = image.convert("RGB")
        smallest = min(SIDE / min(image.size), 1.0)
        wanted, found = count * weights[name] // sum(weights.values()), 0
        for _ in range(3 * wanted):
            side = int(min(image.size) * rng.uniform(smallest ** 0.5, 1.0) ** 2)
            left, top = int(rng.integers(image.width - side + 1)), int(rng.integers(image.height - side + 1))
            crop = np.asarray(image.resize((SIDE, SIDE), Image.LANCZOS, (left, top, left + side, top + side)))
            if crop.std((0, 1)).max() < 8 and rng.random() < 0.9:
                continue  # skies and plain textures would be most of what is seen
            crops[prepare_pictures.split_of(name.removesuffix("-dark"))].append(crop)
            found += 1
            if found == wanted:
                break
    return {split: np.stack(group) for split, group in crops.items()}


def by_split(pairs, channels):
    """{split: [n, 128, 128, channels]} of (record, picture) pairs."""
    groups = {"train": [], "heldout": []}
    for entry, picture in pairs:
        groups[entry["split"]].append(picture[..., :channels])
    return {split: np.stack(group) for split, group in groups.items()}


def main():
    parser = argparse.ArgumentParser(description="Prepare pictures for training the small VQGAN.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--cache", type=Path, default=None, help="folder of drawn SVG files (default: OUT/cache)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    start = time.time()

    tensors = {}
    for name, make in (("photographs", lambda: photographs(PHOTOGRAPHS, options.seed)),
                       ("scenes", lambda: by_split(prepare_pictures.drawn(SCENES, options.seed), 3)),
                       ("drawings", lambda: by_split(prepare_pictures.packaged(options.cache or options.out / "cache"), 4))):
        groups = make()
        tensors[name], tensors[name + ".heldout"] = groups["train"], groups["heldout"]
        print(f"{name}: {len(groups['train'])}, held out {len(groups['heldout'])}, {time.time() - start:.0f} s", flush=True)
    prepare_pictures.write_safetensors(options.out / "vqgan.safetensors", tensors)


if __name__ == "__main__":
    main()
