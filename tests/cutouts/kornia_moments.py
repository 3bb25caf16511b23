"""The specification's augmentations by kornia, many times over one picture read from standard input (JSON, [3][S][S]):
prints the mean and the mean square of every pixel."""

import json
import sys

import kornia.augmentation as K
import torch

torch.manual_seed(1)
picture = torch.tensor(json.load(sys.stdin)).unsqueeze(0)
count, batch = int(sys.argv[1]), 250
augment = torch.nn.Sequential(
    K.RandomHorizontalFlip(p=0.3),
    K.RandomAffine(degrees=30, translate=(0.1, 0.1), p=0.8, padding_mode="border"),
    K.RandomPerspective(0.2, p=0.4),
    K.ColorJitter(hue=0.01, saturation=0.01, p=0.7),
    K.RandomErasing((0.1, 0.4), (0.3, 3.3), p=0.7),
)
total, squares = torch.zeros_like(picture), torch.zeros_like(picture)
with torch.no_grad():
    for _ in range(count // batch):
        seen = augment(picture.repeat(batch, 1, 1, 1))
        total += seen.sum(0, keepdim=True)
        squares += seen.square().sum(0, keepdim=True)
json.dump({"mean": (total / count).flatten().tolist(), "square": (squares / count).flatten().tolist()}, sys.stdout)
