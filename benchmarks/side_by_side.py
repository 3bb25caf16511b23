#!/usr/bin/env python3
"""Whole optimisation steps of `reverie render` beside a straightforward PyTorch program of the same work.

Both optimise a 512 x 512 picture (Unlimited Palette) towards one prompt, through 40 augmented cutouts and CLIP ViT-B/32
with the same (random) weights, in two threads. The runs alternate; ratios of medians are printed, so that a busy machine
disturbs both alike. The PyTorch program is plain: modules of open_clip, augmentations of kornia, autograd for everything.

  python3 -m venv /tmp/pytorch && /tmp/pytorch/bin/pip install torch==2.8.0 open_clip_torch kornia safetensors
  /tmp/pytorch/bin/python benchmarks/side_by_side.py [--rounds 3] [--case standard|overhead|pair] [--threads 2]
      [--steps N] [--folder FOLDER]

A first look: --rounds 1 --steps 8. With --folder the random weights stay there for the next time. bfloat16 is left out where
the processor has no instructions for it: a step takes many times as long there. PyTorch's bfloat16 is also left out where that
version cannot do it (1.13). PyTorch's allocator settings are those that help it most (freed memory is kept), and its threads
those that help it most.
"""

import argparse
import importlib.util
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

CASES = {  # models, side of the picture, cutouts, steps of a round
    "standard": (["ViT-B-32-quickgelu"], 512, 40, 8),
    "overhead": (["ViT-B-32-quickgelu"], 64, 2, 100),
    "pair": (["ViT-B-32-quickgelu", "RN50-quickgelu"], 512, 16, 8),
}
PROMPT = "a red heart"
REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REVERIE = os.path.join(REPOSITORY, "build/release/bin/reverie")
PACKAGES = {"torch": "torch==2.8.0", "open_clip": "open_clip_torch", "kornia": "kornia", "safetensors": "safetensors"}


def check_prerequisites():
    """Before anything takes time: whether both programs can run at all."""
    missing = [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]
    if missing:
        sys.exit(f"{sys.executable} has not: {', '.join(missing)}; {sys.executable} -m pip install {' '.join(missing)}")
    if not os.access(REVERIE, os.X_OK):
        sys.exit(f"there is no program {REVERIE}; cmake --build --preset release makes it")


def has_bf16():
    """Whether the processor computes bfloat16 by itself."""
    with open("/proc/cpuinfo") as file:
        return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(file.read().split()))


def make_weights(folder, models):
    """Random weights in the dtypes of OpenAI's files: matrices in half precision, the rest in single."""
    import open_clip
    import safetensors.torch
    import torch

    for name in models:
        path = os.path.join(folder, f"{name}_openai.safetensors")
        if os.path.exists(path):
            continue
        torch.manual_seed(0)
        state = open_clip.create_model(name).state_dict()
        tensors = {}
        for key, value in state.items():
            if value.dtype.is_floating_point and "attn_mask" not in key:
                half = value.dim() > 1 and "embedding" not in key
                tensors[key] = (value.half() if half else value).contiguous()
        safetensors.torch.save_file(tensors, path)


def pytorch_program(arguments):
    """One round of the PyTorch program; prints its step times as JSON."""
    import kornia.augmentation as K
    import open_clip
    import safetensors.torch
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(arguments.threads)
    names, side, cutouts, steps = CASES[arguments.case]
    steps = arguments.steps or steps
    models = []
    for name in names:
        model = open_clip.create_model(name)
        path = os.path.join(arguments.folder, f"{name}_openai.safetensors")
        model.load_state_dict({k: v.float() for k, v in safetensors.torch.load_file(path).items()}, strict=False)
        models.append(model.eval().requires_grad_(False))
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
    augment = torch.nn.Sequential(
        K.RandomHorizontalFlip(p=0.3),
        K.RandomAffine(degrees=30, translate=(0.1, 0.1), p=0.8, padding_mode="border"),
        K.RandomPerspective(0.2, p=0.4),
        K.ColorJitter(hue=0.01, saturation=0.01, p=0.7),
        K.RandomErasing((0.1, 0.4), (0.3, 3.3), p=0.7),
    )
    with torch.no_grad():
        tokens = open_clip.tokenize([PROMPT])
        texts = [F.normalize(model.encode_text(tokens), dim=-1) for model in models]
    picture = torch.rand(1, 3, side, side).requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=0.02)

    def cut(image, size):
        shorter = min(image.shape[2:])
        pieces = []
        for _ in range(cutouts):
            share = min(max(torch.randn(()).item() * 0.3 + 0.8, min(size / shorter, 1)), 1)
            edge = int(shorter * share**2)
            reach = round(shorter * 0.25)
            at = [
                min(max(math.floor(torch.rand(()).item() * (extent - edge + 1 + 2 * reach)) - reach, 0), extent - edge)
                for extent in image.shape[2:]
            ]
            piece = image[:, :, at[0] : at[0] + edge, at[1] : at[1] + edge]
            pieces.append(F.adaptive_avg_pool2d(piece, size))
        return torch.cat(pieces)

    times = []
    for _ in range(steps):
        begin = time.monotonic()
        optimiser.zero_grad()
        image = picture.clamp(0, 1)
        loss = 0.02 * ((image[..., 1:] - image[..., :-1]).square().mean() + (image[..., 1:, :] - image[..., :-1, :]).square().mean())
        for model, text in zip(models, texts):
            size = model.visual.image_size
            size = size[0] if isinstance(size, tuple) else size
            augmented = augment(cut(image, size))
            augmented = augmented + torch.rand(cutouts, 1, 1, 1) * 0.1 * torch.randn_like(augmented)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.bf16):
                seen = model.encode_image((augmented - mean) / deviation)
            seen = F.normalize(seen.float(), dim=-1)
            loss = loss + ((seen - text).norm(dim=-1) / 2).arcsin().square().mul(2).mean() / len(models)
        loss.backward()
        optimiser.step()
        times.append(time.monotonic() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"steps": times, "peak": peak}))


