"""Clips with known motion, made with the ffmpeg program, and reliabilities by numpy: write_clips.py FOLDER

square.mkv   96x64, 8 frames: a textured square of 24 pixels goes right by 3 and down by 1 over a still ground
shots.mkv    96x64, 6 frames: three of a zoom, three of a test card
door.mkv     96x64, 6 frames: a bar of 16 pixels goes right by 8 over a still ground, hiding and uncovering it
*.flows      two flows [4, H, W] (back, forth) and their reliability [1, H, W]: sizes as int32, then float32
"""

import pathlib
import subprocess
import sys

import numpy as np

FOLDER = pathlib.Path(sys.argv[1])
W, H = 96, 64


def texture(height, width, seed):
    """Waves of many directions, 0..1."""
    draw = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    total = np.zeros((height, width, 3))
    for _ in range(40):
        pitch = 2 * np.pi / draw.uniform(6, 12)
        angle = draw.uniform(0, 2 * np.pi)
        for channel in range(3):
            total[..., channel] += np.sin(pitch * (np.cos(angle) * x + np.sin(angle) * y) + draw.uniform(0, 7))
    return 0.5 + total / (4 * total.std())


def ffmpeg(*arguments, data=None):
    result = subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], input=data, capture_output=True, cwd=FOLDER)
    if result.returncode:
        sys.exit(result.stderr.decode())


LOSSLESS = ("-c:v", "ffv1", "-level", "3")


def write(name, frames):
    pixels = np.clip(np.stack(frames) * 255 + 0.5, 0, 255).astype(np.uint8)
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{W}x{H}", "-framerate", "12", "-i", "-", *LOSSLESS,
           name, data=pixels.tobytes())


def write_shots():
    """A zoom and a test card with moving parts, which FFmpeg makes."""
    source = ["-f", "lavfi", "-t", "0.25", "-i"]
    ffmpeg(*source, f"mandelbrot=size={W}x{H}:rate=12:start_scale=0.5", *source, f"testsrc2=size={W}x{H}:rate=12",
           "-filter_complex", "concat=n=2", "-pix_fmt", "bgr0", *LOSSLESS, "shots.mkv")


def write_square():
    ground, square = texture(H, W, 1) * 0.5, texture(24, 24, 2) * 0.5 + 0.5
    frames = []
    for i in range(8):
        frame = ground.copy()
        frame[16 + i:40 + i, 20 + 3 * i:44 + 3 * i] = square
        frames.append(frame)
    write("square.mkv", frames)


def write_door():
    ground, bar = texture(H, W, 3) * 0.5, texture(H, 16, 4) * 0.5 + 0.5
    frames = []
    for i in range(6):
        frame = ground.copy()
        frame[:, 16 + 8 * i:32 + 8 * i] = bar
        frames.append(frame)
    write("door.mkv", frames)


def reliability(back, forth):
    """The definition in consistency.h, pixel by pixel; flows are [2, H, W]."""
    _, height, width = back.shape
    value = np.empty((height, width))

    def at(plane, y, x):
        return plane[:, min(max(y, 0), height - 1), min(max(x, 0), width - 1)]

    for y in range(height):
        for x in range(width):
            w = back[:, y, x]
            qx, qy = x + w[0], y + w[1]
            across, down = (at(back, y, x + 1) - at(back, y, x - 1)) / 2, (at(back, y + 1, x) - at(back, y - 1, x)) / 2
            if not (-0.5 <= qx <= width - 0.5 and -0.5 <= qy <= height - 0.5):
                value[y, x] = 0
                continue
            left, top = int(np.floor(qx)), int(np.floor(qy))
            s, t = qx - left, qy - top
            there = ((1 - t) * ((1 - s) * at(forth, top, left) + s * at(forth, top, left + 1))
                     + t * ((1 - s) * at(forth, top + 1, left) + s * at(forth, top + 1, left + 1)))
            if np.sum((w + there) ** 2) >= 0.01 * (np.sum(w ** 2) + np.sum(there ** 2)) + 0.5:
                value[y, x] = -1
            elif np.sum(across ** 2) + np.sum(down ** 2) >= 0.01 * np.sum(w ** 2) + 0.002:
                value[y, x] = 0
            else:
                value[y, x] = 1
    weights = np.exp(-np.array([1.0, 0.0, 1.0]) / (2 * 0.8 ** 2))
    weights /= weights.sum()
    wide = np.pad(value, 1, mode="edge")
    wide = sum(weights[i] * wide[i:i + height] for i in range(3))
    return np.clip(sum(weights[i] * wide[:, i:i + width] for i in range(3)), 0, 1)


def write_flows():
    draw = np.random.RandomState(7)
    for name, height, width, scale in (("calm", 20, 30, 0.3), ("wild", 24, 18, 3.0), ("line", 1, 17, 0.3)):
        y, x = np.mgrid[0:height, 0:width] / 9.0
        waves = [draw.uniform(-1, 1, (3, 1, 1)) for _ in range(4)]
        back = scale * np.stack([np.sin(a * x + b * y + c)[0] + (x > 1.2) * 2 for a, b, c in
                                 ((w[0:1], w[1:2], w[2:3]) for w in waves[:2])])
        forth = -back + scale * 0.4 * np.stack([np.cos(3 * w[0] * x + 2 * w[1] * y) for w in waves[2:]])
        back, forth = back.astype("<f4").astype(float), forth.astype("<f4").astype(float)
        planes = np.concatenate([back, forth, reliability(back, forth)[None]]).astype("<f4")
        (FOLDER / f"{name}.flows").write_bytes(np.array(planes.shape, "<i4").tobytes() + planes.tobytes())


write_square()
write_door()
write_shots()
write_flows()
