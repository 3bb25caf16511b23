"""Filters that make a picture look as if it had been made in another way: painted, drawn, laid of stones or of large pixels."""

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from .canvas import SIDE, cloudy
from .more_scenes import glass_panes
from .scenes import pick


def watercolour(rng, picture):
    """Pale washes with darker rims, on rough paper that shines through at the edges."""
    soft = picture.filter(ImageFilter.ModeFilter(int(rng.integers(2, 5)) * 2 + 1)).filter(ImageFilter.GaussianBlur(rng.uniform(.5, 1.5)))
    pixels = np.asarray(soft, np.float32)
    bend = [(cloudy(rng, 4) - .5) * rng.uniform(4, 10) for _ in "xy"]
    gx, gy = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    pixels = pixels[np.clip(gy + bend[1], 0, SIDE - 1).astype(int), np.clip(gx + bend[0], 0, SIDE - 1).astype(int)]
    rims = np.asarray(ImageOps.grayscale(Image.fromarray(pixels.astype(np.uint8))).filter(ImageFilter.FIND_EDGES), np.float32)[..., None]
    wash = (.55 + .45 * cloudy(rng, 5))[..., None] * rng.uniform(.8, 1)
    paper = 250 - 14 * rng.random((SIDE, SIDE, 1))
    pixels = paper * (1 - wash) + pixels * wash - np.clip(rims, 0, 60) * .5
    if rng.random() < .6:  # unpainted paper around
        edge = np.minimum(np.minimum(gx, SIDE - 1 - gx), np.minimum(gy, SIDE - 1 - gy)) + (cloudy(rng, 4) - .5) * 40
        share = np.clip((edge - rng.uniform(2, 10)) / 3, 0, 1)[..., None]
        pixels = paper * (1 - share) + pixels * share
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def oil(rng, picture):
    """Short thick strokes that follow the edges of the picture."""
    source = ImageEnhance.Color(picture).enhance(rng.uniform(1.1, 1.7))
    pixels = np.asarray(source)
    grey = np.asarray(ImageOps.grayscale(source.filter(ImageFilter.GaussianBlur(3))), np.float32)
    slope_y, slope_x = np.gradient(grey)
    result = source.filter(ImageFilter.GaussianBlur(4))
    draw = ImageDraw.Draw(result)
    for width in (7, 4, 3):
        for _ in range(int(9000 / width ** 1.5)):
            x, y = (int(v) for v in rng.integers(0, SIDE, 2))
            steep = np.hypot(slope_x[y, x], slope_y[y, x])
            along = np.arctan2(slope_x[y, x], -slope_y[y, x]) if steep > .6 else rng.normal(.7, .5)
            long, tone = rng.uniform(.8, 2) * width, tuple(int(v) for v in np.clip(pixels[y, x] + rng.normal(0, 12), 0, 255))
            dx, dy = long * np.cos(along), long * np.sin(along)
            draw.line([x - dx, y - dy, x + dx, y + dy], fill=tone, width=width)
    return result


def ink(rng, picture):
    """Black lines and hatching on white."""
    grey = ImageOps.autocontrast(ImageOps.grayscale(picture.filter(ImageFilter.GaussianBlur(1))))
    lines = ImageOps.autocontrast(ImageOps.invert(grey.filter(ImageFilter.FIND_EDGES)), cutoff=2)
    values, gx, gy = np.asarray(grey, np.float32), *np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    page = np.where(np.asarray(lines) < 150, 20, 252)
    for limit, a, b in ((110, 1, 1), (70, 1, -1), (35, 1, 0)):
        hatch = (a * gx + b * gy + (cloudy(rng, 3) * 6).astype(int)) % int(rng.integers(4, 7)) < 1
        page = np.where((values < limit) & hatch, 20, page)
    page[:, :2], page[:, -2:] = 252, 252
    return Image.fromarray(page.astype(np.uint8)).convert("RGB").filter(ImageFilter.GaussianBlur(.5))


def pencil(rng, picture):
    grey = ImageOps.grayscale(picture)
    inverse = ImageOps.invert(grey).filter(ImageFilter.GaussianBlur(rng.uniform(4, 9)))
    base, over = np.asarray(grey, np.float32), np.asarray(inverse, np.float32)
    dodge = np.clip(base * 255 / np.maximum(256 - over, 1), 0, 255)
    grain = 1 - .25 * rng.random((SIDE, SIDE)) * (1 - base / 300)
    tint = np.array(pick(rng, [(1, 1, 1), (1, .97, .9)]))
    return Image.fromarray(np.clip((dodge ** 1.3 / 255 ** .3 * .85 + base * .15)[..., None] * grain[..., None] * tint, 0, 255).astype(np.uint8))


