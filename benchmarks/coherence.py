#!/usr/bin/env python3
"""Whether a long zoom fades or burns: mean, saturation and sharpness of its pictures, with and without retouching.

Renders the same zoom with other settings, and prints for pictures spread over each run: the mean of red, green and blue,
the deviation of the luma (contrast), the mean saturation (of HSV), all 0 to 100, and the sharpness, the mean absolute
Laplacian of the luma (0 to 255).

  python3 -m venv /tmp/plain && /tmp/plain/bin/pip install numpy pillow
  /tmp/plain/bin/python benchmarks/coherence.py [--frames 500] [--size 96] [--steps 4] [--show 6] [SETTING=VALUE ...]
  /tmp/plain/bin/python benchmarks/coherence.py --loop

With --loop, it renders one zoom that is closed and one that is not, and prints the mean absolute difference (of 255) between
neighbouring pictures, in the transition and elsewhere, and between the last and the first.
"""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
BEFORE = 120  # steps before the first move
VARIANTS = {
    "none of them": [],
    "color_coherence: first": ["color_coherence=first"],
    "and anti_blur: 0.3": ["color_coherence=first", "anti_blur=0.3"],
    "and frame_noise: 0.02": ["color_coherence=first", "anti_blur=0.3", "frame_noise=0.02"],
    "the same, in hsv": ["color_coherence=first", "color_coherence_space=hsv", "anti_blur=0.3", "frame_noise=0.02"],
    "the same, histogram": ["color_coherence=first", "color_coherence_space=histogram", "anti_blur=0.3",
                            "frame_noise=0.02"],
}


def render(program, arguments, more):
    """The pictures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        before = BEFORE
        settings = ["scenes=" + arguments.scenes, "perceptors=" + arguments.perceptor, f"width={arguments.size}",
                    f"height={arguments.size}", "cutouts=8", "cut_pow=1", "smoothing_weight=1",
                    "seed=5", "animation_mode=2D", "zoom_x_2d=2", "zoom_y_2d=2",
                    f"pre_animation_steps={before}", f"steps_per_frame={arguments.steps}",
                    f"steps_per_scene={before + arguments.frames * arguments.steps}", f"save_every={arguments.steps}",
                    "display_every=0", "backups=0", *more, *arguments.settings]
        subprocess.run([program, "render", *settings], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)
        files = sorted(Path(folder, "images_out/default").glob("default_*.png"), key=lambda f: int(f.stem.split("_")[-1]))
        return [np.asarray(Image.open(file).convert("RGB"), float) for file in files]


def figures(picture):
    luma = picture @ [0.299, 0.587, 0.114]
    most, least = picture.max(-1), picture.min(-1)
    laplacian = (4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:])
    return (picture.mean() / 2.55, luma.std() / 2.55, 100 * ((most - least) / np.maximum(most, 1)).mean(),
            np.abs(laplacian).mean())


def compare_loops(program, arguments):
    count = 12
    print(f"{arguments.frames} moves of {arguments.steps} steps, {arguments.size} x {arguments.size}, loop_frames: {count}")
    print(f"{'':14}{'pictures':>10}{'neighbours':>12}{'in the transition':>19}{'last to first':>15}")
    for name, more in (("loop: false", []), ("loop: true", ["loop=true", f"loop_frames={count}"])):
        pictures = render(program, arguments, more)
        if not more:  # those that a loop leaves out, and those before the first move
            pictures = pictures[-(arguments.frames - count):]
        steps = [np.abs(a - b).mean() for a, b in zip(pictures, pictures[1:])]
        seam = np.abs(pictures[-1] - pictures[0]).mean()
        print(f"{name:14}{len(pictures):10}{np.mean(steps[:-count]):12.2f}{np.mean(steps[-count:]):19.2f}{seam:15.2f}",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*", metavar="SETTING=VALUE", help="further settings of all runs")
    parser.add_argument("--program", default=ROOT / "build/release/bin/reverie")
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--steps", type=int, default=4, help="of each frame")
    parser.add_argument("--show", type=int, default=6, help="pictures of each run")
    parser.add_argument("--scenes", default="a coral reef with colourful fish")
    parser.add_argument("--perceptor", default="tiny_vit")
    parser.add_argument("--only", help="the variant whose name holds this")
    parser.add_argument("--keep", type=Path, help="a folder for the shown pictures")
    parser.add_argument("--loop", action="store_true")
    arguments = parser.parse_args()
    program = Path(arguments.program).resolve()
    if arguments.loop:
        return compare_loops(program, arguments)
    print(f"{arguments.frames} moves of {arguments.steps} steps, {arguments.size} x {arguments.size}")
    print(f"{'':26}{'picture':>8}{'mean':>7}{'contrast':>10}{'saturation':>12}{'sharpness':>11}")
    for number, (name, more) in enumerate(VARIANTS.items()):
        if arguments.only and arguments.only not in name:
            continue
        pictures = render(program, arguments, more)
        first = BEFORE // arguments.steps - 1  # the last before a move
        shown = np.linspace(first, len(pictures) - 1, arguments.show).astype(int)
        for i in shown:
            mean, contrast, saturation, sharpness = figures(pictures[i])
            print(f"{name if i == first else '':26}{i - first:8}{mean:7.1f}{contrast:10.1f}{saturation:12.1f}{sharpness:11.1f}",
                  flush=True)
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            strip = np.concatenate([pictures[i] for i in shown], 1).round().astype(np.uint8)
            Image.fromarray(strip).save(arguments.keep / f"{number}.png")


if __name__ == "__main__":
    sys.exit(main())
