"""Simple full scenes, each drawn with random colours, places and sizes, and what they are called."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .canvas import SIDE, blend, cloudy, gradient, jitter, noise

WHITE, DARK = (250, 250, 252), (16, 16, 24)


def pick(rng, options):
    return options[int(rng.integers(len(options)))]


def some(rng, options, most=5):
    """The first caption always, the others in random choice."""
    rest = [options[at] for at in rng.permutation(np.arange(1, len(options)))]
    return [options[0], *rest[:most - 1]]


def day_sky(rng):
    return gradient(jitter(rng, (70, 140, 230)), jitter(rng, (190, 222, 250)))


def night_sky(rng):
    return gradient(jitter(rng, (8, 8, 32)), jitter(rng, (30, 34, 80)))


def disc(draw, x, y, r, fill):
    draw.ellipse([x - r, y - r, x + r, y + r], fill=fill)


def glow(picture, x, y, r, colour, strength=.8):
    """Adds soft light around a point."""
    gx, gy = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    light = strength * np.exp(-((gx - x) ** 2 + (gy - y) ** 2) / (2 * r * r))[..., None]
    pixels = np.asarray(picture, np.float32)
    return Image.fromarray((pixels + (np.array(colour) - pixels) * light).astype(np.uint8))


def ridge(draw, rng, level, height, colour, rough=4):
    """Fills from a wavy line down to the bottom; returns the line's heights."""
    x = np.arange(0, SIDE + 2, 2)
    y = np.full(len(x), float(level))
    for wave in range(1, rough + 1):
        y += height / wave * np.sin(x / SIDE * wave * rng.uniform(2, 5) + rng.uniform(0, 6.3))
    draw.polygon([(0, SIDE), *zip(x.tolist(), y.tolist()), (SIDE, SIDE)], fill=colour)
    return y


def clouds(draw, rng, count, low=.4, colour=WHITE):
    for _ in range(count):
        x, y, r = rng.uniform(0, SIDE), rng.uniform(.05, low) * SIDE, rng.uniform(5, 13)
        for _ in range(5):
            disc(draw, x + rng.uniform(-2, 2) * r, y + rng.uniform(-.4, .4) * r, r * rng.uniform(.6, 1), colour)


def stars(draw, rng, count, low=1.0):
    for _ in range(count):
        disc(draw, rng.uniform(0, SIDE), rng.uniform(0, low) * SIDE, pick(rng, [.6, .8, 1, 1.4, 2]), jitter(rng, (250, 246, 220)))


def tree(draw, rng, x, base, size, leaf):
    draw.rectangle([x - size * .08, base - size * .5, x + size * .08, base], fill=jitter(rng, (96, 62, 36)))
    for _ in range(7):
        disc(draw, x + rng.normal(0, .2) * size, base - size * rng.uniform(.5, .9), size * rng.uniform(.16, .26), jitter(rng, leaf))


def pine(draw, rng, x, base, size, leaf):
    draw.rectangle([x - size * .05, base - size * .2, x + size * .05, base], fill=jitter(rng, (80, 54, 34)))
    for at in range(3):
        top, wide = base - size * (1 - .25 * at), size * (.17 + .07 * at)
        draw.polygon([(x, top), (x - wide, top + size * .42), (x + wide, top + size * .42)], fill=leaf)


def flower(draw, rng, x, y, r, colour):
    for at in range(5):
        disc(draw, x + r * math.cos(at * 1.257), y + r * math.sin(at * 1.257), r * .7, colour)
    disc(draw, x, y, r * .5, (240, 200, 40) if colour != (240, 200, 40) else (120, 70, 30))


def sea(draw, rng, level, colour):
    draw.rectangle([0, level, SIDE, SIDE], fill=colour)
    for _ in range(int(rng.integers(15, 50))):
        x, y = rng.uniform(0, SIDE), rng.uniform(level, SIDE)
        draw.line([x, y, x + rng.uniform(6, 26), y], fill=blend(colour, WHITE, rng.uniform(.1, .4)))


