#!/usr/bin/env python3
"""Makes docs/presets.md and its pictures: one for each preset that comes with the program.

    tools/presets.py [--program build/release/bin/reverie] [--work FOLDER] [--only NAME ...] [--text]

Pictures that FOLDER has already are not made once more; --text writes the page alone. Needs Pillow.
"""
import argparse
import re
import shlex
import subprocess
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 300  # of a picture in the page
SOUND, CLIP = "images_out/beat_inputs/beat.wav", "images_out/pan/pan.mp4"
GROUPS = {
    "Looks": {
        "paint": "a lighthouse", "whole": "a red heart", "soft": "a white swan on a lake", "detailed": "a peacock", "brush": "a red fox",
        "watercolour": "a mountain lake", "dream": "jellyfish", "print": "a hot air balloon", "pixel_art": "a castle",
        "honeycomb": "a parrot", "triangles": "a flamingo"},
    "Colours": {
        "sepia": "an old steam train", "noir": "a street car", "teal_and_orange": "a pirate ship", "pastel": "a hot air balloon",
        "blue_hour": "a suspension bridge", "autumn": "a stone castle"},
    "Form": {
        "mirror": "an owl", "mandala": "peacock feathers", "wallpaper": "strawberries", "sticker": "a goldfish",
        "square": "a daisy", "tall": "a waterfall", "wide": "a coral reef", "large": "a tiger"},
    "Motion": {
        "zoom": "a coral reef", "spiral": "a jellyfish", "pan": "a cliff by the sea", "sway": "a sailing boat", "handheld": "a red fox",
        "flight": "an alpine valley"},
    "With a sound or a film": {"pulse": "a volcano", "restyle": "a castle", "restyle_print": "a castle"},
}
NEEDS = {"pulse": [f"input_audio={SOUND}"], "restyle": [f"video_path={CLIP}"], "restyle_print": [f"video_path={CLIP}"]}


def words_of(prompt, preset):
    return ["paint", prompt, f"preset={preset}", "seed=1", *NEEDS.get(preset, [])]


def frames_of(folder):
    return sorted(folder.glob("*.png"), key=lambda file: int(re.search(r"_(\d+)\.png$", file.name)[1]))


def strip(frames):
    """Three frames beside each other: after the first moves, half-way, and the last."""
    shown = [Image.open(frames[i]).convert("RGB") for i in (len(frames) // 6, len(frames) // 2, len(frames) - 1)]
    result = Image.new("RGB", (sum(one.width for one in shown), shown[0].height))
    for i, one in enumerate(shown):
        result.paste(one, (i * one.width, 0))
    return result


def over_checks(picture):
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    checks = Image.new("RGB", picture.size, (255, 255, 255))
    for y in range(0, picture.height, 12):
        for x in range(0, picture.width, 12):
            if (x + y) // 12 % 2:
                checks.paste((200, 200, 200), (x, y, x + 12, y + 12))
    checks.paste(picture, mask=picture.getchannel("A"))
    return checks


def make(program, work, prompt, preset):
    folder = work / "images_out" / preset
    if not folder.exists():
        if "pulse" == preset:
            subprocess.run(["python3", ROOT / "examples/make_beat.py"], cwd=work, check=True)
        subprocess.run([program, *words_of(prompt, preset), f"file_namespace={preset}"], cwd=work, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    frames = frames_of(folder)
    picture = over_checks(Image.open(frames[-1])) if len(frames) < 6 else strip(frames)
    scale = (2 * WIDTH if len(frames) >= 6 else WIDTH) / picture.width
    target = ROOT / f"docs/pictures/presets/{preset}.jpg"
    target.parent.mkdir(exist_ok=True)
    picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.LANCZOS).save(target, quality=88)


def cell(preset, prompt):
    command = shlex.join(["./reverie", *words_of(prompt, preset)]).replace("'", '"')
    picture = f"![{prompt}](pictures/presets/{preset}.jpg)<br>" if (ROOT / f"docs/pictures/presets/{preset}.jpg").exists() else ""
    return f"{picture}`{command}`"


def page(about):
    text = ["""# Presets

Made by `tools/presets.py`; do not edit.

A preset is a small settings file of a look or a motion. Choose one for your words:

    ./reverie paint "a lighthouse" preset=watercolour

or begin a settings file with it; lines below it win:

    preset: watercolour
    scenes: a lighthouse
    width: 512

    reverie presets list              # all of them, yours too
    reverie presets show watercolour  # its settings
    reverie presets save mine my_settings.yaml smoothing_weight=4

`save` keeps what a settings file, or a picture that Reverie made, has beyond the defaults, without its words and its seed, as a preset of
your own in `~/.config/reverie/preset`. There you can also write presets by hand: a YAML file with any settings. Its first comment is
what `list` shows; `defaults: [paint, _self_]` bases it on another preset. Presets are a config group
([settings-files.md](settings-files.md#config-groups)) that is found everywhere: on the command line `preset=NAME` wins over the
file, and single settings win over both. A folder `preset` beside your settings file is looked in first.

Stills take the steps for which the machine has time in about 25 seconds; motions take some minutes. The pictures, of some of them so far, are
first tries, with seed 1.
"""]
    for title, presets in GROUPS.items():
        text.append(f"## {title}\n")
        columns = 2 if title[0] in "MW" else 3
        names = list(presets)
        for begin in range(0, len(names), columns):
            row = names[begin:begin + columns]
            text.append("| " + " | ".join(f"**{name}**: {about[name]}" for name in row) + " |")
            text.append("|" + "---|" * len(row))
            text.append("| " + " | ".join(cell(name, presets[name]) for name in row) + " |\n")
    (ROOT / "docs/presets.md").write_text("\n".join(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/bin/reverie")
    parser.add_argument("--work", type=Path, default=Path("/tmp/reverie_presets"))
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--text", action="store_true")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run([given.program, "presets", "list"], capture_output=True, text=True, check=True).stdout
    about = dict(re.split(r"\s+", line, maxsplit=1) for line in listed.splitlines())
    for presets in GROUPS.values():
        for preset, prompt in presets.items():
            if not given.text and (not given.only or preset in given.only):
                print(preset, flush=True)
                make(given.program.resolve(), given.work, prompt, preset)
    page(about)


if __name__ == "__main__":
    main()
