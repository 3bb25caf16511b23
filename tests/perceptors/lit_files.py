#!/usr/bin/env python3
"""Makes small files of the perceptor lit with random weights, and what PyTorch says they compute:

    lit_files.py FOLDER

writes FOLDER/trunk.pth, FOLDER/small.safetensors, FOLDER/plain.safetensors, which makes no use of the trunk's classifier, and
FOLDER/concepts.safetensors, which has concepts, too; and for each NAME FOLDER/NAME.expected with pictures, texts, their
embeddings and a gradient. The trunk is made of PyTorch's modules, batch norms and all, and the text tower's layers are PyTorch's own, so that
nothing here is computed as the plugin or the training do it.
"""
import json
import math
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

STRIDES, TAPS, SHARES = [1, 2, 1, 2], [1, 2], [0.2, 0.3, 0.5]
MEAN, DEVIATION = 0.498, 0.502
WIDTHS, TEXT_WIDTH, TEXT_HEADS, LAYERS, CONTEXT, MEANING, HIDDEN = (5, 6, 9), 32, 4, 2, 40, 24, 20
CLASSES, CLASS_SHARE = 7, 0.4
MERGES = ["a t</w>", "c at</w>", "c a"]
TEXTS = ["a cat", "It's 2 castles, Ünïcode & all!", "cat " * 12]


