"""Trains the heads: linear maps from the trunk's features, depth by depth, and from MiniLM's meaning of a text, into one
space (locked-image tuning, Zhai et al. 2022; the trunk is frozen, and so is MiniLM).

Three things hold the space together: captioned pictures lie near their captions (symmetric cross-entropy); texts that name a
class of ImageNet, a kind of it or a family of them lie near the classifier's rows of these classes, which stand for pictures
that are not here; any other text lies near the classes that MiniLM finds alike, as far as it finds any.
"""

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

WIDTHS = (32, 48, 112, 512)  # of the embedding's parts, from the first depth to the last
SHARES = (0.05, 0.08, 0.17, 0.70)  # of each part in the squared length
TAP_SIZES = (48, 80, 224, 1280)
HIDDEN, BATCH, WARM_UP = 1024, 512, 100


def linear(x, weight, bias=None):
    """In bfloat16, which processors multiply fast."""
    y = F.linear(x.bfloat16(), weight.bfloat16()).float()
    return y if bias is None else y + bias


def start(classifier, features):
    """The first guess: principal directions, of the classifier's rows at the last depth and of the pictures before it."""
    heads, at = {}, 0
    for depth, (size, width) in enumerate(zip(TAP_SIZES, WIDTHS)):
        rows = features[:, at:at + size].float()
        mean = rows.mean(0)
        if depth + 1 < len(TAP_SIZES):
            scale = rows.std(0).clamp_min(1e-3)
            _, _, directions = torch.pca_lowrank((rows - mean)[:4000] / scale, width, niter=4)
            weight = directions.t() / scale
        else:
            centred = classifier - classifier.mean(0)
            _, _, directions = torch.svd_lowrank(centred, width, niter=6)
            weight = directions.t() / (rows - mean).std()
        heads[f"heads.{depth}.weight"], heads[f"heads.{depth}.bias"] = weight.contiguous(), -(weight @ mean)
        at += size
    total = sum(WIDTHS)
    generator = torch.Generator().manual_seed(1)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    heads["meaning.0.weight"], heads["meaning.0.bias"] = normal(HIDDEN, 384) * 1.0, torch.zeros(HIDDEN)
    heads["meaning.1.weight"], heads["meaning.1.bias"] = normal(total, HIDDEN) / math.sqrt(HIDDEN), torch.zeros(total)
    heads["scale"], heads["class_scale"] = torch.tensor(math.log(10.0)), torch.tensor(math.log(15.0))
    return heads


def embed_features(heads, features):
    parts, at = [], 0
    for depth, size in enumerate(TAP_SIZES):
        part = linear(features[:, at:at + size].float(), heads[f"heads.{depth}.weight"], heads[f"heads.{depth}.bias"])
        parts.append(F.normalize(part, dim=1) * math.sqrt(SHARES[depth]))
        at += size
    return torch.cat(parts, 1)


def embed_meanings(heads, meanings):
    hidden = F.gelu(linear(meanings.float(), heads["meaning.0.weight"], heads["meaning.0.bias"]))
    return F.normalize(linear(hidden, heads["meaning.1.weight"], heads["meaning.1.bias"]), dim=1)


def class_points(heads, classifier):
    centred = classifier - classifier.mean(0)
    return F.normalize(linear(centred, heads[f"heads.{len(WIDTHS) - 1}.weight"]), dim=1)


def contrastive(images, texts, scale, groups):
    """Symmetric cross-entropy (Radford et al. 2021, figure 3). Two pictures of one group are not negatives."""
    logits = linear(images, texts) * scale.exp().clamp_max(60)
    other = (groups[:, None] == groups[None]) & ~torch.eye(len(groups), dtype=torch.bool)
    logits = logits.masked_fill(other, -1e4)
    target = torch.arange(len(groups))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2


def soft_cross_entropy(logits, share):
    return -(share * logits.log_softmax(1)).sum(1)


