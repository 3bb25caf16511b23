#!/usr/bin/env python3
"""Makes VQGAN checkpoints with random weights, and what PyTorch says they compute:

    vqgan_reference.py FOLDER [--published]

writes FOLDER/CASE.ckpt and FOLDER/CASE.expected (safetensors) for each case and prints both paths, a case a line. With
--published, it writes the published architectures for benchmarks/vqgan_benchmark.cpp, without results. The networks are assembled here from their published description (Esser, Rombach & Ommer 2021, and the hyperparameters of the
published configurations); every parameter is random, so that none can be forgotten. Results are in double.
"""
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn


def norm(width):
    return nn.GroupNorm(32, width, eps=1e-6)


def conv(inputs, outputs, side=3):
    return nn.Conv2d(inputs, outputs, side, padding=side // 2)


def swish(x):
    return x * torch.sigmoid(x)


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), conv(inputs, outputs)
        self.norm2, self.conv2 = norm(outputs), conv(outputs, outputs)
        if inputs != outputs:
            self.nin_shortcut = conv(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(swish(self.norm1(x)))
        h = self.conv2(swish(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class SelfAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.q, self.k, self.v = norm(width), conv(width, width, 1), conv(width, width, 1), conv(width, width, 1)
        self.proj_out = conv(width, width, 1)

    def forward(self, x):
        h = self.norm(x)
        q, k, v = self.q(h).flatten(2), self.k(h).flatten(2), self.v(h).flatten(2)
        how_much = torch.softmax(torch.einsum("nci,ncj->nij", q, k) / q.shape[1] ** 0.5, dim=2)
        return x + self.proj_out(torch.einsum("nij,ncj->nci", how_much, v).view_as(x))


class Resample(nn.Module):
    def __init__(self, width, up):
        super().__init__()
        self.up, self.conv = up, nn.Conv2d(width, width, 3, stride=1 if up else 2, padding=1 if up else 0)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest") if self.up else F.pad(x, (0, 1, 0, 1)))


def level(inputs, outputs, blocks, attention):
    result = nn.Module()
    result.block = nn.ModuleList(Residual(inputs if i == 0 else outputs, outputs) for i in range(blocks))
    result.attn = nn.ModuleList(SelfAttention(outputs) for _ in range(blocks if attention else 0))
    return result


def run_level(part, x):
    for i, block in enumerate(part.block):
        x = block(x)
        if len(part.attn):
            x = part.attn[i](x)
    return x


def middle(width):
    result = nn.Module()
    result.block_1, result.attn_1, result.block_2 = Residual(width, width), SelfAttention(width), Residual(width, width)
    return result


def run_middle(part, x):
    return part.block_2(part.attn_1(part.block_1(x)))


class Encoder(nn.Module):
    def __init__(self, ch, mult, blocks, attention, z, in_channels=3):
        super().__init__()
        self.conv_in = conv(in_channels, ch)
        self.down = nn.ModuleList()
        width = ch
        for i, m in enumerate(mult):
            self.down.append(level(width, ch * m, blocks, i in attention))
            width = ch * m
            if i < len(mult) - 1:
                self.down[i].downsample = Resample(width, up=False)
        self.mid = middle(width)
        self.norm_out, self.conv_out = norm(width), conv(width, z)

    def forward(self, x):
        x = self.conv_in(x)
        for part in self.down:
            x = run_level(part, x)
            if hasattr(part, "downsample"):
                x = part.downsample(x)
        return self.conv_out(swish(self.norm_out(run_middle(self.mid, x))))


class Decoder(nn.Module):
    def __init__(self, ch, mult, blocks, attention, z):
        super().__init__()
        width = ch * mult[-1]
        self.conv_in, self.mid = conv(z, width), middle(width)
        parts = {}
        for i in reversed(range(len(mult))):
            parts[i] = level(width, ch * mult[i], blocks + 1, i in attention)
            width = ch * mult[i]
            if i > 0:
                parts[i].upsample = Resample(width, up=True)
        self.up = nn.ModuleList(parts[i] for i in range(len(mult)))
        self.norm_out, self.conv_out = norm(width), conv(width, 3)

    def forward(self, x):
        x = run_middle(self.mid, self.conv_in(x))
        for part in reversed(self.up):
            x = run_level(part, x)
            if hasattr(part, "upsample"):
                x = part.upsample(x)
        return self.conv_out(swish(self.norm_out(x)))


class Vqgan(nn.Module):
    def __init__(self, ch, mult, blocks, attention, z, embed, codes, gumbel=False, in_channels=3):
        super().__init__()
        self.encoder = Encoder(ch, mult, blocks, attention, z, in_channels)
        self.decoder = Decoder(ch, mult, blocks, attention, z)
        self.quant_conv, self.post_quant_conv = conv(z, embed, 1), conv(embed, z, 1)
        self.quantize = nn.Module()
        if gumbel:
            self.quantize.proj, self.quantize.embed = conv(embed, codes, 1), nn.Embedding(codes, embed)
        else:
            self.quantize.embedding = nn.Embedding(codes, embed)
        self.gumbel = gumbel

    def codebook(self):
        return (self.quantize.embed if self.gumbel else self.quantize.embedding).weight

    def encode(self, image):
        return self.quant_conv(self.encoder(image))

    def decode(self, quantised):
        return self.decoder(self.post_quant_conv(quantised))

    def nearest(self, z):
        return torch.cdist(z.movedim(1, -1).flatten(0, 2), self.codebook()).argmin(1).view(z.shape[0], *z.shape[2:])

    def choose(self, encoded):
        return self.quantize.proj(encoded).argmax(1) if self.gumbel else self.nearest(encoded)

    def embed(self, codes):
        return self.codebook()[codes].movedim(-1, 1)

    def straight_through(self, z, codes):
        return z + (self.embed(codes) - z).detach()


def randomise(model):
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 1:
                p.normal_(1.0 if "norm" in name and name.endswith("weight") else 0.0, 0.1)
            elif "embed" in name:
                p.normal_()
    return model


def expect(model, path, height, width):
    """All of it in double, on float's values."""
    model = model.double()
    image = (torch.rand(2, 3, height, width) * 2 - 1).float().double()
    encoded = model.encode(image)
    result = {"image": image, "encoded": encoded, "codes": model.choose(encoded)}
    if model.gumbel:
        result["logits"] = model.quantize.proj(encoded)
    # As the plugin uses it: a latent that is nowhere in the codebook, its picture, and the way back.
    z = torch.randn_like(encoded).float().double().requires_grad_()
    nearest = model.nearest(z)
    decoded = model.decode(model.straight_through(z, nearest))
    mix = torch.randn_like(decoded).float().double()
    (decoded * mix).sum().backward()
    result.update(z=z, nearest=nearest, quantised=model.embed(nearest), decoded=decoded, mix=mix, z_gradient=z.grad)
    # As training uses it: through the whole network, to every weight.
    model.zero_grad()
    quantised = model.straight_through(encoded, result["codes"])
    (model.decode(quantised) * mix).sum().backward(retain_graph=model.gumbel)
    if model.gumbel:
        result["logits"].square().sum().backward()
    (model.embed(result["codes"]) * result["quantised"].detach()).sum().backward()
    for name, p in model.named_parameters():
        result["gradient." + name] = p.grad.float()
    save_file({k: v.detach().clone().contiguous() for k, v in result.items()}, path)


class ModelCheckpoint:
    """Lightning had the classes themselves as keys of its callbacks."""


def lightning(tensors, extra=True):
    if extra:
        tensors = {**tensors, "loss.perceptual_loss.net.slice1.0.weight": torch.randn(4, 3, 3, 3),
                   "loss.discriminator.main.0.weight": torch.randn(4, 3, 4, 4)}
    moments = {i: {"step": 7, "exp_avg": torch.randn(3), "exp_avg_sq": torch.rand(3)} for i in range(2)}
    return {"epoch": 3, "global_step": 1234, "pytorch-lightning_version": "1.0.8", "state_dict": tensors,
            "callbacks": {ModelCheckpoint: {"monitor": "val/rec_loss", "best_model_score": torch.tensor(0.5)}},
            "optimizer_states": [{"state": moments, "param_groups": [{"lr": 1e-4, "params": [0, 1]}]}], "lr_schedulers": []}


def net2net(tensors):
    labels = Vqgan(32, (1,), 1, (), 8, 8, 16, in_channels=182)
    result = {"first_stage_model." + k: v for k, v in tensors.items()}
    result.update({"cond_stage_model." + k: v for k, v in labels.state_dict().items()})
    result.update({"transformer.tok_emb.weight": torch.randn(16, 8), "transformer.blocks.0.attn.mask": torch.ones(1, 1, 4, 4)})
    return result


F16 = dict(ch=32, mult=(1, 1, 2, 2, 4), blocks=2, attention=(4,), z=24, embed=24, codes=96)
GUMBEL_F8 = dict(ch=32, mult=(1, 1, 2, 4), blocks=2, attention=(3,), z=32, embed=32, codes=80, gumbel=True)
PUBLISHED = {
    "f16_1024": dict(ch=128, mult=(1, 1, 2, 2, 4), blocks=2, attention=(4,), z=256, embed=256, codes=1024),
    "f16_16384": dict(ch=128, mult=(1, 1, 2, 2, 4), blocks=2, attention=(4,), z=256, embed=256, codes=16384),
    "gumbel_f8_8192": dict(ch=128, mult=(1, 1, 2, 4), blocks=2, attention=(3,), z=256, embed=256, codes=8192, gumbel=True),
}
ODD = dict(ch=32, mult=(1, 3), blocks=1, attention=(), z=12, embed=5, codes=33)

# name: (network, height, width, what is saved, the old format)
CASES = {
    "lightning": (F16, 48, 64, lightning, False),
    "lightning_legacy": (ODD, 6, 10, lightning, True),
    "net2net": (F16, 32, 32, lambda t: lightning(net2net(t), extra=False), False),
    "net2net_bare_legacy": (ODD, 4, 2, net2net, True),
    "gumbel": (GUMBEL_F8, 24, 40, lightning, False),
    "state_dict": (GUMBEL_F8, 16, 8, dict, False),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    for name, shape in PUBLISHED.items() if "--published" in sys.argv else ():
        torch.save({"state_dict": randomise(Vqgan(**shape)).state_dict()}, folder / f"{name}.ckpt")
    if "--published" in sys.argv:
        return
    for number, (name, (shape, height, width, wrap, legacy)) in enumerate(CASES.items()):
        torch.manual_seed(number)
        model = randomise(Vqgan(**shape))
        path, expected = folder / f"{name}.ckpt", folder / f"{name}.expected"
        torch.save(wrap(model.state_dict()), path, _use_new_zipfile_serialization=not legacy)
        expect(model, expected, height, width)
        print(path, expected, sep="\t")


main()
