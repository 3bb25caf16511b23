#!/usr/bin/env python3
"""Prepares the captioned pictures that Reverie's small CLIP models are trained on.

Everything comes from Debian packages or is drawn here:

  tuxpaint-stamps-default  stamps with captions               GPL-2
  openclipart-svg          titled drawings                    public domain dedication
  fonts-noto-color-emoji   colour emoji                       SIL OFL 1.1 (font)
  ruby-gemojione           the same emoji by other artists    CC-BY-SA-4.0
  unicode-cldr-core        names and keywords of the emoji    Unicode-DFS-2016
  mate-backgrounds         photographs, used as backgrounds   GPL-2+, some CC-BY-SA-4.0
  ukui-wallpapers          photographs, used as backgrounds   CC-BY-SA-3.0
  gnome-backgrounds        textures, used as backgrounds      CC-BY-SA-3.0 and other CC-BY(-SA)
  wamerican                list of English words, for cleaning captions
  librsvg2-2               draws the SVG files

tools/train_models.sh installs them, with numpy and Pillow, and runs

  python3 tools/prepare_pictures.py --out DIR

It writes to DIR: pictures.safetensors (`pictures` U8 [N,80,80,4] straight RGBA, `backgrounds` U8
[M,96,96,3]), pictures.jsonl (line i is about picture i), nouns.txt, colours.json, merges.txt and
contact.png.  The same seed and packages give the same files.
"""

import argparse
import json
import struct
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pictures import bpe, captions, nouns, sources, synthetic

HELD_OUT_SHARE = 0.1
SYNTHETIC = 9000
BACKGROUNDS = 1500
MERGES = 3582  # with 2 * 256 byte symbols and 2 marks this makes a vocabulary of 4096
TEMPLATE_WORDS = """a photo of a drawing of on background and with picture small big left right above below in the
    of painting an icon sketch art image two three many no large tiny bright dark under over beside next to""".split()


def split_of(file):
    return "heldout" if sources.stable_hash(file) < HELD_OUT_SHARE else "train"


def misfiled(file, name):
    """A computer's mouse is not a mouse."""
    return "/computer" in file and name.endswith(("mouse", "window", "desk", "key"))


def record(source, file, name, texts, colour):
    return {"source": source, "file": file, "captions": texts, "colour": colour, "noun": nouns.noun_of(name) if name and not misfiled(file, name) else None,
            "split": split_of(file), "name": captions.without_colour(name or texts[0])}


def packaged(cache):
    """(record, picture) of all usable pictures of the packages, in the order of their file names."""
    lexicon = captions.load_lexicon()
    entries = [entry for source in (sources.emoji, sources.openclipart, sources.tuxpaint) for entry in source(lexicon, cache)]
    seen = set()
    for entry in sources.capped(entries):
        pixels = entry.load()
        picture = sources.fitted(pixels) if pixels is not None else None
        if picture is None or sources.is_blank(picture):
            continue
        likeness = (picture[4::8, 4::8] // 32).tobytes()
        if likeness in seen:  # the same drawing filed twice would leak from one split to the other
            continue
        seen.add(likeness)
        colour = captions.dominant_colour(picture)
        texts = captions.build_captions(entry.name, entry.keywords, colour)
        yield record(entry.source, entry.file, entry.name, texts, colour), picture


def drawn(count, seed):
    for file, picture, texts, name in synthetic.make(count, seed):
        texts = [text for text in texts if len(text.split()) <= captions.LONGEST][:captions.MOST]
        colour = captions.dominant_colour(picture) if name is None else texts[0].split()[1]
        entry = record("synthetic", file, name, texts, colour)
        if name is None:
            entry["name"] = texts[0].removeprefix("a ").removeprefix("an ")
        yield entry, picture


def write_safetensors(path, tensors):
    """U8 tensors, one after the other, behind a JSON header padded to a multiple of eight bytes."""
    header, begin = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "U8", "shape": list(tensor.shape), "data_offsets": [begin, begin + tensor.nbytes]}
        begin += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())


