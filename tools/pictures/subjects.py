"""Single things that ImageNet has no class for, each drawn with random colours, places, sizes and backgrounds, and what they are
called: hearts, faces, hands, symbols, treasures, creatures."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .canvas import SIDE, blend, cloudy, gradient, jitter
from .captions import COLOURS, with_article
from .scenes import DARK, WHITE, day_sky, disc, glow, night_sky, pick, ridge, some, stars
from .synthetic import draw_shape, heart, polygon

SKINS = [(250, 216, 190), (240, 196, 160), (222, 170, 130), (190, 130, 90), (140, 90, 60), (96, 62, 44)]
HAIRS = [("black", (28, 22, 22)), ("brown", (96, 58, 34)), ("blond", (226, 190, 110)), ("red", (176, 70, 34)), ("grey", (170, 168, 166))]


def ground(rng, avoid=()):
    """A background and what it is called (None where that is not worth saying)."""
    u = rng.random()
    if u < .3:
        name = pick(rng, [name for name in COLOURS if name not in avoid])
        return Image.new("RGB", (SIDE, SIDE), jitter(rng, COLOURS[name])), f"{name} background"
    if u < .5:
        return Image.new("RGB", (SIDE, SIDE), WHITE), "white background"
    first, second = (tuple(int(v) for v in rng.uniform(0, 256, 3)) for _ in "ab")
    if u < .75:
        return gradient(first, second, rng.uniform(0, 6.3), rng.random() < .3), None
    field = cloudy(rng, 3)[..., None]
    pixels = np.array(first) * field + np.array(blend(first, second, .6)) * (1 - field)
    return Image.fromarray(pixels.astype(np.uint8)), None


def at_place(points, x, y, r, turn=0.0):
    s, c = math.sin(turn), math.cos(turn)
    return [(x + r * (px * c - py * s), y + r * (px * s + py * c)) for px, py in points]


def curve(*points, count=24):
    """Points of a smooth line through the given ones (Catmull-Rom)."""
    p = [np.array(q, float) for q in (points[0], *points, points[-1])]
    line = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:]):
        for t in np.linspace(0, 1, count, endpoint=False):
            line.append(tuple(.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t ** 3)))
    return line + [tuple(p[-1])]


def thick(draw, line, widths, fill):
    """A line of round dots whose width changes evenly from one given width to the next."""
    for at, (x, y) in enumerate(line):
        place = at / max(1, len(line) - 1) * (len(widths) - 1)
        low = min(int(place), len(widths) - 2)
        disc(draw, x, y, widths[low] + (widths[low + 1] - widths[low]) * (place - low), fill)


def shaded(rng, picture, points, colour):
    """A polygon that is lighter on one side, as a round thing is."""
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon(points, fill=255)
    light = gradient(blend(colour, WHITE, rng.uniform(.1, .5)), blend(colour, (0, 0, 0), rng.uniform(.1, .5)), rng.uniform(0, 6.3), rng.random() < .3)
    picture.paste(light, (0, 0), mask)


def hearts(rng):
    red = rng.random() < .5
    name = "red" if red else pick(rng, ["pink", "purple", "blue", "green", "orange", "black", "white", "yellow"])
    picture, behind = ground(rng, (name,))
    draw = ImageDraw.Draw(picture)
    colour, count = jitter(rng, COLOURS[name], 1.5), pick(rng, [1, 1, 1, 1, 2, 3, 9])
    for at in range(count):
        r = SIDE * (rng.uniform(.25, .47) if count == 1 else rng.uniform(.15, .22) if count < 4 else rng.uniform(.06, .13))
        x, y = (SIDE / 2 + rng.normal(0, 6, 2)) if count == 1 else (SIDE * (at + .5) / count, SIDE * rng.uniform(.35, .65)) if count < 4 else rng.uniform(10, SIDE - 10, 2)
        points = at_place(heart(), x, y, r, rng.normal(0, .15))
        style = rng.random()
        if style < .4:
            draw.polygon(points, fill=colour)
        elif style < .8:
            shaded(rng, picture, points, colour)
            if rng.random() < .5:
                disc(draw, x - r * .4, y - r * .4, r * .13, blend(colour, WHITE, .7))
        else:
            draw.line([*points, points[0]], fill=colour, width=max(3, int(r * .15)))
        if rng.random() < .2:
            draw.line([*points, points[0]], fill=pick(rng, [DARK, WHITE]), width=3)
    one = [f"a heart, {name}", f"a {name} heart", f"a big {name} heart", f"a {name} heart shape", f"a {name} love heart"]
    several = [f"{'two' if count == 2 else 'three' if count == 3 else 'many'} {name} hearts", f"{name} hearts", "hearts", "love hearts"]
    return picture, some(rng, [*(one if count == 1 else several), *([f"{pick(rng, [one[1], 'a heart'])} on a {behind}"] if behind and count == 1 else []), "love"])


def star_shapes(rng):
    name = pick(rng, ["yellow", "yellow", "yellow", "red", "blue", "white", "orange", "green", "purple", "pink"])
    picture, behind = ground(rng, (name,))
    draw, colour, count = ImageDraw.Draw(picture), jitter(rng, COLOURS[name], 1.5), pick(rng, [1, 1, 1, 2, 6])
    for _ in range(count):
        r = SIDE * (rng.uniform(.25, .47) if count == 1 else rng.uniform(.1, .2))
        x, y = (SIDE / 2 + rng.normal(0, 6, 2)) if count == 1 else rng.uniform(20, SIDE - 20, 2)
        points = at_place(polygon(5, inner=rng.uniform(.36, .5)), x, y, r, rng.normal(0, .25))
        if rng.random() < .5:
            draw.polygon(points, fill=colour)
        else:
            shaded(rng, picture, points, colour)
    texts = [f"a star, {name}", f"a {name} star", f"a big {name} star", f"a five-pointed {name} star"] if count == 1 else [f"{name} stars", f"several {name} stars", "stars"]
    return picture, some(rng, [*texts, *([f"{texts[1]} on a {behind}"] if behind else []), "a star shape"])


def face(rng, picture, x, y, r, skin, hair, woman, smiling, old=False):
    """A head of radius r; x, y is its middle."""
    draw, shade = ImageDraw.Draw(picture), blend(skin, (70, 20, 10), .28)
    long_hair = woman and rng.random() < .8
    if long_hair:
        draw.ellipse([x - r * 1.1, y - r * 1.35, x + r * 1.1, y + r * rng.uniform(.9, 2.0)], fill=hair)
    clothes = tuple(int(v) for v in rng.uniform(10, 250, 3))
    draw.rectangle([x - r * .32, y + r * .7, x + r * .32, y + r * 1.6], fill=blend(skin, (0, 0, 0), .18))
    draw.ellipse([x - r * 1.75, y + r * 1.35, x + r * 1.75, y + r * 4], fill=clothes)
    if rng.random() < .5:
        draw.polygon([(x - r * .5, y + r * 1.4), (x + r * .5, y + r * 1.4), (x, y + r * 2.1)], fill=blend(skin, (0, 0, 0), .08) if woman else WHITE)
    head = [x - r * .82, y - r * 1.1, x + r * .82, y + r * 1.15]
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse(head, fill=255)
    picture.paste(gradient(blend(skin, WHITE, .15), blend(skin, (40, 10, 0), rng.uniform(.05, .4)), rng.uniform(-.6, 3.6)), (0, 0), mask)
    if not woman or rng.random() < .4:
        for side in (-1, 1):
            draw.ellipse([x + side * r * .85 - r * .14, y - r * .15, x + side * r * .85 + r * .14, y + r * .3], fill=shade)
    iris = pick(rng, [(70, 44, 26), (60, 100, 160), (70, 120, 70), (40, 30, 24)])
    for side in (-1, 1):
        ex, ey = x + side * r * .36, y - r * .08
        draw.ellipse([ex - r * .2, ey - r * .1, ex + r * .2, ey + r * .1], fill=WHITE, outline=blend(shade, DARK, .5))
        disc(draw, ex, ey, r * .09, iris)
        disc(draw, ex, ey, r * .045, DARK)
        draw.arc([ex - r * .26, ey - r * .34, ex + r * .26, ey + r * .1], 200, 340, fill=blend(hair, DARK, .3), width=max(2, int(r * (.06 if woman else .1))))
        if woman:
            draw.arc([ex - r * .21, ey - r * .12, ex + r * .21, ey + r * .12], 190, 350, fill=DARK, width=2)
    draw.line([x + r * .02, y + r * .02, x - r * .09, y + r * .36, x + r * .07, y + r * .4], fill=shade, width=max(2, int(r * .05)))
    lips = jitter(rng, (196, 60, 70)) if woman else blend(skin, (150, 50, 40), .5)
    if smiling:
        draw.chord([x - r * .36, y + r * .35, x + r * .36, y + r * .85], 15, 165, fill=lips)
        if rng.random() < .6:
            draw.chord([x - r * .28, y + r * .42, x + r * .28, y + r * .75], 15, 165, fill=WHITE)
    else:
        draw.ellipse([x - r * .26, y + r * .58, x + r * .26, y + r * .74], fill=lips)
        draw.line([x - r * .26, y + r * .66, x + r * .26, y + r * .66], fill=blend(lips, DARK, .5), width=2)
    if not woman and rng.random() < (.8 if old else .35):  # a beard
        draw.chord([x - r * .82, y - r * .9, x + r * .82, y + r * (1.5 if old else 1.25)], 25, 155, fill=hair)
        draw.ellipse([x - r * .24, y + r * .6, x + r * .24, y + r * .74], fill=lips)
    if not old or rng.random() < .4:  # hair over the forehead
        draw.chord([x - r * .92, y - r * 1.3, x + r * .92, y + r * .9], 180 + rng.uniform(0, 15), 360 - rng.uniform(0, 15), fill=hair)
        draw.chord([x - r * .7, y - r * .85, x + r * .7, y + r * .9], 185, 355, fill=blend(skin, WHITE, .1))


def portraits(rng):
    u = rng.random()
    woman, child, old = u < .5, .78 < u < .9, u >= .9
    hair_name, hair = pick(rng, HAIRS[:4]) if not old else HAIRS[4]
    woman = woman or (child and rng.random() < .5)
    picture, _ = ground(rng)
    if rng.random() < .6:  # quiet backgrounds, as painters choose
        tone = pick(rng, [(60, 44, 34), (90, 80, 60), (50, 60, 70), (120, 110, 100), (170, 180, 190), (40, 30, 30)])
        picture = gradient(blend(tone, WHITE, rng.uniform(0, .3)), jitter(rng, tone), round_=rng.random() < .5)
    r = SIDE * rng.uniform(.2, .4)
    smiling = rng.random() < .4
    face(rng, picture, SIDE * rng.uniform(.42, .58), SIDE * rng.uniform(.36, .5), r, jitter(rng, pick(rng, SKINS)), jitter(rng, hair), woman, smiling, old)
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(.3, 1.5)))
    who = "girl" if child and woman else "boy" if child else "old man" if old else "woman" if woman else "man"
    kind = "lady" if who == "woman" else "child" if child else "man" if old else "person"
    texts = [f"portrait of {with_article(who)}", f"{with_article(who)}", f"the face of {with_article(who)}", f"{with_article(who)} with {hair_name} hair",
             f"a painted portrait of {with_article(who)}", f"head and shoulders of {with_article(who)}", f"portrait of a {kind}", "a portrait", "a human face"]
    if smiling:
        texts += [f"a smiling {who.removeprefix('old ')}", "a smiling face"]
    return picture, some(rng, texts)


def smiling_faces(rng):
    name = pick(rng, ["yellow", "yellow", "yellow", "orange", "pink", "green", "blue", "white"])
    picture, behind = ground(rng, (name,))
    draw, r = ImageDraw.Draw(picture), SIDE * rng.uniform(.3, .47)
    x, y = SIDE / 2 + rng.normal(0, 4, 2)
    mood = pick(rng, ["smiling", "smiling", "smiling", "sad", "surprised"])
    shaded(rng, picture, at_place(polygon(48), x, y, r), jitter(rng, COLOURS[name]))
    for side in (-1, 1):
        ex, ey, tall = x + side * r * .36, y - r * .25, r * rng.uniform(.13, .24)
        draw.ellipse([ex - r * .12, ey - tall, ex + r * .12, ey + tall], fill=DARK)
    box = [x - r * .55, y - r * .35, x + r * .55, y + r * .62]
    if mood == "surprised":
        draw.ellipse([x - r * .2, y + r * .2, x + r * .2, y + r * .65], fill=DARK)
    elif mood == "sad":
        draw.arc([x - r * .5, y + r * .3, x + r * .5, y + r * 1.1], 200, 340, fill=DARK, width=max(3, int(r * .1)))
    elif rng.random() < .5:
        draw.chord(box, 12, 168, fill=(120, 20, 30))
    else:
        draw.arc(box, 15, 165, fill=DARK, width=max(3, int(r * .11)))
    return picture, some(rng, [f"a {mood} face", f"a {mood} {name} face", f"a {name} smiley" if mood == "smiling" else f"a {mood} emoticon", "a round cartoon face",
                               *(["a smile", "a happy face", "a laughing face"] if mood == "smiling" else [])])


def eyes(rng):
    name, iris = pick(rng, [("blue", (60, 120, 190)), ("green", (80, 140, 70)), ("brown", (110, 66, 32)), ("grey", (130, 140, 150)), ("amber", (196, 130, 40))])
    skin = jitter(rng, pick(rng, SKINS))
    picture = gradient(blend(skin, WHITE, .1), blend(skin, (60, 20, 10), .25), rng.uniform(0, 6.3))
    x, y, w = SIDE * rng.uniform(.42, .58), SIDE * rng.uniform(.45, .6), SIDE * rng.uniform(.32, .48)
    h, r = w * rng.uniform(.4, .6), w * rng.uniform(.36, .46)
    lid = [(x + w * t, y - h * (1 - t * t)) for t in np.linspace(-1, 1, 30)]
    almond = lid + [(x + w * t, y + h * .8 * (1 - t * t)) for t in np.linspace(1, -1, 30)]
    gx, gy = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    far, angle = np.hypot(gx - x, gy - y) / r, np.arctan2(gy - y, gx - x)
    fibres = .75 + .25 * np.sin(angle * int(rng.integers(20, 50)) + 6 * cloudy(rng, 3))
    ball = np.where(far[..., None] < 1, np.array(iris) * (fibres * np.clip(1.5 - far, .5, 1.2))[..., None], np.array([246, 242, 240]) * np.clip(1.25 - .15 * far, .6, 1)[..., None])
    ball = np.where(far[..., None] < rng.uniform(.32, .5), 8, ball)
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon(almond, fill=255)
    picture.paste(Image.fromarray(np.clip(ball, 0, 255).astype(np.uint8)), (0, 0), mask)
    draw = ImageDraw.Draw(picture)
    disc(draw, x - r * .3, y - r * .3, r * .14, WHITE)
    draw.line(lid, fill=(30, 18, 16), width=max(3, int(w * .07)))
    for t in np.linspace(-.95, .95, int(rng.integers(0, 22))):
        draw.line([x + w * t, y - h * (1 - t * t), x + w * t * 1.2, y - h * (1 - t * t) - w * .18], fill=(30, 18, 16), width=2)
    if rng.random() < .7:
        draw.line([(x + w * 1.1 * t, y - h * (1.5 + .45 * (1 - t * t))) for t in np.linspace(-1, 1, 20)], fill=pick(rng, HAIRS)[1], width=int(w * rng.uniform(.1, .2)))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(.2, 1))), some(rng, [f"a {name} eye" if name != "amber" else "an amber eye", "an eye", "a human eye", "a close view of an eye",
                                                                                      "the eye of a person", f"an eye with a {name} iris", "eyelashes and a pupil"])


def hands(rng):
    picture, behind = ground(rng)
    skin = jitter(rng, pick(rng, SKINS))
    layer = Image.new("RGBA", (SIDE, SIDE))
    draw, edge = ImageDraw.Draw(layer), blend(skin, (60, 20, 10), .45)
    x, y, r = SIDE / 2, SIDE * .62, SIDE * rng.uniform(.17, .23)
    pointing, spread = rng.random() < .15, rng.uniform(.75, 1.15)
    fingers = [(-1.15 * spread, 1.25, .24), (-.42 * spread, 2.15, .2), (-.05, 2.35, .21), (.3 * spread, 2.2, .2), (.68 * spread, 1.8, .17)]
    for grow, fill in ((2.5, edge), (0, skin)):  # the outline first
        thick(draw, [(x, y + r * t) for t in np.linspace(.6, 3, 12)], [r * .62 + grow] * 2, fill)
        draw.rounded_rectangle([x - r - grow, y - r - grow, x + r + grow, y + r + grow], r * .5, fill=fill)
        for at, (angle, far, wide) in enumerate(fingers):
            if pointing and at > 1:
                far = 1.15
            from_ = (x - r * .6, y + r * .5) if at == 0 else (x + r * (.55 * (at - 2.5) / 1.5), y - r * .5)
            to = (x + r * far * math.sin(angle), y - r * far * math.cos(angle) + (r * .3 if at == 0 else 0))
            thick(draw, [(from_[0] + (to[0] - from_[0]) * t, from_[1] + (to[1] - from_[1]) * t) for t in np.linspace(0, 1, 20)], [r * wide * 1.15 + grow, r * wide + grow], fill)
    for _ in range(int(rng.integers(0, 4))):
        draw.arc([x - r * .8, y - r * rng.uniform(.2, .8), x + r * .6, y + r * rng.uniform(.3, .9)], 200, 320, fill=edge, width=2)
    layer = layer.rotate(rng.normal(0, 25), Image.BICUBIC, center=(x, y * .9))
    if rng.random() < .5:
        layer = layer.transpose(Image.FLIP_LEFT_RIGHT)
    picture.paste(layer, (0, 0), layer)
    return picture, some(rng, ["a hand", "an open hand" if not pointing else "a pointing finger", "a human hand", "a raised hand" if not pointing else "a hand that points",
                               "five fingers" if not pointing else "a finger", "the palm of a hand", "fingers", *([f"a hand on a {behind}"] if behind else [])])


def skulls(rng):
    picture, behind = ground(rng)
    if rng.random() < .5:
        picture, behind = Image.new("RGB", (SIDE, SIDE), jitter(rng, (24, 22, 28))), "black background"
    bone = jitter(rng, pick(rng, [(238, 232, 214), (226, 210, 176), (250, 250, 250)]))
    draw, x, y, r = ImageDraw.Draw(picture), SIDE * rng.uniform(.45, .55), SIDE * rng.uniform(.4, .46), SIDE * rng.uniform(.26, .36)
    if rng.random() < .25:
        for way in (-1, 1):
            thick(draw, [(x + way * r * 1.6 * t, y + r * .8 + r * .75 * t) for t in np.linspace(-1, 1, 40)], [r * .13] * 2, blend(bone, (0, 0, 0), .15))
    shaded(rng, picture, at_place([(1.02 * a, .92 * b) for a, b in polygon(48)], x, y, r), bone)
    jaw = [(-.6, .5), (.6, .5), (.52, 1.35), (.3, 1.5), (-.3, 1.5), (-.52, 1.35)]
    shaded(rng, picture, at_place(jaw, x, y, r), blend(bone, (0, 0, 0), .06))
    hollow = blend(bone, (0, 0, 0), .9)
    for side in (-1, 1):
        draw.ellipse([x + side * r * .42 - r * .28, y - r * .1, x + side * r * .42 + r * .28, y + r * .46], fill=hollow)
    draw.polygon(at_place([(0, .42), (-.15, .78), (.15, .78)], x, y, r), fill=hollow)
    for t in np.linspace(-.4, .4, 7):
        draw.line([x + r * t, y + r * 1.0, x + r * t, y + r * 1.4], fill=hollow, width=2)
    draw.line([x - r * .5, y + r * 1.2, x + r * .5, y + r * 1.2], fill=hollow, width=2)
    return picture, some(rng, ["a skull", "a human skull", "a white skull", "the bones of a head", "a death's head", *([f"a skull on a {behind}"] if behind else []), "a scary skull"])


def crowns(rng):
    picture, behind = ground(rng, ("yellow", "orange"))
    draw, gold = ImageDraw.Draw(picture), jitter(rng, pick(rng, [(240, 190, 50), (250, 210, 80), (226, 170, 40), (200, 204, 214)]))
    x, y, w, points = SIDE / 2 + rng.normal(0, 4), SIDE * rng.uniform(.5, .6), SIDE * rng.uniform(.28, .42), pick(rng, [3, 5, 5, 7])
    tall, base = w * rng.uniform(.8, 1.2), w * .7
    outline = [(x - w * .85, y + base)]
    for at in range(points):
        t = -1 + 2 * at / (points - 1)
        outline.append((x + w * t, y - tall * (.9 - .25 * abs(t))))
        if at + 1 < points:
            outline.append((x + w * (t + 1 / (points - 1)) * .92, y + base * .15))
    outline.append((x + w * .85, y + base))
    shaded(rng, picture, outline, gold)
    draw.line([*outline, outline[0]], fill=blend(gold, (60, 30, 0), .5), width=2)
    jewels = [(200, 20, 40), (30, 80, 200), (30, 150, 70), (250, 250, 250)]
    for px, py in outline[1:-1:2]:
        disc(draw, px, py, w * .09, pick(rng, jewels + [gold]))
    draw.rectangle([x - w * .87, y + base * .68, x + w * .87, y + base], fill=blend(gold, WHITE, .2))
    for t in np.linspace(-.65, .65, pick(rng, [3, 5])):
        disc(draw, x + w * t, y + base * .84, w * .09, pick(rng, jewels))
    metal = "golden" if gold[0] - gold[2] > 60 else "silver"
    return picture, some(rng, ["a crown", f"a {metal} crown", "a king's crown", "the crown of a queen", f"a {metal} crown with jewels", *([f"a crown on a {behind}"] if behind else []), "a royal crown"])


def gifts(rng):
    (name, box), (ribbon_name, ribbon) = [(n, COLOURS[n]) for n in rng.choice(["red", "blue", "green", "yellow", "purple", "pink", "white", "orange"], 2, replace=False)]
    picture, behind = ground(rng, (name,))
    draw, x, y, w, h = ImageDraw.Draw(picture), SIDE / 2 + rng.normal(0, 4), SIDE * .6, SIDE * rng.uniform(.24, .36), SIDE * rng.uniform(.2, .3)
    box, ribbon = jitter(rng, box), jitter(rng, ribbon)
    shaded(rng, picture, [(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)], box)
    draw.rectangle([x - w * 1.08, y - h * 1.15, x + w * 1.08, y - h * .65], fill=blend(box, WHITE, .15), outline=blend(box, DARK, .4))
    draw.rectangle([x - w * .14, y - h * 1.15, x + w * .14, y + h], fill=ribbon)
    if rng.random() < .5:
        draw.rectangle([x - w, y + h * .05, x + w, y + h * .3], fill=ribbon)
    for side in (-1, 1):
        loop = at_place([(0, 0), (side * .35, -.5), (side * .75, -.45), (side * .7, -.08)], x, y - h * 1.15, w)
        draw.polygon(loop, fill=ribbon)
        draw.line([*loop, loop[0]], fill=blend(ribbon, DARK, .4), width=2)
    disc(draw, x, y - h * 1.2, w * .12, blend(ribbon, DARK, .2))
    return picture, some(rng, [f"a {name} gift with a {ribbon_name} ribbon" if name != "orange" else f"an orange gift with a {ribbon_name} ribbon", "a gift", "a present", "a wrapped gift with a bow", "a birthday present",
                               "a box with a ribbon", f"a gift box tied with a {ribbon_name} ribbon", *([f"a present on a {behind}"] if behind else [])])


def diamonds(rng):
    picture, behind = ground(rng)
    if rng.random() < .4:
        picture, behind = gradient((10, 10, 24), (60, 70, 110), round_=True), "dark background"
    name, tint = pick(rng, [("blue", (110, 190, 250)), ("white", (225, 240, 250)), ("red", (230, 50, 80)), ("green", (60, 200, 120)), ("purple", (170, 100, 230)), ("pink", (250, 150, 210))])
    draw, x, y, r = ImageDraw.Draw(picture), SIDE / 2, SIDE * .48, SIDE * rng.uniform(.3, .44)
    top, middle = [(t, -.55) for t in (-.6, -.2, .2, .6)], [(t, -.15) for t in (-1, -.5, 0, .5, 1)]
    facets = [[top[0], middle[0], middle[1]], [top[0], top[1], middle[1]], [top[1], middle[1], middle[2]], [top[1], top[2], middle[2]], [top[2], middle[2], middle[3]],
              [top[2], top[3], middle[3]], [top[3], middle[3], middle[4]], *[[middle[at], middle[at + 1], (0, .9)] for at in range(4)]]
    for facet in facets:
        shade = rng.uniform(-.45, .75)
        draw.polygon(at_place(facet, x, y, r), fill=blend(tint, WHITE, shade) if shade > 0 else blend(tint, DARK, -shade), outline=blend(tint, WHITE, .6))
    for _ in range(int(rng.integers(0, 4))):
        sx, sy = x + rng.normal(0, .5) * r, y + rng.normal(0, .4) * r
        for dx, dy in ((7, 0), (0, 7)):
            draw.line([sx - dx, sy - dy, sx + dx, sy + dy], fill=WHITE, width=2)
    gem = {"red": "ruby", "green": "emerald", "purple": "amethyst"}.get(name, "diamond")
    return picture, some(rng, ["a diamond", f"a {name} gem", f"a cut {name} diamond", "a sparkling diamond", "a jewel", f"{with_article(gem)}", "a precious stone", *([f"a diamond on a {behind}"] if behind else [])])


def keys(rng):
    picture, behind = ground(rng)
    metal_name, metal = pick(rng, [("golden", (226, 176, 60)), ("silver", (186, 190, 198)), ("iron", (80, 80, 86)), ("bronze", (170, 110, 60)), ("black", (26, 26, 30))])
    layer = Image.new("RGBA", (SIDE, SIDE))
    draw, y, x0, x1 = ImageDraw.Draw(layer), SIDE / 2, SIDE * .22, SIDE * rng.uniform(.84, .93)
    metal, r, wide = (*jitter(rng, metal), 255), SIDE * rng.uniform(.11, .16), SIDE * rng.uniform(.03, .05)
    draw.rectangle([x0 + r * .8, y - wide, x1, y + wide], fill=metal)
    style = pick(rng, ["ring", "clover", "plate"])
    for dx, dy in ([(0, 0)] if style != "clover" else [(0, -.8), (0, .8), (-.8, 0)]):
        q = r * (1 if style != "clover" else .72)
        cx, cy = x0 + dx * r, y + dy * r
        draw.ellipse([cx - q, cy - q, cx + q, cy + q], fill=metal)
        draw.ellipse([cx - q * .5, cy - q * .5, cx + q * .5, cy + q * .5], fill=(0, 0, 0, 0))
    if style == "plate":
        draw.rectangle([x0 - r, y - r * .5, x0 + r, y + r * .5], fill=metal)
        draw.ellipse([x0 - r * .8, y - r * .25, x0 - r * .3, y + r * .25], fill=(0, 0, 0, 0))
    for at in range(pick(rng, [2, 2, 3])):
        tx = x1 - wide * 2.6 * at
        draw.rectangle([tx - wide * 1.5, y, tx, y + SIDE * rng.uniform(.09, .15)], fill=metal)
    layer = layer.rotate(rng.uniform(0, 360), Image.BICUBIC)
    shadow = Image.new("RGBA", layer.size, (0, 0, 0, 120))
    picture.paste(shadow, (3, 4), layer.getchannel("A").point(lambda v: v // 2))
    picture.paste(layer, (0, 0), layer)
    return picture, some(rng, ["a key", f"{with_article(metal_name)} key", "an old key", "a door key", "the key of a lock", f"an antique {metal_name} key", *([f"a key on a {behind}"] if behind else [])])


def cakes(rng):
    picture, behind = ground(rng)
    icing_name, icing = pick(rng, [("pink", (248, 170, 196)), ("white", (252, 246, 240)), ("chocolate", (100, 58, 36)), ("blue", (150, 200, 240)), ("yellow", (250, 226, 130))])
    draw, x, base, w = ImageDraw.Draw(picture), SIDE / 2, SIDE * rng.uniform(.82, .9), SIDE * rng.uniform(.28, .4)
    draw.ellipse([x - w * 1.25, base - w * .16, x + w * 1.25, base + w * .2], fill=(232, 234, 238))
    top, sponge = base, jitter(rng, pick(rng, [(220, 170, 100), (120, 70, 40), (244, 214, 150)]))
    for tier in range(pick(rng, [1, 2, 2, 3])):
        tw, th = w * (1 - .28 * tier), w * rng.uniform(.4, .65)
        draw.rectangle([x - tw, top - th, x + tw, top], fill=blend(sponge, icing, .15 if tier % 2 else .6))
        draw.rectangle([x - tw, top - th * .55, x + tw, top - th * .42], fill=blend(icing, WHITE, .3))
        draw.ellipse([x - tw, top - th - tw * .16, x + tw, top - th + tw * .16], fill=jitter(rng, icing))
        for t in np.linspace(-.9, .9, int(rng.integers(5, 9))):
            disc(draw, x + tw * t, top - th + tw * .14 * math.sqrt(1 - t * t), tw * rng.uniform(.08, .15), icing)
        top -= th
        last = tw
    for t in np.linspace(-.7, .7, int(rng.integers(2, 8))):
        cx, tall = x + last * t, SIDE * rng.uniform(.1, .16)
        draw.rectangle([cx - 2, top - tall, cx + 2, top + 2], fill=pick(rng, [(220, 60, 60), (60, 110, 220), (250, 220, 80), WHITE, (90, 190, 90)]))
        draw.ellipse([cx - 3, top - tall - 11, cx + 3, top - tall], fill=(255, 200, 60))
    return picture, some(rng, ["a cake with candles", "a birthday cake", f"a birthday cake with {icing_name} icing", "a cake", f"a {icing_name} cake", "a party cake with burning candles", "a layer cake", "happy birthday"])


def dinosaurs(rng):
    picture = day_sky(rng) if rng.random() < .6 else ground(rng)[0]
    draw = ImageDraw.Draw(picture)
    if rng.random() < .6:
        ridge(draw, rng, SIDE * .76, 4, jitter(rng, pick(rng, [(90, 160, 70), (190, 160, 100), (70, 120, 60)])))
    name, skin = pick(rng, [("green", (80, 150, 70)), ("brown", (140, 100, 60)), ("grey", (120, 124, 120)), ("blue", (70, 120, 170)), ("orange", (220, 130, 60)), ("black", (26, 30, 28))])
    layer = Image.new("RGBA", (SIDE, SIDE))
    draw, skin = ImageDraw.Draw(layer), (*jitter(rng, skin), 255)
    dark = (*blend(skin[:3], DARK, .25), 255)
    kind = pick(rng, ["long-necked", "meat-eating", "plated"])
    if kind == "meat-eating":
        x, y = 78, 82
        thick(draw, curve((8, 74), (40, 86), (x, y), (104, 56), (116, 38)), [2, 9, 20, 12, 10], skin)
        draw.polygon([(108, 26), (148, 32), (150, 44), (112, 50)], fill=skin)
        draw.line([(150, 42), (118, 42)], fill=(250, 240, 230), width=3)
        disc(draw, 122, 32, 2.5, DARK)
        for foot, tone in ((64, dark), (88, skin)):
            thick(draw, curve((x - 2, 92), (foot + 8, 112), (foot - 4, 124), (foot + 2, 142), (foot + 16, 144)), [13, 9, 5, 4, 4], tone)
        thick(draw, curve((104, 74), (116, 80), (122, 76)), [4, 3, 2], dark)
    elif kind == "long-necked":
        thick(draw, curve((6, 100), (34, 96), (66, 92), (98, 86), (118, 54), (126, 28), (140, 24)), [2, 8, 24, 20, 9, 7, 8], skin)
        disc(draw, 138, 21, 2, DARK)
        for foot, tone in ((56, dark), (70, skin), (88, dark), (102, skin)):
            draw.rectangle([foot - 7, 96, foot + 7, 140], fill=tone)
    else:
        for t in np.linspace(0, 1, 9):
            px, py = 36 + 80 * t, 92 - 34 * math.sin(math.pi * t)
            draw.polygon([(px - 9, py), (px, py - 12 - 18 * math.sin(math.pi * t)), (px + 9, py)], fill=(*blend(skin[:3], (220, 120, 60), .5), 255))
        thick(draw, curve((6, 112), (32, 104), (70, 88), (110, 98), (136, 112), (148, 114)), [2, 10, 28, 18, 8, 6], skin)
        disc(draw, 140, 108, 2, DARK)
        for foot, tone in ((58, dark), (72, skin), (98, dark), (110, skin)):
            draw.rectangle([foot - 6, 104, foot + 6, 142], fill=tone)
    size = int(SIDE * rng.uniform(.75, 1.1))
    layer = layer.resize((size, size), Image.BICUBIC)
    if rng.random() < .5:
        layer = layer.transpose(Image.FLIP_LEFT_RIGHT)
    picture.paste(layer, (int((SIDE - size) / 2 + rng.normal(0, 6)), int((SIDE - size) * .7)), layer)
    species = {"long-necked": "sauropod", "meat-eating": "tyrannosaurus", "plated": "stegosaurus"}[kind]
    return picture, some(rng, ["a dinosaur", f"a {kind} dinosaur", f"{with_article(name)} dinosaur", f"a {species}", "a prehistoric animal", "a big dinosaur"])


def robots(rng):
    picture, behind = ground(rng)
    name, metal = pick(rng, [("grey", (160, 166, 174)), ("blue", (90, 130, 190)), ("red", (200, 70, 60)), ("yellow", (230, 190, 60)), ("white", (230, 232, 236)), ("green", (100, 160, 110))])
    metal = jitter(rng, metal)
    dark, draw, x, s = blend(metal, DARK, .5), ImageDraw.Draw(picture), SIDE / 2, SIDE * rng.uniform(.28, .36)
    y, light = SIDE * .52, pick(rng, [(250, 80, 60), (80, 220, 250), (250, 230, 90), (90, 250, 120)])
    box = lambda a, b, c, d: shaded(rng, picture, at_place([(a, b), (c, b), (c, d), (a, d)], x, y, s), metal)
    for side in (-1, 1):
        draw.rectangle([x + side * s * .4 - s * .16, y + s * .6, x + side * s * .4 + s * .16, y + s * 1.3], fill=dark)
        lift = rng.uniform(-.6, .5)
        draw.line([x + side * s * .7, y - s * .2, x + side * s * 1.1, y + s * .2 * lift, x + side * s * 1.15, y + s * (.1 + lift * .7)], fill=dark, width=int(s * .2))
        disc(draw, x + side * s * 1.15, y + s * (.1 + lift * .7), s * .14, metal)
    box(-.7, -.35, .7, .75)
    box(-.55, -1.25, .55, -.45)
    draw.line([x, y - s * 1.25, x, y - s * 1.55], fill=dark, width=3)
    disc(draw, x, y - s * 1.58, s * .08, light)
    for side in (-1, 1):
        disc(draw, x + side * s * .25, y - s * .92, s * .14, DARK)
        disc(draw, x + side * s * .25, y - s * .92, s * .1, light)
    draw.rectangle([x - s * .3, y - s * .68, x + s * .3, y - s * .56], fill=DARK)
    for at in range(int(rng.integers(1, 5))):
        disc(draw, x + s * (-.4 + .25 * at), y + s * .05, s * .08, light)
    draw.rectangle([x - s * .45, y + s * .3, x + s * .45, y + s * .55], outline=dark, width=2)
    return picture, some(rng, ["a robot", f"a {name} robot", "a toy robot", "a metal robot", "a mechanical man", "a robot with glowing eyes", *([f"a robot on a {behind}"] if behind else [])])


def ghosts(rng):
    dark = rng.random() < .7
    picture = night_sky(rng) if dark else ground(rng, ("white",))[0]
    if dark:
        stars(ImageDraw.Draw(picture), rng, int(rng.integers(0, 30)), .6)
    x, y, w, h = SIDE / 2 + rng.normal(0, 6), SIDE * .45, SIDE * rng.uniform(.2, .32), SIDE * rng.uniform(.3, .4)
    white = jitter(rng, pick(rng, [(250, 250, 252), (220, 230, 250), (230, 250, 236)]))
    if dark:
        picture = glow(picture, x, y, w * 1.5, white, .5)
    draw = ImageDraw.Draw(picture)
    waves = pick(rng, [3, 4, 5])
    hem = [(x + w - 2 * w * t, y + h + h * .13 * math.cos(2 * math.pi * waves * t)) for t in np.linspace(0, 1, 40)]
    body = [(x + w * math.cos(a), y - h * .35 + w * math.sin(a)) for a in np.linspace(math.pi, 2 * math.pi, 24)]
    shaded(rng, picture, [*body, *hem], white)
    for side in (-1, 1):
        if rng.random() < .5:
            thick(draw, curve((x + side * w * .9, y - h * .05), (x + side * w * 1.3, y - h * .1), (x + side * w * 1.45, y - h * .35)), [w * .16, w * .1], white)
        draw.ellipse([x + side * w * .38 - w * .15, y - h * .45, x + side * w * .38 + w * .15, y - h * .15], fill=DARK)
    if rng.random() < .7:
        draw.ellipse([x - w * .17, y - h * .02, x + w * .17, y + h * .22], fill=DARK)
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.5)))
    return picture, some(rng, ["a ghost", "a white ghost", "a spooky ghost", "a friendly ghost", "a ghost at night" if dark else "a cartoon ghost", "a spirit", "a phantom", "halloween"])


def dragons(rng):
    kind = pick(rng, ["night", "sunset", "plain", "day"])
    picture = night_sky(rng) if kind == "night" else gradient(jitter(rng, (80, 20, 40)), jitter(rng, (250, 150, 60))) if kind == "sunset" else day_sky(rng) if kind == "day" else ground(rng)[0]
    draw = ImageDraw.Draw(picture)
    if kind == "night":
        disc(draw, SIDE * rng.uniform(.3, .7), SIDE * rng.uniform(.25, .45), SIDE * rng.uniform(.14, .3), (240, 236, 210))
    if rng.random() < .5:
        ridge(draw, rng, SIDE * rng.uniform(.8, .9), 8, (20, 18, 24) if kind != "day" else (80, 120, 70))
    name, scale = pick(rng, [("black", (18, 16, 22)), ("red", (180, 34, 34)), ("green", (50, 130, 60)), ("blue", (50, 80, 170)), ("golden", (220, 170, 60)), ("purple", (110, 50, 140))])
    layer = Image.new("RGBA", (SIDE, SIDE))
    draw, scale = ImageDraw.Draw(layer), (*jitter(rng, scale), 255)
    skin, belly = (*blend(scale[:3], (120, 40, 20), .35), 255), (*blend(scale[:3], (240, 220, 160), .5), 255)

    def wing(sx, sy, way, up, tone):
        tips = [(sx + way * 30, sy - up), (sx + way * 52, sy - up * .55), (sx + way * 50, sy - up * .1), (sx + way * 34, sy + up * .18)]
        line = [(sx, sy), (sx + way * 8, sy - up * .8), tips[0]]
        for one, two in zip(tips, tips[1:]):
            line += [((one[0] + two[0]) / 2 - way * 9, (one[1] + two[1]) / 2 + 3), two]
        draw.polygon([*line, (sx + way * 6, sy + 10)], fill=tone)
        for tip in tips:
            draw.line([sx + way * 8, sy - up * .8, *tip], fill=scale, width=2)

    up = rng.uniform(30, 60)
    wing(84, 74, -1, up, skin)
    tail = curve((10, rng.uniform(96, 136)), (30, 118), (52, 116), (76, 96), (96, 78), (112, rng.uniform(50, 62)), (124, 42), (138, 46))
    thick(draw, tail, [1, 4, 8, 15, 14, 8, 6, 6], scale)
    thick(draw, curve((70, 104), (92, 90), (108, 72)), [4, 7, 4], belly)
    wing(90, 72, 1 if rng.random() < .4 else -1, up * 1.1, (*blend(skin[:3], WHITE, .1), 255))
    for at in range(6, len(tail) - 20, 7):
        px, py = tail[at]
        draw.polygon([(px - 3, py - 4), (px + 1, py - 16), (px + 4, py - 3)], fill=skin)
    draw.polygon([(128, 36), (154, 46), (152, 52), (128, 52)], fill=scale)
    draw.polygon([(126, 38), (112, 24), (132, 34)], fill=belly)
    disc(draw, 134, 42, 2, (255, 230, 60))
    for foot in (76, 100):
        thick(draw, curve((foot, 98), (foot + 6, 116), (foot + 2, 128), (foot + 10, 130)), [7, 5, 3, 2], scale)
    draw.polygon([(10, tail[0][1] - 8), (2, tail[0][1]), (10, tail[0][1] + 8), (18, tail[0][1])], fill=skin)
    fiery = rng.random() < .4
    if fiery:
        for tone, long in (((230, 60, 20, 255), 1), ((255, 180, 40, 255), .65)):
            draw.polygon([(150, 50), (150 + 10 * long, 66 + 26 * long), (134, 70 + 30 * long), (140, 60)], fill=tone)
    size = int(SIDE * rng.uniform(.85, 1.25))
    layer = layer.resize((size, size), Image.BICUBIC).rotate(rng.normal(0, 10), Image.BICUBIC)
    if rng.random() < .5:
        layer = layer.transpose(Image.FLIP_LEFT_RIGHT)
    picture.paste(layer, (int((SIDE - size) / 2 + rng.normal(0, 5)), int((SIDE - size) / 2 + rng.normal(0, 5))), layer)
    texts = ["a dragon", f"a {name} dragon", "a flying dragon with wings", "a dragon in the sky", "a fantasy dragon", "a winged dragon with a long tail"]
    if fiery:
        texts.append("a dragon that breathes fire")
    if kind == "night":
        texts.append("the silhouette of a dragon before the moon")
    return picture, some(rng, texts)


def balloons(rng):
    picture = day_sky(rng) if rng.random() < .6 else ground(rng)[0]
    draw, count = ImageDraw.Draw(picture), int(rng.integers(1, 8))
    names = []
    for _ in range(count):
        name = pick(rng, ["red", "blue", "yellow", "green", "purple", "pink", "orange"])
        names.append(name)
        r = SIDE * (rng.uniform(.2, .3) if count == 1 else rng.uniform(.09, .17))
        x, y, colour = (SIDE / 2 if count == 1 else rng.uniform(r, SIDE - r)), rng.uniform(r, SIDE * .6), jitter(rng, COLOURS[name])
        draw.line([x, y + r, x + rng.normal(0, 8), SIDE], fill=(70, 70, 70), width=2)
        shaded(rng, picture, at_place([(.85 * a, 1.05 * b) for a, b in polygon(40)], x, y, r), colour)
        draw.polygon([(x, y + r), (x - 4, y + r * 1.18), (x + 4, y + r * 1.18)], fill=colour)
        disc(draw, x - r * .3, y - r * .4, r * .14, blend(colour, WHITE, .75))
    return picture, some(rng, ["balloons" if count > 1 else f"{with_article(names[0])} balloon", "colourful balloons" if count > 1 else "a balloon", "party balloons" if count > 1 else "a toy balloon on a string"])


def symbols(rng):
    name = pick(rng, list(COLOURS))
    picture, behind = ground(rng, (name,))
    colour, x, y, r = jitter(rng, COLOURS[name]), SIDE / 2, SIDE / 2, SIDE * rng.uniform(.26, .4)
    draw, kind = ImageDraw.Draw(picture), pick(rng, ["peace sign", "yin and yang", "music note", "anchor", "question mark", "cross", "crescent moon", "arrow", "infinity sign", "target"])
    width = max(5, int(r * rng.uniform(.14, .24)))
    if kind == "peace sign":
        draw.ellipse([x - r, y - r, x + r, y + r], outline=colour, width=width)
        for angle in (-math.pi / 2, math.pi / 2, math.pi / 4, 3 * math.pi / 4):
            draw.line([x, y, x + (r - 2) * math.cos(angle), y + (r - 2) * math.sin(angle)], fill=colour, width=width)
    elif kind == "yin and yang":
        disc(draw, x, y, r, DARK)
        draw.pieslice([x - r, y - r, x + r, y + r], 90, 270, fill=WHITE)
        for way, one, two in ((-1, WHITE, DARK), (1, DARK, WHITE)):
            disc(draw, x, y + way * r / 2, r / 2, one)
            disc(draw, x, y + way * r / 2, r * .14, two)
        draw.ellipse([x - r, y - r, x + r, y + r], outline=DARK, width=3)
    elif kind == "music note":
        for dx in ((-.5, .5) if rng.random() < .5 else (0,)):
            draw.ellipse([x + dx * r - r * .35, y + r * .5, x + dx * r + r * .25, y + r * .95], fill=colour)
            draw.line([x + dx * r + r * .2, y + r * .7, x + dx * r + r * .2, y - r * .9], fill=colour, width=max(4, width // 2))
        draw.polygon([(x - r * .3, y - r), (x + r * .75, y - r * .8), (x + r * .75, y - r * .5), (x - r * .3, y - r * .7)], fill=colour)
    elif kind == "anchor":
        draw.ellipse([x - r * .2, y - r, x + r * .2, y - r * .6], outline=colour, width=width)
        draw.line([x, y - r * .6, x, y + r * .9], fill=colour, width=width)
        draw.line([x - r * .5, y - r * .35, x + r * .5, y - r * .35], fill=colour, width=width)
        draw.arc([x - r * .85, y - r * .5, x + r * .85, y + r], 15, 165, fill=colour, width=width)
    elif kind == "question mark":
        draw.arc([x - r * .55, y - r, x + r * .55, y + r * .1], 180, 450, fill=colour, width=width)
        draw.line([x, y + r * .05, x, y + r * .45], fill=colour, width=width)
        disc(draw, x, y + r * .8, width * .7, colour)
    elif kind == "infinity sign":
        line = [(x + r * 1.1 * math.cos(t) / (1 + math.sin(t) ** 2), y + r * 1.1 * math.sin(t) * math.cos(t) / (1 + math.sin(t) ** 2)) for t in np.linspace(0, 6.3, 80)]
        thick(draw, line, [width / 2] * 2, colour)
    elif kind == "target":
        for at in range(5, 0, -1):
            disc(draw, x, y, r * at / 5, colour if at % 2 else WHITE)
    else:
        draw_shape(draw, rng, kind, colour, (x, y), r, 0)
    named = kind if kind == "yin and yang" else with_article(kind)
    return picture, some(rng, [named, f"{with_article(name)} {kind}" if kind != "yin and yang" else "a yin and yang symbol", f"the symbol of {named}", f"a {kind} symbol", *([f"{named} on a {behind}"] if behind else [])])


def blossoms(rng):
    """A flower seen from near."""
    name = pick(rng, ["purple", "purple", "red", "yellow", "pink", "white", "blue", "orange"])
    picture = gradient(jitter(rng, (40, 90, 40)), jitter(rng, (90, 150, 70)), rng.uniform(0, 6.3)) if rng.random() < .6 else ground(rng, (name,))[0]
    if rng.random() < .5:
        picture = picture.filter(ImageFilter.GaussianBlur(6))
    draw, x, y, r = ImageDraw.Draw(picture), SIDE / 2 + rng.normal(0, 6), SIDE * rng.uniform(.4, .52), SIDE * rng.uniform(.26, .42)
    thick(draw, curve((x, y), (x + rng.normal(0, 8), SIDE * .8), (x + rng.normal(0, 12), SIDE + 4)), [3, 4], (60, 120, 50))
    colour, petals = jitter(rng, COLOURS[name]), int(rng.integers(5, 16))
    for layer in range(pick(rng, [1, 2, 3])):
        far, turn = r * (1 - .25 * layer), rng.uniform(0, 6)
        for at in range(petals):
            angle, wide = turn + 2 * math.pi * at / petals, min(.5, 2.6 / petals)
            leaf = [(0, 0), (.5, -wide), (.85, -wide * .8), (1, 0), (.85, wide * .8), (.5, wide)]
            tone = blend(colour, WHITE, rng.uniform(0, .3)) if rng.random() < .5 else blend(colour, DARK, rng.uniform(0, .25))
            points = at_place(curve(*leaf, (0, 0), count=5), x, y, far, angle)
            draw.polygon(points, fill=tone)
            draw.line([(x, y), at_place([(.8, 0)], x, y, far, angle)[0]], fill=blend(colour, DARK, .3))
    disc(draw, x, y, r * rng.uniform(.12, .28), pick(rng, [(240, 200, 40), (120, 70, 30), (60, 30, 60), (200, 220, 80)]))
    return picture, some(rng, [f"{with_article(name)} flower", f"a flower with {name} petals", "a flower", "a blossom", f"{with_article(name)} blossom seen from near", "a blooming flower", "petals"])


def fish_near(rng):
    """One fish that fills much of the picture."""
    picture = gradient(jitter(rng, (60, 180, 220)), jitter(rng, (10, 50, 120)))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 14))):
        bx, by, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(2, 6)
        draw.ellipse([bx - r, by - r, bx + r, by + r], outline=(200, 235, 250))
    name, scale = pick(rng, [("blue", (30, 60, 200)), ("blue", (60, 110, 240)), ("orange", (250, 140, 40)), ("yellow", (250, 220, 60)), ("red", (220, 50, 50)), ("purple", (140, 70, 190)), ("green", (60, 170, 90)), ("silver", (190, 200, 210))])
    x, y, r, way = SIDE / 2 + rng.normal(0, 6), SIDE / 2 + rng.normal(0, 8), SIDE * rng.uniform(.22, .34), pick(rng, [-1, 1])
    scale = jitter(rng, scale)
    fin = blend(scale, pick(rng, [WHITE, DARK, (250, 210, 60)]), .4)
    flip = lambda points: [(x + way * px * r, y + py * r) for px, py in points]
    draw.polygon(flip([(-.8, 0), (-1.6, -.6), (-1.4, 0), (-1.6, .6)]), fill=fin)
    draw.polygon(flip([(-.4, -.45), (.1, -.95), (.5, -.5)]), fill=fin)
    draw.polygon(flip([(-.2, .45), (.1, .85), (.3, .5)]), fill=fin)
    shaded(rng, picture, flip([(math.cos(t), .6 * math.sin(t)) for t in np.linspace(0, 6.3, 40)]), scale)
    if rng.random() < .4:
        for t in (-.4, 0, .35):
            draw.line(flip([(t, -.5), (t - .05, .5)]), fill=fin, width=int(r * .1))
    draw.arc([x - r * .5 + way * r * .3, y - r * .3, x + r * .2 + way * r * .3, y + r * .3], -60 if way > 0 else 120, 60 if way > 0 else 240, fill=blend(scale, DARK, .4), width=2)
    disc(draw, x + way * r * .62, y - r * .12, r * .1, WHITE)
    disc(draw, x + way * r * .64, y - r * .12, r * .06, DARK)
    return picture, some(rng, [f"{with_article(name)} fish", f"{with_article(name)} fish in the water", f"one {name} fish in the sea", "a fish", "a tropical fish", "a swimming fish"])


SUBJECTS = [hearts, star_shapes, portraits, portraits, smiling_faces, eyes, hands, skulls, crowns, gifts, diamonds, keys, cakes, dinosaurs, robots, ghosts,
            dragons, balloons, symbols, blossoms, fish_near]
