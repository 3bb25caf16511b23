"""The texts that the text tower learns from, and which classes of ImageNet or pictures each of them stands for."""

import json
import re
from pathlib import Path

import numpy as np

import wordnet

FRAMES = ["{}", "{}", "a picture of {}", "a photo of {}", "a painting of {}", "a drawing of {}", "{} in the style of {style}",
          "{} {place}", "{} {place}", "{} {time}", "{} {place} {time}", "{} and {other}", "{} beside {other}", "{colour} {bare}",
          "{} {place}, {style}", "{style} of {}", "{} made of {stuff}", "{mood} {bare}", "{mood} {bare} {time}, {style}"]
PLACES = """on a hill|in a forest|by the sea|in a storm|on a table|on a sofa|in the snow|in the rain|under water|in the sky|
in a garden|on a meadow|in a city|in a room|at the beach|in the desert|on a mountain|in a cave|in space|on the moon|by a river|
among flowers|in fog|in a village|in a valley|over the clouds|on an island|in an old library|in the jungle|on a white background"""
TIMES = """at night|at sunset|at dawn|in autumn|in winter|in spring|in summer|by moonlight|in bright sunlight|at noon|in the evening"""
STYLES = """a watercolour|an oil painting|a pencil sketch|an ink drawing|pixel art|a mosaic|a stained glass window|a photograph|
impressionism|cubism|a poster|a comic|a woodcut|digital art|an etching|a children's book|surrealism|concept art"""
STUFFS = "glass|wood|stone|gold|ice|paper|flowers|fire|smoke|metal|wool|light|water"
MOODS = "a dark|a bright|a mysterious|a lonely|a beautiful|a huge|a tiny|an old|a magical|a colourful|a strange|a peaceful"
COLOURS = "a red|a blue|a green|a yellow|an orange|a purple|a pink|a black|a white|a brown|a golden|a silver"
SCENES = """a sunset over the sea|a sunrise|a forest|an autumn forest|a city skyline|a street|a village|a beach|the ocean|a lake|a river|
a waterfall|a desert|mountains|snowy mountains|a valley|a meadow|a field of flowers|a garden|the night sky|a galaxy|a nebula|a planet|
the moon|the sun|clouds|a thunderstorm|lightning|rain|snow|fog|fire|smoke|a cave|an island|a jungle|a farm|a harbour|a market|a kitchen|
a living room|a portrait of a woman|a portrait of a man|the face of a child|an eye|a hand|a heart|a star|a spiral|a pattern|
a dragon|a unicorn|a fairy|a robot|a ghost|a witch|a knight|an angel|a mermaid|a wizard|a monster|a skull|a crown|a diamond|a key|a cross"""

LONG_PROMPTS = 6000
GLOSS = -2  # the group of texts from WordNet: they come up less often


def words_of(text):
    return [word.strip() for word in text.replace("\n", "").split("|")]


def with_article(noun):
    if re.match(r"(a|an|the) ", noun) or noun in words_of(SCENES):
        return noun
    return ("an " if noun[0].lower() in "aeiou" else "a ") + noun


def without_article(noun):
    return re.sub(r"^(a|an|the) ", "", noun)


def class_texts(folder):
    """For each class: its names, the best first, and sentences that describe it; and its synset."""
    folder = Path(folder)
    load = lambda name: json.load(open(folder / name, encoding="utf-8"))
    clean, labels = load("imagenet1k_clean_names.json"), load("imagenet1k_label_to_names.json")
    described, synsets = load("imagenet1k_gpt_names_descriptions.json"), load("imagenet1k_to_21k.json")
    result = []
    for number in range(1000):
        key = str(number)
        about = described.get(key, {"name": [], "description": ""})
        names = [clean[number], *labels[key].split(", "), *about["name"]]
        names = list(dict.fromkeys(name.replace("_", " ").strip() for name in names if name.strip()))
        sentences = [s.strip() for s in re.split(r"(?<=[.;]) ", about["description"]) if len(s) > 20]
        result.append((names, sentences, synsets[key][1:]))
    return result