def run_pytorch(arguments, bf16):
    environment = dict(os.environ, OMP_NUM_THREADS=str(arguments.threads), MALLOC_MMAP_THRESHOLD_=str(1 << 30),
                       MALLOC_TRIM_THRESHOLD_=str((1 << 31) - 1), MALLOC_TOP_PAD_=str(64 << 20))
    command = [sys.executable, __file__, "--program", "--case", arguments.case, "--folder", arguments.folder,
               "--threads", str(arguments.threads)] + (["--bf16"] if bf16 else [])
    if arguments.steps:
        command += ["--steps", str(arguments.steps)]
    begin = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr.strip()}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result["first"] = time.monotonic() - begin - sum(result["steps"][1:])
    return result


def run_reverie(arguments, precision):
    names, side, cutouts, steps = CASES[arguments.case]
    steps = arguments.steps or steps
    files = [os.path.join(arguments.folder, f"{name}_openai.safetensors") for name in names]
    command = [REVERIE, "render", f"scenes={PROMPT}",
               "perceptors=[" + ", ".join(files) + "]", f"width={side}", f"height={side}", f"cutouts={cutouts}",
               f"steps_per_scene={steps}", "save_every=100000", f"precision={precision}", "device=cpu",
               "clip_activation=quick_gelu", "file_namespace=side_by_side", "allow_overwrite=true"]
    environment = dict(os.environ, OMP_NUM_THREADS=str(arguments.threads))
    begin = time.monotonic()
    process = subprocess.Popen(command, env=environment, cwd=arguments.folder, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, text=True)
    # Fast steps share a line: what counts is the time and the number of each line's step.
    moments = [(time.monotonic(), int(line.split()[1].split("/")[0])) for line in process.stderr
               if line.startswith("step ")]
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0 or len(moments) < 4:
        sys.exit(f"the render failed or was too short: {' '.join(command)}")
    times = [(b - a) / (m - n) for (a, n), (b, m) in zip(moments, moments[1:]) if m > n]
    return {"steps": times, "first": moments[0][0] - begin,
            "peak": usage.ru_maxrss / 1024}


def by_turns(contenders, count, needed=lambda name: False):
    """Each contender's results of `count` rounds. One that fails is left out; one that is needed ends the benchmark."""
    rounds = {name: [] for name in contenders}
    for _ in range(count):
        for name in list(rounds):
            try:
                rounds[name].append(contenders[name]())
            except RuntimeError as error:
                if needed(name):
                    sys.exit(f"{name} failed: {error}")
                print(f"{name} is left out: {(str(error).splitlines() or ['?'])[-1]}", flush=True)
                del rounds[name]
    return rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, default="standard")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="of a round, at least 8, instead of the case's own")
    parser.add_argument("--folder", help="keep the weights there, for the next time; made if it is not there")
    parser.add_argument("--program", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--weights", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--bf16", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.weights:
        return make_weights(arguments.folder, CASES[arguments.case][0])
    if arguments.program:
        return pytorch_program(arguments)
    check_prerequisites()
    with tempfile.TemporaryDirectory() as temporary:
        arguments.folder = os.path.abspath(arguments.folder or temporary)
        os.makedirs(arguments.folder, exist_ok=True)
        # In a process of its own: a child's peak memory counts what its parent held at the fork.
        made = subprocess.run([sys.executable, __file__, "--weights", "--case", arguments.case, "--folder",
                               arguments.folder])
        if made.returncode != 0:
            sys.exit("the random weights could not be made")
        contenders = {
            "PyTorch fp32": lambda: run_pytorch(arguments, False),
            "PyTorch bf16 (autocast)": lambda: run_pytorch(arguments, True),
            "Reverie fp32": lambda: run_reverie(arguments, "fp32"),
            "Reverie bf16": lambda: run_reverie(arguments, "bf16"),
        }
        if not has_bf16():
            contenders = {name: run for name, run in contenders.items() if "bf16" not in name}
            print("This processor has no bfloat16: only fp32 is compared.")
        # Old PyTorches have no autocast for all of open_clip's parts.
        rounds = by_turns(contenders, arguments.rounds, needed=lambda name: "fp32" in name)
        base = None
        print(f"{'':26}{'s/step':>9}{'times as fast':>15}{'first step':>12}{'peak MB':>9}")
        for name, results in rounds.items():
            # The first two steps of a run warm up.
            middle = statistics.median(t for r in results for t in r["steps"][2:])
            base = base or middle
            first = statistics.median(r["first"] for r in results)
            print(f"{name:26}{middle:9.3f}{base / middle:15.2f}{first:12.2f}{max(r['peak'] for r in results):9.0f}")


if __name__ == "__main__":
    main()
