#!/usr/bin/env python3
"""What a still that grows gains where its optimiser goes on with what it knows: the loss of the steps after it grows.

Renders the same still twice for each seed, with `upscale_optimiser: carry` and `restart`, and prints the mean distance to the
prompt before it grows, in the first steps after, and later.

  python3 benchmarks/growth.py [--model fourier] [--optimiser adam] [--seeds 3] [--steps 80] [SETTING=VALUE ...]
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def distances(arguments, seed, optimiser):
    """The distance to the prompt at each step."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [f"scenes={arguments.scenes}", f"perceptors={arguments.perceptor}", f"image_model={arguments.model}",
                    "width=128", "height=128", "upscale_from=[64]", f"upscale_at=[{arguments.steps // 2}]", "cutouts=16",
                    f"steps_per_scene={arguments.steps}", f"save_every={arguments.steps}", f"seed={seed}", "backups=0",
                    "display_every=1000", "show_graphs=true", "viewers=loss_graph", f"optimiser={arguments.optimiser}",
                    f"upscale_optimiser={optimiser}", *arguments.settings]
        subprocess.run([arguments.program, "render", *settings], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        graph = json.loads(next(Path(folder, "images_out/default").glob("*_losses.json")).read_text())
        return [point[2] for point in next(one for one in graph["losses"] if one["kind"] == "prompt")["points"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/reverie"))
    parser.add_argument("--scenes", default="a red heart")
    parser.add_argument("--perceptor", default="tiny_vit")
    parser.add_argument("--model", default="unlimited_palette")
    parser.add_argument("--optimiser", default="adam")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("settings", nargs="*")
    arguments = parser.parse_args()
    grows = arguments.steps // 2
    print(f"{arguments.model}, {arguments.optimiser}: mean distance to '{arguments.scenes}' of {arguments.seeds} seeds")
    print(f"{'':10}{'5 steps before':>16}{'5 after':>10}{'6 to 20':>10}{'last 10':>10}")
    for optimiser in ("carry", "restart"):
        runs = [distances(arguments, seed, optimiser) for seed in range(1, arguments.seeds + 1)]
        mean = lambda first, last: sum(sum(run[first:last]) / (last - first) for run in runs) / len(runs)
        print(f"{optimiser:10}{mean(grows - 5, grows):16.4f}{mean(grows, grows + 5):10.4f}"
              f"{mean(grows + 5, grows + 20):10.4f}{mean(arguments.steps - 10, arguments.steps):10.4f}")


if __name__ == "__main__":
    sys.exit(main())
