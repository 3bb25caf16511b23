"""MiniLM's embeddings of all texts, computed once, in pieces that survive an interruption."""

import json
import time
from pathlib import Path

import torch

import texts
from minilm import MiniLM

PIECE = 16384


def make_files(pictures_jsonl, classes_folder, minilm_folder, out, seed, report):
    """texts.jsonl: [text, classes, group] a line; minilm.pt: float16 [N, 384]."""
    out = Path(out)
    if (out / "minilm.pt").exists():
        return
    if not (out / "texts.jsonl").exists():
        with open(out / "texts.new", "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in texts.collect(pictures_jsonl, classes_folder, seed))
        (out / "texts.new").rename(out / "texts.jsonl")
    collected = [json.loads(line) for line in open(out / "texts.jsonl", encoding="utf-8")]
    model, pieces = None, []
    for at in range(0, len(collected), PIECE):
        path = out / f"minilm_{at}.pt"
        if not path.exists():
            model = model or MiniLM(minilm_folder)
            start = time.time()
            rows = model.embed([text for text, _, _ in collected[at:at + PIECE]])
            torch.save(rows, path.with_suffix(".new"))
            path.with_suffix(".new").rename(path)
            report(f"MiniLM: {at + len(rows)} of {len(collected)} texts, {time.time() - start:.0f} s")
        pieces.append(torch.load(path))
    torch.save(torch.cat(pieces), out / "minilm.new")
    (out / "minilm.new").rename(out / "minilm.pt")
    for path in out.glob("minilm_*.pt"):
        path.unlink()


def load(out):
    """The texts that MiniLM has read so far, and what it said of them."""
    out = Path(out)
    rows = [json.loads(line) for line in open(out / "texts.jsonl", encoding="utf-8")]
    if (out / "minilm.pt").exists():
        return rows, torch.load(out / "minilm.pt")
    pieces, at = [], 0
    while (out / f"minilm_{at}.pt").exists():
        pieces.append(torch.load(out / f"minilm_{at}.pt"))
        at += PIECE
    return rows[:sum(map(len, pieces))], torch.cat(pieces)