def number_groups(records):
    numbers = {}
    for entry in records:
        entry["group"] = numbers.setdefault(entry.pop("name"), len(numbers))


def keep_chosen_nouns(records, chosen):
    for entry in records:
        if entry["noun"] not in chosen:
            entry["noun"] = None


def caption_words(records):
    counts = Counter()
    for entry in records:
        if entry["split"] == "train":
            for caption in entry["captions"]:
                counts.update(bpe.split_words(caption))
    counts.update({word: 1000 for word in [*TEMPLATE_WORDS, *captions.COLOURS]})
    return counts


def contact_sheet(records, pictures, seed, count=240, columns=16):
    cell, order = 104, np.random.default_rng(seed).permutation(len(records))[:count]
    rows = -(-len(order) // columns)
    sheet = Image.new("RGB", (columns * cell, rows * cell), (205, 205, 205))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(9)
    for place, at in enumerate(order):
        left, top = place % columns * cell, place // columns * cell
        picture = Image.fromarray(pictures[at])
        sheet.paste(picture, (left + 12, top), picture)
        entry = records[at]
        draw.text((left + 2, top + 80), entry["captions"][0][:22], fill=(0, 0, 0), font=font)
        draw.text((left + 2, top + 91), f"{entry['colour'] or '-'} / {entry['noun'] or '-'}"[:22], fill=(150, 0, 0), font=font)
    return sheet


def report(records, chosen):
    print("by source:", dict(Counter(entry["source"] for entry in records)))
    print("by split:", dict(Counter(entry["split"] for entry in records)))
    print("by source, held out:", dict(Counter(entry["source"] for entry in records if entry["split"] == "heldout")))
    every, held_out = nouns.real_counts(records), nouns.real_counts(records, "heldout")
    print("nouns:", len(chosen), " ".join(f"{noun}:{every[noun]}/{held_out[noun]}" for noun in chosen))


def main():
    parser = argparse.ArgumentParser(description="Prepare captioned pictures for training the CLIP models.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--cache", type=Path, default=None, help="folder of drawn SVG files (default: OUT/cache)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--synthetic", type=int, default=SYNTHETIC, help="how many pictures to draw")
    parser.add_argument("--only-synthetic", type=int, metavar="N", help="N drawn pictures and nothing from packages")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    start = time.time()

    only = options.only_synthetic
    pairs = [] if only else list(packaged(options.cache or options.out / "cache"))
    print(f"{len(pairs)} pictures from packages, {time.time() - start:.0f} s")
    pairs += list(drawn(only or options.synthetic, options.seed))
    print(f"{len(pairs)} pictures with the drawn ones, {time.time() - start:.0f} s")
    records, pictures = [entry for entry, _ in pairs], np.stack([picture for _, picture in pairs])
    backgrounds = pictures[:8, :1, :1, :3].repeat(96, 1).repeat(96, 2) if only else \
        sources.background_crops(BACKGROUNDS, options.seed)
    print(f"{len(backgrounds)} backgrounds, {time.time() - start:.0f} s")

    chosen = [] if only else nouns.choose(records)
    nouns.hold_out_enough(records, chosen, sources.stable_hash)
    keep_chosen_nouns(records, set(chosen))
    number_groups(records)
    write_safetensors(options.out / "pictures.safetensors", {"pictures": pictures, "backgrounds": backgrounds})
    with open(options.out / "pictures.jsonl", "w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in records)
    (options.out / "nouns.txt").write_text("".join(noun + "\n" for noun in chosen))
    (options.out / "colours.json").write_text(json.dumps(captions.COLOURS) + "\n")
    merges = bpe.learn_merges(caption_words(records), MERGES) if not only else []
    if merges:
        (options.out / "merges.txt").write_text("".join(f"{left} {right}\n" for left, right in merges), encoding="utf-8")
    contact_sheet(records, pictures, options.seed).save(options.out / "contact.png")
    report(records, chosen)
    print(f"{len(merges)} merges, all done in {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
