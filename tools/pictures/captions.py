"""Titles, file names and keywords to short English captions, and pictures to colour names."""

import re

import numpy as np

COLOURS = {
    "black": (20, 20, 22), "white": (250, 250, 250), "grey": (136, 136, 136), "red": (222, 36, 36),
    "orange": (246, 140, 28), "yellow": (250, 216, 40), "green": (52, 160, 60), "cyan": (40, 204, 216),
    "blue": (40, 92, 214), "purple": (132, 56, 180), "pink": (248, 132, 180), "brown": (128, 80, 40),
}
COLOUR_WORDS = set(COLOURS) | {"gray", "violet", "golden"}
LONGEST = 12  # words in a caption
MOST = 6      # captions of a picture

# Words that say where a picture comes from or how it was filed, not what it shows.
FILLER = set("""bw alt version copy clipart cliparts clip art svg icon icons theme openclipart image img
    picture untitled unsorted various collection by colour color final new vector remix lib project library
    silhouette outline contour drawing drawn cartoon cartoonish clker sketch simple basic modified variation
    variant stylized public domain toy set misc bis ver rev architetto architect nicu buculei ganson""".split())
# Filing words that are no use as keywords either.
DULL_KEYWORDS = set("""hash special shape shapes computer unsorted icon icons theme office sign signs symbol
    symbols application action recreation entertainment equipment geography united_nations_member menu
    festive geometric clipart silhouette cartoon contour media people tool education transportation black white signs and symbols
    town household seasonal clothe electronic outlined tools carbohydrate protein hardware work yes no
    submit minus plus cancel container containers file section part mark notice set collection electronics object objects decoration""".split())
# Names too general to be the only thing said about a picture, and those of no use in a prompt.
GENERIC = set("""party device people building vehicle hardware desktop coastline music studio place work template
    transport transportation pattern advertising beverage dessert sport game religion household town application
    mime type computer office head clothing electronic holiday state button page preference interface system""".split())
USELESS = re.compile(r"^letter|semaphore|boating rule|\b(mime|gnome|kde)\b|creation day|menu example|moon space|"
                     r"signs and symbols|mime types|illustrat|desktop|flowchart|error|nazi|swastika|capsize|^sailing|^because|"
                     r"^(shot|creation|yen|astronomy|geometry|etiquette)\b|\bled\b|"
                     r"\b(naked|nude|sexy|pimp|cannabis|bullet hole)\b")
MASS = set("""milk lemonade bread water rain fire lightning cheese butter corn rice juice tea coffee wine beer music
    snow grass hair broccoli clothing furniture food money people men women children confetti lettuce spaghetti bacon
    toast popcorn honey soap garlic scissors glasses binoculars wood sushi ice cream lava sand paint paper""".split())
PREPOSITIONS = set("""with in on of at for from by and to or wearing behind over under without holding that
    which near inside eating playing into is are being as like through up down against made using""".split())
PORTIONS = set("pair bunch slice quarter piece half cluster flock bowl pile stack group set basket".split())
VIEWS = {"face", "head", "profile"}
ARTICLES = {"a", "an", "the", "some", "two", "three", "several", "another", "my"}
IRREGULAR = {"leaves": "leaf", "knives": "knife", "mice": "mouse", "geese": "goose", "feet": "foot",
             "teeth": "tooth", "children": "child", "men": "man", "women": "woman", "wolves": "wolf",
             "loaves": "loaf", "scarves": "scarf", "shelves": "shelf", "cherries": "cherry",
             "tomatoes": "tomato", "potatoes": "potato", "shoes": "shoe", "pies": "pie", "cookies": "cookie",
             "glasses": "glasses", "scissors": "scissors", "bus": "bus", "cactus": "cactus", "lens": "lens",
             "octopus": "octopus", "trousers": "trousers", "binoculars": "binoculars", "axes": "axe"}


def load_lexicon(path="/usr/share/dict/american-english"):
    """Lower-case English words; names of people and places are left out."""
    try:
        with open(path, encoding="utf-8") as lines:
            words = {line.strip() for line in lines}
    except FileNotFoundError:
        raise SystemExit(f"{path} is missing: apt install wamerican") from None
    return {word for word in words if word.isalpha() and word.islower() and len(word) > 1} | {"a"}


def words_of(text):
    """Lower-case words of a title: camelCase and underscores split, digits and brackets dropped."""
    text = re.sub(r"\([^)]*\)|\[[^]]*\]", " ", text.replace("’", "'"))
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text.replace("_", " "))
    text = re.sub(r"\b[bB][ _/&]?(?:and )?[wW]\b", " ", text)
    return [word for word in re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower())
            if len(word) > 1 or word == "a"]


def name_phrase(text, lexicon, authors=()):
    """The phrase a title names its picture by, without article; None where it is no English."""
    text = re.sub(r"^clip ?art by .*?( - |$)", "", text.strip(), flags=re.I)
    text = re.split(r"[.;!?](?:\s|$)", text.strip())[0]
    words = [word for word in words_of(text) if word not in FILLER and not _is_author(word, authors)]
    while words and words[0] in ARTICLES | {"and", "of", "with"}:
        words.pop(0)
    while words and words[-1] in PREPOSITIONS | ARTICLES:
        words.pop()
    if not words or len(words) > LONGEST - 2:
        return None
    if len(words) > 1 and words[-1] in COLOUR_WORDS - {"orange"} and words[0] not in COLOUR_WORDS:
        words.insert(0, words.pop())  # "arrow red" is a red arrow
    known = all(word in lexicon or word.removesuffix("'s") in lexicon for word in words)
    return usable(" ".join(words)) if known and max(map(len, words)) > 2 else None


