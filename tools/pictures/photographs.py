"""What the wallpapers, story pictures and portraits of Debian packages show, as far as words can say it, and crops of them."""

import re

import numpy as np
from PIL import Image

from .canvas import blend
from .captions import with_article
from .scenes import WHITE
from .sources import package_files, stable_hash

PACKAGES = ("plasma-workspace-wallpapers", "mate-backgrounds", "ukui-wallpapers", "lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04", "wesnoth-1.16-data")
CROPS = 10

# By a part of the file's name.
WALLPAPERS = {
    "Altai/": "a mountain lake|blue mountains|a landscape with mountains and a lake|mountains mirrored in water",
    "Autumn/": "an autumn tree|a red tree in autumn|autumn|a tree with orange leaves on a meadow",
    "BytheWater/": "a wooden pier by the water|winter at a lake|a lake in the evening",
    "Canopee/": "green and orange curves|abstract green shapes|abstract art", "Cascade/": "abstract blue and green shapes|abstract art",
    "ColdRipple/": "a grey lake in fog|a jetty in the fog|a black and white photograph of a lake|mist over a lake",
    "ColorfulCups/": "colourful cups|pink and blue circles|many cups", "DarkestHour/": "a dark blue night at a lake|a lake at night|the darkest hour|mist over dark water",
    "Elarun/": "blue light on black|abstract blue rays|a dark blue background", "EveningGlow/": "boats at sunset|a sunset over a lake with boats|evening at the lake|a golden sunset|boats on the shore in the evening",
    "FallenLeaf/": "a fallen leaf|an autumn leaf|autumn leaves on the ground|a yellow leaf in autumn", "Flow/": "abstract flowing shapes of many colours|abstract art",
    "FlyingKonqui/": "a green dragon|a small flying dragon|a cartoon dragon", "Grey/": "grey architecture|a modern building|black and white lines|curved grey walls",
    "Honeywave/": "orange and blue drops|abstract art", "IceCold/": "ice|blue ice|an icy landscape|cold blue ice and snow", "Kite/": "a kite in the sky|a blue sky with clouds|a kite in a blue sky",
    "Kokkini/": "abstract red layers|a dark red shape|abstract art", "MilkyWay/": "stars in dark red space|the milky way|stars", "OneStandsOut/": "many green plants seen from above|green moss|green leaves",
    "Opal/": "abstract orange and purple shapes|abstract art", "PastelHills/": "pastel colours|hills in pastel colours|soft abstract triangles", "Patak/": "paper boats on a stream|a paper boat|boats on blue water",
    "Path/": "a dark forest|a path through a forest|trees in a dark wood|a forest", "SafeLanding/": "a colourful fantasy landscape|a cartoon landscape|an autumn landscape, painted",
    "Shell/": "purple and blue shells|abstract purple shapes", "Volna/": "waves at a beach seen from above|a beach|sand and waves|the sea and the sand",
    "summer_1am/": "a lake at dusk|a purple evening sky over water|a calm sea at dusk|a summer night",
    "Aqua.jpg": "a drop of water|water|a splash of water", "Blinds.jpg": "a green leaf|green stripes|the veins of a leaf", "Dune.jpg": "grass on a dune|dune grass|dry grass by the sea",
    "FreshFlower.jpg": "an orange flower|the petals of an orange flower|a flower seen from near", "Garden.jpg": "a red flower in a garden|an orange and red flower|a garden flower", "GreenMeadow.jpg": "green grass|a green meadow|blades of grass|grass",
    "LadyBird.jpg": "small blue flowers|blue flowers and green leaves", "RainDrops.jpg": "rain drops on leaves|drops on a green leaf|wet green leaves", "Storm.jpg": "a storm|dark clouds|a stormy sky over a field|a thunderstorm is coming",
    "TwoWings.jpg": "seeds of a plant on an orange ground|a dry flower in autumn", "Wood.jpg": "wood|white wood|wood grain", "YellowFlower.jpg": "a yellow flower|a yellow flower on black|yellow petals",
    "2004default.jpg": "a pink ribbon on blue|a curved ribbon", "calla.png": "a calla flower|a flower made of circles", "city.png": "a flat blue and white shape|a minimal building", "desert.png": "a minimal desert|green and orange flat shapes",
    "fluent-color.png": "purple silk|purple and blue waves|soft purple cloth", "goldfish.png": "a pink fish on purple|a pink fish", "rhythm.jpg": "ribbons of many colours|colourful waves", "string.jpg": "coloured strings|curved lines of many colours|a swirl of colours",
    "Bridge_by": "a blue sky over a bridge|a pale blue sky", "Picture_1A": "brushes with paint|colourful paint brushes|paint of many colours", "aitzgorri": "mountains and a meadow in autumn|a meadow below mountains|an autumn mountain landscape",
    "analogpattern": "purple and green haze|soft coloured grain", "life_by": "a brook in a forest|a stream between rocks|a forest brook", "picosdeeuropa": "a path in the mountains|high mountains with snow|rocky mountains|a mountain valley",
    "seeding_by": "dandelions|dandelions in the evening light|a meadow at sunset", "sunset_by": "a sunset over the hills|the sun on the horizon|sunset|a low sun over dark land", "umang": "a gradient of many colours|blurred colours",
    "Fossa": "abstract red triangles|dark red shapes", "Infinite-Sea": "the milky way over the sea|stars over the sea|a purple night sky with stars|a night sky", "Painting-Colors": "diagonal stripes of many colours|red, blue and grey stripes|painted stripes",
    "titlescreen.png": "an old map|a treasure map|a map on parchment", "grim-altar": "a ruin in a forest|a mossy forest|a dark green forest", "landscape-battlefield": "a plain with snowy mountains|mountains behind a meadow|a wide landscape, painted",
    "landscape-bridge": "green hills|a painted landscape with hills|a countryside with trees", "landscape-castle": "a ruined fortress on a hill|a path to an old fortress|a painting of a ruin on a hill", "landscape-coast": "a coast|a beach and green hills|the sea shore, painted",
    "landscape-hills": "green hills under clouds|a painted landscape|hills and woods", "landscape-mountains-01": "blue mountains at a lake|a painting of snowy mountains|a mountain lake", "landscape-mountains": "a painting of mountains|mountains|a mountain landscape, painted",
    "landscape-plain": "a dry plain|a brown plain under clouds|a steppe", "swamp": "a swamp|a dark green swamp|trees in a swamp",
}

