"""Trains the heads: linear maps from the trunk's features, depth by depth, and maps from the text tower's meaning of a text,
into one space (locked-image tuning, Zhai et al. 2022; trunk and text tower are frozen here).

The space has two halves. In the first, captioned pictures lie near their captions (symmetric cross-entropy); it is learnt. The
second is the classifier's own: a picture lies where the trunk's last features, less their mean, point to; a text where the
classifier's rows point to, weighted by how alike the text is to each of the thousand classes. How much of a text lies in the
second half is learnt, too: texts about things that ImageNet has lie there, the others in the first.
"""

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

WIDTHS = (32, 48, 112, 256)  # of the first half's parts, from the first depth to the last
SHARES = (0.10, 0.15, 0.30, 0.45)  # of each part in the squared length of that half
CLASS_SHARE = 0.7  # of the second half in a picture's embedding when it is used; half of it in training
MOST_IN_CLASSES = 0.85  # of a text
TAP_SIZES = (48, 80, 224, 1280)
HIDDEN, BATCH, WARM_UP = 1024, 512, 100
FROZEN = ("classes.mean",)


def linear(x, weight, bias=None):
    """In bfloat16, which processors multiply fast."""
    y = F.linear(x.bfloat16(), weight.bfloat16()).float()
    return y if bias is None else y + bias


def class_rows(classifier):
    """Where each class points to in the space of the last features: rows less their mean, of unit length."""
    return F.normalize(classifier - classifier.mean(0), dim=1)


def start(class_meanings, features):
    """The first guess: principal directions of the pictures at each depth; classes lie where their names do."""
    heads, at = {}, 0
    for depth, (size, width) in enumerate(zip(TAP_SIZES, WIDTHS)):
        rows = features[:, at:at + size].float()
        mean, scale = rows.mean(0), rows.std(0).clamp_min(1e-3)
        _, _, directions = torch.pca_lowrank((rows - mean)[:4000] / scale, width, niter=4)
        weight = directions.t() / scale
        heads[f"heads.{depth}.weight"], heads[f"heads.{depth}.bias"] = weight.contiguous(), -(weight @ mean)
        at += size
    heads["classes.mean"] = features[:, -TAP_SIZES[-1]:].float().mean(0)
    heads["classes.keys"], heads["classes.scale"] = class_meanings.clone(), torch.tensor(20.0)
    total = sum(WIDTHS)
    generator = torch.Generator().manual_seed(1)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    heads["meaning.0.weight"], heads["meaning.0.bias"] = normal(HIDDEN, 384) * 1.0, torch.zeros(HIDDEN)
    heads["meaning.1.weight"], heads["meaning.1.bias"] = normal(total, HIDDEN) / math.sqrt(HIDDEN), torch.zeros(total)
    heads["classes.gate.weight"], heads["classes.gate.bias"] = torch.zeros(1, HIDDEN), torch.zeros(1)
    heads["scale"] = torch.tensor(math.log(10.0))
    return heads


def embed_features(heads, features, class_share=CLASS_SHARE):
    parts, at = [], 0
    for depth, size in enumerate(TAP_SIZES):
        part = linear(features[:, at:at + size].float(), heads[f"heads.{depth}.weight"], heads[f"heads.{depth}.bias"])
        parts.append(F.normalize(part, dim=1) * math.sqrt(SHARES[depth] * (1 - class_share)))
        at += size
    last = features[:, -TAP_SIZES[-1]:].float() - heads["classes.mean"]
    return torch.cat([*parts, F.normalize(last, dim=1) * math.sqrt(class_share)], 1)


def class_logits(heads, meanings):
    return linear(meanings.float(), F.normalize(heads["classes.keys"], dim=1)) * heads["classes.scale"].clamp(10, 40)


def text_parts(heads, meanings):
    """The learnt half, of unit length, and the logit of how much of the text lies in the other."""
    hidden = F.gelu(linear(meanings.float(), heads["meaning.0.weight"], heads["meaning.0.bias"]))
    learnt = F.normalize(linear(hidden, heads["meaning.1.weight"], heads["meaning.1.bias"]), dim=1)
    return learnt, F.linear(hidden, heads["classes.gate.weight"], heads["classes.gate.bias"])


def towards_classes(heads, meanings, rows):
    """Where the classes that the meanings are like point to; short where these have little in common."""
    return linear(class_logits(heads, meanings).softmax(1), rows.t())


def class_share(mixture, gate):
    """How much of a text lies in the second half when it is used: hardly anything unless the classes that it is like have
    something in common. The program has the same numbers (plugins/perceptors/lit/text_head.cpp)."""
    return MOST_IN_CLASSES * ((mixture.norm(dim=1, keepdim=True) + 0.35 * gate.sigmoid() - 0.4) / 0.4).clamp(0, 1)


def towards_concepts(heads, meanings):
    """Where the concepts that the meanings are like point to, of unit length, and how sure that is: nothing for texts that are
    like no concept, or like several that look different."""
    likeness = linear(meanings.float(), F.normalize(heads["concepts.keys"], dim=1))
    weights = (likeness * heads["concepts.scale"]).softmax(1)
    mixture = weights @ F.normalize(heads["concepts.rows"], dim=1)
    known = (((weights * likeness).sum(1, keepdim=True) - 0.55) / 0.3).clamp(0, 1)
    return F.normalize(mixture, dim=1), known * ((mixture.norm(dim=1, keepdim=True) - 0.3) / 0.4).clamp(0, 1)