def sunset_sea(rng):
    picture = gradient(jitter(rng, pick(rng, [(70, 30, 100), (190, 50, 60), (40, 60, 130), (230, 90, 50)])),
                       jitter(rng, pick(rng, [(255, 170, 60), (250, 130, 60), (255, 200, 90), (250, 120, 120)])))
    level, x, r = SIDE * rng.uniform(.5, .72), SIDE * rng.uniform(.2, .8), rng.uniform(10, 26)
    y = level - r * rng.uniform(-.4, 1.2)
    picture = glow(picture, x, y, r * 2, (255, 220, 130), .7)
    draw = ImageDraw.Draw(picture)
    disc(draw, x, y, r, jitter(rng, pick(rng, [(255, 230, 120), (255, 120, 50), (250, 80, 50)])))
    water = jitter(rng, pick(rng, [(40, 50, 100), (90, 50, 90), (30, 70, 120), (120, 60, 60)]))
    sea(draw, rng, level, water)
    for row in range(int(level), SIDE, 4):
        half = r * (.5 + (row - level) / SIDE) * rng.uniform(.3, 1)
        draw.line([x - half, row, x + half, row], fill=(255, 190, 90), width=2)
    if rng.random() < .3:
        draw.polygon([(20, level), (34, level - 26), (34, level)], fill=DARK)
    return picture, some(rng, ["a sunset over the sea", "sunset", "the sun setting over the ocean", "an orange sunset at the beach",
                               "sunset over water", "a red sky at sunset", "sunrise over the sea", "evening sun reflected in the sea"])


def night(rng):
    picture = night_sky(rng)
    x, y, r = SIDE * rng.uniform(.2, .8), SIDE * rng.uniform(.15, .5), rng.uniform(9, 24)
    picture = glow(picture, x, y, r * 1.6, (180, 180, 200), .4)
    draw = ImageDraw.Draw(picture)
    stars(draw, rng, int(rng.integers(30, 110)))
    disc(draw, x, y, r, jitter(rng, (244, 238, 205)))
    crescent = rng.random() < .5
    if crescent:
        disc(draw, x + r * .5, y - r * .2, r * .9, (14, 14, 44))
    if rng.random() < .5:
        ridge(draw, rng, SIDE * rng.uniform(.75, .9), 6, (6, 8, 16))
    moon = "crescent moon" if crescent else "full moon"
    return picture, some(rng, ["a night sky with stars and moon", "a starry night", "night sky", f"a {moon} in the night sky",
                               "stars in the night", f"a {moon} and stars", "moon and stars"])


def starry(rng):
    picture = night_sky(rng)
    stars(ImageDraw.Draw(picture), rng, int(rng.integers(80, 220)))
    return picture, some(rng, ["a starry sky", "stars in the night sky", "outer space with stars", "night sky full of stars", "a dark sky with stars"])


def hills(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    if rng.random() < .5:
        disc(draw, rng.uniform(20, 140), rng.uniform(15, 45), rng.uniform(8, 16), (255, 226, 70))
    clouds(draw, rng, int(rng.integers(0, 5)))
    for at in range(3):
        ridge(draw, rng, SIDE * (.52 + .14 * at + rng.uniform(-.05, .05)), 8, jitter(rng, (90 - 15 * at, 180 - 25 * at, 70)))
    return picture, some(rng, ["green hills under a blue sky", "rolling green hills", "a green meadow and a blue sky", "a grassy landscape",
                               "hills", "a summer landscape with green fields"])


def clear_sky(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    count = int(rng.integers(3, 12))
    clouds(draw, rng, count, 1.0)
    return picture.filter(ImageFilter.GaussianBlur(1.5)), some(rng, ["white clouds in a blue sky", "a cloudy sky", "blue sky with clouds", "clouds", "fluffy white clouds"])


def mountains(rng):
    picture = day_sky(rng) if rng.random() < .7 else gradient((120, 110, 160), (250, 200, 170))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 5))):
        x, base, tall, wide = rng.uniform(0, SIDE), SIDE * .85, SIDE * rng.uniform(.4, .7), SIDE * rng.uniform(.25, .45)
        rock = jitter(rng, pick(rng, [(96, 104, 124), (110, 100, 96), (70, 84, 110)]))
        draw.polygon([(x, base - tall), (x - wide, base), (x + wide, base)], fill=rock)
        cap = rng.uniform(.3, .5)
        zig = [(x + wide * cap * s, base - tall * (1 - cap) + rng.uniform(-7, 7)) for s in (1, .5, 0, -.5, -1)]
        draw.polygon([(x, base - tall), *zig], fill=WHITE)
    snowy = rng.random() < .5
    ridge(draw, rng, SIDE * .83, 4, jitter(rng, (236, 240, 248) if snowy else (70, 130, 70)))
    return picture, some(rng, ["snowy mountains", "mountains with snow on top", "a snowy mountain peak", "mountain landscape", "a mountain under the sky",
                               "a winter mountain landscape" if snowy else "mountains above a green valley"])


