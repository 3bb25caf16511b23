#!/usr/bin/env python3
"""Adds captioned pictures of subjects missing from ImageNet to those of prepare_pictures.py:

  drawn      scenes and single things, tools/pictures/more_scenes.py and subjects.py
  styles     drawn pictures and photographs through the filters of tools/pictures/styles.py
  photographs, portraits   wallpapers, story pictures and portraits of Debian packages, tools/pictures/photographs.py

  more_pictures.py --base build/pictures --out build/lit/pictures

OUT gets what BASE has and the new pictures behind them: pictures.safetensors, pictures.jsonl, nouns.txt, contact.png. A tenth
of the new pictures is held out by the hash of the file name. The same seed, base and packages give the same files.
"""

import argparse
import json
import multiprocessing
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import prepare_pictures as base  # noqa: E402
from pictures import captions, more_scenes, photographs, scenes, styles, subjects  # noqa: E402
from pictures.canvas import finish  # noqa: E402

EACH, EACH_STYLE = 200, 220


def entry(source, file, texts, picture):
    texts = [text for text in dict.fromkeys(texts) if len(text.split()) <= captions.LONGEST][:captions.MOST]
    found = base.record(source, file, None, texts, captions.dominant_colour(picture))
    found["noun"] = None
    found["name"] = captions.without_colour(texts[0].removeprefix("a ").removeprefix("an "))
    return found


def draw(job):
    """One drawn picture; `kind` is its place in the list of all kinds."""
    kind, at, seed = job
    make = KINDS[kind]
    rng = np.random.default_rng([seed, 17, kind, at])
    picture, texts = make(rng)
    pixels = finish(rng, picture)
    return entry("synthetic", f"more/{make.__name__}_{kind:02d}_{at:04d}", texts, pixels), pixels


def restyle(job):
    """A drawn picture through a filter, with captions of the style and, mostly, of what it shows."""
    style, at, seed, crop = job
    make, frames = styles.STYLES[style]
    rng = np.random.default_rng([seed, 18, style, at])
    if crop is None:
        kinds = KINDS + scenes.SCENES
        picture, shown = kinds[int(rng.integers(len(kinds)))](rng)
        shown = shown[0]
    else:
        picture, shown = Image.fromarray(crop), None
    pixels = finish(rng, make(rng, picture))
    texts = [frame.format(shown) for frame in frames if shown or "{}" not in frame]
    first = texts[int(rng.integers(min(2, len(texts))))]
    rest = [text for text in texts if text != first]
    return entry("synthetic", f"style/{make.__name__}_{at:04d}", [first, *[rest[int(i)] for i in rng.permutation(len(rest))]], pixels), pixels


KINDS = more_scenes.SCENES + subjects.SUBJECTS


def collect(backgrounds, seed, each, each_style, processes):
    """Yields (record, picture [80,80,4])."""
    with multiprocessing.Pool(processes) as pool:
        yield from pool.imap(draw, [(kind, at, seed) for kind in range(len(KINDS)) for at in range(each)], 50)
        jobs = []
        for style in range(len(styles.STYLES)):
            rng = np.random.default_rng([seed, 19, style])
            for at in range(each_style):  # every sixth is a photograph that has no words for what it shows
                crop = backgrounds[int(rng.integers(len(backgrounds)))] if at % 6 == 5 else None
                jobs.append((style, at, seed, None if crop is None else np.asarray(Image.fromarray(crop).resize((160, 160), Image.BICUBIC))))
        yield from pool.imap(restyle, jobs, 20)
    for found in (photographs.wallpaper_crops(seed), photographs.portraits(seed, backgrounds)):
        for at, (file, picture, texts) in enumerate(found):
            pixels = finish(np.random.default_rng([seed, 20, at]), picture)
            yield entry("photograph", file, texts, pixels), pixels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each drawn kind")
    parser.add_argument("--each-style", type=int, default=EACH_STYLE)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    old, backgrounds = read_u8(options.base / "pictures.safetensors", "pictures"), read_u8(options.base / "pictures.safetensors", "backgrounds")
    records = [json.loads(line) for line in open(options.base / "pictures.jsonl", encoding="utf-8")]
    pairs = list(collect(backgrounds, options.seed, options.each, options.each_style, options.processes))
    numbers, first = {}, 1 + max(record["group"] for record in records)
    added = [record for record, _ in pairs]
    for record in added:
        record["group"] = first + numbers.setdefault(record.pop("name"), len(numbers))
    pictures = np.stack([picture for _, picture in pairs])
    base.write_safetensors(options.out / "pictures.safetensors", {"pictures": np.concatenate([old, pictures]), "backgrounds": backgrounds})
    with open(options.out / "pictures.jsonl", "w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records + added)
    for name in ("nouns.txt", "colours.json"):
        shutil.copy(options.base / name, options.out / name)
    base.contact_sheet(added, pictures, options.seed).save(options.out / "contact.png")
    print(len(records), "pictures before,", len(added), "added:", dict(Counter(record["file"].split("/")[0] for record in added)), dict(Counter(record["split"] for record in added)))


def read_u8(path, name):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    found = json.loads(data[8:8 + length])[name]
    begin, end = found["data_offsets"]
    return np.frombuffer(data[8 + length + begin:8 + length + end], np.uint8).reshape(found["shape"])


if __name__ == "__main__":
    main()
