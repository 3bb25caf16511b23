#!/usr/bin/env python3
"""Makes checkpoints of RAFT and GMA with random weights, and what PyTorch says they compute:

    flow_reference.py FOLDER

writes checkpoints FOLDER/FILE.pth and FOLDER/CASE.expected (safetensors), and prints the paths of a file and of what it
computes, a file a line. RAFT is
torchvision's; GMA is assembled here from its description (Jiang et al. 2021, and the names and shapes of the published
tensors). Every parameter and statistic is random, so that none can be forgotten. Results are in double.
"""
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.norm1, self.norm2 = norm(outputs), norm(outputs)
        if stride > 1:
            self.norm3 = norm(outputs)
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride), self.norm3)

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        y = torch.relu(self.norm2(self.conv2(y)))
        return torch.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class Encoder(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, 64, 7, 2, 3), norm(64)
        self.layer1 = nn.Sequential(Residual(64, 64, 1, norm), Residual(64, 64, 1, norm))
        self.layer2 = nn.Sequential(Residual(64, 96, 2, norm), Residual(96, 96, 1, norm))
        self.layer3 = nn.Sequential(Residual(96, 128, 2, norm), Residual(128, 128, 1, norm))
        self.conv2 = nn.Conv2d(128, 256, 1)

    def forward(self, x):
        x = torch.relu(self.norm1(self.conv1(x)))
        return self.conv2(self.layer3(self.layer2(self.layer1(x))))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_qk = nn.Conv2d(128, 256, 1, bias=False)
        self.pos_emb = nn.Module()  # of the published files, and of no use here
        self.pos_emb.rel_height, self.pos_emb.rel_width = nn.Embedding(319, 128), nn.Embedding(319, 128)
        self.pos_emb.register_buffer("rel_ind", torch.arange(160)[None, :] - torch.arange(160)[:, None] + 159)

    def forward(self, context):
        q, k = self.to_qk(context).flatten(2).chunk(2, dim=1)
        return torch.softmax(torch.einsum("ncx,ncy->nxy", q * 128**-0.5, k), dim=2)


