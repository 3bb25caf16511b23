"""Trains the text tower: a small transformer that places a text where MiniLM places it (distillation), and beside the classes
of ImageNet that the text stands for or that MiniLM finds alike.

It begins as the mean of its words: each token's vector is what MiniLM makes of that token alone, in the leading principal
directions and less for frequent tokens; the layers, whose outputs are zero at first, learn what the order adds.
"""

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from heads import linear

WIDTH, LAYERS, HEADS, CONTEXT, BATCH, WARM_UP = 256, 3, 4, 96, 256, 100
TEMPERATURE = 0.05  # of the likeness of texts and classes


def start(tokenizer, frequencies, token_meanings, meanings):
    """`token_meanings` [vocabulary, 384], `meanings`: those of texts at large."""
    mean = meanings[::20].float().mean(0)
    _, _, directions = torch.pca_lowrank(meanings[::20].float() - mean, WIDTH, niter=4)
    generator = torch.Generator().manual_seed(1)
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    vectors = (token_meanings.float() - mean) @ directions
    vectors = vectors * (1e-3 / (1e-3 + frequencies))[:, None] * 20
    t = {"text.token_embedding": vectors, "text.position": 0.01 * normal(CONTEXT, WIDTH),
         "text.out.weight": directions.contiguous() / 20, "text.out.bias": mean * 0.2}
    for layer in range(LAYERS):
        p = f"text.layers.{layer}."
        t[p + "norm1.weight"], t[p + "norm1.bias"] = torch.ones(WIDTH), torch.zeros(WIDTH)
        t[p + "norm2.weight"], t[p + "norm2.bias"] = torch.ones(WIDTH), torch.zeros(WIDTH)
        t[p + "attention_in.weight"], t[p + "attention_in.bias"] = normal(3 * WIDTH, WIDTH) / 16, torch.zeros(3 * WIDTH)
        t[p + "attention_out.weight"], t[p + "attention_out.bias"] = torch.zeros(WIDTH, WIDTH), torch.zeros(WIDTH)
        t[p + "mlp_in.weight"], t[p + "mlp_in.bias"] = normal(4 * WIDTH, WIDTH) / 16, torch.zeros(4 * WIDTH)
        t[p + "mlp_out.weight"], t[p + "mlp_out.bias"] = torch.zeros(WIDTH, 4 * WIDTH), torch.zeros(WIDTH)
    return t


