#!/usr/bin/env python3
"""Depths by a network beside the same network as a plain PyTorch program: an estimate, as a move of 3D takes it, and an
estimate with its gradient, as each step of depth_stabilization_weight does.

Weights are random. The two programs alternate and get the same number of threads; ratios of medians are printed, so that a
busy machine disturbs both alike.

  python3 -m venv /tmp/pytorch && /tmp/pytorch/bin/pip install torch==2.8.0 torchvision numpy safetensors timm==0.9.16 transformers==4.36.2
  ./reverie bench depth
  /tmp/pytorch/bin/python benchmarks/depth_side_by_side.py [--network adabins|depth_anything] [--rounds 3] [--threads 2]
"""

import argparse
import json
import os
import sys
import tempfile
import time

from alternating import compare

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(REPOSITORY, "tests/depth_estimators"))
SIDE = 512


def network(name):
    import depth_reference
    import torch

    torch.manual_seed(0)
    kind, shape, height, width, wrap = depth_reference.PUBLISHED[name]
    return depth_reference.randomise(kind(**shape), height, width), wrap


def pytorch_program(name, repeats):
    """One round; prints seconds on the clock and in the processor, as JSON."""
    import torch

    model = network(name)[0].requires_grad_(False)
    picture = torch.rand(1, 3, SIDE, SIDE)

    def measured(work):
        times = []
        for i in range(repeats + 1):
            begin, start = time.perf_counter(), time.process_time()
            work()
            times.append((time.perf_counter() - begin, time.process_time() - start))
        return [min(t[0] for t in times[1:]), min(t[1] for t in times[1:])]

    with torch.no_grad():
        result = {"estimate": measured(lambda: model(picture))}
    result["with its gradient"] = measured(lambda: model(picture.clone().requires_grad_()).sum().backward())
    print(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="depth_anything", choices=["adabins", "depth_anything"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2, help="the fastest of so many counts in each round")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--precision", default="auto", help="of ours")
    parser.add_argument("--program", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.program:
        return pytorch_program(options.network, options.repeats)
    with tempfile.TemporaryDirectory() as folder:
        import torch

        weights = os.path.join(folder, "weights.pth")
        model, wrap = network(options.network)
        torch.save(wrap(model.state()), weights)
        ours = [os.path.join(REPOSITORY, "build/release/benchmarks/depth_benchmark"), options.network, weights, str(SIDE),
                     str(options.repeats), options.precision]
        pytorch = [sys.executable, os.path.abspath(__file__), "--network", options.network, "--repeats",
                        str(options.repeats), "--program"]
        compare(f"{options.network}, {SIDE} x {SIDE}", ours, pytorch, options.rounds, options.threads)


if __name__ == "__main__":
    main()