class Data:
    """Features of the training pictures in every variant, and the texts with their meanings."""

    def __init__(self, folder, records, rows, meanings, classifier):
        parts = [torch.load(path) for path in sorted(Path(folder).glob("train_*.pt"))]
        self.indices = parts[0]["indices"]
        self.features = torch.stack([part["rows"] for part in parts])
        self.records, self.meanings, self.classifier = records, meanings, classifier
        self.place = {text: at for at, (text, _, _) in enumerate(rows)}
        self.classes = [classes for _, classes, _ in rows]
        self.labelled = [at for at, classes in enumerate(self.classes) if classes]
        self.captions = [[self.place[c] for c in records[i]["captions"] if c in self.place] for i in self.indices.tolist()]
        self.groups = torch.tensor([records[i]["group"] for i in self.indices.tolist()])
        synthetic = torch.tensor([records[i]["source"] == "synthetic" for i in self.indices.tolist()])
        usable = torch.tensor([bool(c) for c in self.captions])
        self.pools = [torch.nonzero(usable & ~synthetic)[:, 0], torch.nonzero(usable & synthetic)[:, 0]]
        named = torch.zeros(1000, 384)
        for at in self.labelled:
            if len(self.classes[at]) == 1 and len(rows[at][0]) < 60:
                named[self.classes[at][0]] += meanings[at].float()
        self.class_meanings = F.normalize(named, dim=1)

    def pictures(self, count, generator):
        shares = [int(count * 0.6), count - int(count * 0.6)]
        chosen = torch.cat([pool[torch.randint(len(pool), (share,), generator=generator)] for pool, share in zip(self.pools, shares)])
        u = torch.rand(len(chosen), generator=generator)
        texts = [self.captions[i][int(v * v * len(self.captions[i]))] for i, v in zip(chosen.tolist(), u.tolist())]
        variant = torch.randint(len(self.features), (len(chosen),), generator=generator)
        return self.features[variant, chosen], self.meanings[texts], self.groups[chosen]

    def labelled_texts(self, count, generator):
        chosen = [self.labelled[i] for i in torch.randint(len(self.labelled), (count,), generator=generator).tolist()]
        share = torch.zeros(count, 1000)
        for row, at in enumerate(chosen):
            share[row, self.classes[at]] = 1 / len(set(self.classes[at]))
        return self.meanings[chosen], share

    def any_texts(self, count, generator):
        meanings = self.meanings[torch.randint(len(self.meanings), (count,), generator=generator)]
        alike = linear(meanings, self.class_meanings)
        return meanings, (alike / 0.05).softmax(1), ((alike.amax(1) - 0.35) / 0.3).clamp(0, 1)


def loss_of(heads, data, generator, noise=0.02):
    features, meanings, groups = data.pictures(BATCH, generator)
    disturbed = lambda m: F.normalize(m.float() + noise * torch.randn(m.shape, generator=generator), dim=1)
    pictures = contrastive(embed_features(heads, features), embed_meanings(heads, disturbed(meanings)), heads["scale"], groups)
    points, early = class_points(heads, data.classifier), sum(WIDTHS[:-1])
    scale = heads["class_scale"].exp().clamp_max(40)

    meanings, share = data.labelled_texts(BATCH, generator)
    texts = embed_meanings(heads, disturbed(meanings))
    last = F.normalize(texts[:, early:], dim=1)
    named = soft_cross_entropy(linear(last, points) * scale, share).mean()
    towards = F.normalize(linear(share, points.t()), dim=1)
    aligned = (1 - (last * towards).sum(1)).mean()
    quiet = texts[:, :early].square().sum(1).mean()  # a class says little about colour and texture

    meanings, share, weight = data.any_texts(BATCH // 2, generator)
    last = F.normalize(embed_meanings(heads, meanings)[:, early:], dim=1)
    alike = (soft_cross_entropy(linear(last, points) * scale, share) * weight).mean()
    return pictures + 0.5 * named + 1.0 * aligned + 0.3 * quiet + 0.3 * alike, (pictures, named, aligned, alike)


def train(data, start_values, steps, seed, checkpoint, report, rate=2e-3):
    names = list(start_values)
    heads = {name: value.clone().requires_grad_() for name, value in start_values.items()}
    trunk_side = [heads[n] for n in names if n.startswith("heads.")]
    text_side = [heads[n] for n in names if not n.startswith("heads.")]
    optimiser = torch.optim.AdamW([{"params": trunk_side, "lr": rate * 0.15, "weight_decay": 0.0},
                                   {"params": text_side, "lr": rate, "weight_decay": 0.02}], betas=(0.9, 0.98))
    for group in optimiser.param_groups:
        group["full"] = group["lr"]
    averaged, first, began = {n: v.detach().clone() for n, v in heads.items()}, 0, time.time()
    if Path(checkpoint).exists():
        saved = torch.load(checkpoint)
        first, averaged = saved["step"], saved["averaged"]
        optimiser.load_state_dict(saved["optimiser"])
        for name in names:
            heads[name].data.copy_(saved["heads"][name])
    for step in range(first, steps):
        generator = torch.Generator().manual_seed(seed * 1000003 + step)
        factor = min(1, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimiser.param_groups:
            group["lr"] = group["full"] * factor
        loss, parts = loss_of(heads, data, generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        decay = min(0.995, (step + 1) / (step + 20))
        for name in names:
            averaged[name].lerp_(heads[name].detach(), 1 - decay)
        if step % 50 == 0 or step + 1 == steps:
            report(f"heads: step {step}, loss {loss.item():.3f}, pictures {parts[0].item():.3f}, named {parts[1].item():.3f}, "
                   f"aligned {parts[2].item():.3f}, alike {parts[3].item():.3f}, {time.time() - began:.0f} s")
            torch.save({"step": step + 1, "heads": {n: v.detach() for n, v in heads.items()}, "averaged": averaged,
                        "optimiser": optimiser.state_dict()}, str(checkpoint) + ".new")
            Path(str(checkpoint) + ".new").rename(checkpoint)
    return averaged


def zero_shot(pictures, texts, labels):
    """Top-1 and top-5 of pictures' embeddings among the nouns' texts."""
    best = (pictures @ texts.t()).topk(5, 1).indices
    hit = best == labels[:, None]
    return hit[:, 0].float().mean().item(), hit.any(1).float().mean().item()