class Aggregator(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_v, self.gamma = nn.Conv2d(128, 128, 1, bias=False), nn.Parameter(torch.zeros(1))

    def forward(self, attention, motion):
        seen = torch.einsum("nxy,ncy->ncx", attention, self.to_v(motion).flatten(2))
        return motion + self.gamma * seen.view_as(motion)


class MotionEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.convc1, self.convc2 = nn.Conv2d(324, 256, 1), nn.Conv2d(256, 192, 3, 1, 1)
        self.convf1, self.convf2 = nn.Conv2d(2, 128, 7, 1, 3), nn.Conv2d(128, 64, 3, 1, 1)
        self.conv = nn.Conv2d(256, 126, 3, 1, 1)

    def forward(self, flow, correlation):
        c = torch.relu(self.convc2(torch.relu(self.convc1(correlation))))
        f = torch.relu(self.convf2(torch.relu(self.convf1(flow))))
        return torch.cat([torch.relu(self.conv(torch.cat([c, f], 1))), flow], 1)


class SeparableGru(nn.Module):
    def __init__(self):
        super().__init__()
        for gate in "zrq":
            setattr(self, f"conv{gate}1", nn.Conv2d(512, 128, (1, 5), 1, (0, 2)))
            setattr(self, f"conv{gate}2", nn.Conv2d(512, 128, (5, 1), 1, (2, 0)))

    def forward(self, h, x):
        for n in "12":
            z, r, q = (getattr(self, f"conv{gate}{n}") for gate in "zrq")
            update, reset = torch.sigmoid(z(torch.cat([h, x], 1))), torch.sigmoid(r(torch.cat([h, x], 1)))
            h = (1 - update) * h + update * torch.tanh(q(torch.cat([reset * h, x], 1)))
        return h


class UpdateBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.gru, self.aggregator = MotionEncoder(), SeparableGru(), Aggregator()
        self.flow_head = nn.Module()
        self.flow_head.conv1, self.flow_head.conv2 = nn.Conv2d(128, 256, 3, 1, 1), nn.Conv2d(256, 2, 3, 1, 1)
        self.mask = nn.Sequential(nn.Conv2d(128, 256, 3, 1, 1), nn.ReLU(), nn.Conv2d(256, 576, 1))

    def forward(self, h, context, correlation, flow, attention):
        motion = self.encoder(flow, correlation)
        h = self.gru(h, torch.cat([context, motion, self.aggregator(attention, motion)], 1))
        change = self.flow_head.conv2(torch.relu(self.flow_head.conv1(h)))
        return h, 0.25 * self.mask(h), change


def pixels(flow, x, y):
    """A map at the places (x, y), in pixels, bilinear; 0 outside."""
    height, width = flow.shape[-2:]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
    return F.grid_sample(flow, grid, align_corners=True)


class Gma(nn.Module):
    """As it was published. Pictures 0..255."""

    def __init__(self):
        super().__init__()
        self.fnet, self.cnet = Encoder(nn.InstanceNorm2d), Encoder(nn.BatchNorm2d)
        self.update_block, self.att = UpdateBlock(), Attention()

    def forward(self, one, other, iterations):
        one, other = 2 * (one / 255) - 1, 2 * (other / 255) - 1
        a, b = self.fnet(torch.cat([one, other])).chunk(2)
        n, c, h, w = a.shape
        level = torch.einsum("ncp,ncq->npq", a.flatten(2), b.flatten(2)).div(c**0.5).view(n * h * w, 1, h, w)
        levels = [level]
        for _ in range(3):
            levels.append(F.avg_pool2d(levels[-1], 2))
        hidden, context = self.cnet(one).split([128, 128], 1)
        hidden, context = torch.tanh(hidden), torch.relu(context)
        attention = self.att(context)
        ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        here = torch.stack([xs, ys]).to(one).expand(n, 2, h, w)
        outer, inner = torch.meshgrid(torch.arange(-4, 5), torch.arange(-4, 5), indexing="ij")
        flow = torch.zeros_like(here)
        for _ in range(iterations):
            flow = flow.detach()
            x, y = (here + flow).permute(1, 0, 2, 3).reshape(2, n * h * w, 1, 1)
            found = [pixels(m, x / 2**i + outer, y / 2**i + inner).view(n, h, w, 81) for i, m in enumerate(levels)]
            correlation = torch.cat(found, -1).permute(0, 3, 1, 2)
            hidden, mask, change = self.update_block(hidden, context, correlation, flow, attention)
            flow = flow + change
        shares = torch.softmax(mask.view(n, 9, 64, h, w), 1)
        around = F.unfold(8 * flow, 3, padding=1).view(n, 2, 9, h, w)
        return F.pixel_shuffle(torch.einsum("nkshw,nckhw->ncshw", shares, around).flatten(1, 2), 8)


def randomise(model):
    """Networks of random weights whose activations keep their size, and whose flows are some pixels long."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.normal_(0, (1.5 / module.weight[0].numel()) ** 0.5)
                if module.bias is not None:
                    module.bias.normal_(0, 0.1)
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.normal_(1, 0.2), module.bias.normal_(0, 0.2)
                module.running_mean.normal_(0, 0.2), module.running_var.uniform_(0.5, 1.5)
            elif isinstance(module, Aggregator):
                module.gamma.fill_(0.7)
    return model.eval().requires_grad_(False)


def authors_names(tensors):
    """torchvision's names as RAFT's authors have them."""
    small = "update_block.recurrent_block.convgru2.convz.weight" not in tensors

    def renamed(name):
        if name.startswith(("feature", "context")):
            name = name.replace("feature_encoder.", "fnet.").replace("context_encoder.", "cnet.")
            for n in "123":
                name = name.replace(f".convnormrelu{n}.0.", f".conv{n}.").replace(f".convnormrelu{n}.1.", f".norm{n}.")
            name = name.replace("net.conv.", "net.conv2.")
            return name.replace(".convnormrelu.0.", ".conv1.").replace(".convnormrelu.1.", ".norm1.")
        name = name.replace("mask_predictor.convrelu.0", "update_block.mask.0").replace("mask_predictor.conv", "update_block.mask.2")
        for n in "12":
            for kind, letter in (("corr", "c"), ("flow", "f")):
                name = name.replace(f"motion_encoder.conv{kind}{n}.0", f"encoder.conv{letter}{n}")
            for gate in "zrq":
                name = name.replace(f"recurrent_block.convgru{n}.conv{gate}", f"gru.conv{gate}" + ("" if small else n))
        return name.replace("motion_encoder.conv.0", "encoder.conv")
    return {"module." + renamed(name): tensor for name, tensor in tensors.items()}


def parallel(tensors):
    return {"module." + name: tensor for name, tensor in tensors.items()}


def torchvision_raft(kind):
    from torchvision.models.optical_flow import raft

    grid = raft.make_coords_grid
    raft.make_coords_grid = lambda *a, **k: grid(*a, **k).to(torch.get_default_dtype())
    return getattr(raft, kind)()


# name: (network, pictures' range as the network takes it, height, width, refinements, how files name its tensors)
CASES = {
    "raft_large": (lambda: torchvision_raft("raft_large"), (-1, 1), 128, 136, 2, {"raft_large": dict, "raft_large_authors": authors_names}),
    "raft_small": (lambda: torchvision_raft("raft_small"), (-1, 1), 128, 144, 2, {"raft_small": dict, "raft_small_authors": authors_names}),
    "gma": (Gma, (0, 255), 136, 128, 3, {"gma": parallel}),
}


def main():
    from safetensors.torch import save_file

    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    for number, (name, (make, (low, high), height, width, refinements, files)) in enumerate(CASES.items()):
        torch.manual_seed(number)
        torch.set_default_dtype(torch.float32)
        model = randomise(make())
        expected = folder / f"{name}.expected"
        for file, wrap in files.items():
            path = folder / f"{file}.pth"
            torch.save(wrap(model.state_dict()), path, _use_new_zipfile_serialization=wrap is not authors_names)
            print(path, expected, sep="\t")
        torch.set_default_dtype(torch.float64)
        model.double()
        # Something to follow, and something that is new.
        coarse = F.interpolate(torch.rand(1, 3, height // 8, width // 8), size=(height, width), mode="bicubic")
        pictures = [coarse, coarse.roll((2, -3), (2, 3)) * 0.8 + 0.2 * torch.rand(1, 3, height, width)]
        one, other = (p.clamp(0, 1).float().double().requires_grad_() for p in pictures)
        flow = model(one * (high - low) + low, other * (high - low) + low, refinements)
        flow = flow[-1] if isinstance(flow, list) else flow
        mix = torch.randn_like(flow).float().double()
        (flow * mix).sum().backward()
        result = {"one": one, "other": other, "flow": flow, "mix": mix, "one_gradient": one.grad,
                  "other_gradient": other.grad, "refinements": torch.tensor(refinements)}
        save_file({k: v.detach().clone().contiguous() for k, v in result.items()}, expected)


if __name__ == "__main__":
    main()
