#!/usr/bin/env python3
"""Makes checkpoints of depth networks with random weights, in the layouts in which they were published, and what PyTorch
says they compute:

    depth_reference.py FOLDER [--published]

writes FOLDER/CASE.pth and FOLDER/CASE.expected (safetensors) for each case and prints both paths, a case a line: small
networks, or with --published the published ones at full size, for parity_report.cpp and benchmarks/motion_benchmark.cpp.
Encoders are transformers' DINOv2 and timm's EfficientNet; the rest is assembled here from the published descriptions
(Ranftl et al. 2021, Yang et al. 2024; Bhat, Alhashim & Wonka 2021). Results are in double.
"""
import math
import pathlib
import sys

import timm
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from timm.models import efficientnet
from torch import nn
from transformers import Dinov2Config, Dinov2Model

MEAN, DEVIATION = (torch.tensor(v, dtype=torch.double).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))


def randomise(model):
    """Every parameter, so that none can be forgotten, and all of such a size that nothing dies out or explodes."""
    for name, p in model.named_parameters():
        with torch.no_grad():
            if "embed" in name or "token" in name or "positional" in name:
                p.normal_(0, 0.3)
            elif p.ndim == 1:
                # The scales of DINOv2's branches are small.
                centre = 0.3 if "lambda" in name else 1.0 if name.endswith("weight") else 0.0
                p.normal_(centre, 0.1)
            else:
                p.normal_(0, math.sqrt(1.5 / p[0].numel()))
    for name, b in model.named_buffers():
        if name.endswith("running_mean"):
            b.normal_(0, 0.1)
        elif name.endswith("running_var"):
            b.uniform_(0.5, 1.5)
    return model.eval()


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(torch.relu(self.conv1(torch.relu(x))))


