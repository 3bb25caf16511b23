#!/usr/bin/env python3
"""How near pictures between pictures are to those that were there: reverie interpolate and FFmpeg's minterpolate.

Every second picture of a run is left out and made anew from its neighbours, at twice the rate. Printed is the PSNR in dB
over all of them, and over each of the two beside them by itself, for the same pictures by both programs, and for the mean of
the neighbours.

  python3 -m venv /tmp/plain && /tmp/plain/bin/pip install numpy pillow
  /tmp/plain/bin/python benchmarks/interpolation.py images_out/spiral [--from 30] [--count 41]

needs ffmpeg. The folder is that of a run, of which the pictures are numbered.
"""
import argparse
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
RATE = 12


def decoded(video, folder):
    subprocess.run(["ffmpeg", "-v", "error", "-i", video, folder / "%05d.png"], check=True)
    return [np.asarray(Image.open(file).convert("RGB"), float) for file in sorted(folder.glob("*.png"))]


def psnr(made, true):
    error = np.mean([np.square(a - b).mean() for a, b in zip(made, true)])
    return 10 * np.log10(255**2 / error)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--from", dest="start", type=int, default=1, help="the first picture")
    parser.add_argument("--count", type=int, default=10**6, help="how many, an odd number")
    parser.add_argument("--program", default=ROOT / "build/release/bin/reverie")
    parser.add_argument("settings", nargs="*", metavar="SETTING=VALUE", help="for reverie interpolate, such as flow_model=raft")
    arguments = parser.parse_args()
    program = Path(arguments.program).resolve()

    numbered = sorted((int(match[1]), file) for file in arguments.run.glob("*.png")
                      if (match := re.search(r"_(\d+)\.png$", file.name)))
    files = [file for number, file in numbered if number >= arguments.start][:arguments.count]
    files = files[:len(files) - (len(files) + 1) % 2]
    pictures = [np.asarray(Image.open(file).convert("RGB"), float) for file in files]
    kept, left_out = pictures[::2], pictures[1::2]
    print(f"{len(left_out)} pictures left out, {kept[0].shape[1]} x {kept[0].shape[0]}; between neighbours "
          f"{psnr(pictures[1:], pictures[:-1]):.2f} dB")
    results = {"the mean of the neighbours": [(a + b) / 2 for a, b in zip(kept, kept[1:])]}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for part in ("run", "ours", "theirs"):
            (folder / part).mkdir()
        for number, file in enumerate(files[::2], 1):
            shutil.copy(file, folder / f"run/run_{number}.png")
        subprocess.run([program, "interpolate", "run", "video_format=lossless", "video_from=start", "loop=false", "input_audio=",
                        f"frames_per_second={RATE}", *arguments.settings], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        results["reverie interpolate"] = decoded(next((folder / "run").glob("*.mkv")), folder / "ours")[1::2]
        # It leaves out the last pictures, for which it has no neighbours behind: two more of the last.
        for more in (1, 2):
            shutil.copy(files[len(files) // 2 * 2], folder / f"run/run_{len(kept) + more}.png")
        for name, options in (("minterpolate", ""), ("minterpolate, its best", ":mc_mode=aobmc:me_mode=bidir:vsbmc=1")):
            video = folder / "theirs.mkv"
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-framerate", str(RATE), "-i", folder / "run/run_%d.png", "-vf",
                            f"minterpolate=fps={2 * RATE}:mi_mode=mci:scd=none{options}", "-c:v", "ffv1", "-pix_fmt", "yuv444p",
                            video], check=True)
            for old in (folder / "theirs").glob("*.png"):
                old.unlink()
            made = decoded(video, folder / "theirs")
            # Nobody says with which picture it begins: the offset that fits best is taken.
            fits = [[made[offset + 2 * i] for i in range(len(left_out))] for offset in range(3)
                    if offset + 2 * len(left_out) <= len(made) + 1]
            results[name] = max(fits, key=lambda fit: psnr(fit, left_out))
    for name, made in results.items():
        print(f"{name:28}{psnr(made, left_out):8.2f} dB")


if __name__ == "__main__":
    main()
