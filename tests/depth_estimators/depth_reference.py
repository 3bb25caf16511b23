#!/usr/bin/env python3
"""Makes checkpoints of depth networks with random weights, in the layouts in which they were published, and what PyTorch
says they compute:

    depth_reference.py FOLDER [--published] [CASE...]

writes FOLDER/CASE.pth and FOLDER/CASE.expected (safetensors) for each case, or those that are named, and prints both paths,
a case a line: small networks, or with --published the published ones at full size, for parity_report.cpp and benchmarks/motion_benchmark.cpp.
Encoders are transformers' DINOv2 and timm's EfficientNet; the rest is assembled here from the published descriptions
(Ranftl et al. 2021, Yang et al. 2024; Bhat, Alhashim & Wonka 2021). Results of small networks
are in double.
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


def normalised(image):
    mean, deviation = (image.new_tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return (image - mean) / deviation



def randomise(model, height, width):
    """Every parameter, so that none can be forgotten, and all of such a size that nothing dies out or explodes."""
    for name, p in model.named_parameters():
        with torch.no_grad():
            if "position" in name or "token" in name:
                p.normal_(0, 0.3)
            elif p.ndim == 1:
                # The scales of DINOv2's branches are small.
                centre = 0.3 if "lambda" in name else 1.0 if name.endswith("weight") else 0.0
                p.normal_(centre, 0.1)
            else:
                # Bins' scores must not be so far apart that one takes all.
                p.normal_(0, math.sqrt((0.05 if "conv_out" in name else 1.5) / p[0].numel()))
    # Statistics of a picture, as training leaves them: with others, values would grow from layer to layer. Where they hardly
    # vary, dividing by their deviation would make noise of rounding.
    def record(norm, inputs):
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance + mean.square() / 4)

    hooks = [m.register_forward_pre_hook(record) for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        model.eval()(picture(height, width))
    for hook in hooks:
        hook.remove()
    return model


def picture(height, width):
    """Large shapes and some noise."""
    large = F.interpolate(torch.rand(1, 3, 2 + height // 24, 2 + width // 24), (height, width), mode="bicubic")
    return (0.9 * large + 0.1 * torch.rand(1, 3, height, width)).clamp(0, 1).float()


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
        states = self.encoder(normalised(x), output_hidden_states=True).hidden_states
        # hidden_states[0] comes before the first block.
        taps = [self.encoder.layernorm(states[i + 1])[:, 1:].transpose(1, 2).unflatten(2, (rows, columns)) for i in self.taps]
        disparity = self.depth_head(taps, 14 * rows, 14 * columns)
        return 10 / (1 + F.interpolate(disparity, (height, width), mode="bilinear", align_corners=True))


class UpStep(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self._net = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.LeakyReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.LeakyReLU())

    def forward(self, x, skip):
        return self._net(torch.cat([F.interpolate(x, skip.shape[2:], mode="bilinear", align_corners=True), skip], 1))


class AdaBins(nn.Module):
    """Bins, kernels, places and tokens of the published network: 256, 128, 500, 128 numbers."""

    def __init__(self, width, depth, inside, bins, kernels, places, tokens, hidden, regressor):
        super().__init__()
        self.encoder, self.decoder, self.adaptive_bins_layer = nn.Module(), nn.Module(), nn.Module()
        net = efficientnet._gen_efficientnet("tf_efficientnet_b5", channel_multiplier=width, depth_multiplier=depth,
                                             bn_eps=1e-3, pad_type="same")
        net.classifier = net.global_pool = nn.Identity()
        self.encoder.original_model = net
        widths = [net.blocks[i][-1].conv_pw.out_channels if i == 0 else net.blocks[i][-1].conv_pwl.out_channels for i in (0, 1, 2, 4)]
        d = self.decoder
        d.conv2 = nn.Conv2d(net.conv_head.out_channels, inside, 1, padding=1)
        for i, skip in enumerate(reversed(widths)):
            setattr(d, f"up{i + 1}", UpStep((inside >> i) + skip, inside >> (i + 1)))
        d.conv3 = nn.Conv2d(inside >> 4, tokens, 3, padding=1)
        a = self.adaptive_bins_layer
        a.patch_transformer = nn.Module()
        a.patch_transformer.embedding_convPxP = nn.Conv2d(tokens, tokens, 16, stride=16)
        a.patch_transformer.positional_encodings = nn.Parameter(torch.rand(places, tokens))
        layer = nn.TransformerEncoderLayer(tokens, 4, hidden)
        a.patch_transformer.transformer_encoder = nn.TransformerEncoder(layer, 4)
        a.conv3x3 = nn.Conv2d(tokens, tokens, 3, padding=1)
        a.regressor = nn.Sequential(nn.Linear(tokens, regressor), nn.LeakyReLU(), nn.Linear(regressor, regressor), nn.LeakyReLU(),
                                    nn.Linear(regressor, bins))
        self.conv_out, self.kernels = nn.Sequential(nn.Conv2d(kernels, bins, 1), nn.Softmax(1)), kernels

    def state(self):
        return self.state_dict()

    def once(self, x):
        net, d, a = self.encoder.original_model, self.decoder, self.adaptive_bins_layer
        x, maps = net.bn1(net.conv_stem(x)), []
        for stage in net.blocks:
            x = stage(x)
            maps.append(x)
        x = d.conv2(net.conv_head(x))
        for step, i in ((d.up1, 4), (d.up2, 2), (d.up3, 1), (d.up4, 0)):
            x = step(x, maps[i])
        x = d.conv3(x)
        tokens = a.patch_transformer.embedding_convPxP(x).flatten(2).permute(2, 0, 1)
        tokens = tokens + a.patch_transformer.positional_encodings[:tokens.shape[0], None]
        tokens = a.patch_transformer.transformer_encoder(tokens)
        widths = torch.relu(a.regressor(tokens[0])) + 0.1
        edges = F.pad((10 - 1e-3) * widths / widths.sum(1, keepdim=True), (1, 0), value=1e-3).cumsum(1)
        centres = (edges[:, :-1] + edges[:, 1:]) / 2
        attention = torch.einsum("nchw,knc->nkhw", a.conv3x3(x), tokens[1:self.kernels + 1])
        return (self.conv_out(attention) * centres[:, :, None, None]).sum(1, keepdim=True)

    def forward(self, image):
        x = normalised(image)
        mean = (self.once(x) + self.once(x.flip(3)).flip(3)) / 2
        return F.interpolate(mean, image.shape[2:], mode="bilinear", align_corners=True)


def expect(model, path, height, width, dtype):
    model = model.to(dtype)
    image = picture(height, width).to(dtype).requires_grad_()
    depth = model(image)
    mix = torch.randn_like(depth)
    (depth * mix).sum().backward()
    tensors = {"image": image, "depth": depth, "mix": mix, "gradient": image.grad}
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, path)


def as_it_is(tensors):
    return tensors


def wrapped(tensors):
    return {"model": {"module." + k: v for k, v in tensors.items()}, "epoch": 3}


def trained(tensors):
    """As training saved it: with the optimiser's moments, which nobody has to read."""
    moments = {i: {"step": 7, "exp_avg": torch.randn_like(v), "exp_avg_sq": torch.rand_like(v)}
               for i, v in enumerate(v for v in tensors.values() if v.is_floating_point())}
    return {**wrapped(tensors), "optimizer": {"state": moments, "param_groups": [{"lr": 1e-4, "params": list(moments)}]}}