def desert(rng):
    picture = gradient(jitter(rng, (90, 160, 230)), jitter(rng, (250, 220, 170)))
    draw = ImageDraw.Draw(picture)
    disc(draw, rng.uniform(20, 140), rng.uniform(18, 55), rng.uniform(9, 18), (255, 236, 130))
    for at in range(3):
        ridge(draw, rng, SIDE * (.55 + .14 * at), 8, jitter(rng, (232 - 14 * at, 188 - 18 * at, 110 - 10 * at)), 2)
    cactus = rng.random() < .5
    for _ in range(int(rng.integers(1, 4)) if cactus else 0):
        x, y, t = rng.uniform(15, 145), rng.uniform(105, 150), rng.uniform(20, 42)
        green = jitter(rng, (50, 120, 60))
        draw.line([x, y, x, y - t], fill=green, width=7)
        draw.line([x, y - t * .4, x + t * .3, y - t * .4, x + t * .3, y - t * .75], fill=green, width=5)
        draw.line([x, y - t * .3, x - t * .3, y - t * .3, x - t * .3, y - t * .6], fill=green, width=5)
    return picture, some(rng, ["a desert with a sun" if not cactus else "a cactus in the desert", "a desert landscape", "sand dunes in the desert",
                               "yellow sand dunes under a blue sky", "hot desert sand"])


