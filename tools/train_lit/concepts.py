#!/usr/bin/env python3
"""Adds concepts to a finished file of the perceptor lit: what the frequent captions of the training pictures look like to the
trunk, beside the classes that its classifier has rows for.

  concepts.py --model models/lit/tiny_lit.safetensors --data build/lit/pictures --work build/lit/more --trunk LITE0.pth --out OUT

A concept is a caption that enough training pictures have. Its row is a linear discriminant in the space of the trunk's last
features (Fisher 1936): the mean of its pictures less the mean of all, multiplied by the inverse of the shrunk covariance within
concepts, of unit length. Its key is what the file's text tower makes of the caption. Nothing in the file is trained again.
`concepts.keys`, `.rows`, `.scale` and `.share` are optional: files without them are read as before.
"""

import argparse
import json
import re
import struct
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import torch
import torch.nn.functional as F

import features
import heads
import tower
from minilm import read_safetensors
from tokens import Tokenizer
from train import write_safetensors

FEWEST, MOST = 10, 800  # pictures of a concept; concepts
SHRINKAGE = 0.3  # of the covariance within concepts towards a multiple of the identity
SCALE = 25.0  # of likeness to the concepts' keys, before softmax
SHARE = 0.5  # of a text's squared length that is in its concepts, at most


def metadata(path):
    data = Path(path).read_bytes()
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]


class Model:
    """A finished file: its heads and its text tower."""

    def __init__(self, path):
        self.tensors = {name: tensor.float() for name, tensor in read_safetensors(path).items()}
        self.metadata = metadata(path)
        self.tokenizer = Tokenizer([tuple(line.split(" ")) for line in self.metadata["lit.merges"].splitlines()])

    @torch.no_grad()
    def meanings(self, texts):
        return tower.embed(self.tensors, [self.tokenizer.encode(text, tower.CONTEXT) for text in texts]).float()


def frequent_captions(records, indices):
    """{caption: rows of its pictures} of those that enough pictures have, the most frequent ones."""
    pictures = defaultdict(list)
    for row, index in enumerate(indices):
        for caption in dict.fromkeys(records[index]["captions"]):
            pictures[caption].append(row)
    counted = Counter({caption: len(rows) for caption, rows in pictures.items() if len(rows) >= FEWEST})
    return {caption: pictures[caption] for caption, _ in counted.most_common(MOST)}


def discriminants(x, concepts, groups, shrinkage):
    """Unit rows [K, features]. `x`: features of the pictures [variants, N, features]; `groups`: of pictures of one name."""
    flat, variants = x.flatten(0, 1), x.shape[0]
    within, means = torch.zeros(x.shape[2], x.shape[2]), flat.mean(0)
    members = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    count = 0
    for rows in members.values():
        if len(rows) >= FEWEST:
            part = x[:, rows].flatten(0, 1)
            part = part - part.mean(0)
            within += part.t() @ part
            count += len(part) - 1
    within /= count
    shrunk = (1 - shrinkage) * within + shrinkage * within.diagonal().mean() * torch.eye(len(within))
    aims = torch.stack([x[:, rows].flatten(0, 1).mean(0) - means for rows in concepts.values()])
    return F.normalize(torch.linalg.solve(shrunk, aims.t()).t(), dim=1)


def zero_shot(model, work, records, data, rows):
    """Figures over held-out pictures: the nouns as train.py has them, and the kinds of drawn pictures among one another."""
    held = torch.load(Path(work) / "heldout.pt")
    indices, seen = held["indices"].tolist(), held["rows"]

    def figures(labels, phrases):
        words = F.normalize(sum(heads.embed_meanings(model.tensors, model.meanings(part), rows) for part in phrases), dim=1)
        chosen = [row for row, label in enumerate(labels) if label is not None]
        pictures = heads.embed_features(model.tensors, seen[chosen])
        first, five = heads.zero_shot(pictures, words, torch.tensor([labels[row] for row in chosen]))
        return f"{len(chosen)} pictures of {len(words)}: top-1 {first:.1%}, top-5 {five:.1%}"

    import texts
    nouns = (Path(data) / "nouns.txt").read_text().split()
    labels = [nouns.index(records[i]["noun"]) if records[i]["noun"] in nouns and records[i]["source"] != "synthetic" else None for i in indices]
    named = [texts.with_article(noun) for noun in nouns]
    lines = ["nouns, " + figures(labels, [named, [f"a picture of {noun}" for noun in named]])]
    kinds = defaultdict(Counter)
    for record in records:
        kind = re.match(r"(more|style)/(\w+?)(_\d\d)?_\d{4}", record["file"])
        if kind:
            kinds[kind.group(2)].update(record["captions"][:1])
    if kinds:
        order = sorted(kinds)
        labels = [order.index(m.group(2)) if (m := re.match(r"(more|style)/(\w+?)(_\d\d)?_\d{4}", records[i]["file"])) else None for i in indices]
        lines.append("drawn kinds, " + figures(labels, [[kinds[kind].most_common(1)[0][0] for kind in order]]))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "data", "work", "trunk", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--variants", type=int, default=2, help="how often the trunk looks at each training picture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=SHARE)
    parser.add_argument("--shrinkage", type=float, default=SHRINKAGE)
    options = parser.parse_args()
    torch.set_num_threads(1)
    report = lambda text: print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
    Path(options.work).mkdir(parents=True, exist_ok=True)
    features.make_files(options.data, options.trunk, options.work, options.variants, options.seed, report)
    records = [json.loads(line) for line in open(Path(options.data) / "pictures.jsonl", encoding="utf-8")]
    model, classifier = Model(options.model), torch.load(options.trunk, map_location="cpu")["_fc.weight"].float()
    for name in [name for name in model.tensors if name.startswith("concepts.")]:
        del model.tensors[name]
    rows = heads.class_rows(classifier)
    for line in zero_shot(model, options.work, records, options.data, rows):
        report("before: " + line)
    parts = [torch.load(path) for path in sorted(Path(options.work).glob("train_*.pt"))]
    indices = parts[0]["indices"].tolist()
    x = torch.stack([part["rows"][:, -heads.TAP_SIZES[-1]:].float() for part in parts])
    concepts = frequent_captions(records, indices)
    model.tensors["concepts.rows"] = discriminants(x, concepts, [records[i]["group"] for i in indices], options.shrinkage)
    model.tensors["concepts.keys"] = model.meanings(list(concepts))
    model.tensors["concepts.scale"], model.tensors["concepts.share"] = torch.tensor(SCALE), torch.tensor(options.share)
    report(f"{len(concepts)} concepts of {min(map(len, concepts.values()))} to {max(map(len, concepts.values()))} pictures")
    for line in zero_shot(model, options.work, records, options.data, rows):
        report("after: " + line)
    write_safetensors(options.out, model.tensors, model.metadata)
    report(f"{options.out}: {Path(options.out).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
