"""Pictures and their raw names from Debian packages.

Each source yields Entry(file, name, keywords, load): `file` is the stable relative name the split is
decided by, `name` the cleaned name phrase, `load` gives the picture as straight RGBA.
"""

import hashlib
import html
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from . import captions, vector

PICTURE = 80
MARGIN = 2
WALLPAPER_PACKAGES = ("mate-backgrounds", "ukui-wallpapers", "gnome-backgrounds")
CROP = 96
SAME_NAME_CAP = 30
FOLDER_CAP = 150
# Folders of look-alikes or of things that are of little use in a prompt.
FOLDER_CAPS = {
    "openclipart/computer/icons": 60, "openclipart/computer/buttons": 6, "openclipart/shapes/flowchart": 4,
    "openclipart/shapes/callouts": 8, "openclipart/shapes/jigsaw": 8, "openclipart/signs_and_symbols/led": 4,
    "openclipart/signs_and_symbols/flags": 4, "openclipart/signs_and_symbols/clocks": 8,
    "openclipart/signs_and_symbols/map_symbols": 20, "openclipart/recreation/games/cards": 6,
    "openclipart/special": 0, "openclipart/people/clothing/pantyhose": 2, "openclipart/logos": 0,
    "openclipart/unsorted/duplicates": 0, "openclipart/computer/diagrams": 0, "openclipart/tools/weapons": 20,
    "tuxpaint/symbols/alphabets": 0, "tuxpaint/symbols/math": 4, "tuxpaint/symbols/money": 6,
    "openclipart/transportation/aiga-symbols": 20, "openclipart/transportation/roadsigns": 20,
}
UNCAPPED = ("openclipart/animals", "openclipart/food", "openclipart/plants", "openclipart/buildings",
            "openclipart/recreation", "openclipart/people", "openclipart/tools", "openclipart/office",
            "openclipart/transportation", "tuxpaint/")


@dataclass
class Entry:
    source: str
    file: str
    name: str
    keywords: list
    load: Callable


