"""WordNet 3.0 as Debian's wordnet-base has it: synsets with their words, glosses and hypernyms."""

from collections import defaultdict
from pathlib import Path

FOLDER = Path("/usr/share/wordnet")


# WordNet's files of nouns that can be seen: animals, artifacts, bodies, food, places, objects, people, phenomena, plants,
# shapes and substances (lexnames(5WN)).
VISIBLE = {5, 6, 8, 13, 15, 17, 18, 19, 20, 25, 27}


def common(kind, files=None, folder=FOLDER):
    """[(word, how often)]: words of a kind (1 nouns, 3 adjectives) as WordNet's tagged texts use them."""
    counts = defaultdict(int)
    for line in open(folder / "cntlist.rev", encoding="utf-8"):
        key, _, count = line.split()
        word, sense = key.split("%")
        word_kind, file, *_ = sense.split(":")
        if int(word_kind) == kind and (files is None or int(file) in files):
            counts[word.replace("_", " ")] += int(count)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def read(part, folder=FOLDER):
    """{offset: (words, hypernyms' offsets, gloss, file)} of data.noun, data.verb, data.adj or data.adv."""
    synsets = {}
    for line in open(folder / f"data.{part}", encoding="utf-8"):
        if line.startswith("  "):
            continue
        fields, _, gloss = line.partition("|")
        fields = fields.split()
        count = int(fields[3], 16)
        words = [fields[4 + 2 * i].replace("_", " ").split("(")[0] for i in range(count)]
        at = 4 + 2 * count
        pointers = [fields[at + 1 + 4 * i:at + 5 + 4 * i] for i in range(int(fields[at]))]
        hypernyms = [target for kind, target, pos, _ in pointers if kind in ("@", "@i") and pos == "n"]
        synsets[fields[0]] = (words, hypernyms, gloss.split('; "')[0].strip(), int(fields[1]))
    return synsets


def classes_under(nouns, class_offsets):
    """{offset: [classes]}: which classes each synset is, is a kind of, or includes.

    A synset below a class stands for that class; one above it for all the classes below.
    """
    found = defaultdict(set)
    for number, offset in enumerate(class_offsets):
        open_list, seen = [offset], set()
        while open_list:
            one = open_list.pop()
            if one in nouns and one not in seen:
                seen.add(one)
                found[one].add(number)
                open_list += nouns[one][1]
    below = {offset: number for number, offset in enumerate(class_offsets)}
    kinds = defaultdict(list)
    for offset, (_, hypernyms, _, _) in nouns.items():
        for hypernym in hypernyms:
            kinds[hypernym].append(offset)
    for offset, number in below.items():
        open_list = list(kinds[offset])
        while open_list:
            one = open_list.pop()
            if one not in found:
                found[one].add(number)
                open_list += kinds[one]
    return {offset: sorted(numbers) for offset, numbers in found.items()}
