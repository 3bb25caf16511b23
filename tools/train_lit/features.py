"""What the trunk sees in the pictures: computed once, in float16, and kept in files.

Pictures are composed as the small CLIP models' are: drawings on white, plain colours, gradients and photographs, of any
size and place; drawn scenes fill the picture. Held-out pictures are seen once, on white.
"""

import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from minilm import read_safetensors
from trunk import load, pooled

SIDE, TAPS, BATCH = 128, (2, 4, 10), 64


def is_scene(record):
    """Whether the picture fills its frame, so that it has no background of its own to choose."""
    return record["source"] == "synthetic" or record["source"] == "photograph"


class Pictures:
    def __init__(self, folder):
        tensors = read_safetensors(folder / "pictures.safetensors")
        self.pictures, self.backgrounds = tensors["pictures"], tensors["backgrounds"]
        self.records = [json.loads(line) for line in open(folder / "pictures.jsonl", encoding="utf-8")]

    def layer(self, index, fraction, x, y, turn, flip):
        """The picture as a premultiplied layer [4,SIDE,SIDE]; `fraction` of the side wide, its middle at (x, y) of -1..1."""
        rgba = self.pictures[index].permute(2, 0, 1).float() / 255
        rgba = torch.cat([rgba[:3] * rgba[3:], rgba[3:]])
        c, s = np.cos(turn) / fraction, np.sin(turn) / fraction
        theta = torch.tensor([[[c * flip, s * flip, -(c * x + s * y) * flip], [-s, c, s * x - c * y]]], dtype=torch.float32)
        grid = F.affine_grid(theta, (1, 4, SIDE, SIDE), align_corners=False)
        return F.grid_sample(rgba[None], grid, padding_mode="zeros", align_corners=False)[0]

    def background(self, rng):
        u = rng.random()
        if u < 0.35:
            return torch.ones(3, SIDE, SIDE)
        if u < 0.55:
            return torch.from_numpy(rng.random((3, 1, 1), dtype=np.float32)).expand(3, SIDE, SIDE)
        if u < 0.7:
            a, b = torch.from_numpy(rng.random((2, 3, 1, 1), dtype=np.float32))
            ramp = torch.linspace(0, 1, SIDE).view(1, -1, 1) if rng.random() < 0.6 else torch.linspace(0, 1, SIDE).view(1, 1, -1)
            return (a + (b - a) * ramp).expand(3, SIDE, SIDE)
        crop = self.backgrounds[int(rng.integers(len(self.backgrounds)))].permute(2, 0, 1).float() / 255
        return F.interpolate(crop[None], (SIDE, SIDE), mode="bilinear", align_corners=False)[0]

    def plain(self, index):
        scene = is_scene(self.records[index])
        layer = self.layer(index, 1.1 if scene else 0.9, 0, 0, 0, 1)
        return 1 - layer[3:] + layer[:3]

    def varied(self, index, rng):
        flip, turn = (1 if rng.random() < 0.5 else -1), (rng.random() < 0.5) * rng.uniform(-0.25, 0.25)
        if is_scene(self.records[index]):
            fraction = rng.uniform(1.1, 1.8)
            room = (fraction - 1.05) * 0.7
            layer = self.layer(index, fraction, rng.uniform(-room, room), rng.uniform(-room, room), turn, flip)
            ground = torch.ones(3, SIDE, SIDE) * 0.5
        else:
            layer = self.layer(index, rng.uniform(0.5, 1.3), rng.uniform(-.25, .25), rng.uniform(-.25, .25), turn, flip)
            ground = self.background(rng)
        image = ground * (1 - layer[3:]) + layer[:3]
        image = (image - 0.5) * rng.uniform(0.75, 1.25) + 0.5 + rng.uniform(-0.1, 0.1)
        if rng.random() < 0.5:
            image = image + torch.from_numpy(rng.standard_normal(image.shape, dtype=np.float32)) * rng.uniform(0, 0.08)
        return image.clamp(0, 1)


@torch.no_grad()
def compute(pictures, trunk, indices, make, report):
    """float16 [N, all depths' numbers]."""
    rows = []
    for at in range(0, len(indices), BATCH):
        images = torch.stack([make(i) for i in indices[at:at + BATCH]])
        rows.append(torch.cat(pooled(trunk.maps(images, TAPS)), 1).half())
        if at // BATCH % 20 == 0:
            report(f"features: {at} of {len(indices)}")
    return torch.cat(rows)


def make_files(data, trunk_file, out, variants, seed, report):
    """Writes heldout.pt and train_K.pt for each variant, those that are not there yet."""
    pictures = trunk = None
    for name in ["heldout"] + [f"train_{k}" for k in range(variants)]:
        path = Path(out) / f"{name}.pt"
        if path.exists():
            continue
        if pictures is None:
            pictures, trunk = Pictures(Path(data)), load(trunk_file)
        held = name == "heldout"
        indices = [i for i, r in enumerate(pictures.records) if (r["split"] == "heldout") == held]
        if held:
            make = pictures.plain
        else:
            variant = int(name.split("_")[1])
            make = lambda i: pictures.varied(i, np.random.default_rng([seed, variant, i]))
        start = time.time()
        rows = compute(pictures, trunk, indices, make, report)
        torch.save({"indices": torch.tensor(indices), "rows": rows}, path.with_suffix(".new"))
        path.with_suffix(".new").rename(path)
        report(f"{path.name}: {len(indices)} pictures, {time.time() - start:.0f} s")