def older(tensors):
    """An earlier version's names."""
    def name(k):
        k = k.replace("adaptive_bins_layer.conv3x3.", "adaptive_bins_layer.embedding_conv.")
        return k.replace("embedding_convPxP.", "embedding_encoder.")
    return {name(k): v for k, v in tensors.items()}


SMALL_DA = dict(width=128, blocks=8, taps=(1, 3, 5, 7), outs=(12, 24, 48, 96), features=16, grid=5)
SMALL_AB = dict(width=0.2, depth=0.4, inside=128, bins=24, kernels=8, places=40, tokens=32, hidden=48, regressor=20)
# Name: (network, height, width, what is saved). Pictures are no larger than what the network looks at: where they are,
# it is fed with an antialiased one, which is none of its publishers' doing.
CASES = {
    "depth_anything": (DepthAnything, SMALL_DA, 48, 70, as_it_is),
    "depth_anything_square": (DepthAnything, SMALL_DA, 70, 70, as_it_is),
    "depth_anything_24_blocks": (DepthAnything, dict(SMALL_DA, width=64, blocks=24, taps=(4, 11, 17, 23)), 61, 33, wrapped),
    "adabins": (AdaBins, SMALL_AB, 128, 160, trained),
    "adabins_odd": (AdaBins, dict(SMALL_AB, width=0.25, depth=0.2), 101, 167, older),
}
PUBLISHED = {
    "depth_anything": (DepthAnything, dict(width=384, blocks=12, taps=(2, 5, 8, 11), outs=(48, 96, 192, 384), features=64, grid=37),
                       512, 512, as_it_is),
    "adabins": (AdaBins, dict(width=1.6, depth=2.2, inside=2048, bins=256, kernels=128, places=500, tokens=128, hidden=1024,
                              regressor=256), 512, 512, trained),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    published = "--published" in sys.argv
    cases = PUBLISHED if published else CASES
    chosen = [name for name in sys.argv[2:] if name != "--published"]
    for number, (name, (network, shape, height, width, wrap)) in enumerate(cases.items()):
        if chosen and name not in chosen:
            continue
        torch.manual_seed(number)
        model = randomise(network(**shape), height, width)
        path, expected = folder / f"{name}.pth", folder / f"{name}.expected"
        torch.save(wrap(model.state()), path)
        expect(model, expected, height, width, torch.float if published else torch.double)
        print(path, expected, sep="\t", flush=True)


if __name__ == "__main__":
    main()