def generated(rng, subjects, adjectives, count):
    """Prompts about `subjects`, [(text, what it stands for)]: (prompt, [what its nouns stand for])."""
    scenes = set(words_of(SCENES))
    places, times, styles, stuffs, moods, colours = map(words_of, (PLACES, TIMES, STYLES, STUFFS, MOODS, COLOURS))
    pick = lambda options: options[int(rng.integers(len(options)))]
    for _ in range(count):
        name, meaning = pick(subjects)
        plain = bool(re.match(r"(a|an|the) ", name)) or name not in scenes
        frame = pick(FRAMES if plain else FRAMES[:11])
        other, other_meaning = pick(subjects)
        text = frame.format(with_article(name), bare=without_article(name), place=pick(places), time=pick(times), style=pick(styles),
                            stuff=pick(stuffs),
                            mood=pick(moods) if rng.random() < 0.5 else with_article(pick(adjectives)), colour=pick(colours), other=with_article(other))
        yield text, [meaning, other_meaning] if "{other}" in frame else [meaning]


def collect(pictures_jsonl, classes_folder, seed, prompts=60000):
    """[(text, classes it stands for, group of pictures, or -1, or GLOSS)], each text once, the most useful first.

    Held-out captions take no part.
    """
    found = {}

    def add(text, classes=(), group=-1):
        text = re.sub(r"\s+", " ", text).strip()
        if 1 < len(text) < 400 and text not in found:
            found[text] = (list(classes), group)

    rng = np.random.default_rng(seed)
    classes, nouns = class_texts(classes_folder), wordnet.read("noun")
    subjects = []
    for number, (names, sentences, _) in enumerate(classes):
        for name in names:
            for text in (name, with_article(name), f"a picture of {with_article(name)}", f"a photo of {with_article(name)}"):
                add(text, [number])
        subjects += [(name, [number]) for name in names[:2]]
        for sentence in sentences:
            add(sentence, [number])
    records = [json.loads(line) for line in open(pictures_jsonl, encoding="utf-8")]
    for record in records:
        if record["split"] == "train":
            for caption in record["captions"]:
                add(caption, group=record["group"])
    under = wordnet.classes_under(nouns, [synset for _, _, synset in classes])
    under = {offset: below for offset, below in under.items() if len(below) <= 150}  # an "entity" looks like nothing
    subjects += [(nouns[offset][0][0], below) for offset, below in under.items() if len(below) <= 40]
    subjects += [(scene, []) for scene in words_of(SCENES) for _ in range(20)]
    named = {name.lower() for name, _ in subjects}
    subjects += [(word, []) for word, count in wordnet.common(1, wordnet.VISIBLE) if count > 1 and word not in named]
    adjectives = [word for word, count in wordnet.common(3) if count > 4]
    for text, meanings in generated(rng, subjects, adjectives, prompts):
        known = [meaning for meaning in meanings if meaning]
        add(text, sum(known, []) if len(known) == len(meanings) else [])
    # Prompts as people write them may be long.
    known = list(found)
    for _ in range(LONG_PROMPTS):
        add(", ".join(known[int(at)] for at in rng.integers(len(known) - prompts, len(known), int(rng.integers(2, 7)))))
    for offset, (words, _, gloss, file) in nouns.items():
        stands_for = under.get(offset, [])
        # What can be seen; and no picture here shows people, towns and battles by name.
        if stands_for or (file in wordnet.VISIBLE and not words[0][0].isupper()):
            add(f"{words[0]}: {gloss}", stands_for, GLOSS)
            for word in words[:2] if stands_for else words[:1]:
                add(with_article(word), stands_for, GLOSS)
    return [(text, *meaning) for text, meaning in found.items()]
