#!/usr/bin/env python3
"""How much a restyled clip flickers: the mean warped difference of its frames.

Picture k+1 of a run with Video Source is compared with picture k moved along by the clip's own motion, on the pixels
where that motion can be trusted. Motion is estimated here with OpenCV (dense inverse search, medium preset) on the
clip's frames, back and forth; a pixel counts where both agree (Ruder, Dosovitskiy & Brox 2016, equation 5) and the clip
itself looks the same before and after, within 0.1. Printed for each run: the mean absolute difference over red, green and
blue of those pixels (in 1/255, after a blur by the given sigma, if any), and the same for the clip, which no restyling
can be expected to fall below. The last column is how far pictures are from the clip's frames: a run that never
repaints anything hardly flickers.

  python3 -m venv /tmp/plain && /tmp/plain/bin/pip install numpy opencv-python-headless
  /tmp/plain/bin/python benchmarks/flicker.py CLIP --first 8 --from 1 FOLDER/BASE [FOLDER/BASE ...]

BASE_n.png are the pictures; --first is the n that shows the clip's first frame (8 for examples/restyle.yaml).
"""
import argparse
from pathlib import Path

import numpy as np


def frames(path, size):
    import cv2

    clip, found = cv2.VideoCapture(str(path)), []
    while True:
        more, frame = clip.read()
        if not more:
            return found
        found.append(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))


def moved(picture, flow):
    """At p what the picture has at p + flow(p)."""
    import cv2

    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def motions(clip):
    """For each pair of frames, the flow from the later back to the earlier, and where it can be trusted."""
    import cv2

    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in clip]
    for before, after in zip(range(len(clip) - 1), range(1, len(clip))):
        back = estimator.calc(grey[after], grey[before], None)
        forth = moved(estimator.calc(grey[before], grey[after], None), back)
        squares = [(field**2).sum(-1) for field in (back + forth, back, forth)]
        same = np.abs(moved(clip[before], back).astype(float) - clip[after]).max(-1) < 25.5
        inside = moved(np.ones(grey[0].shape, np.float32), back) > 0.999
        yield back, (squares[0] < 0.01 * (squares[1] + squares[2]) + 0.5) & same & inside


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("runs", nargs="+", help="folder/base of each run")
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--from", dest="start", type=int, default=0, help="leave out so many frames of the clip")
    parser.add_argument("--sigmas", type=float, nargs="*", default=[0, 2])
    arguments = parser.parse_args()
    import cv2

    runs = {}
    for run in arguments.runs:
        runs[run], n = [], arguments.first + arguments.start
        while (path := Path(f"{run}_{n}.png")).exists():
            runs[run].append(cv2.imread(str(path)))
            n += 1
    height, width = next(iter(runs.values()))[0].shape[:2]
    clip = frames(arguments.clip, (width, height))[arguments.start:]
    count = min(len(clip), *(len(pictures) for pictures in runs.values()))
    known = list(motions(clip[:count]))
    trusted = np.mean([trust.mean() for _, trust in known])
    motion = np.mean([np.sqrt((flow**2).sum(-1)).mean() for flow, _ in known])
    print(f"{count} frames, {width} x {height}; motion {motion:.2f} pixels a frame; {100 * trusted:.0f} % of pixels count")
    print(f"{'':30}" + "".join(f"{f'sigma {sigma:g}':>10}" for sigma in arguments.sigmas) + "   from the clip")
    for name, pictures in [*runs.items(), ("(the clip)", clip)]:
        row = []
        for sigma in arguments.sigmas:
            soft = [cv2.GaussianBlur(p.astype(np.float32), (0, 0), sigma) if sigma else p.astype(np.float32)
                    for p in pictures[:count]]
            row.append(np.mean([np.abs(moved(a, flow) - b)[trust].mean()
                                for a, b, (flow, trust) in zip(soft, soft[1:], known)]))
        away = np.mean([np.abs(a.astype(float) - b).mean() for a, b in zip(pictures, clip[:count])])
        print(f"{name:30}" + "".join(f"{value:10.2f}" for value in row) + f"{away:16.1f}")


if __name__ == "__main__":
    main()
