"""More scenes that are missing from ImageNet: times of day and year, weather, cities, rooms, water, space and patterns of many colours. Softer
than those of scenes.py, with fields of smooth noise for clouds, mist and water."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .canvas import SIDE, blend, cloudy, gradient, jitter, noise
from .captions import COLOURS
from .scenes import DARK, WHITE, clouds, day_sky, disc, flower, glow, night_sky, pick, pine, ridge, sea, some, stars, tree


def mixed(picture, colour, share):
    """The picture with a colour over it, as much as a field [SIDE, SIDE] of 0..1 says."""
    share = np.clip(share, 0, 1)[..., None]
    return Image.fromarray((np.asarray(picture, np.float32) * (1 - share) + np.array(colour) * share).astype(np.uint8))


def cloud_field(rng, low, stretch=2.5):
    """Soft clouds, dense above and gone below `low` (a share of the height)."""
    wide = Image.fromarray(cloudy(rng, 4)).resize((int(SIDE * stretch), SIDE), Image.BICUBIC).crop((0, 0, SIDE, SIDE))
    fade = np.clip((low - np.linspace(0, 1, SIDE)) / .15, 0, 1)[:, None]
    return np.clip(np.asarray(wide) * 2 - rng.uniform(.6, 1.1), 0, 1) * fade


def with_reflection(picture, level, tint=(20, 40, 70), share=.3):
    """What is above the level, mirrored below it and darkened in waves."""
    pixels = np.asarray(picture, np.float32).copy()
    for row in range(level, SIDE):
        source = max(0, 2 * level - row - 1)
        shift = int(2 * math.sin(row * 1.3) * (row - level) / 20)
        pixels[row] = np.roll(pixels[source], shift, 0) * (1 - share) + np.array(tint) * share
    return Image.fromarray(pixels.astype(np.uint8))


DUSK = [((40, 50, 110), (250, 150, 80)), ((90, 40, 110), (255, 120, 70)), ((70, 90, 160), (255, 200, 130)), ((150, 40, 60), (255, 180, 70)), ((60, 30, 80), (240, 90, 110)), ((110, 140, 200), (255, 170, 150))]


def dusk(rng, level):
    """A sky with the sun near `level`, and its place."""
    above, below = pick(rng, DUSK)
    sky = np.asarray(gradient(jitter(rng, above), jitter(rng, below)).resize((SIDE, max(2, int(level)))))
    picture = Image.fromarray(np.concatenate([sky, np.repeat(sky[-1:], SIDE - len(sky), 0)]))
    x, r = SIDE * rng.uniform(.2, .8), rng.uniform(7, 18)
    y = level - r * rng.uniform(-.5, 2.2)
    picture = mixed(picture, blend(below, pick(rng, [(120, 40, 80), (255, 220, 180), (200, 80, 90)]), .7), cloud_field(rng, level / SIDE) * .8)
    picture = glow(picture, x, y, r * 3.5, (255, 220, 140), .75)
    disc(ImageDraw.Draw(picture), x, y, r, jitter(rng, pick(rng, [(255, 244, 190), (255, 200, 90), (255, 130, 60)])))
    return picture, x, y, r


def sunset_water(rng):
    level = SIDE * rng.uniform(.42, .68)
    picture, x, _, r = dusk(rng, level)
    picture = with_reflection(picture, int(level), pick(rng, [(30, 40, 90), (60, 30, 70), (20, 50, 80)]), rng.uniform(.25, .5))
    draw = ImageDraw.Draw(picture)
    for row in range(int(level) + 1, SIDE, 3):
        half = (r * .6 + (row - level) * .25) * rng.uniform(.4, 1)
        shift = rng.normal(0, 3)
        draw.line([x - half + shift, row, x + half + shift, row], fill=blend((255, 190, 100), WHITE, rng.uniform(0, .5)), width=1 + (row - int(level)) // 40)
    rocks = rng.random() < .3
    if rocks:
        ridge(draw, rng, SIDE * rng.uniform(.85, .98), 8, DARK)
    return picture.filter(ImageFilter.GaussianBlur(.7)), some(rng, ["sunset at the sea", "a red sun sinks into the sea", "the evening sun over the ocean", "a sunset at the coast", "a glowing sky over the water in the evening", "sunset",
                                                                    "a sea at dusk", "sunrise over the water"])


def sunset_land(rng):
    level = SIDE * rng.uniform(.55, .8)
    picture, *_ = dusk(rng, level)
    draw, kind = ImageDraw.Draw(picture), pick(rng, ["mountains", "hills", "a forest", "a meadow", "the desert"])
    tone = (24, 18, 30) if rng.random() < .7 else (60, 50, 40)
    if kind == "mountains":
        for at in range(3):
            points = [(0, SIDE)]
            for px in np.linspace(-5, SIDE + 5, int(rng.integers(6, 14))):
                points.append((px, level + 14 * at - rng.uniform(0, 30 - 8 * at)))
            draw.polygon([*points, (SIDE, SIDE)], fill=blend((110, 70, 100), tone, (at + 1) / 3))
    else:
        for at in range(3):
            ridge(draw, rng, level + 10 * at, 6 if kind != "a meadow" else 2, blend((140, 80, 80) if kind != "the desert" else (200, 120, 70), tone, (at + 1) / 3))
    if kind == "a forest":
        for px in np.arange(0, SIDE, rng.uniform(6, 12)):
            pine(draw, rng, px + rng.normal(0, 3), level + rng.uniform(15, 45), rng.uniform(25, 55), tone)
    return picture, some(rng, [f"a sunset over {kind}", "a sunset", "an orange evening sky", "sunset sky with clouds", f"{kind.removeprefix('a ').removeprefix('the ')} in the evening", "a sunrise", "dusk", "a red sky in the evening"])


def city_lights(rng):
    """A city by night: lit windows, lamps, sometimes mirrored in water."""
    sky = pick(rng, [((4, 6, 22), (30, 34, 80)), ((10, 8, 30), (90, 50, 90)), ((0, 0, 8), (16, 20, 44)), ((16, 20, 60), (200, 110, 80))])
    picture = gradient(jitter(rng, sky[0]), jitter(rng, sky[1]))
    draw = ImageDraw.Draw(picture)
    if rng.random() < .5:
        stars(draw, rng, int(rng.integers(10, 50)), .4)
    if rng.random() < .35:
        disc(draw, SIDE * rng.uniform(.1, .9), SIDE * rng.uniform(.08, .25), rng.uniform(5, 12), (244, 240, 214))
    water = rng.random() < .4
    base = SIDE * (rng.uniform(.6, .75) if water else 1.02)
    lamp = pick(rng, [(255, 220, 120), (255, 240, 190), (255, 190, 90)])
    for depth in range(2):
        x = -rng.uniform(0, 10)
        while x < SIDE:
            w, t = rng.uniform(8, 26), base * rng.uniform(.25, .85 - .2 * depth)
            shade = jitter(rng, blend((40, 42, 70), (10, 10, 20), depth * .8))
            draw.rectangle([x, base - t, x + w, base], fill=shade)
            top = rng.random()
            if top < .2:
                draw.line([x + w / 2, base - t, x + w / 2, base - t - rng.uniform(5, 18)], fill=shade, width=2)
            elif top < .35:
                draw.polygon([(x, base - t), (x + w / 2, base - t - w * .7), (x + w, base - t)], fill=shade)
            lit, step = rng.uniform(.25, .75), rng.uniform(4, 7)
            for wy in np.arange(base - t + 4, base - 3, step * 1.3):
                for wx in np.arange(x + 2, x + w - 2, step):
                    if rng.random() < lit:
                        draw.rectangle([wx, wy, wx + step * .4, wy + step * .5], fill=blend(lamp, pick(rng, [WHITE, (255, 140, 60), (140, 200, 255)]), rng.uniform(0, .4)))
            x += w + rng.uniform(-2, 6)
    if water:
        picture = with_reflection(picture, int(base), (6, 10, 30), rng.uniform(.35, .6))
    elif rng.random() < .4:  # a street with lights of cars
        middle = SIDE * rng.uniform(.35, .65)
        draw.polygon([(middle - 4, SIDE * .72), (middle + 4, SIDE * .72), (middle + 50, SIDE), (middle - 50, SIDE)], fill=(20, 20, 28))
        for at in range(14):
            t, side = rng.random() ** 2, pick(rng, [-1, 1])
            disc(draw, middle + side * (2 + 26 * t), SIDE * (.72 + .28 * t), 1 + 2.4 * t, (255, 60, 40) if side > 0 else (255, 250, 210))
    lights = np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(2, 5))), np.float32)
    picture = Image.fromarray(np.clip(np.asarray(picture, np.float32) + lights * .35, 0, 255).astype(np.uint8))
    return picture, some(rng, ["the lights of a city by night", "a city in the night", "city lights", "skyscrapers with lit windows in the dark", "a town at night", "night in a big city", "a skyline at night",
                               "city lights mirrored in water" if water else "illuminated buildings at night", "a metropolis in the evening"])


def full_moons(rng):
    picture = gradient(jitter(rng, (4, 6, 20)), jitter(rng, pick(rng, [(20, 30, 70), (40, 40, 70), (10, 12, 30)])))
    stars(ImageDraw.Draw(picture), rng, int(rng.integers(0, 60)))
    x, y, r = SIDE * rng.uniform(.35, .65), SIDE * rng.uniform(.3, .55), SIDE * rng.uniform(.12, .42)
    picture = glow(picture, x, y, r * 1.4, (150, 160, 190), .5)
    gx, gy = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    far = np.hypot(gx - x, gy - y) / r
    light = np.array(jitter(rng, pick(rng, [(244, 240, 220), (230, 232, 240), (250, 226, 170), (240, 180, 120)])))
    seas = 1 - .45 * np.clip(cloudy(rng, 4) * 2 - .9, 0, 1)
    pixels = np.asarray(picture, np.float32)
    moon = light * seas[..., None] * np.sqrt(np.clip(1.15 - far ** 2, .15, 1))[..., None]
    edge = np.clip((1 - far) * r / 1.5, 0, 1)[..., None]
    picture = Image.fromarray(np.clip(pixels * (1 - edge) + moon * edge, 0, 255).astype(np.uint8))
    draw, kind = ImageDraw.Draw(picture), pick(rng, ["", "", "clouds", "sea", "trees", "hills"])
    if kind == "clouds":
        picture = mixed(picture, (70, 76, 100), cloud_field(rng, 1.2) * .7)
    elif kind == "sea":
        level = int(SIDE * rng.uniform(.72, .85))
        draw.rectangle([0, level, SIDE, SIDE], fill=(10, 16, 40))
        for row in range(level, SIDE, 3):
            half = r * rng.uniform(.2, .7)
            draw.line([x - half, row, x + half, row], fill=(190, 194, 200))
    elif kind == "trees":
        for px in np.arange(0, SIDE, rng.uniform(8, 18)):
            pine(draw, rng, px + rng.normal(0, 4), SIDE + 4, rng.uniform(30, 65), (4, 6, 10))
    elif kind == "hills":
        ridge(draw, rng, SIDE * rng.uniform(.78, .9), 6, (6, 8, 16))
    where = {"": "in a dark sky", "clouds": "behind clouds", "sea": "over the sea", "trees": "over the trees", "hills": "over the hills"}[kind]
    return picture, some(rng, ["the moon", "the full moon", f"the full moon {where}", f"the moon {where}", "a big bright moon", "moonlight", "a moonlit night", "the moon with craters"])


def night_skies(rng):
    picture = gradient(jitter(rng, (4, 6, 22)), jitter(rng, pick(rng, [(20, 26, 66), (40, 30, 80), (10, 40, 70)])))
    milky = rng.random() < .4
    if milky:
        gx, gy = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
        turn = rng.uniform(0, 3.1)
        band = np.exp(-((gx * math.cos(turn) + gy * math.sin(turn) + rng.normal(0, .2)) / rng.uniform(.15, .3)) ** 2) * (.3 + .7 * cloudy(rng, 5))
        picture = mixed(picture, pick(rng, [(170, 160, 200), (200, 170, 190), (140, 170, 220)]), band * .8)
    draw = ImageDraw.Draw(picture)
    stars(draw, rng, int(rng.integers(80, 300)))
    if rng.random() < .2:
        x, y = rng.uniform(20, 100), rng.uniform(10, 60)
        draw.line([x, y, x + 30, y + 14], fill=(240, 240, 255), width=2)
    if rng.random() < .4:
        ridge(draw, rng, SIDE * rng.uniform(.78, .92), 8, (4, 5, 10))
    return picture, some(rng, ["many stars at night", "a night full of stars", "the milky way" if milky else "a starlit sky", "bright stars in a dark sky", "stars above the hills", "a clear night", "the starry heavens", "the sky at night"])


def lightnings(rng):
    picture = gradient(jitter(rng, (20, 20, 40)), jitter(rng, pick(rng, [(70, 60, 110), (60, 70, 90), (110, 80, 120), (40, 44, 70)])))
    picture = mixed(picture, jitter(rng, (120, 110, 150)), cloud_field(rng, .9) * .5)
    layer = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(layer)

    def bolt(x, y, end, width, fork):
        while y < end:
            nx, ny = x + rng.normal(0, 7), y + rng.uniform(4, 12)
            draw.line([x, y, nx, ny], fill=255, width=width)
            if fork and rng.random() < .25:
                bolt(nx, ny, min(end, ny + rng.uniform(15, 50)), max(1, width - 2), False)
            x, y = nx, ny

    ground = SIDE * rng.uniform(.75, .95)
    for _ in range(pick(rng, [1, 1, 1, 2, 3])):
        bolt(SIDE * rng.uniform(.2, .8), rng.uniform(-5, 25), ground, pick(rng, [2, 3, 4]), True)
    colour = pick(rng, [(255, 255, 255), (230, 220, 255), (255, 246, 170), (190, 210, 255)])
    picture = mixed(picture, colour, np.asarray(layer.filter(ImageFilter.GaussianBlur(8)), np.float32) / 255 * 2.2)
    picture = mixed(picture, WHITE if rng.random() < .7 else colour, np.asarray(layer.filter(ImageFilter.GaussianBlur(.6)), np.float32) / 255 * 1.4)
    draw, kind = ImageDraw.Draw(picture), pick(rng, ["land", "sea", "city", "none"])
    if kind == "land":
        ridge(draw, rng, ground, 5, (10, 12, 16))
    elif kind == "sea":
        sea(draw, rng, ground, (20, 26, 44))
    elif kind == "city":
        for x in np.arange(0, SIDE, 12):
            draw.rectangle([x, ground - rng.uniform(0, 30), x + 11, SIDE], fill=(10, 10, 18))
    return picture, some(rng, ["lightning", "a flash of lightning", "lightning at night", "a thunderstorm", "a bolt of lightning", "lightning over the " + ("land" if kind in ("land", "none") else kind), "a storm with lightning", "a dark stormy sky"])


def skies(rng):
    picture = gradient(jitter(rng, pick(rng, [(40, 100, 210), (70, 140, 230), (20, 80, 180)])), jitter(rng, (180, 215, 248)))
    for _ in range(int(rng.integers(1, 4))):
        picture = mixed(picture, (252, 252, 254), cloud_field(rng, rng.uniform(.7, 1.4), rng.uniform(1, 3)) * rng.uniform(.7, 1))
    if rng.random() < .5:
        puffs = Image.new("L", (SIDE, SIDE))
        clouds(ImageDraw.Draw(puffs), rng, int(rng.integers(2, 7)), .95, 255)
        picture = mixed(picture, WHITE, np.asarray(puffs.filter(ImageFilter.GaussianBlur(3)), np.float32) / 255)
    return picture, some(rng, ["clouds in the sky", "white clouds on a blue sky", "a summer sky", "a blue sky with a few clouds", "the sky by day", "cumulus clouds", "soft clouds"])


def fogs(rng):
    picture = gradient(jitter(rng, (190, 196, 204)), jitter(rng, (226, 228, 230)))
    draw, woods = ImageDraw.Draw(picture), rng.random() < .6
    for at in range(4):
        tone = blend((200, 206, 212), pick(rng, [(50, 70, 70), (60, 66, 80)]), (at + .6) / 4)
        ridge(draw, rng, SIDE * (.45 + .15 * at), 9, tone)
        if woods:
            for px in np.arange(0, SIDE, rng.uniform(6, 16)):
                pine(draw, rng, px + rng.normal(0, 4), SIDE * (.5 + .15 * at) + rng.uniform(0, 8), rng.uniform(18, 34) * (1 + .4 * at), tone)
        picture = mixed(picture, (214, 218, 222), cloudy(rng, 3) * .4)
        draw = ImageDraw.Draw(picture)
    return picture, some(rng, ["fog", "a foggy forest" if woods else "foggy hills", "mist between the trees" if woods else "mist over the hills", "a misty morning", "a grey foggy day", "haze"])


def seasons(rng):
    """A wood or a lane in one of the four seasons."""
    season = pick(rng, ["autumn", "autumn", "winter", "winter", "spring", "summer"])
    leaves = {"autumn": [(214, 90, 30), (230, 150, 30), (190, 50, 30), (240, 190, 50), (160, 80, 30)], "winter": [(236, 240, 248), (220, 228, 240)],
              "spring": [(250, 190, 210), (250, 220, 230), (150, 210, 90)], "summer": [(40, 120, 50), (70, 150, 60), (30, 100, 50)]}[season]
    ground = {"autumn": (180, 110, 50), "winter": (240, 243, 250), "spring": (120, 190, 80), "summer": (90, 160, 70)}[season]
    picture = gradient(jitter(rng, {"autumn": (190, 200, 220), "winter": (190, 205, 225), "spring": (120, 180, 240), "summer": (100, 170, 240)}[season]),
                       jitter(rng, {"autumn": (250, 230, 190), "winter": (235, 238, 245), "spring": (230, 240, 250), "summer": (220, 236, 250)}[season]))
    draw = ImageDraw.Draw(picture)
    ridge(draw, rng, SIDE * rng.uniform(.6, .72), 4, jitter(rng, ground))
    if rng.random() < .5:
        x = SIDE * rng.uniform(.4, .6)
        draw.polygon([(x - 3, SIDE * .66), (x + 3, SIDE * .66), (SIDE * .8, SIDE), (SIDE * .2, SIDE)], fill=blend(ground, (130, 110, 90), .5))
    firs = season == "winter" and rng.random() < .6
    for base in np.sort(rng.uniform(.62, 1.08, int(rng.integers(8, 24)))) * SIDE:
        x, size = pick(rng, [rng.uniform(0, .38), rng.uniform(.62, 1)]) * SIDE if rng.random() < .6 else rng.uniform(0, SIDE), rng.uniform(45, 100)
        if firs:
            pine(draw, rng, x, base, size, jitter(rng, (50, 90, 76)))
            pine(draw, rng, x, base - size * .12, size * .8, jitter(rng, (232, 238, 246)))
        elif season == "winter" and rng.random() < .7:
            draw.line([x, base, x, base - size * .8], fill=(70, 56, 50), width=3)
            for _ in range(7):
                y = base - size * rng.uniform(.3, .8)
                draw.line([x, y, x + rng.normal(0, .22) * size, y - size * .16], fill=(80, 66, 60))
        else:
            tree(draw, rng, x, base, size, pick(rng, leaves))
    for _ in range(int(rng.integers(0, 160))):
        disc(draw, rng.uniform(0, SIDE), rng.uniform(SIDE * (.0 if season in ("winter",) else .65), SIDE), rng.uniform(.7, 2), pick(rng, leaves))
    texts = {"autumn": ["an autumn forest", "autumn leaves on the trees", "trees in autumn colours", "a path through the autumn wood", "golden leaves", "red and yellow trees", "fall"],
             "winter": ["a winter forest", "a snowy wood", "trees in winter", "snow on the trees", "a winter day", "a snow-covered landscape", "deep snow"],
             "spring": ["a spring landscape", "trees in blossom", "blossoming cherry trees", "spring", "pink blossoms on the trees", "an orchard in spring"],
             "summer": ["a summer forest", "green trees in summer", "a path through the wood", "leafy trees", "a sunny day in the wood", "a park in summer"]}[season]
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.2))), some(rng, texts)


def snowy_land(rng):
    picture = gradient(jitter(rng, pick(rng, [(120, 160, 210), (170, 180, 200), (80, 130, 210)])), jitter(rng, (230, 236, 245)))
    draw = ImageDraw.Draw(picture)
    for at in range(4):
        ridge(draw, rng, SIDE * (.5 + .13 * at), 9, jitter(rng, blend((190, 205, 228), (248, 250, 254), at / 3), .5))
    for _ in range(int(rng.integers(0, 9))):
        y = rng.uniform(.62, 1) * SIDE
        pine(draw, rng, rng.uniform(0, SIDE), y, rng.uniform(18, 50), pick(rng, [(40, 80, 70), (220, 230, 240), (70, 100, 100)]))
    house = rng.random() < .2
    if house:
        x, y = rng.uniform(40, 120), SIDE * rng.uniform(.68, .8)
        draw.rectangle([x - 14, y - 14, x + 14, y], fill=(120, 80, 50))
        draw.polygon([(x - 19, y - 13), (x, y - 30), (x + 19, y - 13)], fill=(246, 248, 252))
        disc(draw, x, y - 7, 3, (255, 220, 110))
    for _ in range(int(rng.integers(0, 90))):
        disc(draw, rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(.7, 1.8), WHITE)
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.2))), some(rng, ["a land under snow", "snowy hills", "snow", "a white winter landscape", "fields covered with snow", "a cold winter day", "a hut in the snow" if house else "untouched snow"])


def dunes(rng):
    sky = pick(rng, [((70, 140, 220), (220, 230, 240)), ((230, 150, 90), (250, 220, 160)), ((120, 170, 230), (250, 230, 190))])
    picture = gradient(jitter(rng, sky[0]), jitter(rng, sky[1]))
    level = SIDE * rng.uniform(.35, .55)
    sand = jitter(rng, pick(rng, [(230, 180, 100), (214, 150, 80), (240, 206, 140)]))
    for at in range(int(rng.integers(2, 5))):
        base, phase = level + 24 * at, rng.uniform(0, 6.3)
        x = np.arange(0, SIDE + 2, 2)
        y = base + 12 * np.sin(x / SIDE * rng.uniform(2, 6) + phase)
        draw = ImageDraw.Draw(picture)
        draw.polygon([(0, SIDE), *zip(x.tolist(), y.tolist()), (SIDE, SIDE)], fill=blend(sand, WHITE, .15 - .04 * at))
        lee = y + np.abs(18 * np.sin(x / SIDE * 5 + phase * 2))
        draw.polygon([*zip(x.tolist(), y.tolist()), *zip(x[::-1].tolist(), lee[::-1].tolist())], fill=blend(sand, (90, 50, 30), .3))
    rows = np.sin(np.arange(SIDE)[:, None] * .9 + 9 * cloudy(rng, 3)) * np.clip((np.arange(SIDE)[:, None] - level - 20) / 60, 0, 1)
    picture = mixed(picture, blend(sand, (100, 60, 30), .6), np.clip(rows, 0, 1) * .25)
    return picture.filter(ImageFilter.GaussianBlur(.8)), some(rng, ["dunes", "sand dunes", "dunes in the desert", "a desert of yellow sand", "a hot dry desert", "waves of sand", "the desert", "ripples in the sand"])


def rains(rng):
    picture = gradient(jitter(rng, (96, 104, 118)), jitter(rng, (150, 158, 168)))
    draw, kind = ImageDraw.Draw(picture), pick(rng, ["street", "window", "lake", "fields"])
    if kind == "street":
        for side in (-1, 1):
            for at in range(3):
                x = SIDE / 2 + side * (70 - 22 * at)
                draw.rectangle([x - 18, SIDE * (.2 + .1 * at), x + 18, SIDE * .75], fill=jitter(rng, (80 + 18 * at, 86 + 18 * at, 98 + 16 * at)))
        draw.polygon([(SIDE * .42, SIDE * .6), (SIDE * .58, SIDE * .6), (SIDE, SIDE), (0, SIDE)], fill=(90, 96, 106))
        picture = with_reflection(picture, int(SIDE * .75), (80, 86, 96), .5)
    elif kind == "lake":
        ridge(draw, rng, SIDE * .4, 6, (90, 104, 104))
        draw.rectangle([0, SIDE * .52, SIDE, SIDE], fill=(112, 122, 134))
        for _ in range(25):
            x, y, r = rng.uniform(0, SIDE), rng.uniform(SIDE * .56, SIDE), rng.uniform(2, 8)
            draw.ellipse([x - r, y - r * .3, x + r, y + r * .3], outline=(180, 190, 200))
    elif kind == "fields":
        for at in range(3):
            ridge(draw, rng, SIDE * (.5 + .16 * at), 6, jitter(rng, (90, 110 - 6 * at, 90)))
    picture = mixed(picture, (120, 126, 138), cloud_field(rng, .5) * .7).filter(ImageFilter.GaussianBlur(3 if kind == "window" else .6))
    draw, slant = ImageDraw.Draw(picture), rng.uniform(-8, 8)
    if kind == "window":
        for _ in range(int(rng.integers(40, 110))):
            x, y, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(1, 3.4)
            disc(draw, x, y, r, (196, 204, 214))
            disc(draw, x + r * .3, y + r * .3, r * .5, (110, 118, 130))
    else:
        for _ in range(int(rng.integers(60, 200))):
            x, y, t = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(8, 22)
            draw.line([x, y, x + slant, y + t], fill=jitter(rng, (190, 200, 214)))
    return picture, some(rng, ["rain", "a rainy street" if kind == "street" else "rain drops on a window" if kind == "window" else "rain over a lake" if kind == "lake" else "rain over the fields", "a grey day with rain",
                               "bad weather", "heavy rain", "a rainy grey day", "raindrops"])


def waves_at_sea(rng):
    stormy = rng.random() < .5
    picture = gradient(jitter(rng, (70, 76, 90) if stormy else (90, 150, 220)), jitter(rng, (130, 140, 150) if stormy else (210, 230, 250)))
    picture = mixed(picture, (60, 64, 76) if stormy else WHITE, cloud_field(rng, .5) * .8)
    top, tone = SIDE * rng.uniform(.3, .5), (30, 60, 76) if stormy else pick(rng, [(20, 90, 150), (30, 130, 160)])
    draw, rows = ImageDraw.Draw(picture), int(rng.integers(4, 8))
    for at in range(rows):
        level, high = top + (SIDE - top) * at / rows, (3 + 3 * at) * (1.4 if stormy else .6)
        x = np.arange(0, SIDE + 2, 2)
        phase, long = rng.uniform(0, 6.3), rng.uniform(3, 7) / (1 + .25 * at)
        y = level - high * np.abs(np.sin(x / SIDE * 3.1 * long + phase)) ** 1.5
        draw.polygon([(0, SIDE), *zip(x.tolist(), y.tolist()), (SIDE, SIDE)], fill=jitter(rng, blend(tone, (10, 30, 60), at / rows)))
        for px, py in zip(x[::2], y[::2]):
            if py < level - high * .6:
                disc(draw, px, py, rng.uniform(.8, 2 + .4 * at), (236, 244, 248))
    return picture.filter(ImageFilter.GaussianBlur(.6)), some(rng, ["a stormy sea" if stormy else "waves on the sea", "high waves" if stormy else "a blue sea with small waves", "the ocean", "a storm at sea" if stormy else "the open sea", "foaming waves",
                                                                     "rough water" if stormy else "seawater"])


def waterfalls(rng):
    picture = day_sky(rng)
    draw, x, w = ImageDraw.Draw(picture), SIDE * rng.uniform(.35, .65), rng.uniform(10, 26)
    rock = jitter(rng, pick(rng, [(96, 90, 84), (80, 92, 80), (110, 100, 90)]))
    draw.rectangle([0, SIDE * .2, SIDE, SIDE], fill=rock)
    picture = mixed(picture, blend(rock, DARK, .6), np.where(np.arange(SIDE)[:, None] > SIDE * .2, cloudy(rng, 5) * .8, 0))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        px, side = rng.uniform(0, SIDE), rng.uniform(SIDE * .15, SIDE)
        if abs(px - x) > w:
            disc(draw, px, side, rng.uniform(3, 9), jitter(rng, (50, 110, 56)))
    pool = SIDE * rng.uniform(.78, .88)
    draw.rectangle([0, pool, SIDE, SIDE], fill=jitter(rng, (60, 120, 140)))
    for at in range(70):
        px = x + rng.normal(0, .5) * w
        draw.line([px, SIDE * .2, px + (px - x) * .3, pool], fill=blend((190, 215, 235), WHITE, rng.random()), width=pick(rng, [1, 2]))
    for _ in range(30):
        disc(draw, x + rng.normal(0, 1.1) * w, pool + rng.normal(0, 3), rng.uniform(2, 6), (240, 246, 250))
    return picture.filter(ImageFilter.GaussianBlur(1)), some(rng, ["a waterfall", "a waterfall in the mountains", "water falling over rocks", "a high waterfall", "a waterfall in a green wood", "falling water"])


def rooms(rng):
    wall, floor = jitter(rng, pick(rng, [(230, 220, 200), (180, 200, 210), (210, 180, 160), (160, 180, 150), (240, 240, 236), (140, 90, 80)])), jitter(rng, pick(rng, [(150, 100, 60), (120, 84, 54), (190, 160, 120), (130, 130, 134)]))
    picture = gradient(wall, blend(wall, DARK, .25), rng.uniform(0, 3))
    draw, level = ImageDraw.Draw(picture), SIDE * rng.uniform(.62, .72)
    draw.rectangle([0, level, SIDE, SIDE], fill=floor)
    for at in range(8):
        draw.line([SIDE / 2 + (at - 3.5) * 14, level, SIDE / 2 + (at - 3.5) * 60, SIDE], fill=blend(floor, DARK, .2))
    wx, ww = SIDE * rng.uniform(.15, .6), rng.uniform(30, 50)
    draw.rectangle([wx, 20, wx + ww, 20 + ww * 1.2], fill=pick(rng, [(170, 215, 245), (20, 24, 60), (250, 190, 120)]), outline=(250, 250, 250), width=4)
    draw.line([wx + ww / 2, 20, wx + ww / 2, 20 + ww * 1.2], fill=(250, 250, 250), width=3)
    draw.line([wx, 20 + ww * .6, wx + ww, 20 + ww * .6], fill=(250, 250, 250), width=3)
    kind, tone = pick(rng, ["living room", "bedroom", "kitchen", "study"]), jitter(rng, pick(rng, [(180, 50, 50), (60, 90, 150), (70, 120, 80), (200, 160, 80), (110, 70, 110)]))
    x = SIDE * rng.uniform(.3, .6)
    if kind == "living room":
        draw.rounded_rectangle([x - 40, level - 22, x + 40, level + 6], 6, fill=tone)
        draw.rounded_rectangle([x - 46, level - 6, x + 46, level + 20], 6, fill=blend(tone, DARK, .15))
    elif kind == "bedroom":
        draw.rectangle([x - 44, level - 26, x - 36, level + 26], fill=(110, 74, 46))
        draw.rounded_rectangle([x - 40, level - 2, x + 50, level + 22], 6, fill=tone)
        draw.rounded_rectangle([x - 38, level - 12, x - 12, level], 4, fill=WHITE)
    elif kind == "kitchen":
        draw.rectangle([0, level - 26, SIDE, level + 8], fill=tone, outline=blend(tone, DARK, .4))
        draw.rectangle([0, level - 32, SIDE, level - 26], fill=(220, 216, 206))
        for px in range(10, SIDE, 30):
            draw.rectangle([px, level - 20, px + 24, level + 4], outline=blend(tone, DARK, .4))
        draw.rectangle([wx + 4, level - 42, wx + 22, level - 32], fill=(150, 156, 164))
    else:
        draw.rectangle([x - 42, level - 8, x + 42, level - 2], fill=(120, 80, 48))
        for side in (-38, 38):
            draw.line([x + side, level, x + side, level + 26], fill=(110, 72, 42), width=4)
        for row in range(2):
            for at in range(9):
                draw.rectangle([6 + 5 * at, 26 + 26 * row, 10 + 5 * at, 44 + 26 * row], fill=tuple(int(v) for v in rng.uniform(40, 220, 3)))
    if rng.random() < .6:
        lx = SIDE * rng.uniform(.75, .92)
        picture = glow(picture, lx, level - 48, 20, (255, 230, 170), .5)
        draw = ImageDraw.Draw(picture)
        draw.line([lx, level - 40, lx, level + 10], fill=(60, 50, 46), width=3)
        draw.polygon([(lx - 7, level - 58), (lx + 7, level - 58), (lx + 13, level - 40), (lx - 13, level - 40)], fill=(250, 226, 160))
    return picture, some(rng, ["a room", f"a {kind}", "the inside of a house", "a room with a window", f"furniture in a {kind}", "an interior"])


def streets(rng):
    night = rng.random() < .25
    picture = night_sky(rng) if night else day_sky(rng)
    draw, x, level = ImageDraw.Draw(picture), SIDE * rng.uniform(.42, .58), SIDE * rng.uniform(.5, .6)
    draw.rectangle([0, level, SIDE, SIDE], fill=(110, 112, 116) if not night else (34, 34, 42))
    for side in (-1, 1):
        for at in (3, 2, 1, 0):
            near, far = (1 - at / 4) ** 1.3, (1 - (at + 1) / 4) ** 1.3 if at < 3 else .06
            edge = lambda t: (x + side * (10 + 74 * t), level - 10 - t * rng.uniform(70, 90), level + 6 + t * 58)
            (xa, ta, ba), (xb, tb, bb) = edge(near), edge(far)
            wall = jitter(rng, pick(rng, [(200, 120, 90), (230, 200, 150), (170, 180, 190), (220, 170, 150), (240, 230, 210), (150, 90, 70)]))
            draw.polygon([(xa, ta), (xb, tb), (xb, bb), (xa, ba)], fill=blend(wall, DARK, .75 if night else 0))
            for u in (.25, .65):
                for v in (.2, .45, .7):
                    px = xa + (xb - xa) * u
                    top, bottom = ta + (tb - ta) * u, ba + (bb - ba) * u
                    py, s = top + (bottom - top) * v, 1 + 4 * near
                    draw.rectangle([px - s * .6, py - s, px + s * .6, py + s], fill=(255, 224, 120) if night and rng.random() < .7 else (70, 90, 110))
    draw.polygon([(x - 5, level), (x + 5, level), (SIDE * .85, SIDE), (SIDE * .15, SIDE)], fill=(86, 88, 94) if not night else (24, 24, 32))
    return picture, some(rng, ["a street with houses", "a street in a town", "an old street", "houses on both sides of a street", "a street at night" if night else "a sunny street", "a narrow lane", "a town"])


def auroras(rng):
    picture = gradient(jitter(rng, (4, 8, 24)), jitter(rng, (16, 30, 56)))
    stars(ImageDraw.Draw(picture), rng, int(rng.integers(20, 120)))
    gx, gy = np.meshgrid(np.linspace(0, 1, SIDE), np.linspace(0, 1, SIDE))
    for _ in range(int(rng.integers(1, 4))):
        line = rng.uniform(.25, .6) + .12 * np.sin(gx * rng.uniform(4, 10) + rng.uniform(0, 6)) + .05 * np.sin(gx * 20 + rng.uniform(0, 6))
        light = np.where(gy < line, np.exp(-(line - gy) / rng.uniform(.12, .3)), np.exp(-(gy - line) / .03)) * (.5 + .5 * np.sin(gx * rng.uniform(30, 70)) * cloudy(rng, 2))
        picture = mixed(picture, pick(rng, [(60, 240, 150), (80, 250, 190), (170, 90, 220), (60, 200, 230)]), light * .9)
    draw = ImageDraw.Draw(picture)
    ridge(draw, rng, SIDE * rng.uniform(.78, .9), 9, (4, 8, 12))
    return picture, some(rng, ["northern lights", "an aurora", "green northern lights in the sky", "the aurora borealis at night", "green light in the night sky"])


def fireworks(rng):
    picture = night_sky(rng)
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(1, 6))):
        x, y, r = rng.uniform(.15, .85) * SIDE, rng.uniform(.1, .6) * SIDE, SIDE * rng.uniform(.1, .3)
        colour = pick(rng, [(255, 80, 80), (255, 220, 90), (100, 220, 120), (110, 170, 255), (240, 130, 240), WHITE])
        for angle in np.linspace(0, 6.283, int(rng.integers(14, 34)), endpoint=False):
            far = r * rng.uniform(.75, 1.05)
            draw.line([x + r * .25 * math.cos(angle), y + r * .25 * math.sin(angle), x + far * math.cos(angle), y + far * math.sin(angle)], fill=colour, width=1)
            disc(draw, x + far * math.cos(angle), y + far * math.sin(angle), 1.5, blend(colour, WHITE, .4))
    if rng.random() < .5:
        for x in np.arange(0, SIDE, 14):
            draw.rectangle([x, SIDE - rng.uniform(6, 36), x + 12, SIDE], fill=(8, 8, 16))
    lights = np.asarray(picture.filter(ImageFilter.GaussianBlur(3)), np.float32)
    return Image.fromarray(np.clip(np.asarray(picture, np.float32) + lights * .6, 0, 255).astype(np.uint8)), some(rng, ["fireworks", "fireworks at night", "colourful fireworks in the sky", "a firework", "new year's fireworks"])


def ringed_planets(rng):
    picture = Image.new("RGB", (SIDE, SIDE), jitter(rng, (8, 8, 20)))
    stars(ImageDraw.Draw(picture), rng, int(rng.integers(20, 130)))
    x, y, r, turn = SIDE * rng.uniform(.42, .58), SIDE * rng.uniform(.42, .58), SIDE * rng.uniform(.17, .28), rng.uniform(-.6, .6)
    tone = jitter(rng, pick(rng, [(226, 196, 140), (200, 150, 110), (120, 150, 210), (180, 120, 190), (210, 110, 70), (130, 190, 170)]))
    gx, gy = np.meshgrid(np.arange(SIDE) - x, np.arange(SIDE) - y)
    u, v = gx * math.cos(turn) + gy * math.sin(turn), gy * math.cos(turn) - gx * math.sin(turn)
    flat = rng.uniform(.2, .4)
    ring = np.hypot(u, v / flat) / r
    inner, outer = rng.uniform(1.25, 1.4), rng.uniform(1.8, 2.3)
    bands = ((ring > inner) & (ring < outer)) * (.55 + .45 * np.sin(ring * rng.uniform(15, 40)))
    ball = np.hypot(gx, gy) / r
    picture = mixed(picture, blend(tone, WHITE, .35), np.where((v < 0) & (ball > 1), bands, 0))
    stripes = .85 + .15 * np.sin(v / r * rng.uniform(6, 16) + 2 * cloudy(rng, 2))
    light = np.clip(1.1 - .7 * ((gx * .7 + gy * .4) / r + .3), .15, 1.2) * stripes
    pixels = np.asarray(picture, np.float32)
    edge = np.clip((1 - ball) * r, 0, 1)[..., None]
    picture = Image.fromarray(np.clip(pixels * (1 - edge) + np.array(tone) * light[..., None] * edge, 0, 255).astype(np.uint8))
    picture = mixed(picture, blend(tone, WHITE, .35), np.where(v >= 0, bands, 0))
    return picture, some(rng, ["a ringed planet", "saturn", "a planet with a ring", "the planet saturn and its rings", "a planet with rings among the stars", "a giant planet in space", "outer space"])


def galaxies(rng):
    gx, gy = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    gx, gy, turn, flat = gx - rng.normal(0, .1), gy - rng.normal(0, .1), rng.uniform(0, math.pi), rng.uniform(1, 2.6)
    u, v = gx * math.cos(turn) + gy * math.sin(turn), flat * (gy * math.cos(turn) - gx * math.sin(turn))
    radius, arms = np.hypot(u, v), pick(rng, [2, 2, 3, 4])
    wave = .5 + .5 * np.cos(arms * np.arctan2(v, u) - rng.uniform(5, 9) * np.log(radius + .08) * pick(rng, [-1, 1]))
    light = np.exp(-rng.uniform(2.2, 3.2) * radius) * (.25 + wave ** 2 * (.5 + cloudy(rng, 5)))
    core = np.exp(-(radius / rng.uniform(.1, .2)) ** 2)
    arm, heart = np.array(pick(rng, [(120, 160, 255), (190, 130, 255), (255, 140, 190), (140, 200, 230)])), np.array([255, 236, 200])
    picture = Image.fromarray(np.clip(np.array([6, 6, 16]) + light[..., None] * arm * 1.3 + core[..., None] * heart, 0, 255).astype(np.uint8))
    stars(ImageDraw.Draw(picture), rng, int(rng.integers(40, 160)))
    return picture, some(rng, ["a spiral galaxy", "a galaxy", "a galaxy among the stars", "the arms of a galaxy", "a glowing galaxy", "outer space", "the universe"])


def flames(rng):
    """Fire by stretched noise that rises."""
    height = np.linspace(1, 0, SIDE)[:, None]
    field = np.asarray(Image.fromarray(cloudy(rng, 5)).resize((SIDE, SIDE * 2), Image.BICUBIC).crop((0, 0, SIDE, SIDE)))
    x = np.linspace(-1, 1, SIDE)[None]
    narrow = 1 - np.abs(x - rng.normal(0, .1)) ** 2 * rng.uniform(.2, 1.2)
    heat = np.clip((field * 1.3 + .45 - height * rng.uniform(.9, 1.4)) * narrow * 1.6, 0, 1)
    stops = np.array([[8, 4, 6], [120, 20, 8], [226, 80, 16], [250, 170, 40], [255, 240, 170]], np.float32)
    place = heat * 3.999
    low = place.astype(int)
    pixels = stops[low] + (stops[low + 1] - stops[low]) * (place - low)[..., None]
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw, logs = ImageDraw.Draw(picture), rng.random() < .4
    if logs:
        for _ in range(3):
            a, b = rng.uniform(20, 60), rng.uniform(100, 140)
            draw.line([a, SIDE - rng.uniform(2, 20), b, SIDE - rng.uniform(2, 20)], fill=jitter(rng, (60, 34, 20)), width=9)
    for _ in range(int(rng.integers(0, 40))):
        disc(draw, rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(.5, 1.3), (255, 190, 80))
    return picture, some(rng, ["fire", "burning flames", "a campfire" if logs else "a hot fire", "the flames of a fire", "a blazing fire", "flames in the dark", "burning wood" if logs else "a big fire"])


def colourful_spirals(rng):
    gx, gy = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    gx, gy = gx - rng.normal(0, .12), gy - rng.normal(0, .12)
    arms, tight, way = int(rng.integers(1, 7)), rng.uniform(3, 10), pick(rng, [-1, 1])
    radius = np.hypot(gx, gy)
    phase = (arms * np.arctan2(gy, gx) * way / (2 * math.pi) + tight * (np.sqrt(radius) if rng.random() < .5 else radius)) % 1
    count = int(rng.integers(2, 7))
    wheel = [tuple(int(v) for v in rng.uniform(0, 256, 3)) for _ in range(count)] if rng.random() < .4 else [COLOURS[n] for n in rng.choice(["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink"], count, replace=False)]
    palette = np.array(wheel, np.float32)
    at = phase * count
    low = at.astype(int) % count
    share = (at - np.floor(at))[..., None] if rng.random() < .4 else 0
    pixels = palette[low] * (1 - share) + palette[(low + 1) % count] * share
    return Image.fromarray(pixels.astype(np.uint8)), some(rng, ["a spiral of many colours", "a colourful spiral", "a spiral", "a swirl of colours", "a rainbow swirl", "a hypnotic spiral", "colours that turn round a centre"])


def glass_panes(rng, picture=None):
    """Leaded panes: of random colours, or of those of a picture."""
    count = int(rng.integers(14, 70))
    seeds = rng.uniform(0, SIDE, (count, 2))
    kind = pick(rng, ["free", "free", "rose", "rows"]) if picture is None else "free"
    if kind == "rose":
        rings = int(rng.integers(2, 5))
        seeds = np.array([(SIDE / 2 + r / rings * SIDE * .45 * math.cos(a), SIDE / 2 + r / rings * SIDE * .45 * math.sin(a)) for r in range(1, rings + 1) for a in np.linspace(0, 6.283, 6 * r, endpoint=False)] + [(SIDE / 2, SIDE / 2)])
    elif kind == "rows":
        step = rng.uniform(18, 34)
        seeds = np.array([(px + (row % 2) * step / 2, py) for row, py in enumerate(np.arange(0, SIDE + step, step)) for px in np.arange(-step, SIDE + step, step)])
    gx, gy = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    far = np.hypot(gx[..., None].astype(np.float32) - seeds[:, 0].astype(np.float32), gy[..., None] - seeds[:, 1].astype(np.float32))
    nearest = far.argmin(2)
    first, second = np.moveaxis(np.partition(far, 1, 2)[..., :2], 2, 0)
    if picture is None:
        palette = np.array([jitter(rng, pick(rng, [(220, 30, 40), (30, 70, 210), (250, 200, 40), (30, 150, 70), (130, 40, 170), (250, 130, 30), (60, 190, 220), (240, 236, 210)]), 2) for _ in range(len(seeds))], np.float32)
    else:
        small = np.asarray(picture, np.float32)
        palette = np.stack([small[nearest == at].mean(0) if (nearest == at).any() else np.zeros(3) for at in range(len(seeds))])
        palette = np.clip((palette - palette.mean(1, keepdims=True)) * 1.5 + palette.mean(1, keepdims=True), 0, 255)
    pixels = palette[nearest] * (.8 + .4 * cloudy(rng, 3))[..., None]
    lead = np.clip(1.6 - (second - first) / rng.uniform(1.2, 2.4), 0, 1)[..., None]
    pixels = pixels * (1 - lead) + 14 * lead
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if picture is None and rng.random() < .4:  # set into a dark wall
        mask = Image.new("L", (SIDE, SIDE))
        draw, w = ImageDraw.Draw(mask), SIDE * rng.uniform(.28, .42)
        if kind == "rose":
            disc(draw, SIDE / 2, SIDE / 2, SIDE * .47, 255)
        else:
            draw.rectangle([SIDE / 2 - w, SIDE * .4, SIDE / 2 + w, SIDE * .95], fill=255)
            draw.ellipse([SIDE / 2 - w, SIDE * .4 - w * .9, SIDE / 2 + w, SIDE * .4 + w * .9], fill=255)
        image = Image.composite(image, Image.new("RGB", (SIDE, SIDE), jitter(rng, pick(rng, [(30, 26, 24), (90, 84, 78), (14, 14, 18)]))), mask)
    return image


def stained_glass(rng):
    return glass_panes(rng), some(rng, ["stained glass", "a window of coloured glass", "a church window of stained glass", "a leaded glass window", "colourful glass panes", "a mosaic of coloured glass", "light through stained glass"])


def two_tone_boards(rng):
    """Boards and stripes, flat, turned or seen at a slant."""
    names = ["black", "white"] if rng.random() < .35 else ["red", "white"] if rng.random() < .35 else list(rng.choice(list(COLOURS), 2, replace=False))
    one, two = (np.array(jitter(rng, COLOURS[name], .6), np.float32) for name in names)
    gx, gy = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))
    stripes, slant = rng.random() < .5, rng.random() < .3
    if slant:
        depth = 40 / (gy + 30)
        gx, gy = (gx - SIDE / 2) * depth, 60 * depth * 6
    turn = 0 if rng.random() < .5 else rng.uniform(0, 3.1)
    u, v = gx * math.cos(turn) + gy * math.sin(turn), gy * math.cos(turn) - gx * math.sin(turn)
    cell = rng.uniform(8, 34) * (.5 if slant else 1)
    mask = (np.floor(u / cell) + (0 if stripes else np.floor(v / cell))) % 2 == 0
    pixels = np.where(mask[..., None], one, two) * (1 - .15 * cloudy(rng, 2) * (rng.random() < .4))[..., None] if rng.random() < .5 else np.where(mask[..., None], one, two)
    picture = noise(rng, Image.fromarray(pixels.astype(np.uint8)), 3)
    a, b = names
    texts = [f"{a} and {b} stripes", f"{b} and {a} stripes", "stripes", f"a pattern of {a} and {b} stripes", f"{a} and {b} lines", f"striped cloth in {a} and {b}"] if stripes else \
        [f"{a} and {b} squares", f"a {a} and {b} checkerboard" if a != "orange" else f"an orange and {b} checkerboard", f"a chessboard in {a} and {b}", "a checked pattern", "a tiled floor" if slant else "a checkerboard", f"{b} and {a} checks"]
    return picture, some(rng, texts)


def rainbows(rng):
    stormy = rng.random() < .5
    picture = gradient(jitter(rng, (90, 100, 120) if stormy else (80, 150, 230)), jitter(rng, (170, 180, 190) if stormy else (200, 225, 250)))
    picture = mixed(picture, (230, 234, 240), cloud_field(rng, .8) * .6)
    gx, gy = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    x, y, r, w = SIDE * rng.uniform(.2, .8), SIDE * rng.uniform(.75, 1.1), SIDE * rng.uniform(.5, .9), rng.uniform(12, 34)
    place = (r - np.hypot(gx - x, gy - y)) / w
    stops = np.array([(226, 40, 40), (246, 140, 30), (250, 220, 50), (60, 180, 70), (50, 100, 220), (110, 50, 170)], np.float32)
    at = np.clip(place * 5, 0, 4.999)
    low = at.astype(int)
    colours = stops[low] + (stops[low + 1] - stops[low]) * (at - low)[..., None]
    share = np.clip(np.minimum(place, 1 - place) * 8 + .3, 0, 1) * ((place > 0) & (place < 1)) * rng.uniform(.55, .95)
    pixels = np.asarray(picture, np.float32) * (1 - share[..., None]) + colours * share[..., None]
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw, kind = ImageDraw.Draw(picture), pick(rng, ["fields", "sea", "hills", "a forest"])
    level = SIDE * rng.uniform(.68, .85)
    if kind == "sea":
        sea(draw, rng, level, jitter(rng, (40, 90, 130)))
    else:
        for step in range(2):
            ridge(draw, rng, level + 14 * step, 6, jitter(rng, (80 - 10 * step, 160 - 25 * step, 66)))
    if kind == "a forest":
        for px in np.arange(0, SIDE, 12):
            tree(draw, rng, px + rng.normal(0, 4), level + rng.uniform(10, 30), rng.uniform(25, 40), (40, 110, 50))
    elif kind == "fields" and rng.random() < .5:
        for _ in range(40):
            flower(draw, rng, rng.uniform(0, SIDE), rng.uniform(level + 12, SIDE), rng.uniform(1, 3), pick(rng, [WHITE, (250, 216, 50), (222, 40, 40)]))
    where = {"fields": "the fields", "sea": "the sea", "hills": "green hills", "a forest": "a forest"}[kind]
    return picture.filter(ImageFilter.GaussianBlur(.6)), some(rng, ["a rainbow", f"a rainbow over {where}", "a rainbow after the rain", "a rainbow in the sky", "the colours of the rainbow", "a bright rainbow"])


def houses(rng):
    """A house near, with a garden, meadow or snow around it."""
    picture = day_sky(rng)
    picture = mixed(picture, WHITE, cloud_field(rng, .6) * .8)
    draw = ImageDraw.Draw(picture)
    level = SIDE * rng.uniform(.66, .78)
    ridge(draw, rng, SIDE * rng.uniform(.45, .6), 8, jitter(rng, (90, 150, 110)))
    ridge(draw, rng, level - 8, 3, jitter(rng, (110, 180, 70)))
    wall, roof = jitter(rng, pick(rng, [(240, 234, 220), (210, 180, 140), (180, 80, 60), (160, 110, 70), (230, 210, 120)])), jitter(rng, pick(rng, [(170, 60, 40), (100, 60, 40), (80, 84, 96)]))
    x, w, h, d = SIDE * rng.uniform(.3, .5), rng.uniform(22, 34), rng.uniform(26, 40), rng.uniform(24, 44)
    base = level + rng.uniform(2, 16)
    peak = base - h - w * rng.uniform(.6, 1)
    draw.polygon([(x + w, base), (x + w + d, base - 5), (x + w + d, base - h), (x + w, base - h)], fill=blend(wall, DARK, .2))
    draw.polygon([(x - w, base), (x + w, base), (x + w, base - h), (x, peak), (x - w, base - h)], fill=wall)
    draw.polygon([(x, peak - 2), (x + w + 3, base - h + 2), (x + w + d + 4, base - h + 1), (x + d, peak)], fill=roof)
    draw.line([(x - w - 4, base - h + 4), (x, peak - 2), (x + w + 4, base - h + 4)], fill=blend(roof, DARK, .3), width=4)
    draw.rectangle([x - 6, base - h * .55, x + 6, base], fill=(96, 60, 40))
    for px, py in ((x - w * .6, base - h * .55), (x + w * .6, base - h * .55), (x, base - h * 1.05), (x + w + d * .35, base - h * .6), (x + w + d * .75, base - h * .62)):
        draw.rectangle([px - 4, py - 5, px + 4, py + 5], fill=(150, 190, 220), outline=WHITE)
    if rng.random() < .6:
        draw.rectangle([x + d * .6, peak - 12, x + d * .6 + 7, peak + 8], fill=(140, 80, 60))
    for _ in range(int(rng.integers(0, 4))):
        tree(draw, rng, pick(rng, [rng.uniform(0, 25), rng.uniform(120, 160)]), level + rng.uniform(0, 14), rng.uniform(35, 70), (50, 120, 50))
    for _ in range(int(rng.integers(0, 50))):
        flower(draw, rng, rng.uniform(0, SIDE), rng.uniform(base + 6, SIDE), rng.uniform(.8, 2.2), pick(rng, [WHITE, (250, 216, 50), (222, 40, 40), (140, 70, 190)]))
    return picture, some(rng, ["a house", "a house in a garden", "a house with a roof and windows", "a house in the meadows", "a small house in the country", "a farmhouse", "a cottage", "a home"])


SCENES = [sunset_water, sunset_water, sunset_land, city_lights, full_moons, night_skies, lightnings, skies, fogs, seasons, seasons, snowy_land, dunes, rains, waves_at_sea, waterfalls, rooms, streets,
          auroras, fireworks, ringed_planets, galaxies, flames, colourful_spirals, stained_glass, two_tone_boards, rainbows, houses]
