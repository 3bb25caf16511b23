"""Writes checkpoints with real PyTorch, and beside each a .json with what every tensor should be read as:
name -> [dtype, shape, bytes of the elements in row-major order, hexadecimal]."""

import collections
import json
import os
import sys

import torch

folder = sys.argv[1]
torch.manual_seed(5)


def bits(tensor):
    dense = tensor.detach().contiguous().flatten()
    if dense.dtype == torch.bfloat16:
        dense = dense.view(torch.int16)
    return dense.numpy().tobytes().hex()


def expectation(tensors):
    return {name: [str(t.dtype).split(".")[1], list(t.shape), bits(t)] for name, t in tensors.items()}


def save(name, tensors, value, **options):
    torch.save(value, os.path.join(folder, name), **options)
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(expectation(tensors), file)


base = torch.randn(6, 8)
variety = {
    "float64": torch.randn(3, dtype=torch.float64),
    "float32": torch.randn(2, 3),
    "float16": torch.randn(5).half(),
    "bfloat16": torch.randn(5).bfloat16(),
    "int64": torch.tensor([-(2**40), 7]),
    "int32": torch.tensor([-5, 7], dtype=torch.int32),
    "int16": torch.tensor([-5, 7], dtype=torch.int16),
    "int8": torch.tensor([-5, 7], dtype=torch.int8),
    "uint8": torch.tensor([250, 7], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
    "shared.whole": base,
    "shared.part": base[1:3, 2:7],
    "shared.transposed": base.t(),
    "shared.strided": base[::2, ::3],
    "broadcast": torch.randn(3, 1).expand(3, 4),
    "parameter": torch.nn.Parameter(torch.randn(4)),
}
for suffix, options in (("zip", {}), ("legacy", {"_use_new_zipfile_serialization": False})):
    save(f"variety.{suffix}", variety, collections.OrderedDict(variety), **options)

    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    save(f"state.{suffix}", module.state_dict(), module.state_dict(), **options)

    # A training checkpoint, with a class for a key as Lightning wrote them.
    optimiser = torch.optim.Adam(module.parameters())
    module(torch.randn(5, 3)).sum().backward()
    optimiser.step()
    checkpoint = {
        "epoch": 3,
        "state_dict": module.state_dict(),
        "callbacks": {torch.nn.Linear: {"best": torch.tensor(0.25)}},
        "optimizer_states": [optimiser.state_dict()],
        "hyper_parameters": {"rate": 1e-3, "name": "caf\u00e9", "sizes": [1, 2, (3, None)]},
    }
    wanted = {"state_dict." + name: tensor for name, tensor in module.state_dict().items()}
    save(f"training.{suffix}", wanted, checkpoint, **options)


class Malice:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (os.system, ("touch " + self.file,))


for suffix, options in (("zip", {}), ("legacy", {"_use_new_zipfile_serialization": False})):
    trap = os.path.join(folder, f"sprung-{suffix}")
    save(f"malice.{suffix}", {"weight": base}, {"bait": Malice(trap), "weight": base}, **options)


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(2, 2).half())
        self.register_buffer("count", torch.tensor(7))

    def forward(self, x):
        return x.half() @ self.weight * self.count


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.steps = torch.nn.Sequential(Inner(), torch.nn.Identity(), Inner())
        self.scale = torch.nn.Parameter(torch.tensor(1.5))
        self.sizes = [1, 2, 3]

    def forward(self, x):
        return self.steps(x) * self.scale + self.sizes[0]


scripted = torch.jit.script(Outer())
scripted.save(os.path.join(folder, "scripted.pt"))
with open(os.path.join(folder, "scripted.pt.json"), "w") as file:
    json.dump(expectation(scripted.state_dict()), file)
