"""Drawn pictures with captions: colours, patterns, shapes on backgrounds."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from . import scenes
from .captions import COLOURS, with_article
from .canvas import SIDE, finish, gradient, jitter, noise

NAMES = list(COLOURS)
PLURALS = {"cross": "crosses", "crescent moon": "crescent moons"}


def pick(rng, options):
    return options[int(rng.integers(len(options)))]


def two_colours(rng):
    first = pick(rng, NAMES)
    return first, pick(rng, [name for name in NAMES if name != first])


def polygon(count, turn=0.0, inner=None):
    """Corners of a regular polygon, or of a star where an inner radius is given."""
    steps = count * (2 if inner else 1)
    return [(r * math.sin(a), -r * math.cos(a)) for i in range(steps)
            for a, r in [(turn + 2 * math.pi * i / steps, inner if inner and i % 2 else 1.0)]]


def heart():
    points = [(16 * math.sin(t) ** 3, 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t))
              for t in np.linspace(0, 2 * math.pi, 60)]
    return [(x / 17, -(y + 2) / 17) for x, y in points]


def crescent():
    outer = [(math.cos(t), math.sin(t)) for t in np.linspace(0.25 * math.pi, 1.75 * math.pi, 40)]
    inner = [(0.45 + 0.75 * math.cos(t), 0.95 * math.sin(t)) for t in np.linspace(1.7 * math.pi, 0.3 * math.pi, 40)]
    return outer + inner


def drop():
    return [(math.sin(t) * math.sin(t / 2) ** 1.5 * 0.75, -math.cos(t)) for t in np.linspace(0, 2 * math.pi, 50)]


OUTLINES = {
    "circle": lambda rng: polygon(48), "oval": lambda rng: [(x, 0.6 * y) for x, y in polygon(48)],
    "square": lambda rng: [(-.85, -.85), (.85, -.85), (.85, .85), (-.85, .85)],
    "rectangle": lambda rng: [(-1, -.55), (1, -.55), (1, .55), (-1, .55)],
    "triangle": lambda rng: polygon(3), "pentagon": lambda rng: polygon(5), "hexagon": lambda rng: polygon(6),
    "octagon": lambda rng: polygon(8, math.pi / 8),
    "star": lambda rng: polygon(int(pick(rng, [5, 5, 5, 5, 6])), inner=rng.uniform(.36, .5)),
    "heart": lambda rng: heart(), "diamond": lambda rng: [(0, -1), (.68, 0), (0, 1), (-.68, 0)],
    "cross": lambda rng: [(-.3, -1), (.3, -1), (.3, -.3), (1, -.3), (1, .3), (.3, .3), (.3, 1), (-.3, 1),
                          (-.3, .3), (-1, .3), (-1, -.3), (-.3, -.3)],
    "crescent moon": lambda rng: crescent(), "drop": lambda rng: drop(),
    "arrow": lambda rng: [(-1, -.25), (.2, -.25), (.2, -.7), (1, 0), (.2, .7), (.2, .25), (-1, .25)],
    "sunburst": lambda rng: polygon(14, inner=.7),
}
SPECIAL = ["ring", "flower", "cloud", "smiley face"]
FLIPPABLE = {"arrow", "rectangle", "oval", "cross", "square", "hexagon", "pentagon", "triangle", "crescent moon"}


def draw_shape(draw, rng, name, colour, centre, radius, turn):
    """One filled shape, or a compound one, with its centre at `centre`."""
    x, y = centre

    def disc(dx, dy, r, fill):
        draw.ellipse([x + dx - r, y + dy - r, x + dx + r, y + dy + r], fill=fill)

    if name == "ring":
        box = [x - radius, y - radius, x + radius, y + radius]
        draw.ellipse(box, outline=colour, width=max(3, int(radius * rng.uniform(.2, .4))))
    elif name == "flower":
        petals = int(rng.integers(5, 9))
        for at in range(petals):
            angle = turn + 2 * math.pi * at / petals
            disc(radius * .6 * math.sin(angle), radius * .6 * math.cos(angle), radius * .38, colour)
        disc(0, 0, radius * .3, COLOURS["yellow"] if colour[2] > 90 or colour[1] < 150 else COLOURS["brown"])
    elif name == "cloud":
        for dx, dy, r in ((-.6, .15, .38), (-.15, -.15, .5), (.4, -.02, .45), (.7, .2, .32), (0, .25, .36)):
            disc(radius * dx, radius * dy, radius * r, colour)
    elif name == "smiley face":
        disc(0, 0, radius, colour)
        dark = (20, 20, 20) if sum(colour) > 200 else (240, 240, 240)
        for dx in (-.35, .35):
            disc(dx * radius, -.25 * radius, .13 * radius, dark)
        box = [x - .55 * radius, y - .5 * radius, x + .55 * radius, y + .6 * radius]
        draw.arc(box, 20, 160, fill=dark, width=max(2, int(radius * .11)))
    else:
        points = OUTLINES[name](rng)
        sine, cosine = math.sin(turn), math.cos(turn)
        draw.polygon([(x + radius * (px * cosine - py * sine), y + radius * (px * sine + py * cosine))
                      for px, py in points], fill=colour)


def backdrop(rng, name):
    """Background of one named colour, sometimes shaded; returns the picture."""
    colour = jitter(rng, COLOURS[name])
    if rng.random() < 0.35:
        other = tuple(int(c * rng.uniform(.75, .95)) for c in colour)
        return gradient(colour, other, rng.uniform(0, 2 * math.pi))
    return Image.new("RGB", (SIDE, SIDE), colour)


def a_shape(rng):
    name = pick(rng, list(OUTLINES) + SPECIAL + ["heart", "star", "circle", "square", "triangle"])
    colour, ground = two_colours(rng)
    picture = backdrop(rng, ground)
    draw = ImageDraw.Draw(picture)
    fill = jitter(rng, COLOURS[colour])
    turn = rng.normal(0, .15) + (pick(rng, [0, .5, 1, 1.5]) * math.pi if name in FLIPPABLE and rng.random() < .5 else 0)
    radius = SIDE * rng.uniform(.2, .46)
    if rng.random() < .15:
        draw_shape(draw, rng, name, (15, 15, 15), _centre(rng, radius), radius, turn)
        picture = backdrop(rng, ground)
        draw = ImageDraw.Draw(picture)
    draw_shape(draw, rng, name, fill, _centre(rng, radius), radius, turn)
    size = "big " if radius > SIDE * .4 else "small " if radius < SIDE * .25 else ""
    named, behind = f"{colour} {name}", f"{ground} background"
    captions = [with_article(named), f"{with_article(named)} on {with_article(behind)}", named,
                pick(rng, [f"{with_article(size + named)} on {ground}", f"{with_article(named)} shape",
                           f"{with_article(colour + ' shape')} on {with_article(behind)}"]), with_article(name)]
    return picture, captions, name


def _centre(rng, radius):
    slack = max(2.0, SIDE / 2 - radius)
    return tuple(SIDE / 2 + rng.uniform(-.8, .8, 2) * slack)


def two_shapes(rng):
    """Two shapes beside or above one another: the captions that teach colour binding."""
    first, second = (pick(rng, list(OUTLINES) + SPECIAL) for _ in "ab")
    one, two = two_colours(rng)
    ground = pick(rng, [name for name in NAMES if name not in (one, two)])
    picture = backdrop(rng, ground)
    draw = ImageDraw.Draw(picture)
    across = rng.random() < .5
    for at, (name, colour) in enumerate(((first, one), (second, two))):
        along, aside = SIDE * (.27 + .46 * at) + rng.normal(0, 3), SIDE * rng.uniform(.4, .6)
        centre = (along, aside) if across else (aside, along)
        draw_shape(draw, rng, name, jitter(rng, COLOURS[colour]), centre, SIDE * rng.uniform(.15, .22), rng.normal(0, .1))
    a, b = with_article(f"{one} {first}"), with_article(f"{two} {second}")
    place = "left of" if across else "above"
    opposite = "right of" if across else "below"
    return picture, [f"{a} and {b}", f"{a} {place} {b}", f"{b} {opposite} {a}", f"{b} and {a}"], None


def many_shapes(rng):
    name = pick(rng, list(OUTLINES) + SPECIAL)
    colour, ground = two_colours(rng)
    picture = backdrop(rng, ground)
    draw = ImageDraw.Draw(picture)
    fill = jitter(rng, COLOURS[colour])
    for _ in range(int(rng.integers(6, 16))):
        draw_shape(draw, rng, name, fill, tuple(rng.uniform(0, SIDE, 2)), SIDE * rng.uniform(.07, .14), rng.normal(0, .4))
    many = f"{colour} {PLURALS.get(name, name + 's')}"
    return picture, [many, f"{many} on {with_article(ground + ' background')}", f"many {many}", f"a lot of {many}"], None


def solid(rng):
    name = pick(rng, NAMES)
    picture = Image.new("RGB", (SIDE, SIDE), jitter(rng, COLOURS[name], 1.6))
    if rng.random() < .4:
        picture = noise(rng, picture, 14)
    return picture, [name, f"{name} colour", f"solid {name}", f"plain {name}", with_article(f"{name} background")], None


def fade(rng):
    first, second = two_colours(rng)
    picture = gradient(jitter(rng, COLOURS[first]), jitter(rng, COLOURS[second]), rng.uniform(0, 2 * math.pi),
                       round_=rng.random() < .25)
    return picture, [f"{first} and {second} gradient", f"{second} and {first}", f"{first} fading into {second}",
                     with_article(f"{first} to {second} gradient")], None


def _grid():
    return np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))


def _turned(rng, angle=None):
    angle = rng.uniform(0, math.pi) if angle is None else angle
    x, y = _grid()
    x, y = x - rng.uniform(0, SIDE), y - rng.uniform(0, SIDE)
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def _stripes(rng):
    kind = pick(rng, ["diagonal ", "horizontal ", "vertical ", ""])
    angle = {"vertical ": 0.0, "horizontal ": math.pi / 2}.get(kind, rng.uniform(.5, 1.0) * pick(rng, [1, -1]))
    u, _ = _turned(rng, angle)
    return u % (w := rng.uniform(14, 50)) < w * rng.uniform(.4, .6), f"{kind}stripes", "striped pattern"


def _checks(rng):
    u, v = _turned(rng, 0 if rng.random() < .7 else None)
    cell = rng.uniform(10, 34)
    return (np.floor(u / cell) + np.floor(v / cell)) % 2 == 0, "checkerboard", "chequered pattern"


def _dots(rng):
    u, v = _turned(rng)
    cell = rng.uniform(16, 44)
    return np.hypot(u % cell - cell / 2, v % cell - cell / 2) < cell * rng.uniform(.2, .36), "polka dots", "dotted pattern"


def _rings(rng):
    x, y = _grid()
    radius = np.hypot(x - SIDE * rng.uniform(.35, .65), y - SIDE * rng.uniform(.35, .65))
    return radius % (w := rng.uniform(14, 36)) < w / 2, "concentric circles", "target of rings"


def _spiral(rng):
    x, y = _grid()
    x, y = x - SIDE * rng.uniform(.4, .6), y - SIDE * rng.uniform(.4, .6)
    turns = np.arctan2(y, x) / (2 * math.pi) * pick(rng, [-1, 1])
    return (np.hypot(x, y) / rng.uniform(14, 36) + turns * pick(rng, [1, 1, 2])) % 1 < .5, "spiral", "swirl"


def _zigzag(rng):
    u, v = _turned(rng, pick(rng, [0, math.pi / 2, rng.uniform(0, 3)]))
    period, width = rng.uniform(20, 50), rng.uniform(16, 36)
    return (v + np.abs(u % period - period / 2)) % width < width / 2, "zigzag", "zigzag lines"


def _waves(rng):
    u, v = _turned(rng, rng.normal(0, .2))
    width = rng.uniform(14, 40)
    return (v + rng.uniform(5, 14) * np.sin(u / rng.uniform(8, 20))) % width < width / 2, "waves", "wavy lines"


def _rays(rng):
    x, y = _grid()
    angle = np.arctan2(y - SIDE * rng.uniform(.3, .7), x - SIDE * rng.uniform(.3, .7))
    return (angle / (2 * math.pi) * int(rng.integers(6, 16)) + rng.random()) % 1 < .5, "rays", "sunburst pattern"


def _bricks(rng):
    x, y = _grid()
    tall = rng.uniform(14, 28)
    row = np.floor(y / tall)
    return ((y % tall) > 3) & (((x + (row % 2) * tall) % (2 * tall)) > 3), "bricks", "brick wall"


def _plaid(rng):
    u, v = _turned(rng, 0 if rng.random() < .7 else math.pi / 4)
    period = rng.uniform(24, 60)
    return ((u % period < period * .45) * .5 + (v % period < period * .45) * .5), "plaid", "tartan pattern"


def _speckle(rng):
    fine = rng.random((SIDE // 2, SIDE // 2)) < rng.uniform(.3, .6)
    return np.kron(fine, np.ones((2, 2))), "noise", "speckled pattern"


def _lattice(rng):
    u, v = _turned(rng)
    cell = rng.uniform(14, 36)
    return (u % cell < cell * .2) | (v % cell < cell * .2), "grid", "lattice of lines"


PATTERNS = [_stripes, _stripes, _checks, _dots, _rings, _spiral, _zigzag, _waves, _rays, _bricks, _plaid, _speckle,
            _lattice]
SINGULAR_PATTERNS = {"checkerboard", "spiral", "grid", "zigzag"}


def pattern(rng):
    mask, name, other = pick(rng, PATTERNS)(rng)
    first, second = two_colours(rng)
    mask = np.asarray(mask, np.float32)[..., None]
    pixels = np.array(jitter(rng, COLOURS[first])) * mask + np.array(jitter(rng, COLOURS[second])) * (1 - mask)
    picture = Image.fromarray(pixels.astype(np.uint8))
    both = f"{first} and {second} {name}"
    named = with_article(both) if name in SINGULAR_PATTERNS else both
    return picture, [both, named, f"{second} and {first} {name}", name, f"{with_article(other)} in {first} and {second}"
                     if not other.endswith("lines") else f"{first} and {second} {other}"], None


FIGURES = [(a_shape, .5), (two_shapes, .12), (many_shapes, .08), (pattern, .2), (solid, .05), (fade, .05)]


def make(count, seed):
    """Yields (file, picture [80,80,4], captions, noun name or None): half figures, half scenes."""
    weights = np.array([weight for _, weight in FIGURES])
    for at in range(count):
        rng = np.random.default_rng([seed, at])
        if at % 2:
            kind = scenes.SCENES[(at // 2) % len(scenes.SCENES)]
            picture, captions = kind(rng)
            name = None
        else:
            kind = FIGURES[int(rng.choice(len(FIGURES), p=weights / weights.sum()))][0]
            picture, captions, name = kind(rng)
        if rng.random() < .2:
            picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(.5, 2)))
        yield f"synthetic/{kind.__name__.strip('_')}_{at:05d}", finish(rng, picture), list(dict.fromkeys(captions)), name
