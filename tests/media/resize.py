"""Pillow's Lanczos filter on floats: resize.py FOLDER writes FOLDER/<n>_in and <n>_out, each height, width (int32) and
values (float32)."""

import pathlib
import sys

import numpy as np
from PIL import Image

folder = pathlib.Path(sys.argv[1])
sizes = [((31, 47), (13, 20)), ((31, 47), (97, 123)), ((64, 64), (64, 21)), ((64, 64), (21, 64)), ((50, 3), (7, 200)),
         ((1, 1), (5, 4)), ((40, 60), (1, 1)), ((100, 100), (99, 101)), ((333, 10), (11, 10))]


def write(name, array):
    (folder / name).write_bytes(np.array(array.shape, "<i4").tobytes() + array.astype("<f4").tobytes())


for number, (before, after) in enumerate(sizes):
    values = np.random.RandomState(number).rand(*before).astype(np.float32)
    values[: before[0] // 2] = np.round(values[: before[0] // 2])  # hard edges, where the filter overshoots
    write(f"{number}_in", values)
    write(f"{number}_out", np.asarray(Image.fromarray(values, "F").resize(after[::-1], Image.LANCZOS)))
(folder / "count").write_text(str(len(sizes)))