def pixel_art(rng, picture):
    count = int(pick(rng, [12, 16, 20, 26, 32]))
    small = ImageEnhance.Color(picture).enhance(1.4).resize((count, count), Image.BOX).quantize(int(rng.integers(6, 24)), dither=Image.Dither.NONE).convert("RGB")
    return small.resize((SIDE, SIDE), Image.NEAREST)


def mosaic(rng, picture):
    """Square stones, a little turned, with joints between them."""
    cell = rng.uniform(7, 13)
    joint = tuple(int(v) for v in np.clip(rng.normal(pick(rng, [50, 190]), 15, 3), 0, 255))
    result, pixels = Image.new("RGB", (SIDE, SIDE), joint), np.asarray(picture.filter(ImageFilter.BoxBlur(cell / 2)))
    draw = ImageDraw.Draw(result)
    for y in np.arange(cell / 2, SIDE + cell, cell):
        for x in np.arange(cell / 2, SIDE + cell, cell):
            tone = np.clip(pixels[min(int(y), SIDE - 1), min(int(x), SIDE - 1)] + rng.normal(0, 16), 0, 255)
            turn, r = rng.normal(0, .12) + np.pi / 4, cell * .62
            draw.polygon([(x + r * np.cos(turn + k * np.pi / 2), y + r * np.sin(turn + k * np.pi / 2)) for k in range(4)], fill=tuple(int(v) for v in tone))
    return result


def stained_glass(rng, picture):
    return glass_panes(rng, picture)


def poster(rng, picture):
    """Few flat colours with hard edges, as printed with stencils."""
    flat = picture.filter(ImageFilter.ModeFilter(7)).quantize(int(rng.integers(3, 7)), dither=Image.Dither.NONE).convert("RGB")
    return ImageEnhance.Contrast(ImageEnhance.Color(flat).enhance(rng.uniform(1.2, 2))).enhance(1.2)


def old_photograph(rng, picture):
    grey = np.asarray(ImageOps.autocontrast(ImageOps.grayscale(picture)), np.float32)[..., None] / 255
    tone = np.array(pick(rng, [(1, 1, 1), (1, .88, .68), (1, .92, .78)]))
    return Image.fromarray(np.clip((grey * 215 + 20) * tone + rng.normal(0, 8, (SIDE, SIDE, 1)), 0, 255).astype(np.uint8))


def bitten(rng, picture):
    """Broad white cuts in a black block, and black cuts in what was light: a woodcut."""
    values = np.asarray(ImageOps.autocontrast(ImageOps.grayscale(picture.filter(ImageFilter.GaussianBlur(2)))), np.float32) / 255
    gx, gy = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    turn = rng.uniform(0, 3.1)
    waves = .5 + .5 * np.sin((gx * np.cos(turn) + gy * np.sin(turn) + 14 * cloudy(rng, 3)) * rng.uniform(.7, 1.1))
    return Image.fromarray((np.where(values > waves * .9 + .05, 245, 15)).astype(np.uint8)).convert("RGB").filter(ImageFilter.GaussianBlur(.5))


# What a picture in the style is called: the first frame is for the style alone, the others say what is to be seen, too.
STYLES = [
    (watercolour, ["a watercolour", "a watercolour of {}", "a watercolour painting of {}", "{} in watercolours", "a watercolor painting"]),
    (oil, ["an oil painting", "an oil painting of {}", "{}, oil on canvas", "a painting of {}", "a painting with thick brush strokes"]),
    (ink, ["an ink drawing", "an ink drawing of {}", "{} drawn in black ink", "a black and white drawing of {}", "a pen drawing"]),
    (pencil, ["a pencil sketch", "a pencil sketch of {}", "a pencil drawing of {}", "{} drawn with a pencil", "a sketch"]),
    (pixel_art, ["pixel art", "pixel art of {}", "{} as pixel art", "{} in large pixels", "retro pixel graphics"]),
    (mosaic, ["a mosaic", "a mosaic of {}", "{} as a mosaic of small stones", "an old mosaic", "a picture made of tiles"]),
    (stained_glass, ["stained glass", "a stained glass picture of {}", "{} in stained glass", "a church window that shows {}", "coloured glass"]),
    (poster, ["a poster", "a poster of {}", "a print of {} in few colours", "pop art of {}", "flat colours"]),
    (old_photograph, ["an old photograph", "an old photograph of {}", "a black and white photograph of {}", "a faded photograph", "a vintage photograph of {}"]),
    (bitten, ["a woodcut", "a woodcut of {}", "a black and white woodcut of {}", "a linocut", "{} as a woodcut"]),
]
