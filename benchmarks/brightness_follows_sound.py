#!/usr/bin/env python3
"""How well the brightness of a rendered video follows the bands of its own sound.

For examples/beat.yaml: both the pictures and the sound are decoded from the video file, as a player would. The
loudness of the bands is computed here with SciPy. Prints Pearson's correlation between the mean luma of either region
(white and black in the mask) and the loudness of either band in the same picture's time, and for the band that it
follows best, in the time of the picture before and of the one after.

  python3 -m venv /tmp/plain && /tmp/plain/bin/pip install numpy scipy
  /tmp/plain/bin/python benchmarks/brightness_follows_sound.py images_out/beat/beat.mp4 docs/pictures/gallery/disc.png
"""
import argparse
import json
import subprocess

import numpy as np
import scipy.signal

RATE = 44100


def decoded(*arguments):
    return subprocess.run(["ffmpeg", "-v", "error", *arguments, "-"], check=True, stdout=subprocess.PIPE).stdout


def luma(path, width, height, *options):
    raw = decoded("-i", path, *options, "-vf", f"scale={width}:{height},format=gray", "-f", "rawvideo")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width) / 255


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video")
    parser.add_argument("mask")
    parser.add_argument("--low", nargs=2, type=float, default=[80, 100], help="middle and width of the low band in Hz")
    parser.add_argument("--high", nargs=2, type=float, default=[10000, 6000])
    parser.add_argument("--show", action="store_true", help="print the values of every picture")
    arguments = parser.parse_args()

    stream = json.loads(subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height,avg_frame_rate",
         "-of", "json", arguments.video], check=True, stdout=subprocess.PIPE).stdout)["streams"][0]
    numerator, denominator = map(int, stream["avg_frame_rate"].split("/"))
    pictures = luma(arguments.video, stream["width"], stream["height"])
    inside = luma(arguments.mask, stream["width"], stream["height"])[0] > 0.5
    # Silence stands before a sound that begins later than the pictures.
    sound = np.frombuffer(decoded("-i", arguments.video, "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar",
                                  str(RATE), "-f", "f32le"), np.float32).astype(float)
    loudness = {}
    edges = [round(k * RATE * denominator / numerator) for k in range(len(pictures) + 1)]
    for name, (middle, width) in (("low", arguments.low), ("high", arguments.high)):
        sections = scipy.signal.butter(5, [middle - width / 2, middle + width / 2], "bandpass", fs=RATE, output="sos")
        # Each picture's sound by itself, as the filter butterworth hears it.
        loud = np.array([np.abs(scipy.signal.sosfilt(sections, sound[a:b])).max() if b <= len(sound) else 0
                         for a, b in zip(edges, edges[1:])])
        loudness[name] = loud / loud.max()
    brightness = {"the white of the mask": pictures[:, inside].mean(1), "the black of the mask": pictures[:, ~inside].mean(1),
                  "the whole picture": pictures.mean((1, 2))}

    print(f"{len(pictures)} pictures, {numerator / denominator:g} a second")
    print(f"{'mean luma of':24}{'':10}{'low band':>10}{'high band':>11}   the better one, a picture before and after")
    for name, values in brightness.items():
        row = {band: np.corrcoef(values, loud)[0, 1] for band, loud in loudness.items()}
        best = loudness[max(row, key=row.get)]
        shifted = [np.corrcoef(values[1:], best[:-1])[0, 1], np.corrcoef(values[:-1], best[1:])[0, 1]]
        print(f"{name:24}{values.min():.2f}..{values.max():.2f}{row['low']:10.3f}{row['high']:11.3f}   "
              f"{shifted[0]:.3f} {shifted[1]:.3f}")
    if arguments.show:
        for row in zip(*loudness.values(), *brightness.values()):
            print("  ".join(f"{value:.3f}" for value in row))


if __name__ == "__main__":
    main()