WOMEN = re.compile(r"female|lisar|/lady|druid|shaman|shyde|sorceress|sylph|enchantress|priestess|initiate")
# What the folders and names of portraits mean: (pattern, what it is, what faces like that are called or None).
PORTRAITS = [
    (r"drakes/|zombie-drake", "dragon", None), (r"fire-dragon", "red dragon", None), (r"serpent", "sea serpent", None), (r"dwarves/gryphon|monsters/gryphon|zombie-gryphon", "griffin", None),
    (r"dwarves/", "dwarf", "man with a beard"), (r"elves/(shyde|sylph)", "fairy", "woman"), (r"elves/", "elf", "man"),
    (r"humans/.*(knight|cavalier|cavalryman|horseman|lancer|paladin)", "knight on a horse", None), (r"humans/.*(mage)", "wizard", "man"), (r"humans/.*(necromancer|dark-adept)", "sorcerer", "man"),
    (r"humans/.*(assassin|bandit|footpad|outlaw|thief|thug|ruffian)", "robber", "man"), (r"humans/", "warrior", "man"), (r"delfador", "old wizard", "old man"), (r"konrad", "young prince", "man"), (r"lisar", "princess", "woman"),
    (r"dunefolk", "healer", "man"), (r"merfolk/", "mermaid", None), (r"nagas/", "snake woman", None), (r"orcs/", "orc", "monster"), (r"goblins/", "goblin", "monster"), (r"trolls/|ogre", "troll", "monster"),
    (r"undead/.*(lich)", "skeleton king", None), (r"undead/(archer|banebow|bone-shooter|deathblade|draug|revenant|skeleton|death-knight)", "skeleton", None), (r"undead/(ghost|nightgaunt|shadow|spectre|wraith)", "ghost", None),
    (r"fire_guardian|fire_wraith", "fire spirit", None), (r"jinn", "genie", None), (r"yeti", "yeti", None), (r"woses/|zombie-wose", "living tree", None), (r"bat", "bat", None), (r"nightmare|stallion|monsters/horse", "horse", None),
]


def named_wallpapers():
    """[(path, captions)], one size of each."""
    found = []
    for package in PACKAGES:
        for path in package_files(package, ".jpg", ".png"):
            name = str(path)
            if "screenshot" in name or re.search(r"/(640|720|800|1080|1280|1440|1600|1622|1638|1680|1920)x", name) or re.search(r"2560x1440|images_dark|/l10n/|/icons/|/doc/", name) or not re.search("wallpapers|backgrounds|story|titlescreen", name):
                continue
            captions = next((texts for part, texts in WALLPAPERS.items() if part in name), None)
            if captions:
                found.append((path, captions.split("|")))
    return found


