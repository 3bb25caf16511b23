"""Weights of cutouts under image masks, as the specification and pytti-core's behaviour have it, pixel by pixel at the
mask's own size. Reads lines from standard input: the mask's width and height, its rows of digits (ninths of white),
then one cutout a line: x y width height in the mask's pixels. Prints one weight a line."""

import sys

import numpy as np

width, height = map(int, sys.stdin.readline().split())
mask = np.array([[int(digit) / 9 for digit in sys.stdin.readline().strip()] for _ in range(height)])
cutouts = [tuple(map(int, line.split())) for line in sys.stdin]
inside = [(max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)) for x, y, w, h in cutouts]
sizes = [(x1 - x0) * (y1 - y0) if x1 > x0 and y1 > y0 else 0 for x0, y0, x1, y1 in inside]

owed = np.zeros_like(mask)  # signed squares of what each pixel did not get
weights = [0.0] * len(cutouts)
for k in sorted(range(len(cutouts)), key=lambda k: -sizes[k]):
    if sizes[k] == 0:
        continue
    x0, y0, x1, y1 = inside[k]
    part = np.s_[y0:y1, x0:x1]
    weights[k] = np.mean(mask[part] + np.sign(owed[part]) * np.sqrt(np.abs(owed[part])))
    miss = mask[part] - weights[k]
    owed[part] += np.sign(miss) * miss**2 / len(cutouts)
for weight in weights:
    print(repr(float(weight / np.sqrt(mask.mean()))))