class Same(nn.Module):
    """TensorFlow's "same" padding: outputs are as many as inputs over the stride, and what is odd goes behind."""

    def __init__(self, kernel, stride):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        pads = []
        for side in (x.shape[3], x.shape[2]):
            total = max((-(-side // self.stride) - 1) * self.stride + self.kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return nn.functional.pad(x, pads)


def convolution(channels, out, kernel=1, stride=1, groups=1):
    return nn.Sequential(Same(kernel, stride), nn.Conv2d(channels, out, kernel, stride, groups=groups, bias=False))


class Block(nn.Module):
    def __init__(self, channels, expansion, out, kernel, stride):
        super().__init__()
        wide, self.keeps = channels * expansion, stride == 1 and channels == out
        self.parts = nn.ModuleDict()
        if expansion > 1:
            self.parts.update({"_expand_conv": convolution(channels, wide), "_bn0": nn.BatchNorm2d(wide, eps=1e-3)})
        self.parts.update({"_depthwise_conv": convolution(wide, wide, kernel, stride, wide), "_bn1": nn.BatchNorm2d(wide, eps=1e-3),
                           "_project_conv": convolution(wide, out), "_bn2": nn.BatchNorm2d(out, eps=1e-3)})

    def forward(self, x):
        y = x
        for name, part in self.parts.items():
            y = part(y)
            if name in ("_bn0", "_bn1"):
                y = nn.functional.relu6(y)
        return x + y if self.keeps else y


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.norm0 = convolution(3, 8, 3, 2), nn.BatchNorm2d(8, eps=1e-3)
        self.blocks = nn.ModuleList([Block(8, 1, 6, 3, 1), Block(6, 3, 10, 5, 2), Block(10, 3, 10, 3, 1), Block(10, 2, 12, 3, 2)])
        self.head, self.norm1, self.fc = convolution(12, 16), nn.BatchNorm2d(16, eps=1e-3), nn.Linear(16, CLASSES)

    def rows(self, images):
        x = nn.functional.relu6(self.norm0(self.stem((images - MEAN) / DEVIATION)))
        found = []
        for at, block in enumerate(self.blocks):
            x = block(x)
            if at in TAPS:
                found.append(torch.cat([x.mean((2, 3)), (x.var((2, 3), unbiased=False) + 1e-5).sqrt()], 1))
        return found + [nn.functional.relu6(self.norm1(self.head(x))).mean((2, 3))]

    def tensors(self):
        """By the names of the well-known port."""
        found = {}
        for old, tensor in self.state_dict().items():
            name = old.replace("stem.1", "_conv_stem").replace("norm0", "_bn0").replace("head.1", "_conv_head").replace("norm1", "_bn1")
            name = name.replace("blocks.", "_blocks.").replace("parts.", "").replace("_conv.1.", "_conv.").replace("fc.", "_fc.")
            found[name] = tensor
        return found


class TextTower(nn.Module):
    def __init__(self, vocabulary, embedding):
        super().__init__()
        self.tokens, self.position = nn.Embedding(vocabulary, TEXT_WIDTH), nn.Parameter(torch.randn(CONTEXT, TEXT_WIDTH))
        self.layers = nn.ModuleList([nn.TransformerEncoderLayer(TEXT_WIDTH, TEXT_HEADS, 4 * TEXT_WIDTH, dropout=0, activation="gelu",
                                                                batch_first=True, norm_first=True) for _ in range(LAYERS)])
        self.out, self.meaning0, self.meaning1 = nn.Linear(TEXT_WIDTH, MEANING), nn.Linear(MEANING, HIDDEN), nn.Linear(HIDDEN, embedding)

    def meaning(self, ids):
        x = (self.tokens(torch.tensor(ids)) + self.position[:len(ids)])[None]
        for layer in self.layers:
            x = layer(x)
        return nn.functional.normalize(self.out(x.mean(1)))

    def learnt(self, meaning):
        return nn.functional.normalize(self.meaning1(self.hidden(meaning)))

    def hidden(self, meaning):
        return nn.functional.gelu(self.meaning0(meaning))

    def tensors(self):
        found = {"text.token_embedding": self.tokens.weight, "text.position": self.position}
        for name, module in {"text.out": self.out, "meaning.0": self.meaning0, "meaning.1": self.meaning1}.items():
            found[name + ".weight"], found[name + ".bias"] = module.weight, module.bias
        for at, layer in enumerate(self.layers):
            p = f"text.layers.{at}."
            found[p + "attention_in.weight"], found[p + "attention_in.bias"] = layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias
            for name, module in {"norm1": layer.norm1, "norm2": layer.norm2, "attention_out": layer.self_attn.out_proj,
                                 "mlp_in": layer.linear1, "mlp_out": layer.linear2}.items():
                found[p + name + ".weight"], found[p + name + ".bias"] = module.weight, module.bias
        return found


def tokens_of(text):
    """With the three merges, by hand: bytes, but for "at" and "cat" at a word's end, and "ca" inside of it."""
    order = [*range(33, 127), *range(161, 173), *range(174, 256)]
    order += [byte for byte in range(256) if byte not in order]
    ids = []
    import regex
    for word in regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", text.lower().strip()):
        symbols = [chr(b) if b < 128 else b for b in word.encode()]
        parts = [(s,) for s in symbols]
        for left, right, end in ((("a",), ("t",), True), (("c",), ("a", "t"), True), (("c",), ("a",), False)):
            at = 0
            while at + 1 < len(parts):
                # A word's last symbol is another one than the same inside of it.
                last = at + 2 == len(parts)
                if parts[at] == left and parts[at + 1] == right and last == end:
                    parts[at:at + 2] = [left + right]
                at += 1
        for at, part in enumerate(parts):
            last = at + 1 == len(parts)
            if part == ("a", "t"):
                ids.append(512)
            elif part == ("c", "a", "t"):
                ids.append(513)
            elif part == ("c", "a"):
                ids.append(514)
            else:
                byte = ord(part[0]) if isinstance(part[0], str) else part[0]
                ids.append(order.index(byte) + (256 if last else 0))
    return [515, *ids, 516]


def main(folder):
    torch.manual_seed(3)
    network = Network().eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.normal_(1, 0.2), module.bias.normal_(0.5, 0.3)
            module.running_mean.normal_(0, 0.1), module.running_var.uniform_(0.5, 1.5)
    torch.save(network.tensors(), folder / "trunk.pth", _use_new_zipfile_serialization=False)
    text = TextTower(517, sum(WIDTHS)).eval().requires_grad_(False)
    tensors = dict(text.tensors())
    for at, (size, width) in enumerate(zip((20, 20, 16), WIDTHS)):
        tensors[f"heads.{at}.weight"], tensors[f"heads.{at}.bias"] = torch.randn(width, size), torch.randn(width)
    tensors["heads.shares"] = torch.tensor(SHARES)
    words = lambda numbers: " ".join(map(str, numbers))
    declared = {"lit.trunk": str(folder / "trunk.pth"), "lit.input_size": "64", "lit.mean": str(MEAN), "lit.deviation": str(DEVIATION),
                "lit.strides": words(STRIDES), "lit.taps": words(TAPS), "lit.heads": str(TEXT_HEADS), "lit.merges": "\n".join(MERGES) + "\n"}
    meanings = torch.cat([text.meaning(tokens_of(t)) for t in TEXTS])

    def parts(images, share):
        return [nn.functional.normalize(rows @ tensors[f"heads.{at}.weight"].t() + tensors[f"heads.{at}.bias"]) * (SHARES[at] * share) ** 0.5
                for at, rows in enumerate(network.rows(images))]

    expect(folder, "plain", tensors, declared, lambda images: torch.cat(parts(images, 1), 1), text.learnt(meanings))

    keys, gate, mean = torch.randn(CLASSES, MEANING), nn.Linear(HIDDEN, 1).requires_grad_(False), torch.rand(16)
    tensors.update({"classes.keys": keys, "classes.scale": torch.tensor(3.0), "classes.mean": mean, "classes.gate.weight": gate.weight,
                    "classes.gate.bias": gate.bias})
    declared.update({"lit.classifier": "_fc.weight", "lit.class_share": str(CLASS_SHARE)})
    rows = network.fc.weight - network.fc.weight.mean(0, keepdim=True)
    alike = torch.softmax(3 * nn.functional.cosine_similarity(meanings[:, None], keys[None], dim=2), 1)
    mixture = alike @ nn.functional.normalize(rows)
    towards = nn.functional.normalize(mixture)
    share = 0.85 * ((mixture.norm(dim=1, keepdim=True) + 0.35 * torch.sigmoid(gate(text.hidden(meanings))) - 0.4) / 0.4).clip(0, 1)
    texts = torch.cat([text.learnt(meanings) * (1 - share).sqrt(), towards * share.sqrt()], 1)
    last = lambda images: nn.functional.normalize(network.rows(images)[-1] - mean) * CLASS_SHARE ** 0.5
    pictures = lambda images: torch.cat([*parts(images, 1 - CLASS_SHARE), last(images)], 1)
    expect(folder, "small", tensors, declared, pictures, texts)

    # Concepts: the first text is one, the second is somewhat like another.
    aside = torch.randn(MEANING)
    aside = nn.functional.normalize(aside - (aside @ meanings[1]) * meanings[1], dim=0)
    keys = torch.stack([meanings[0], 0.75 * meanings[1] + 0.66 * aside, *torch.randn(3, MEANING)]) * torch.tensor([[2.0], [0.5], [1], [1], [1]])
    rows, expected, mores = torch.randn(5, 16), [], []
    tensors.update({"concepts.keys": keys, "concepts.rows": rows, "concepts.scale": torch.tensor(40.0), "concepts.share": torch.tensor(0.45)})
    for at, meaning in enumerate(meanings):
        likeness = [float(meaning @ key / key.norm()) for key in keys]
        weights = [math.exp(40 * one) / sum(math.exp(40 * other) for other in likeness) for one in likeness]
        sum_of_rows = sum(weight * row / row.norm() for weight, row in zip(weights, rows))
        known = min(max((sum(w * l for w, l in zip(weights, likeness)) - 0.55) / 0.3, 0), 1)
        coherent = min(max((float(sum_of_rows.norm()) - 0.3) / 0.4, 0), 1)
        of_classes = float(share[at])
        mores.append(0.45 * known * coherent * (0.85 - of_classes) / 0.85)
        second = of_classes * towards[at] + mores[-1] * sum_of_rows / sum_of_rows.norm()
        all_second = of_classes + mores[-1]
        expected.append(torch.cat([text.learnt(meanings[at:at + 1])[0] * (1 - all_second) ** 0.5, second / second.norm() * all_second ** 0.5]))
    assert mores[0] > mores[1] + 0.05 > 0.1, mores  # at the limit, and below it
    expect(folder, "concepts", tensors, declared, pictures, torch.stack(expected))


def expect(folder, name, tensors, declared, embed, texts):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / f"{name}.safetensors", declared)
    images, mix = torch.rand(2, 3, 64, 64, requires_grad=True), torch.randn(2, texts.shape[1])
    embeddings = embed(images)
    (embeddings * mix).sum().backward()
    save_file({"images": images.detach(), "mix": mix, "image_embeddings": embeddings.detach(), "gradient": images.grad.contiguous(),
               "text_embeddings": texts}, folder / f"{name}.expected", {"texts": json.dumps(TEXTS)})


main(pathlib.Path(sys.argv[1]))