def usable(name):
    """The name, or None where it says too little."""
    return None if singular(name) in GENERIC or name in GENERIC or USELESS.search(name) else name


def _is_author(word, authors):
    return len(word) > 2 and any(author.startswith(word) for author in authors)


def singular(word):
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def head_words(name):
    """Words up to the head noun of a name phrase: "red dog on a leash" gives ["red", "dog"]."""
    words = name.split()
    for at, word in enumerate(words):
        if word in PREPOSITIONS and at:
            if word == "of" and singular(words[at - 1]) in PORTIONS and words[at + 1:]:
                return head_words(" ".join(words[at + 1:]))
            words = words[:at]
            break
    if len(words) > 1 and words[-1] in VIEWS:
        words = words[:-1]
    return [word for word in words if word not in ARTICLES] or words


def without_colour(name):
    """The name without its colour words; a name that ends in one ("orange") keeps that."""
    words = name.split()
    kept = [word for at, word in enumerate(words) if word not in COLOUR_WORDS or at == len(words) - 1]
    return " ".join(kept)


def with_article(phrase):
    """ "apple" to "an apple"; plurals and mass words of more than one thing stay bare."""
    head = head_words(phrase)[-1]
    if singular(head) != head or head in MASS or head in {"trousers", "shorts"}:
        return phrase
    vowel = phrase[0] in "aeiou" and not re.match(r"(one|uni(?!nt|m)|use|usu|eu|ukul|u[a-z] )", phrase)
    return ("an " if vowel or re.match(r"(hour|honest|heir)", phrase) else "a ") + phrase


def build_captions(name, keywords, colour):
    """One to six captions, the plain name first."""
    captions = [name, with_article(name)]
    if colour and not COLOUR_WORDS & set(name.split()):
        captions += [with_article(f"{colour} {name}"), f"{colour} {name}"]
    covered = set(name.split())
    for keyword in keywords:
        if not set(map(singular, keyword.split())) & (covered | set(map(singular, covered))):
            captions.append(keyword)
            covered |= set(keyword.split())
    short = [caption for caption in captions if len(caption.split()) <= LONGEST]
    return list(dict.fromkeys(short))[:MOST]


def clean_keywords(raw, lexicon):
    """Keyword phrases worth keeping, in the order given."""
    kept = []
    for keyword in raw:
        words = words_of(keyword)
        if (words and len(words) <= 3 and keyword not in DULL_KEYWORDS and not set(words) & FILLER
                and not COLOUR_WORDS & set(words) and all(word in lexicon and len(word) > 2 for word in words)
                and not set(words) <= DULL_KEYWORDS):
            kept.append(" ".join(words))
    return list(dict.fromkeys(kept))


def _pixel_colours(rgb):
    """Index into COLOURS for each pixel, by hue, saturation and value; one past the end for none."""
    names = list(COLOURS)
    rgb = rgb.astype(np.float32) / 255.0
    high, low = rgb.max(1), rgb.min(1)
    chroma = high - low
    safe = np.maximum(chroma, 1e-6)
    red, green, blue = rgb.T
    hue = np.where(high == red, (green - blue) / safe % 6,
                   np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4)) * 60
    saturation = chroma / np.maximum(high, 1e-6)
    edges = [(14, "red"), (42, "orange"), (66, "yellow"), (165, "green"), (196, "cyan"), (255, "blue"),
             (298, "purple"), (342, "pink"), (361, "red")]
    index = np.full(len(rgb), names.index("red"))
    for edge, colour in reversed(edges):
        index[hue < edge] = names.index(colour)
    warm = (hue >= 12) & (hue < 45)
    index[warm & (saturation < 0.5)] = len(names)  # skin and sand, which no colour word is clear for
    index[warm & ((high < 0.68) | ((high < 0.85) & (saturation < 0.65)))] = names.index("brown")
    index[((hue < 12) | (hue > 345)) & (high < 0.55) & (saturation < 0.7)] = names.index("brown")
    index[((hue >= 325) | (hue < 12)) & (high > 0.75) & (saturation < 0.55)] = names.index("pink")
    neutral = (saturation < 0.16) | (chroma < 0.09)
    index[neutral] = names.index("grey")
    index[neutral & (high > 0.88)] = names.index("white")
    index[high < 0.2] = names.index("black")
    return index


def dominant_colour(picture):
    """Name of the colour most visible pixels have, or None where no colour clearly leads."""
    visible = picture[picture[..., 3] > 128][:, :3]
    if len(visible) < 40:
        return None
    names = list(COLOURS)
    share = np.bincount(_pixel_colours(visible), minlength=len(names) + 1) / len(visible)
    neutral = [names.index(name) for name in ("black", "white", "grey")]
    chromatic = share.copy()
    chromatic[[*neutral, len(names)]] = 0
    best = int(chromatic.argmax())
    if chromatic[best] > 0.42 and chromatic[best] > 0.7 * chromatic.sum():
        return names[best]
    best = max(neutral, key=lambda at: share[at])
    if share[best] > 0.65 and chromatic.sum() < 0.12:
        return names[best]
    return None
