#!/usr/bin/env python3
"""Whole optimisation steps of `reverie render` on an NVIDIA card beside PyTorch programs of the same work: eager,
torch.compile, and captured in a CUDA graph. The work is that of side_by_side.py, in bfloat16.

  python3 -m venv /tmp/pytorch && /tmp/pytorch/bin/pip install torch==2.8.0 open_clip_torch safetensors
  /tmp/pytorch/bin/python benchmarks/gpu_side_by_side.py [--rounds 3] [--case standard|overhead|pair] [--steps 200]
      [--folder FOLDER]

PyTorch's programs draw all augmentations at once on the card (flip, rotation and shift in one grid_sample, hue and saturation,
erasing, noise), as a captured graph must: no numbers go back to the CPU. Printed: milliseconds a step, the share that the
perceptors' products alone would take at the speed of this card's measured bfloat16 product, the first step, memory of the allocator
(PyTorch's alone), and launches in a step (likewise). Without a card it says so and ends with status 1.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import side_by_side as base

CONTENDERS = ("eager", "compile", "graph")
# Multiplications and additions of a picture's way through the network and back, less those for gradients of weights.
GFLOP_OF_A_CUTOUT = {"ViT-B-32-quickgelu": 17.6, "RN50-quickgelu": 25.0}


def require_card():
    try:
        import torch
    except ImportError:
        sys.exit(f"{sys.executable} has no PyTorch; {sys.executable} -m pip install torch==2.8.0 open_clip_torch safetensors")
    if not torch.cuda.is_available():
        sys.exit("no CUDA device")


def product_speed():
    """TFLOP/s of a large bfloat16 product."""
    import torch

    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    times = []
    for _ in range(10):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        a @ a
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return 2 * 8192**3 / statistics.median(times[2:]) / 1e12


def shift_colours(x, hue, saturation):
    """Hue turned by circles and saturation multiplied, by way of HSV."""
    import torch

    high, low = x.amax(1, keepdim=True), x.amin(1, keepdim=True)
    chroma = high - low
    safe = chroma.clamp_min(1e-6)
    r, g, b = x.split(1, 1)
    angle = torch.where(r == high, (g - b) / safe, torch.where(g == high, 2 + (b - r) / safe, 4 + (r - g) / safe))
    strong = torch.minimum(chroma * saturation, high)
    parts = []
    for n in (5, 3, 1):
        k = torch.remainder(angle + 6 * hue + n, 6)
        parts.append(high - strong * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.cat(parts, 1)


def pytorch_program(arguments):
    """One round of one of PyTorch's programs; prints its step times as JSON."""
    import open_clip
    import safetensors.torch
    import torch
    import torch.nn.functional as F

    names, side, cutouts, _ = base.CASES[arguments.case]
    begun = time.monotonic()
    models = []
    for name in names:
        model = open_clip.create_model(name)
        path = os.path.join(arguments.folder, f"{name}_openai.safetensors")
        model.load_state_dict({k: v.float() for k, v in safetensors.torch.load_file(path).items()}, strict=False)
        models.append(model.eval().requires_grad_(False).cuda())
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073], device="cuda").view(1, 3, 1, 1)
    deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711], device="cuda").view(1, 3, 1, 1)
    with torch.no_grad():
        tokens = open_clip.tokenize([base.PROMPT]).cuda()
        texts = [F.normalize(model.encode_text(tokens), dim=-1) for model in models]
    picture = torch.rand(1, 3, side, side, device="cuda").requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=0.02, capturable=True)

    def cutouts_of(image, size):
        def uniform(*shape):
            return torch.rand(shape, device="cuda")

        share = (torch.randn(cutouts, device="cuda") * 0.3 + 0.8).clamp(min(size / side, 1), 1) ** 2
        angle = (uniform(cutouts) * 2 - 1) * 0.5236 * (uniform(cutouts) < 0.8)
        flip = torch.where(uniform(cutouts) < 0.3, -1.0, 1.0)
        centre = (uniform(cutouts, 2) * 2 - 1) * (1 - share).unsqueeze(1)
        cos, sin = angle.cos() * share, angle.sin() * share
        theta = torch.stack([torch.stack([flip * cos, sin, centre[:, 0]], 1), torch.stack([-flip * sin, cos, centre[:, 1]], 1)], 1)
        grid = F.affine_grid(theta, (cutouts, 3, size, size), align_corners=False)
        x = F.grid_sample(image.expand(cutouts, -1, -1, -1), grid, padding_mode="border", align_corners=False)
        x = shift_colours(x, (uniform(cutouts, 1, 1, 1) - 0.5) * 0.02, 1 + (uniform(cutouts, 1, 1, 1) - 0.5) * 0.02)
        line = torch.arange(size, device="cuda") / size
        corner, extent = uniform(cutouts, 2, 1) * 0.6, 0.3 + 0.3 * uniform(cutouts, 2, 1)
        hole = ((line >= corner) & (line < corner + extent)).float()
        x = x * (1 - hole[:, :1].unsqueeze(3) * hole[:, 1:].unsqueeze(2))
        return x + uniform(cutouts, 1, 1, 1) * 0.1 * torch.randn_like(x)

    def step():
        image = picture.clamp(0, 1)
        loss = 0.02 * ((image[..., 1:] - image[..., :-1]).square().mean() + (image[..., 1:, :] - image[..., :-1, :]).square().mean())
        for model, text in zip(models, texts):
            size = model.visual.image_size
            seen = cutouts_of(image, size[0] if isinstance(size, tuple) else size)
            with torch.autocast("cuda", dtype=torch.bfloat16, cache_enabled=False):
                seen = model.encode_image((seen - mean) / deviation)
            seen = F.normalize(seen.float(), dim=-1)
            loss = loss + ((seen - text).norm(dim=-1) / 2).arcsin().square().mul(2).mean() / len(models)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)

    run = torch.compile(step) if arguments.program == "compile" else step
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        run()
        torch.cuda.synchronize()
        first = time.monotonic() - begun
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    if arguments.program == "graph":
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        run = graph.replay
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        run()
        torch.cuda.synchronize()
    launches = sum(event.count for event in profile.key_averages())
    times = []
    for _ in range(arguments.steps):
        begin = time.monotonic()
        run()
        torch.cuda.synchronize()
        times.append(time.monotonic() - begin)
    print(json.dumps({"steps": times, "first": first, "peak": torch.cuda.max_memory_reserved() / 1e6, "launches": launches}))


