"""What the drawn pictures share: colour jitter, gradients, noise and the final reduction."""

import math

import numpy as np
from PIL import Image

SIDE = 160      # drawn at twice the size and reduced, for smooth edges
PICTURE = 80


def jitter(rng, colour, amount=1.0):
    shade = rng.normal(1, .06 * amount)
    return tuple(int(min(255, max(0, c * shade + rng.normal(0, 8 * amount)))) for c in colour)


def blend(first, second, share):
    return tuple(int(a + (b - a) * share) for a, b in zip(first, second))


def gradient(first, second, angle=math.pi / 2, round_=False):
    """Picture that fades from one colour to another; the angle pi/2 goes from top to bottom."""
    x, y = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    along = np.hypot(x, y) / 1.42 if round_ else (x * math.cos(angle) + y * math.sin(angle))
    if not round_:
        along = (along - along.min()) / (along.max() - along.min())
    pixels = np.array(first) * (1 - along[..., None]) + np.array(second) * along[..., None]
    return Image.fromarray(pixels.astype(np.uint8))


def noise(rng, picture, strength):
    pixels = np.asarray(picture, np.float32) + rng.normal(0, strength, (SIDE, SIDE, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def cloudy(rng, octaves=4):
    """Smooth random field in 0..1, the usual sum of ever finer noise."""
    field = np.zeros((SIDE, SIDE), np.float32)
    for octave in range(octaves):
        coarse = Image.fromarray(rng.random((3 * 2 ** octave,) * 2).astype(np.float32))
        field += np.asarray(coarse.resize((SIDE, SIDE), Image.BICUBIC)) / 2 ** octave
    field -= field.min()
    return field / field.max()


def finish(rng, picture):
    """Reduced to the stored size, opaque, sometimes with a little grain."""
    pixels = np.asarray(picture.convert("RGB").resize((PICTURE, PICTURE), Image.BOX), np.float32)
    if rng.random() < .3:
        pixels = pixels + rng.normal(0, rng.uniform(2, 8), pixels.shape)
    opaque = np.full((PICTURE, PICTURE, 1), 255, np.float32)
    return np.concatenate([np.clip(pixels, 0, 255), opaque], axis=2).astype(np.uint8)
