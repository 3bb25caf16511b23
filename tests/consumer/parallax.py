"""Stripes that a camera moves past, row by row.

parallax.py make PICTURE                  vertical stripes, a wave of 16 pixels, 64 x 32 pixels
parallax.py check BEFORE AFTER            each row has moved as far as its depth says
"""

import subprocess
import sys

import numpy as np

WIDTH, HEIGHT, PITCH = 64, 32, 16
# As consumer.cmake's settings say, with the field of view's default.
STEP, NEAR, FAR, FIELD_OF_VIEW = 2, 10, 100, 60


def ffmpeg(*arguments, data=None):
    result = subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], input=data, capture_output=True)
    if result.returncode:
        sys.exit(result.stderr.decode())
    return result.stdout


def make(path):
    wave = 0.5 + 0.4 * np.cos(2 * np.pi * np.arange(WIDTH) / PITCH)
    pixels = np.repeat(np.tile(wave, (HEIGHT, 1))[..., None], 3, axis=2)
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{WIDTH}x{HEIGHT}", "-i", "-", path,
           data=np.round(pixels * 255).astype(np.uint8).tobytes())


def phases(path):
    """Where each row's wave of that pitch is, in pixels."""
    grey = np.frombuffer(ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "gray16le", "-"), "<u2")
    rows = grey.reshape(HEIGHT, WIDTH).astype(float)
    return -np.angle(np.fft.fft(rows, axis=1)[:, WIDTH // PITCH]) * PITCH / (2 * np.pi)


def check(before, after):
    moved = phases(after) - phases(before)
    moved -= PITCH * np.round(moved / PITCH)
    # The lowest row is nearest. A point at distance d moves by step / d of the picture that a camera with this
    # field of view sees at the distance of half the picture's height.
    distance = NEAR + (FAR - NEAR) * (1 - (np.arange(HEIGHT) + 0.5) / HEIGHT)
    wanted = STEP / distance / np.tan(np.radians(FIELD_OF_VIEW / 2)) * HEIGHT / WIDTH * (WIDTH - 1) / 2
    wrong = np.abs(moved - wanted)
    print(f"rows moved by {moved.min():.2f} to {moved.max():.2f} pixels, at most {wrong.max():.3f} off")
    if wrong.max() > 0.1:
        sys.exit(f"wanted: {wanted.round(2)}\nmoved: {moved.round(2)}")


{"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