def stable_hash(text):
    """The same fraction in 0..1 for the same text, always and everywhere."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2 ** 48


def package_files(package, *endings):
    """The files of an installed Debian package that end in one of the endings, sorted."""
    listing = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True)
    if listing.returncode:
        raise SystemExit(f"package {package} is missing: apt install --no-install-recommends {package}")
    return sorted(Path(line) for line in listing.stdout.splitlines() if line.endswith(endings) and Path(line).is_file())


def fitted(pixels):
    """Visible part, centred on the stored square with its aspect kept; None where nothing is visible."""
    rows, columns = (np.flatnonzero((pixels[..., 3] > 8).any(axis)) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return None
    part = pixels[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].astype(np.float32)
    part[..., :3] *= part[..., 3:] / 255.0
    scale = (PICTURE - 2 * MARGIN) / max(part.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in (part.shape[1], part.shape[0]))
    planes = [np.asarray(Image.fromarray(np.ascontiguousarray(part[..., at])).resize(size, Image.LANCZOS)) for at in range(4)]
    small = np.clip(np.stack(planes, 2), 0, 255)
    small[..., :3] = np.clip(small[..., :3] * 255.0 / np.maximum(small[..., 3:], 1.0), 0, 255)
    square = np.zeros((PICTURE, PICTURE, 4), np.uint8)
    top, left = (PICTURE - size[1]) // 2, (PICTURE - size[0]) // 2
    square[top:top + size[1], left:left + size[0]] = (small + 0.5).clip(0, 255).astype(np.uint8)
    return square


def is_blank(picture):
    """Nothing to see: hardly any visible pixels, all but white, or one plain rectangle."""
    visible = picture[picture[..., 3] > 64][:, :3].astype(np.float32)
    share = len(visible) / PICTURE ** 2
    return share < 0.02 or (visible.min(1) > 238).mean() > 0.985 or (share > 0.88 and visible.std(0).max() < 6)


def open_rgba(path):
    with Image.open(path) as image:
        image.thumbnail((320, 320))
        return np.asarray(image.convert("RGBA"))


def tuxpaint(lexicon, cache):
    del cache
    pngs = package_files("tuxpaint-stamps-default", ".png", ".svg")
    vectors = {path.with_suffix("") for path in pngs if path.suffix == ".svg"}
    renderer = None
    for path in pngs:
        text = path.with_suffix(".txt")
        if not text.exists() or (path.suffix == ".png" and path.with_suffix("") in vectors):
            continue
        line = text.read_text(encoding="utf-8", errors="replace").splitlines()
        name = captions.name_phrase(line[0], lexicon) if line else None
        if not name:
            name = captions.name_phrase(re.sub(r"[-\d]+", " ", path.stem), lexicon)
        relative = "tuxpaint/" + str(path.with_suffix("")).split("/stamps/")[1]
        folders = [captions.singular(part) for part in relative.split("/")[1:-1]]
        if not name:
            continue
        if path.suffix == ".svg":
            renderer = renderer or vector.Renderer()
        load = (lambda path=path, renderer=renderer: renderer.draw(path)) if path.suffix == ".svg" else \
            (lambda path=path: open_rgba(path))
        yield Entry("tuxpaint", relative, name, captions.clean_keywords(reversed(folders), lexicon), load)


def _svg_texts(path):
    """Title, keywords and lower-case words of the authors of an Open Clip Art drawing."""
    text = path.read_text(encoding="utf-8", errors="replace")
    title = re.search(r"<dc:title[^>]*>([^<]*)", text)
    subject = re.search(r"<dc:subject>(.*?)</dc:subject>", text, re.S)
    keywords = re.findall(r"<rdf:li[^>]*>([^<]+)", subject.group(1)) if subject else []
    agents = re.findall(r"<cc:Agent[^>]*>\s*<dc:title>([^<]*)", text)
    authors = {word for agent in agents for word in captions.words_of(agent) if word not in ("open", "art", "library")}
    only_text = "<text" in text and len(re.findall(r"<(path|circle|ellipse|polygon|image|g )", text)) < 3
    return html.unescape(title.group(1)) if title else "", [html.unescape(word) for word in keywords], authors, only_text


def openclipart(lexicon, cache):
    root = Path("/usr/share/openclipart/svg")
    drawings = {}
    for path in package_files("openclipart-svg", ".svg"):
        file = "openclipart/" + str(path.relative_to(root).with_suffix(""))
        points = re.search(r"/star_(\d+)pt", file)
        if "/shapes/stars/" in file and not (points and 4 < int(points.group(1)) < 13):
            continue  # more than a thousand polygons; those with many points look like circles
        drawings[file] = path
    rasters = vector.rasterise(drawings, cache)
    for file, raster in sorted(rasters.items()):
        title, keywords, authors, only_text = _svg_texts(drawings[file])
        if only_text:
            continue
        keywords = captions.clean_keywords(keywords, lexicon)
        name = clipart_name(file, title, keywords, authors, lexicon)
        if name:
            yield Entry("openclipart", file, name, keywords, lambda raster=raster: open_rgba(raster))


def clipart_name(file, title, keywords, authors, lexicon):
    stem = re.sub(r"[\d.\-]+", " ", Path(file).name)
    if "/flags/" in file:
        country = " ".join(captions.words_of(title))
        return f"flag of {country}" if country and country.isascii() and len(country.split()) < 5 else None
    if "/shapes/stars/" in file:
        return "star"
    wrong = re.match(r"clip ?art by|lemon|svg|open ?clip|various|etiquette|flat|part of", title.strip(), re.I)
    name = None if wrong else captions.name_phrase(title, lexicon, () if len(title) < 12 else authors)
    name = name or captions.name_phrase(stem, lexicon, authors)
    if not name and keywords:  # a title in another language, but English keywords
        particular = [captions.singular(word) for word in keywords if captions.usable(word)]
        name = particular[-1] if particular else None
    if name and f"/{name}/" in file:
        return captions.singular(name)  # named by its folder, as "homes"
    return name


EMOJI_DROP = re.compile(r"skin tone|keycap|button|o’clock|thirty|family|couple|kiss|hair|input |sign$|symbol|arrow|"
                        r"regional|facing|mark|(man|woman|person|men|women|people) |^(man|woman)$|hand|triangular")
ZODIAC = set("aries taurus gemini cancer leo virgo libra scorpio sagittarius capricorn aquarius pisces ophiuchus".split())
KEEP_PEOPLE = re.compile(r"^person ")


def emoji_names():
    """{emoji: (name, keywords)} from the Unicode annotations."""
    names, keywords = {}, {}
    files = [path for path in package_files("unicode-cldr-core", "/en.xml")
             if path.parent.name in ("annotations", "annotationsDerived")]
    for path in files:
        for node in ElementTree.parse(path).getroot().iter("annotation"):
            if node.get("type") == "tts":
                names[node.get("cp")] = node.text
            else:
                keywords[node.get("cp")] = [word.strip() for word in node.text.split("|")]
    return {symbol: (name, keywords.get(symbol, [])) for symbol, name in names.items()}


def emoji_name(symbol, name):
    """Clean English name, or None where the emoji is not used."""
    if name.startswith("flag: "):
        country = " ".join(captions.words_of(name[6:]))
        return f"flag of {country}" if stable_hash("emoji/" + symbol) < 0.12 else None
    person = KEEP_PEOPLE.match(name) or name in ("man", "woman")
    if ":" in name or name.lower() in ZODIAC or (EMOJI_DROP.search(name) and not person) or not name.isascii() and "’" not in name:
        return None
    return " ".join(captions.words_of(name.replace("-", " "))) or None


def emoji(lexicon, cache):
    """Every emoji in two styles, by different artists: Google's font and EmojiOne's drawings."""
    (path,) = package_files("fonts-noto-color-emoji", "NotoColorEmoji.ttf")
    font = ImageFont.truetype(str(path), size=109)
    drawings = {"emojione/" + path.stem.lower(): path for path in package_files("ruby-gemojione", ".svg")}
    rasters = vector.rasterise(drawings, cache)
    for symbol, (full_name, raw) in sorted(emoji_names().items()):
        name = emoji_name(symbol, full_name)
        if not name or len(name.split()) > captions.LONGEST - 2:
            continue
        keywords = captions.clean_keywords([word for word in raw if word != full_name], lexicon)[:3]
        code = "-".join(f"{ord(part):x}" for part in symbol)
        yield Entry("emoji", f"emoji/{code}", name, keywords, lambda symbol=symbol: draw_emoji(font, symbol))
        raster = rasters.get("emojione/" + code.replace("-fe0f", ""))
        if raster:
            yield Entry("emoji", f"emojione/{code}", name, keywords, lambda raster=raster: open_rgba(raster))


def draw_emoji(font, symbol):
    """The colour glyph, or an empty picture where the font has none of its own for the sequence."""
    canvas = Image.new("RGBA", (160, 160))
    if font.getlength(symbol) <= 140:
        ImageDraw.Draw(canvas).text((10, 10), symbol, font=font, embedded_color=True, fill=(0, 0, 0, 255))
    return np.asarray(canvas)


def _folder_cap(file):
    caps = [(len(folder), cap) for folder, cap in FOLDER_CAPS.items() if file.startswith(folder + "/")]
    if caps:
        return max(caps)[1]
    return 10 ** 6 if file.startswith(UNCAPPED) else FOLDER_CAP


def capped(entries):
    """At most so many of one name and of one folder; which ones is decided by the file's hash alone."""
    names, folders, kept = Counter(), Counter(), []
    for entry in sorted(entries, key=lambda entry: stable_hash("cap" + entry.file)):
        plain = captions.without_colour(entry.name)
        series = "flag of" if entry.name.startswith("flag of") else plain
        folder = str(Path(entry.file).parent)
        limit = 30 if series == "flag of" else SAME_NAME_CAP
        if names[(entry.source, series)] < limit and folders[folder] < _folder_cap(entry.file):
            names[(entry.source, series)] += 1
            folders[folder] += entry.source != "emoji"
            kept.append(entry)
    return sorted(kept, key=lambda entry: entry.file)


