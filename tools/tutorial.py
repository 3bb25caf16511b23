#!/usr/bin/env python3
"""Makes the pictures of docs/tutorial.md by running its commands.

    tools/tutorial.py [--only NAME ...] [--program build/release/bin/reverie]

docs/pictures/tutorial/NAME_N.png is the file of that name that the commands leave in images_out/NAME.
"""
import argparse
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/bin/reverie")
    parser.add_argument("--only", nargs="*", help="runs, by their file_namespace; all by default")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    text = (ROOT / "docs/tutorial.md").read_text()
    wanted = sorted(set(re.findall(r"\(pictures/tutorial/(\S+?)\.png\)", text)))
    wanted = [picture for picture in wanted if not arguments.only or picture.rsplit("_", 1)[0] in arguments.only]
    names = {picture.rsplit("_", 1)[0] for picture in wanted}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for needed in ("docs", "examples"):
            (folder / needed).symlink_to(ROOT / needed)
        pictures = ROOT / "docs/pictures/tutorial"
        pictures.mkdir(exist_ok=True)
        for made in pictures.glob("*.png"):  # a run may start from another run's picture
            before = folder / "images_out" / made.stem.rsplit("_", 1)[0]
            if arguments.only and before.name not in names:
                before.mkdir(parents=True, exist_ok=True)
                shutil.copy(made, before)
        for title, lines in re.findall(r"\n    # (\w+\.yaml)\n((?:    .*\n|\n(?=    \w+:))+)", text):
            (folder / title).write_text(re.sub(r"^    ", "", lines, flags=re.M))
        for command in re.findall(r"^    \./reverie ((?:paint|render) .*)$", text, re.M):
            if any(f"file_namespace={run}" in command or f"render {run}.yaml" == command for run in names):
                print(command, flush=True)
                subprocess.run(["bash", "-c", f"{program} {command}"], cwd=folder, check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for picture in wanted:
            run = picture.rsplit("_", 1)[0]
            shutil.copy(folder / "images_out" / run / f"{picture}.png", pictures)


if __name__ == "__main__":
    main()