def forward(t, ids, lengths):
    """ids int64 [N, T], padded with anything; float [N, 384] of unit length."""
    n, length = ids.shape
    valid = torch.arange(length)[None] < lengths[:, None]
    x = F.embedding(ids, t["text.token_embedding"]) + t["text.position"][:length]
    hidden = torch.where(valid, 0.0, -1e4)[:, None, None]
    for layer in range(LAYERS):
        p = f"text.layers.{layer}."
        y = F.layer_norm(x, (WIDTH,), t[p + "norm1.weight"], t[p + "norm1.bias"])
        q, k, v = linear(y, t[p + "attention_in.weight"], t[p + "attention_in.bias"]).view(n, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4).bfloat16()
        share = ((q @ k.transpose(2, 3)).float() / math.sqrt(WIDTH // HEADS) + hidden).softmax(-1)
        y = (share.bfloat16() @ v).float().transpose(1, 2).reshape(n, length, WIDTH)
        x = x + linear(y, t[p + "attention_out.weight"], t[p + "attention_out.bias"])
        y = F.gelu(linear(F.layer_norm(x, (WIDTH,), t[p + "norm2.weight"], t[p + "norm2.bias"]), t[p + "mlp_in.weight"], t[p + "mlp_in.bias"]))
        x = x + linear(y, t[p + "mlp_out.weight"], t[p + "mlp_out.bias"])
    x = (x * valid[..., None]).sum(1) / lengths[:, None]
    return F.normalize(linear(x, t["text.out.weight"], t["text.out.bias"]), dim=1)


def batch_of(ids, chosen):
    lengths = torch.tensor([len(ids[i]) for i in chosen])
    rows = torch.zeros(len(chosen), int(lengths.max()), dtype=torch.long)
    for row, i in enumerate(chosen):
        rows[row, :len(ids[i])] = torch.tensor(ids[i])
    return rows, lengths


@torch.no_grad()
def embed(t, ids, batch=256):
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    result = torch.empty(len(ids), 384, dtype=torch.float16)
    for at in range(0, len(order), batch):
        part = order[at:at + batch]
        result[part] = forward(t, *batch_of(ids, part)).half()
    return result


def batches(ids, important, step, seed):
    """The batch of a step. Sixteen batches are drawn at once, and sorted by length: less padding."""
    generator = torch.Generator().manual_seed(seed * 999983 + step // 16)
    half = 8 * BATCH
    chosen = [important[i] for i in torch.randint(len(important), (half,), generator=generator).tolist()]
    chosen += torch.randint(len(ids), (half,), generator=generator).tolist()
    chosen.sort(key=lambda i: len(ids[i]))
    at = torch.randperm(16, generator=generator)[step % 16].item()
    return chosen[at * BATCH:(at + 1) * BATCH]


class Texts:
    """Tokens of the texts that are learnt from, and of those that no step sees; `classes` that the former stand for, and the
    meanings of all classes' names."""

    def __init__(self, seen, held, classes, class_meanings):
        self.seen, self.held, self.classes, self.class_meanings = seen, held, classes, class_meanings

    def class_shares(self, chosen, goal):
        """[N, 1000]: what MiniLM finds alike, and for the greater part what is known."""
        shares = (linear(goal, self.class_meanings) / TEMPERATURE).softmax(1)
        for row, at in enumerate(chosen):
            if self.classes[at]:
                shares[row] *= 0.3
                shares[row, list(set(self.classes[at]))] += 0.7 / len(set(self.classes[at]))
        return shares


def train(start_values, texts, meanings, important, steps, seed, checkpoint, report, every=25, rate=1e-3):
    """`meanings`: of the seen texts and then of the held-out ones; `important`: places of texts that come up more often."""
    names = list(start_values)
    t = {name: value.clone().requires_grad_() for name, value in start_values.items()}
    groups = [{"params": [t[n] for n in names if t[n].dim() == 1 or "embedding" in n or "position" in n], "weight_decay": 0.0},
              {"params": [t[n] for n in names if not (t[n].dim() == 1 or "embedding" in n or "position" in n)], "weight_decay": 0.02}]
    optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    averaged, first, began = {n: v.detach().clone() for n, v in t.items()}, 0, time.time()
    if Path(checkpoint).exists():
        saved = torch.load(checkpoint)
        first, averaged = saved["step"], saved["averaged"]
        optimiser.load_state_dict(saved["optimiser"])
        for name in names:
            t[name].data.copy_(saved["tower"][name])
    ids, held_meanings = texts.seen, meanings[len(texts.seen):].float()
    for step in range(first, steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        chosen = batches(ids, important, step, seed)
        goal = meanings[chosen].float()
        e = forward(t, *batch_of(ids, chosen))
        near = (1 - (e * goal).sum(1)).mean()
        logits = linear(e, goal) * 20
        apart = F.cross_entropy(logits, torch.arange(len(chosen)))
        alike = F.kl_div((linear(e, texts.class_meanings) / TEMPERATURE).log_softmax(1), texts.class_shares(chosen, goal), reduction="batchmean")
        loss = near + 0.05 * apart + 0.2 * alike
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(t.values()), 1.0)
        optimiser.step()
        decay = min(0.99, (step + 1) / (step + 20))
        for name in names:
            averaged[name].lerp_(t[name].detach(), 1 - decay)
        if (step + 1) % every == 0 or step + 1 == steps or step == first:
            torch.save({"step": step + 1, "tower": {n: v.detach() for n, v in t.items()}, "averaged": averaged,
                        "optimiser": optimiser.state_dict()}, str(checkpoint) + ".new")
            Path(str(checkpoint) + ".new").rename(checkpoint)
            likeness = (embed(averaged, texts.held).float() * held_meanings).sum(1).mean().item() if (step + 1) % (4 * every) == 0 or step == first else float("nan")
            report(f"tower: step {step}, loss {loss.item():.4f}, distance {near.item():.4f}, alike {alike.item():.3f}, held-out likeness {likeness:.4f}, {time.time() - began:.0f} s")
    return averaged
