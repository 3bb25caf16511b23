#!/usr/bin/env python3
"""Optical flow by a network beside the same network as a plain PyTorch program: one flow; flows both ways with the mask of
what can be trusted and warping, as a move of Video Source takes them; a loss of 3 refinements with its gradient, as each
step of flow_stabilization_weight in 3D takes it.

Weights are random. The two programs alternate and get two threads each; ratios of medians are printed, so that a busy
machine disturbs both alike.

  python3 -m venv /tmp/pytorch && /tmp/pytorch/bin/pip install torch==2.8.0 torchvision==0.23.0 numpy safetensors
  ./reverie bench flow
  /tmp/pytorch/bin/python benchmarks/flow_side_by_side.py [--network gma|raft] [--size 512x288] [--rounds 3] [--threads 2]
"""

import argparse
import json
import os
import sys
import tempfile
import time

from alternating import compare

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(REPOSITORY, "tests/flow_estimators"))


def network(kind):
    import flow_reference
    import torch
    from torchvision.models.optical_flow import raft_large

    torch.manual_seed(0)
    return flow_reference.randomise(flow_reference.Gma() if kind == "gma" else raft_large())


def pytorch_program(kind, weights, width, height):
    """One round; prints seconds on the clock and in the processor, as JSON."""
    import torch
    import torch.nn.functional as F

    model = network(kind).requires_grad_(False)
    model.load_state_dict(torch.load(weights))
    low, high = (0, 255) if kind == "gma" else (-1, 1)
    torch.manual_seed(1)
    large = F.interpolate(torch.rand(1, 3, height // 8 + 2, width // 8 + 2), size=(height + 8, width + 8), mode="bicubic").clamp(0, 1)
    one, other = large[:, :, :height, :width].contiguous(), large[:, :, 3 : height + 3, 5 : width + 5].contiguous()

    def flow(a, b, refinements):
        result = model(a * (high - low) + low, b * (high - low) + low, refinements)
        return result[-1] if isinstance(result, list) else result

    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    here = torch.stack([xs, ys])[None].float()

    def sampled(picture, places, mode="bilinear"):
        grid = torch.stack([2 * places[:, 0] / (width - 1) - 1, 2 * places[:, 1] / (height - 1) - 1], -1)
        return F.grid_sample(picture, grid, mode=mode, align_corners=True)

    def move():
        back, forth = flow(other, one, 12), flow(one, other, 12)
        there = sampled(forth, here + back)
        length = (back**2).sum(1, keepdim=True)
        apart = ((back + there) ** 2).sum(1, keepdim=True)
        slopes = sum((g**2).sum(1, keepdim=True) for g in torch.gradient(back, dim=(2, 3)))
        trust = torch.where(apart >= 0.01 * (length + (there**2).sum(1, keepdim=True)) + 0.5, -1.0, torch.where(slopes >= 0.01 * length + 0.002, 0.0, 1.0))
        return F.avg_pool2d(trust, 3, 1, 1).clamp(0, 1), sampled(one, here + back, "bicubic")

    with torch.no_grad():
        wanted = flow(one, other, 12)

    def loss():
        picture = other.clone().requires_grad_()
        (flow(one, picture, 3) - wanted).square().mean().backward()

    def measured(work):
        times = []
        for i in range(3):
            begin, start = time.perf_counter(), time.process_time()
            work()
            times.append((time.perf_counter() - begin, time.process_time() - start))
        return [min(t[0] for t in times[1:]), min(t[1] for t in times[1:])]

    result = {}
    with torch.no_grad():
        result["flow"] = measured(lambda: flow(one, other, 12))
        result["both, mask and warp"] = measured(move)
    result["loss of 3 iterations"] = measured(loss)
    print(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="gma", choices=["gma", "raft"])
    parser.add_argument("--size", default="512x288")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--precision", default="auto", help="of ours")
    parser.add_argument("--program", help=argparse.SUPPRESS)
    options = parser.parse_args()
    width, height = options.size.split("x")
    if options.program:
        return pytorch_program(options.network, options.program, int(width), int(height))
    with tempfile.TemporaryDirectory() as folder:
        import torch

        weights = os.path.join(folder, "weights.pth")
        torch.save(network(options.network).state_dict(), weights)
        ours = [os.path.join(REPOSITORY, "build/release/benchmarks/flow_benchmark"), options.network, weights, width, height, "2", options.precision]
        pytorch = [sys.executable, os.path.abspath(__file__), "--network", options.network, "--size", options.size, "--program", weights]
        compare(f"{options.network}, {options.size}", ours, pytorch, options.rounds, options.threads)


if __name__ == "__main__":
    main()