class Fusion(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.out_conv, self.resConfUnit1, self.resConfUnit2 = nn.Conv2d(width, width, 1), Residual(width), Residual(width)

    def forward(self, x, skip, size):
        x = self.resConfUnit2(x if skip is None else x + self.resConfUnit1(skip))
        return self.out_conv(F.interpolate(x, size, mode="bilinear", align_corners=True))


class DepthHead(nn.Module):
    def __init__(self, width, outs, features, few=32):
        super().__init__()
        self.projects = nn.ModuleList(nn.Conv2d(width, o, 1) for o in outs)
        self.resize_layers = nn.ModuleList([
            nn.ConvTranspose2d(outs[0], outs[0], 4, stride=4), nn.ConvTranspose2d(outs[1], outs[1], 2, stride=2), nn.Identity(),
            nn.Conv2d(outs[3], outs[3], 3, stride=2, padding=1)])
        self.scratch = nn.Module()
        for i, o in enumerate(outs):
            setattr(self.scratch, f"layer{i + 1}_rn", nn.Conv2d(o, features, 3, padding=1, bias=False))
            setattr(self.scratch, f"refinenet{i + 1}", Fusion(features))
        self.scratch.output_conv1 = nn.Conv2d(features, features // 2, 3, padding=1)
        self.scratch.output_conv2 = nn.Sequential(nn.Conv2d(features // 2, few, 3, padding=1), nn.ReLU(), nn.Conv2d(few, 1, 1), nn.ReLU())

    def forward(self, taps, height, width):
        s = self.scratch
        maps = [getattr(s, f"layer{i + 1}_rn")(self.resize_layers[i](self.projects[i](x))) for i, x in enumerate(taps)]
        x = s.refinenet4(maps[3], None, maps[2].shape[2:])
        x = s.refinenet3(x, maps[2], maps[1].shape[2:])
        x = s.refinenet2(x, maps[1], maps[0].shape[2:])
        x = s.refinenet1(x, maps[0], [2 * side for side in maps[0].shape[2:]])
        x = F.interpolate(s.output_conv1(x), (height, width), mode="bilinear", align_corners=True)
        return s.output_conv2(x)


class DepthAnything(nn.Module):
    def __init__(self, width, blocks, taps, outs, features, grid):
        super().__init__()
        self.encoder = Dinov2Model(Dinov2Config(hidden_size=width, num_hidden_layers=blocks, num_attention_heads=width // 64,
                                                image_size=14 * grid, patch_size=14, layer_norm_eps=1e-6))
        self.depth_head, self.taps, self.grid = DepthHead(width, outs, features), taps, grid

    def state(self):
        """In the published names, which are those of DINOv2's own code."""
        result = {"depth_head." + k: v for k, v in self.depth_head.state_dict().items()}
        own = self.encoder.state_dict()
        for new, old in {"cls_token": "embeddings.cls_token", "pos_embed": "embeddings.position_embeddings",
                         "mask_token": "embeddings.mask_token"}.items():
            result["pretrained." + new] = own[old]
        for part in ("weight", "bias"):
            result["pretrained.patch_embed.proj." + part] = own["embeddings.patch_embeddings.projection." + part]
            result["pretrained.norm." + part] = own["layernorm." + part]
        for i in range(self.encoder.config.num_hidden_layers):
            theirs, ours = f"encoder.layer.{i}.", f"pretrained.blocks.{i}."
            for part in ("weight", "bias"):
                for name in ("norm1", "norm2", "mlp.fc1", "mlp.fc2"):
                    result[f"{ours}{name}.{part}"] = own[f"{theirs}{name}.{part}"]
                result[f"{ours}attn.proj.{part}"] = own[f"{theirs}attention.output.dense.{part}"]
                result[f"{ours}attn.qkv.{part}"] = torch.cat(
                    [own[f"{theirs}attention.attention.{name}.{part}"] for name in ("query", "key", "value")])
            for scale in ("1", "2"):
                result[f"{ours}ls{scale}.gamma"] = own[f"{theirs}layer_scale{scale}.lambda1"]
        return {k: v.float() for k, v in result.items()}

    def seen(self, height, width):
        """Published: the shorter side as in training, both multiples of 14."""
        scale = 14 * self.grid / min(height, width)
        return [14 * max(1, round(side * scale / 14)) for side in (height, width)]

    def forward(self, image):
        height, width = image.shape[2:]
        rows, columns = (side // 14 for side in self.seen(height, width))
        x = F.interpolate(image, (14 * rows, 14 * columns), mode="bicubic", align_corners=False)
        states = self.encoder((x - MEAN) / DEVIATION, output_hidden_states=True).hidden_states
        # hidden_states[0] comes before the first block.
        taps = [self.encoder.layernorm(states[i + 1])[:, 1:].transpose(1, 2).unflatten(2, (rows, columns)) for i in self.taps]
        disparity = self.depth_head(taps, 14 * rows, 14 * columns)
        return 10 / (1 + F.interpolate(disparity, (height, width), mode="bilinear", align_corners=True))


def expect(model, path, height, width):
    """All of it in double, on float's values."""
    model = model.double()
    image = torch.rand(1, 3, height, width).double().requires_grad_()
    depth = model(image)
    mix = torch.randn_like(depth)
    (depth * mix).sum().backward()
    tensors = {"image": image, "depth": depth, "mix": mix, "gradient": image.grad}
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, path)


def as_it_is(tensors):
    return tensors


def wrapped(tensors):
    return {"model": {"module." + k: v for k, v in tensors.items()}, "epoch": 3}


SMALL_DA = dict(width=128, blocks=8, taps=(1, 3, 5, 7), outs=(12, 24, 48, 96), features=16, grid=5)
# Name: (network, height, width, what is saved). Pictures are no larger than what the network looks at: where they are,
# it is fed with an antialiased one, which is none of its publishers' doing.
CASES = {
    "depth_anything": (DepthAnything, SMALL_DA, 48, 70, as_it_is),
    "depth_anything_square": (DepthAnything, SMALL_DA, 70, 70, as_it_is),
    "depth_anything_24_blocks": (DepthAnything, dict(SMALL_DA, width=64, blocks=24, taps=(4, 11, 17, 23)), 61, 33, wrapped),
}
PUBLISHED = {
    "depth_anything": (DepthAnything, dict(width=384, blocks=12, taps=(2, 5, 8, 11), outs=(48, 96, 192, 384), features=64, grid=37),
                       512, 512, as_it_is),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    cases = PUBLISHED if "--published" in sys.argv else CASES
    for number, (name, (network, shape, height, width, wrap)) in enumerate(cases.items()):
        torch.manual_seed(number)
        model = randomise(network(**shape))
        path, expected = folder / f"{name}.pth", folder / f"{name}.expected"
        torch.save(wrap(model.state()), path)
        expect(model, expected, height, width)
        print(path, expected, sep="\t", flush=True)


main()