def run_pytorch(arguments, program):
    done = subprocess.run([sys.executable, __file__, "--program", program, "--case", arguments.case, "--folder", arguments.folder,
                           "--steps", str(arguments.steps)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout.strip().splitlines()[-1])


def run_reverie(arguments):
    """The time between two lines of progress, which a step behind the card cannot shorten: they print its loss."""
    names, side, cutouts, _ = base.CASES[arguments.case]
    files = [os.path.join(arguments.folder, f"{name}_openai.safetensors") for name in names]
    command = [base.REVERIE, "render", f"scenes={base.PROMPT}", "perceptors=[" + ", ".join(files) + "]", f"width={side}",
               f"height={side}", f"cutouts={cutouts}", f"steps_per_scene={arguments.steps}", "save_every=100000",
               "precision=bf16", "device=cuda", "clip_activation=quick_gelu", "file_namespace=gpu_side_by_side",
               "allow_overwrite=true"]
    begin = time.monotonic()
    process = subprocess.Popen(command, cwd=arguments.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    moments, other = [], []
    for line in process.stderr:
        if line.startswith("step "):
            moments.append((time.monotonic(), int(line.split()[1].split("/")[0])))
        else:
            other.append(line)
    if process.wait() != 0 or len(moments) < 4:
        raise RuntimeError("".join(other) or "the render was too short")
    times = [(b - a) / (m - n) for (a, n), (b, m) in zip(moments, moments[1:]) if m > n]
    return {"steps": times, "first": moments[0][0] - begin}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=base.CASES, default="standard")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200, help="of a round, at least 8")
    parser.add_argument("--folder", help="keep the weights there, for the next time; made if it is not there")
    parser.add_argument("--program", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.steps < 8 or arguments.rounds < 1:
        parser.error("at least 8 steps and 1 round are needed")
    require_card()
    if arguments.program:
        return pytorch_program(arguments)
    if not os.access(base.REVERIE, os.X_OK):
        sys.exit(f"there is no program {base.REVERIE}; cmake --build --preset release makes it")
    import torch

    speed = product_speed()
    names, _, cutouts, _ = base.CASES[arguments.case]
    least = cutouts * sum(GFLOP_OF_A_CUTOUT[name] for name in names) / speed / 1e3
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}: {speed:.0f} TFLOP/s in a bfloat16 product")
    with tempfile.TemporaryDirectory() as temporary:
        arguments.folder = os.path.abspath(arguments.folder or temporary)
        os.makedirs(arguments.folder, exist_ok=True)
        base.make_weights(arguments.folder, names)
        contenders = {f"PyTorch {name}": lambda name=name: run_pytorch(arguments, name) for name in CONTENDERS}
        contenders["Reverie"] = lambda: run_reverie(arguments)
        rounds = base.by_turns(contenders, arguments.rounds)
        print(f"{'':18}{'ms/step':>9}{'of the product':>16}{'first step s':>14}{'MB':>8}{'launches':>10}")
        for name, results in rounds.items():
            middle = statistics.median(t for r in results for t in r["steps"][2:])
            known = [str(round(results[0][key])) if key in results[0] else "-" for key in ("peak", "launches")]
            print(f"{name:18}{middle * 1e3:9.2f}{least / middle:16.0%}{statistics.median(r['first'] for r in results):14.1f}"
                  f"{known[0]:>8}{known[1]:>10}")


if __name__ == "__main__":
    sys.exit(main())