def wallpapers():
    """The files of the photographs and textures in the wallpaper packages."""
    paths = [path for package in WALLPAPER_PACKAGES
             for path in package_files(package, ".jpg", ".jpeg", ".png", ".webp") if "/backgrounds/" in str(path)]
    return [path for path in paths if not re.search(r"_\d{4}x\d{4}|focal|logo|string", path.name)]


def background_crops(count, seed):
    """[count, 96, 96, 3] random crops of the wallpapers."""
    paths = wallpapers()
    weights = np.array([5.0 if "/nature/" in str(path) else 1.0 for path in paths])
    shares = np.floor(np.cumsum(weights) / weights.sum() * count + 0.5).astype(int)
    crops, done = [], 0
    for path, upto in zip(paths, shares):
        rng = np.random.default_rng([seed, int(stable_hash(path.name) * 2 ** 31)])
        with Image.open(path) as image:
            image.thumbnail((1600, 1600))
            image = image.convert("RGB")
        while done < upto:
            side = int(min(image.size) * rng.uniform(0.12, 1.0) ** 1.3)
            side = max(side, 96)
            left, top = int(rng.integers(image.width - side + 1)), int(rng.integers(image.height - side + 1))
            crop = np.asarray(image.resize((CROP, CROP), Image.BOX, (left, top, left + side, top + side)))
            if crop.std((0, 1)).max() < 5 and rng.random() < 0.9:
                continue  # plain colours are drawn anyway
            crops.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
            done += 1
    return np.stack(crops)