def wallpaper_crops(seed):
    """(file, picture RGB, captions): all crops of a wallpaper have its file name, so that none is held out without the others."""
    for path, captions in named_wallpapers():
        with Image.open(path) as image:
            image.thumbnail((1200, 1200))
            image = image.convert("RGB")
        file = f"wallpaper/{path.parent.parent.parent.name if 'contents' in str(path) else ''}{path.name}"
        rng = np.random.default_rng([seed, int(stable_hash(file) * 2 ** 31)])
        for _ in range(CROPS):
            side = int(min(image.size) * rng.uniform(.55, 1))
            left, top = int(rng.integers(image.width - side + 1)), int(rng.integers(image.height - side + 1))
            crop = image.crop((left, top, left + side, top + side)).resize((160, 160), Image.LANCZOS)
            first = captions[int(rng.integers(len(captions)))]
            yield file, crop, [first, *[c for c in captions if c != first]]


def over(rng, picture, background):
    """A transparent picture on a plain, shaded or given background."""
    u = rng.random()
    if u < .3:
        ground = Image.new("RGB", picture.size, WHITE)
    elif u < .65:
        first = tuple(int(v) for v in rng.uniform(0, 256, 3))
        ramp = np.linspace(0, 1, picture.height)[:, None, None]
        pixels = np.broadcast_to(np.array(first) * (1 - ramp) + np.array(blend(first, tuple(int(v) for v in rng.uniform(0, 256, 3)), .6)) * ramp, (picture.height, picture.width, 3))
        ground = Image.fromarray(pixels.astype(np.uint8))
    else:
        ground = Image.fromarray(background).resize(picture.size, Image.BICUBIC)
    ground.paste(picture, (0, 0), picture)
    return ground


def portraits(seed, backgrounds):
    """(file, picture RGB, captions) of wesnoth's portraits: whole figures, and heads where there is a human-like one."""
    for path in package_files("wesnoth-1.16-data", ".png"):
        name = str(path)
        kind = next(((what, faces) for pattern, what, faces in PORTRAITS if "/portraits/" in name and re.search(pattern, name)), None)
        if kind is None:
            continue
        what, faces = kind
        woman = bool(WOMEN.search(name))
        if woman:
            faces = "woman" if faces else None
            what = {"wizard": "sorceress", "sorcerer": "witch", "warrior": "woman warrior", "robber": "woman robber", "elf": "elf woman", "troll": "troll", "skeleton": "skeleton"}.get(what, what)
        with Image.open(path) as image:
            image.thumbnail((480, 480))
            image = image.convert("RGBA")
        alpha = np.asarray(image)[..., 3] > 60
        rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
        if not len(rows):
            continue
        top, tall = rows[0], rows[-1] - rows[0]
        file = "wesnoth/" + name.split("/portraits/")[1]
        rng = np.random.default_rng([seed, int(stable_hash(file) * 2 ** 31)])
        rare = what in ("dragon", "red dragon", "sea serpent") or woman
        for at in range((14 if rare else 6) if faces else (10 if rare else 4)):
            head = faces is not None and at % 4 != 3
            if head:
                # The head is taken to be where the figure's upper part has its middle.
                side = tall * rng.uniform(.34, .62)
                part = np.flatnonzero(alpha[top:top + max(2, int(tall * .16))].any(0))
                x = np.average(np.arange(alpha.shape[1]), weights=alpha[top + int(tall * .05):top + max(2, int(tall * .2))].sum(0) + 1e-6) if len(part) else alpha.shape[1] / 2
                left, above = x - side * rng.uniform(.42, .58), top - side * rng.uniform(.0, .16)
            else:
                side = max(tall, columns[-1] - columns[0]) * rng.uniform(.85, 1.15)
                left, above = (columns[0] + columns[-1] - side) / 2, top + (tall - side) / 2
            crop = image.crop((int(left), int(above), int(left + side), int(above + side))).resize((160, 160), Image.LANCZOS)
            picture = over(rng, crop, backgrounds[int(rng.integers(len(backgrounds)))])
            if rng.random() < .5:
                picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
            if head and faces == "monster":
                texts = [f"the head of {with_article(what)}", with_article(what), f"portrait of {with_article(what)}", "a monster"]
            elif head:
                texts = [f"portrait of {with_article(faces)}", f"a painted portrait of {with_article(faces)}", with_article(faces), f"the face of {with_article(faces)}", f"portrait of {with_article(what)}", "a portrait", "a painting of a person"]
            else:
                texts = [with_article(what), f"a fantasy {what.removeprefix('red ')}", f"a painting of {with_article(what)}", f"a picture of {with_article(what)}"]
                texts += ["a monster"] if faces == "monster" else [with_article(faces)] if faces else []
            yield file, picture, [texts[0], *[texts[int(i)] for i in rng.permutation(np.arange(1, len(texts)))]]