def rainbow(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    x, y, r, w = SIDE * rng.uniform(.3, .7), SIDE * rng.uniform(.75, .95), SIDE * rng.uniform(.45, .8), rng.uniform(4, 8)
    for at, colour in enumerate([(226, 40, 40), (246, 140, 30), (250, 220, 50), (60, 180, 70), (50, 100, 220), (90, 50, 160), (150, 60, 190)]):
        radius = r - at * w
        draw.arc([x - radius, y - radius, x + radius, y + radius], 180, 360, fill=colour, width=int(w) + 1)
    clouds(draw, rng, int(rng.integers(0, 4)))
    ridge(draw, rng, SIDE * rng.uniform(.72, .85), 5, jitter(rng, (80, 170, 70)))
    return picture, some(rng, ["a rainbow over a meadow", "a rainbow", "a rainbow in the sky", "a colourful rainbow above green grass", "rainbow over green hills"])


def ocean(rng):
    picture = day_sky(rng) if rng.random() < .75 else gradient((120, 130, 140), (180, 190, 200))
    draw = ImageDraw.Draw(picture)
    top = SIDE * rng.uniform(.2, .5)
    rows = int(rng.integers(4, 9))
    for at in range(rows):
        level = top + (SIDE - top) * at / rows
        colour = jitter(rng, blend((60, 150, 210), (10, 50, 120), at / rows))
        y = ridge(draw, rng, level, rng.uniform(3, 7), colour, 3)
        draw.line(list(zip(range(0, SIDE + 2, 2), y.tolist())), fill=blend(colour, WHITE, .6), width=2)
    return picture, some(rng, ["ocean waves", "waves in the blue sea", "the sea", "a blue ocean", "water waves", "the ocean under the sky"])


def beach(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    level = SIDE * rng.uniform(.35, .5)
    sea(draw, rng, level, jitter(rng, (40, 150, 200)))
    ridge(draw, rng, SIDE * rng.uniform(.65, .78), 4, jitter(rng, (240, 214, 150)), 2)
    palm = rng.random() < .6
    if palm:
        x, top = rng.uniform(25, 135), rng.uniform(30, 65)
        draw.line([x + 8, 140, x + 3, (140 + top) / 2, x, top], fill=(120, 80, 46), width=6)
        for angle in np.linspace(-.3, 3.4, 7):
            draw.line([x, top, x + 22 * math.cos(angle), top - 14 * math.sin(angle), x + 34 * math.cos(angle), top + 12 - 10 * math.sin(angle)],
                      fill=jitter(rng, (40, 140, 60)), width=6)
    return picture, some(rng, ["a palm tree on the beach" if palm else "a sandy beach", "a beach by the sea", "a tropical beach", "sand, sea and sky",
                               "a sunny beach with blue water"])


def fire(rng):
    picture = Image.new("RGB", (SIDE, SIDE), jitter(rng, pick(rng, [(16, 8, 8), (40, 14, 10), (10, 10, 24)])))
    draw = ImageDraw.Draw(picture)
    base = SIDE * rng.uniform(.85, 1.05)
    for colour, size in (((210, 40, 20), 1), ((245, 120, 20), .72), ((255, 210, 60), .45), ((255, 246, 180), .2)):
        for _ in range(int(rng.integers(5, 10))):
            x, w, t = SIDE * .5 + rng.normal(0, .2) * SIDE, SIDE * .13 * (size + .3), SIDE * rng.uniform(.4, .85) * size
            lean = rng.normal(0, 10)
            draw.polygon([(x - w, base), (x - w * .9, base - t * .4), (x + lean, base - t), (x + w * .8, base - t * .45), (x + w, base)], fill=jitter(rng, colour))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(1, 4))), some(rng, ["fire", "flames", "a burning fire", "orange flames on a dark background", "a fire in the dark", "red and yellow flames"])


def forest(rng):
    picture = day_sky(rng) if rng.random() < .6 else gradient((150, 180, 170), (210, 225, 215))
    draw = ImageDraw.Draw(picture)
    draw.rectangle([0, SIDE * .6, SIDE, SIDE], fill=jitter(rng, (70, 130, 60)))
    firs = rng.random() < .5
    for base in np.sort(rng.uniform(.55, 1.02, int(rng.integers(14, 30)))) * SIDE:
        leaf = jitter(rng, blend((70, 140, 90), (20, 80, 40), base / SIDE))
        (pine if firs else tree)(draw, rng, rng.uniform(0, SIDE), base, rng.uniform(40, 80), leaf)
    return picture, some(rng, ["a forest of trees", "a green forest", "pine trees in a forest" if firs else "many green trees", "trees", "a forest", "woods"])


