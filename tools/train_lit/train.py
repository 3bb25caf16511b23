#!/usr/bin/env python3
"""Trains tiny_lit: heads over a frozen EfficientNet-Lite, and a text tower. tools/train_models.sh lit runs it.

  train.py --data PICTURES --work FOLDER --trunk FILE.pth --minilm FOLDER --classes FOLDER --out FILE.safetensors

Each stage leaves files in --work and is skipped, or goes on from its checkpoint, when it is run once more:
  features   what the trunk sees in the pictures                       heldout.pt, train_K.pt
  meanings   what MiniLM says of 150,000 texts                         texts.jsonl, minilm.pt
  tower      a small transformer in MiniLM's place                     tower.checkpoint
  heads      pictures, texts' meanings and classes in one space        tower_meanings_K.pt, heads.checkpoint
  export     the file and its figures
"""

import argparse
import json
import struct
import sys
import time
import zlib
from pathlib import Path

import torch

import features
import heads
import meanings
import texts
import tokens
import tower
from minilm import MiniLM

STAGES = ("features", "meanings", "tower", "heads", "export")
VARIANTS = 2


class Training:
    def __init__(self, options):
        self.o, self.work, self.data = options, Path(options.work), Path(options.data)
        self.work.mkdir(parents=True, exist_ok=True)
        self.began = time.time()

    def report(self, text):
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    def classifier(self):
        return torch.load(self.o.trunk, map_location="cpu")["_fc.weight"].float()

    def records(self):
        return [json.loads(line) for line in open(self.data / "pictures.jsonl", encoding="utf-8")]

    def features(self):
        features.make_files(self.data, self.o.trunk, self.work, VARIANTS, self.o.seed, self.report)

    def meanings(self):
        meanings.make_files(self.data / "pictures.jsonl", self.o.classes, self.o.minilm, self.work, self.o.seed, self.report)

    def noun_texts(self):
        nouns = (self.data / "nouns.txt").read_text().split()
        return nouns, [texts.with_article(n) for n in nouns] + [f"a picture of {texts.with_article(n)}" for n in nouns]

    def zero_shot(self, values, embed):
        """Figures over the held-out pictures of the nouns, as train_clip --evaluate has them."""
        held, records = torch.load(self.work / "heldout.pt"), self.records()
        nouns, phrases = self.noun_texts()
        rows = [(row, nouns.index(records[i]["noun"])) for row, i in enumerate(held["indices"].tolist())
                if records[i]["noun"] in nouns and records[i]["source"] != "synthetic"]
        pictures = heads.embed_features(values, held["rows"][[row for row, _ in rows]])
        words = heads.embed_meanings(values, embed(phrases), heads.class_rows(self.classifier()))
        words = torch.nn.functional.normalize(words[:len(nouns)] + words[len(nouns):], dim=1)
        first, five = heads.zero_shot(pictures, words, torch.tensor([label for _, label in rows]))
        self.report(f"held out, {len(rows)} pictures of {len(nouns)} nouns: top-1 {first:.1%}, top-5 {five:.1%}")
        return first, five

    def tokenizer(self):
        path = self.work / "merges.json"
        if not path.exists():
            merges = tokens.learn(json.loads(line)[0] for line in open(self.work / "texts.jsonl", encoding="utf-8"))
            path.write_text(json.dumps(merges))
        return tokens.Tokenizer([tuple(pair) for pair in json.loads(path.read_text())])

    def tower_start(self, tokenizer, ids, embedded):
        path = self.work / "tower_start.pt"
        if not path.exists():
            counts = torch.bincount(torch.tensor([i for row in ids for i in row]), minlength=tokenizer.size).float()
            alone = MiniLM(self.o.minilm).embed([tokenizer.spelt(at) or "." for at in range(tokenizer.size)])
            torch.save(tower.start(tokenizer, counts / counts.sum(), alone, embedded), path)
        return torch.load(path)

    def tower(self):
        rows, embedded = meanings.load(self.work)
        tokenizer = self.tokenizer()
        ids = [tokenizer.encode(text, tower.CONTEXT) for text, _, _ in rows]
        start = self.tower_start(tokenizer, ids, embedded)
        # By the text, so that it stays held out when more texts come.
        held = [at for at, (text, _, _) in enumerate(rows) if zlib.crc32(text.encode()) % 100 == 0]
        kept = set(held)
        important = [at for at, (_, classes, group) in enumerate(rows) if at not in kept and (classes or group > texts.GLOSS)]
        seen = [at for at in range(len(ids)) if at not in kept]
        order = {at: place for place, at in enumerate(seen)}
        order.update({at: len(seen) + place for place, at in enumerate(held)})
        # Held-out texts go last, so that drawing from all texts means drawing from those before.
        material = tower.Texts([ids[at] for at in seen], [ids[at] for at in held], [rows[at][1] for at in seen],
                               heads.class_meanings(rows, embedded))
        tower.train(start, material, embedded[seen + held], [order[at] for at in important],
                    self.o.tower_steps, self.o.seed, self.work / "tower.checkpoint", self.report)

    def trained_tower(self):
        """The text tower, how many steps it has had, and what it does to texts."""
        tokenizer, saved = self.tokenizer(), torch.load(self.work / "tower.checkpoint")
        encoded = lambda words: [tokenizer.encode(text, tower.CONTEXT) for text in words]
        return saved["averaged"], saved["step"], lambda words: tower.embed(saved["averaged"], encoded(words))

    def heads(self):
        rows, minilm = meanings.load(self.work)
        _, step, embed = self.trained_tower()
        path = self.work / f"tower_meanings_{step}.pt"
        if not path.exists():
            for old in [*self.work.glob("tower_meanings_*.pt"), *self.work.glob("heads.checkpoint")]:
                old.unlink()
            torch.save(embed([text for text, _, _ in rows]), path)
            self.report("the tower has read the texts")
        data = heads.Data(self.work, self.records(), rows, torch.load(path), minilm, self.classifier())
        heads.train(data, heads.start(data.names, data.features[0]), self.o.head_steps, self.o.seed,
                    self.work / "heads.checkpoint", self.report)

    def export(self):
        text, step, embed = self.trained_tower()
        saved = torch.load(self.work / "heads.checkpoint")
        values = saved["averaged"]
        with torch.no_grad():
            figures = self.zero_shot(values, embed)
        tensors = {name: tensor for name, tensor in {**text, **values}.items() if name != "scale"}
        tensors["heads.shares"] = torch.tensor(heads.SHARES)
        write_safetensors(self.o.out, tensors, {
            "lit.trunk": "trunks/efficientnet-lite0.pth", "lit.input_size": str(features.SIDE), "lit.mean": "0.49803922", "lit.deviation": "0.50196078",
            "lit.strides": " ".join(map(str, features_strides())), "lit.taps": " ".join(map(str, features.TAPS)),
            "lit.heads": str(tower.HEADS), "lit.merges": "\n".join(" ".join(pair) for pair in self.tokenizer().ranks) + "\n",
            "lit.classifier": "_fc.weight", "lit.class_share": str(heads.CLASS_SHARE),
            "lit.trained": f"tower {step} steps, heads {saved['step']}; top-1 {figures[0]:.3f}, top-5 {figures[1]:.3f}"})
        self.report(f"{self.o.out}: {Path(self.o.out).stat().st_size / 1e6:.1f} MB")


def features_strides():
    from trunk import STRIDES
    return STRIDES["efficientnet-lite0"]


def write_safetensors(path, tensors, metadata):
    header, begin, parts = {"__metadata__": metadata}, 0, []
    for name in sorted(tensors):
        data = tensors[name].detach().half().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensors[name].shape), "data_offsets": [begin, begin + len(data)]}
        begin += len(data)
        parts.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    new = Path(str(path) + ".new")
    new.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
    new.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "work", "trunk", "minilm", "classes", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--tower-steps", type=int, default=1600)
    parser.add_argument("--head-steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    training = Training(options)
    for stage in options.stages.split(","):
        if stage not in STAGES:
            sys.exit(f"there is no stage '{stage}'; there are {', '.join(STAGES)}")
        getattr(training, stage)()


if __name__ == "__main__":
    main()
