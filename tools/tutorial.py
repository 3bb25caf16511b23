#!/usr/bin/env python3
"""Makes the pictures of docs/tutorial.md by running its commands.

    tools/tutorial.py [--program build/release/bin/reverie]

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
    program = parser.parse_args().program.resolve()
    text = (ROOT / "docs/tutorial.md").read_text()
    wanted = sorted(set(re.findall(r"\(pictures/tutorial/(\S+?)\.png\)", text)))
    names = {picture.rsplit("_", 1)[0] for picture in wanted}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "docs").symlink_to(ROOT / "docs")
        for title, lines in re.findall(r"\n    # (\w+\.yaml)\n((?:    .*\n|\n(?=    \w+:))+)", text):
            (folder / title).write_text(re.sub(r"^    ", "", lines, flags=re.M))
        for command in re.findall(r"^    \./reverie (render .*)$", text, re.M):
            if any(f"file_namespace={run}" in command or f"render {run}.yaml" in command for run in names):
                print(command, flush=True)
                subprocess.run(["bash", "-c", f"{program} {command}"], cwd=folder, check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pictures = ROOT / "docs/pictures/tutorial"
        pictures.mkdir(exist_ok=True)
        for picture in wanted:
            run = picture.rsplit("_", 1)[0]
            shutil.copy(folder / "images_out" / run / f"{picture}.png", pictures)


if __name__ == "__main__":
    main()