def one_tree(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    ridge(draw, rng, SIDE * rng.uniform(.72, .82), 4, jitter(rng, (90, 170, 70)))
    kind = pick(rng, [pine, tree, tree])
    autumn = kind is tree and rng.random() < .2
    leaf = jitter(rng, (220, 110, 30) if autumn else (46, 130, 50))
    kind(draw, rng, SIDE * rng.uniform(.3, .7), SIDE * rng.uniform(.82, .92), SIDE * rng.uniform(.6, .85), leaf)
    named = "an orange autumn tree" if autumn else "a green pine tree" if kind is pine else "a green tree"
    return picture, some(rng, [named, f"{named} on a meadow", "a tree", "a tree under a blue sky", "a lonely tree on a hill"])


def autumn(rng):
    picture = day_sky(rng) if rng.random() < .5 else gradient((220, 200, 170), (245, 225, 190))
    draw = ImageDraw.Draw(picture)
    draw.rectangle([0, SIDE * .65, SIDE, SIDE], fill=jitter(rng, (170, 110, 50)))
    for base in np.sort(rng.uniform(.6, 1.0, int(rng.integers(6, 18)))) * SIDE:
        tree(draw, rng, rng.uniform(0, SIDE), base, rng.uniform(45, 90), pick(rng, [(214, 90, 30), (230, 150, 30), (190, 50, 30), (240, 190, 50)]))
    return picture, some(rng, ["autumn trees", "orange and red trees in autumn", "a forest in autumn", "trees with orange leaves", "fall foliage"])


def house(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    ridge(draw, rng, SIDE * .68, 4, jitter(rng, (90, 175, 70)))
    if rng.random() < .5:
        disc(draw, rng.uniform(15, 145), rng.uniform(14, 34), rng.uniform(8, 13), (255, 226, 70))
    x, w, h = SIDE * rng.uniform(.35, .65), rng.uniform(26, 42), rng.uniform(32, 50)
    base = SIDE * rng.uniform(.76, .88)
    wall_name, wall = pick(rng, [("white", (244, 240, 232)), ("red", (200, 60, 50)), ("yellow", (246, 216, 100)), ("blue", (80, 130, 210)),
                                 ("brown", (150, 100, 60)), ("pink", (244, 160, 190))])
    roof_name, roof = pick(rng, [("red", (190, 40, 30)), ("brown", (110, 66, 40)), ("grey", (90, 94, 100)), ("blue", (50, 70, 140))])
    draw.rectangle([x - w, base - h, x + w, base], fill=jitter(rng, wall))
    draw.polygon([(x - w * 1.2, base - h), (x, base - h - w * rng.uniform(.7, 1.1)), (x + w * 1.2, base - h)], fill=jitter(rng, roof))
    draw.rectangle([x - 6, base - h * .55, x + 6, base], fill=(90, 55, 30))
    for side in (-1, 1):
        draw.rectangle([x + side * w * .6 - 7, base - h * .75, x + side * w * .6 + 7, base - h * .4], fill=(170, 215, 240), outline=(70, 60, 50))
    if rng.random() < .5:
        tree(draw, rng, x + pick(rng, [-1, 1]) * w * 1.6, base, rng.uniform(45, 75), (50, 130, 50))
    return picture, some(rng, ["a house on a meadow", f"a {wall_name} house", f"a {wall_name} house with a {roof_name} roof", "a house", "a small house under a blue sky",
                               f"a house with a {roof_name} roof"])


def road(rng):
    picture = day_sky(rng) if rng.random() < .7 else gradient((60, 40, 100), (250, 150, 80))
    draw = ImageDraw.Draw(picture)
    level, x = SIDE * rng.uniform(.4, .58), SIDE * rng.uniform(.35, .65)
    green = rng.random() < .7
    draw.rectangle([0, level, SIDE, SIDE], fill=jitter(rng, (90, 165, 70) if green else (214, 176, 110)))
    draw.polygon([(x - 3, level), (x + 3, level), (SIDE * rng.uniform(.85, 1.1), SIDE), (SIDE * rng.uniform(-.1, .15), SIDE)], fill=jitter(rng, (88, 88, 94)))
    for at in np.linspace(.12, 1, 6):
        y = level + (SIDE - level) * at ** 1.6
        middle = x + (SIDE / 2 - x) * at ** 1.6
        draw.rectangle([middle - 3 * at, y - 7 * at, middle + 3 * at, y + 2 * at], fill=WHITE)
    return picture, some(rng, ["a road to the horizon", "a straight road through the fields" if green else "a road through the desert", "a road", "a long highway", "an empty road"])


def city(rng):
    dark = rng.random() < .7
    picture = night_sky(rng) if dark else gradient(jitter(rng, (250, 170, 110)), jitter(rng, (120, 80, 140))) if rng.random() < .4 else day_sky(rng)
    draw = ImageDraw.Draw(picture)
    if dark:
        stars(draw, rng, 30, .5)
    x = -5.0
    while x < SIDE:
        w, t = rng.uniform(12, 28), SIDE * rng.uniform(.3, .8)
        shade = jitter(rng, (26, 28, 44) if dark else (110, 116, 130))
        draw.rectangle([x, SIDE - t, x + w, SIDE], fill=shade)
        for wy in np.arange(SIDE - t + 5, SIDE - 3, 8):
            for wx in np.arange(x + 3, x + w - 4, 6):
                if rng.random() < .55:
                    draw.rectangle([wx, wy, wx + 2, wy + 3], fill=(255, 224, 120) if dark else (190, 215, 235))
        x += w + rng.uniform(-2, 3)
    time = "at night" if dark else "by day"
    return picture, some(rng, [f"a city skyline {time}", f"a city {time}", "skyscrapers", "tall buildings with lit windows" if dark else "tall grey buildings", "a skyline", f"a big city with tall buildings {time}"])


def underwater(rng):
    picture = gradient(jitter(rng, (60, 190, 220)), jitter(rng, (10, 50, 120)))
    draw = ImageDraw.Draw(picture)
    ridge(draw, rng, SIDE * rng.uniform(.85, .95), 4, jitter(rng, (220, 196, 130)))
    for _ in range(int(rng.integers(2, 7))):
        x = rng.uniform(0, SIDE)
        draw.line([(x + 5 * math.sin(k), SIDE - 9 * k) for k in range(int(rng.integers(3, 8)))], fill=jitter(rng, (40, 140, 70)), width=4)
    fish_name, fish = pick(rng, [("orange", (250, 140, 40)), ("yellow", (250, 220, 60)), ("red", (220, 50, 50)), ("pink", (246, 130, 180)), ("white", (240, 240, 245))])
    for _ in range(int(rng.integers(1, 6))):
        x, y, r, way = rng.uniform(20, 140), rng.uniform(20, 120), rng.uniform(8, 20), pick(rng, [-1, 1])
        colour = jitter(rng, fish)
        draw.polygon([(x - way * r * .7, y), (x - way * r * 1.7, y - r * .6), (x - way * r * 1.7, y + r * .6)], fill=colour)
        draw.ellipse([x - r, y - r * .6, x + r, y + r * .6], fill=colour)
        disc(draw, x + way * r * .55, y - r * .12, max(1.2, r * .1), DARK)
    for _ in range(int(rng.integers(0, 14))):
        x, y, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(1, 4)
        draw.ellipse([x - r, y - r, x + r, y + r], outline=(200, 235, 250))
    return picture, some(rng, ["fish under water", f"{fish_name} fish in the sea", f"{fish_name} fish in blue water", "an underwater scene with fish", "fish swimming in the ocean", "an aquarium"])


def rain(rng):
    picture = gradient(jitter(rng, (80, 88, 104)), jitter(rng, (140, 148, 160)))
    draw = ImageDraw.Draw(picture)
    clouds(draw, rng, int(rng.integers(3, 8)), .25, jitter(rng, (96, 102, 114)))
    slant = rng.uniform(-8, 8)
    for _ in range(int(rng.integers(60, 160))):
        x, y, t = rng.uniform(0, SIDE), rng.uniform(SIDE * .15, SIDE), rng.uniform(8, 18)
        draw.line([x, y, x + slant, y + t], fill=jitter(rng, (180, 200, 225)))
    lightning = rng.random() < .25
    if lightning:
        x = rng.uniform(40, 120)
        draw.line([x, 20, x - 12, 60, x + 8, 64, x - 8, 115], fill=(255, 246, 150), width=4)
    return picture, some(rng, ["rain falling from grey clouds" if not lightning else "a thunderstorm with lightning", "rain", "a rainy day", "a storm with dark clouds", "rain from a grey sky"])


def snowfall(rng):
    picture = gradient(jitter(rng, (110, 135, 170)), jitter(rng, (205, 215, 230)))
    draw = ImageDraw.Draw(picture)
    ridge(draw, rng, SIDE * rng.uniform(.7, .85), 5, (244, 246, 250))
    for _ in range(int(rng.integers(1, 6))):
        pine(draw, rng, rng.uniform(5, 155), rng.uniform(120, 150), rng.uniform(45, 85), jitter(rng, (40, 90, 66)))
    for _ in range(int(rng.integers(50, 130))):
        disc(draw, rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(.8, 2.4), WHITE)
    return picture, some(rng, ["snow falling in winter", "a snowy landscape", "a winter landscape with pine trees", "snow", "trees in the snow"])


def flower_field(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    level = SIDE * rng.uniform(.25, .5)
    ridge(draw, rng, level, 4, jitter(rng, (80, 160, 60)))
    name, colour = pick(rng, [("red", (222, 40, 40)), ("yellow", (250, 216, 50)), ("purple", (140, 70, 190)), ("pink", (246, 130, 180)), ("white", WHITE), ("blue", (70, 100, 220))])
    for y in np.sort(rng.uniform(level + 8, SIDE, int(rng.integers(30, 90)))):
        flower(draw, rng, rng.uniform(0, SIDE), y, 1.5 + 5 * (y - level) / (SIDE - level), jitter(rng, colour))
    return picture, some(rng, ["a field of flowers", f"a field of {name} flowers", f"{name} flowers", f"{name} flowers on a green meadow", "flowers under a blue sky", "a flower meadow"])


def galaxy(rng):
    x, y = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    tilt, flat = rng.uniform(0, math.pi), rng.uniform(1, 2)
    u, v = x * math.cos(tilt) + y * math.sin(tilt), flat * (y * math.cos(tilt) - x * math.sin(tilt))
    radius = np.hypot(u, v)
    arms = .5 + .5 * np.cos(2 * np.arctan2(v, u) * 1 - rng.uniform(6, 11) * np.sqrt(radius) * pick(rng, [-1, 1]))
    light = np.clip(np.exp(-3 * radius) * 1.2 + arms * np.exp(-2.2 * radius) * (.5 + cloudy(rng)), 0, 1)[..., None]
    tint = np.array(pick(rng, [(150, 120, 255), (120, 170, 255), (255, 140, 220), (255, 200, 150)]))
    pixels = np.array([8, 6, 22]) + light * tint + np.clip(light * 2 - 1, 0, 1) * 80
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    stars(ImageDraw.Draw(picture), rng, int(rng.integers(30, 120)))
    return picture, some(rng, ["a galaxy", "a spiral galaxy in space", "a galaxy with stars", "outer space", "stars and a galaxy in dark space"])


def nebula(rng):
    one, two, three = cloudy(rng)[..., None], cloudy(rng)[..., None], cloudy(rng)[..., None]
    a, b = pick(rng, [((170, 50, 200), (40, 90, 220)), ((230, 60, 130), (70, 40, 160)), ((40, 160, 180), (120, 50, 180)), ((240, 120, 50), (60, 40, 120))])
    pixels = np.array([6, 6, 18]) + one ** 2 * np.array(a) + two ** 2 * np.array(b) * three
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    stars(ImageDraw.Draw(picture), rng, int(rng.integers(30, 120)))
    return picture, some(rng, ["a nebula in space", "colourful clouds in space", "a space nebula with stars", "outer space", "the universe"])


def planet(rng):
    picture = Image.new("RGB", (SIDE, SIDE), (6, 6, 16))
    draw = ImageDraw.Draw(picture)
    stars(draw, rng, int(rng.integers(30, 100)))
    name, colour = pick(rng, [("red", (200, 80, 50)), ("blue", (60, 110, 210)), ("orange", (230, 150, 80)), ("green", (90, 170, 100)), ("purple", (140, 80, 180))])
    x, y, r = rng.uniform(60, 100), rng.uniform(60, 100), rng.uniform(26, 50)
    disc(draw, x, y, r, jitter(rng, colour))
    layer = gradient(blend(colour, WHITE, .35), blend(colour, (0, 0, 0), .75), rng.uniform(-.5, 1.5))
    mask = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(mask).ellipse([x - r, y - r, x + r, y + r], fill=255)
    picture.paste(layer, (0, 0), mask)
    named = f"{'an' if name == 'orange' else 'a'} {name} planet"
    rings = rng.random() < .4
    if rings:
        ImageDraw.Draw(picture).arc([x - 1.7 * r, y - .45 * r, x + 1.7 * r, y + .45 * r], -20, 200, fill=(220, 200, 160), width=5)
    return picture, some(rng, [f"{named} in space", "a planet with rings" if rings else "a planet", named, "a planet among the stars", "space"])


def marble(rng):
    field = cloudy(rng, 5)[..., None]
    name, low, high = pick(rng, [("wood", (96, 58, 30), (190, 132, 80)), ("stone", (90, 90, 92), (190, 188, 184)), ("grass", (40, 100, 30), (130, 190, 80)),
                                 ("marble", (150, 150, 156), (250, 250, 250)), ("sand", (190, 156, 100), (244, 220, 170)), ("lava", (40, 6, 6), (255, 130, 20))])
    if name == "wood":
        rows = np.linspace(0, rng.uniform(30, 60), SIDE)[:, None, None]
        field = .5 + .5 * np.sin(rows + 6 * field)
    elif name == "marble":
        field = 1 - np.abs(np.sin(8 * field)) ** 6
    elif name == "lava":
        field = np.abs(np.sin(7 * field)) ** 5
    pixels = np.array(low) * (1 - field) + np.array(high) * field
    picture = noise(rng, Image.fromarray(pixels.astype(np.uint8)), 10 if name != "marble" else 2)
    return picture, [f"{name} texture", name, f"a {name} surface", f"a close view of {name}"]


def lake(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    ridge(draw, rng, SIDE * rng.uniform(.32, .42), 10, jitter(rng, (80, 100, 130)))
    ridge(draw, rng, SIDE * .47, 4, jitter(rng, (50, 120, 60)))
    half = np.asarray(picture)[:SIDE // 2]
    pixels = np.concatenate([half, (half[::-1] * .75 + np.array([10, 30, 50])).astype(np.uint8)])
    picture = Image.fromarray(pixels.astype(np.uint8))
    return picture, some(rng, ["a lake with mountains", "a mountain lake", "mountains reflected in a lake", "a calm lake", "a blue lake under the sky"])


def sunny(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    x, y, r = rng.uniform(50, 110), rng.uniform(50, 110), rng.uniform(16, 38)
    colour = jitter(rng, (255, 214, 40))
    if rng.random() < .6:
        for angle in np.linspace(0, 2 * math.pi, int(rng.integers(8, 16)), endpoint=False):
            draw.line([x, y, x + 1.6 * r * math.cos(angle), y + 1.6 * r * math.sin(angle)], fill=colour, width=5)
    disc(draw, x, y, r, colour)
    return picture, some(rng, ["a yellow sun in a blue sky", "a sun", "the sun shining", "a bright yellow sun", "sunshine"])


def sailing(rng):
    picture = day_sky(rng)
    draw = ImageDraw.Draw(picture)
    level = SIDE * rng.uniform(.5, .65)
    sea(draw, rng, level, jitter(rng, (40, 110, 190)))
    x, y, s = SIDE * rng.uniform(.3, .7), level + rng.uniform(4, 20), rng.uniform(24, 44)
    name, hull = pick(rng, [("red", (200, 40, 40)), ("brown", (130, 80, 40)), ("white", WHITE), ("blue", (30, 50, 130))])
    sail = pick(rng, [WHITE, (250, 230, 180), (240, 80, 60), (250, 210, 60)])
    draw.polygon([(x - s, y - s * .2), (x + s, y - s * .2), (x + s * .6, y + s * .2), (x - s * .6, y + s * .2)], fill=hull)
    draw.polygon([(x, y - s * .3), (x, y - s * 1.6), (x + s * .8, y - s * .3)], fill=sail)
    draw.polygon([(x - 3, y - s * .3), (x - 3, y - s * 1.4), (x - s * .6, y - s * .3)], fill=blend(sail, (120, 120, 120), .15))
    return picture, some(rng, ["a boat on the sea", f"a {name} sailing boat", "a sailing boat on blue water", "a sailboat", f"a {name} boat on the sea"])


SCENES = [sunset_sea, night, starry, hills, clear_sky, mountains, desert, rainbow, ocean, beach, fire, forest, one_tree, autumn, house, road,
          city, underwater, rain, snowfall, flower_field, galaxy, nebula, planet, marble, lake, sunny, sailing]