def embed_meanings(heads, meanings, rows, training=False):
    learnt, gate = text_parts(heads, meanings)
    mixture = towards_classes(heads, meanings, rows)
    share = gate.sigmoid().clamp(1e-4, 1 - 1e-4) if training else class_share(mixture, gate)
    towards = F.normalize(mixture, dim=1)
    if not training and "concepts.rows" in heads:
        concept, sure = towards_concepts(heads, meanings)
        more = heads["concepts.share"] * sure * (1 - share / MOST_IN_CLASSES)
        towards, share = F.normalize(share * towards + more * concept, dim=1), share + more
    return torch.cat([learnt * (1 - share).sqrt(), towards * share.sqrt()], 1)


def contrastive(images, texts, scale, groups):
    """Symmetric cross-entropy (Radford et al. 2021, figure 3). Two pictures of one group are not negatives."""
    logits = linear(images, texts) * scale.exp().clamp_max(60)
    other = (groups[:, None] == groups[None]) & ~torch.eye(len(groups), dtype=torch.bool)
    logits = logits.masked_fill(other, -1e4)
    target = torch.arange(len(groups))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2


def soft_cross_entropy(logits, share):
    return -(share * logits.log_softmax(1)).sum(1)


def class_meanings(rows, meanings):
    """Where the names of each class lie: the mean of the short texts that stand for it alone."""
    named = torch.zeros(1000, meanings.shape[1])
    for at, (text, classes, _) in enumerate(rows):
        if len(classes) == 1 and len(text) < 60:
            named[classes[0]] += meanings[at].float()
    return F.normalize(named, dim=1)


class Data:
    """Features of the training pictures in every variant; the texts with what the tower and what MiniLM makes of them."""

    def __init__(self, folder, records, rows, tower_meanings, minilm_meanings, classifier):
        parts = [torch.load(path) for path in sorted(Path(folder).glob("train_*.pt"))]
        self.indices = parts[0]["indices"]
        self.features = torch.stack([part["rows"] for part in parts])
        self.records, self.meanings, self.rows = records, tower_meanings, class_rows(classifier)
        self.place = {text: at for at, (text, _, _) in enumerate(rows)}
        self.classes = [classes for _, classes, _ in rows]
        self.labelled = [at for at, classes in enumerate(self.classes) if classes]
        self.captions = [[self.place[c] for c in records[i]["captions"] if c in self.place] for i in self.indices.tolist()]
        self.groups = torch.tensor([records[i]["group"] for i in self.indices.tolist()])
        synthetic = torch.tensor([records[i]["source"] == "synthetic" for i in self.indices.tolist()])
        usable = torch.tensor([bool(c) for c in self.captions])
        self.pools = [torch.nonzero(usable & ~synthetic)[:, 0], torch.nonzero(usable & synthetic)[:, 0]]
        self.names = class_meanings(rows, tower_meanings)
        self.minilm, self.minilm_names = minilm_meanings, class_meanings(rows, minilm_meanings)

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
        """Texts with the classes that MiniLM finds alike, and how far it finds any."""
        chosen = torch.randint(len(self.meanings), (count,), generator=generator)
        alike = linear(self.minilm[chosen].float(), self.minilm_names)
        return self.meanings[chosen], (alike / 0.05).softmax(1), ((alike.amax(1) - 0.4) / 0.3).clamp(0, 1)


def loss_of(heads, data, generator, noise=0.02):
    features, meanings, groups = data.pictures(BATCH, generator)
    disturbed = lambda m: F.normalize(m.float() + noise * torch.randn(m.shape, generator=generator), dim=1)
    texts = embed_meanings(heads, disturbed(meanings), data.rows, training=True)
    pictures = contrastive(embed_features(heads, features, class_share=0.5), texts, heads["scale"], groups)

    meanings, share = data.labelled_texts(BATCH, generator)
    meanings = disturbed(meanings)
    named = soft_cross_entropy(class_logits(heads, meanings), share).mean()
    gates = F.softplus(-text_parts(heads, meanings)[1]).mean()

    meanings, share, weight = data.any_texts(BATCH, generator)
    alike = (soft_cross_entropy(class_logits(heads, meanings), share) * (0.1 + weight)).mean()
    gates = gates + F.binary_cross_entropy_with_logits(text_parts(heads, meanings)[1][:, 0], weight)
    return pictures + 0.5 * named + 0.5 * alike + 0.2 * gates, (pictures, named, alike, gates)


def train(data, start_values, steps, seed, checkpoint, report, rate=2e-3):
    names = list(start_values)
    heads = {name: value.clone().requires_grad_(name not in FROZEN) for name, value in start_values.items()}
    trunk_side = [heads[n] for n in names if n.startswith("heads.") or n == "classes.keys"]
    text_side = [heads[n] for n in names if not n.startswith("heads.") and n not in ("classes.keys", *FROZEN)]
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
                   f"alike {parts[2].item():.3f}, gates {parts[3].item():.3f}, {time.time() - began:.0f} s")
            torch.save({"step": step + 1, "heads": {n: v.detach() for n, v in heads.items()}, "averaged": averaged,
                        "optimiser": optimiser.state_dict()}, str(checkpoint) + ".new")
            Path(str(checkpoint) + ".new").rename(checkpoint)
    return averaged


def zero_shot(pictures, texts, labels):
    """Top-1 and top-5 of pictures' embeddings among the nouns' texts."""
    best = (pictures @ texts.t()).topk(5, 1).indices
    hit = best == labels[:, None]
    return hit[:, 0].float().mean().item(), hit.any(1).float().mean().item()
