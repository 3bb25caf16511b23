#!/usr/bin/env python3
"""Paints the prompts of tools/twenty_four_prompts.txt, renders a picture for each feature of stills, with the models that ship,
and writes docs/gallery.md from them.

    tools/gallery.py [--only NAME ...] [--program build/release/bin/reverie]

Everything that a picture needs is made here or lies in docs/pictures, so that each command in the gallery can be
repeated from the repository's root. The page shows exactly the settings that were used.
"""
import argparse
import shlex
import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures/gallery"
COMMON = ["preset=paint", "width=256", "height=192", "cutouts=10", "learning_rate=0.12",
          "steps_per_scene=60", "seed=1"]
INIT = "docs/pictures/first_light.png"
DISC = "docs/pictures/gallery/disc.png"
PLACES = ["width=512", "height=288", "cutouts=14", "cut_pow=6", "cutout_overviews=0"]
GOLDFISH = ["scenes=a goldfish", "init_image=docs/pictures/paint/goldfish.png", "learning_rate=null", "steps_per_scene=40",
            "save_every=40"]

# name, what it shows, settings besides COMMON. Names are files.
CHAPTERS = [
    ("Where a prompt counts", "A mask after the weight: a letter, a picture, a video or a phrase. A prompt counts for the cutouts in its place, so cutouts have "
     "to be smaller than the picture: it is larger here, `cut_pow` is high, and there are no overviews.", [
        ("left_right", "`_l` and `_r`: strawberries left, broccoli right", ["scenes=strawberries:1_l | broccoli:1_r", *PLACES]),
        ("up_down", "`_u` and `_d`: broccoli above, strawberries below", ["scenes=broccoli:1_u | strawberries:1_d", "seed=2", *PLACES]),
        ("near_far", "`_n` and `_f`: strawberries count on large cutouts, broccoli on small ones", ["scenes=strawberries:1_n | broccoli:1_f", *PLACES]),
        ("mask_picture", "`_[disc.png]`: a picture; its white is where the prompt counts", [f"scenes=strawberries:2_[{DISC}] | broccoli", *PLACES]),
        ("mask_inverted", "`_[-disc.png]`: where it is black", [f"scenes=strawberries:2_[-{DISC}] | broccoli", *PLACES]),
        ("mask_phrase", "`_leaves`: where the perceptors find the phrase", ["scenes=strawberries | broccoli:1_leaves", *PLACES]),
    ]),
    ("Weights and pictures as prompts", "", [
        ("negative", "a negative weight pushes away: a volcano with less fire", ["scenes=a volcano | fire:-0.5"]),
        ("init_image", "starts from a picture, without keeping it", [f"init_image={INIT}", "scenes=a pirate ship"]),
        ("init_direct_middle", "`direct_init_weight: 5` keeps it", [f"init_image={INIT}", "direct_init_weight=5", "scenes=a pirate ship"]),
        ("init_direct_strong", "`direct_init_weight: 25`", [f"init_image={INIT}", "direct_init_weight=25", "scenes=a pirate ship"]),
        ("semantic_picture", "`[first_light.png]`: a picture in place of words", [f"scenes=[{INIT}]"]),
        ("direct_mask", "a direct image prompt that counts only inside the disc", [f"direct_image_prompts={INIT}:20_{DISC}", "scenes=a coral reef"]),
    ]),
    ("Image models", "The same picture to start from, and 40 steps with each model's own learning rate.", [
        ("unlimited_palette", "`Unlimited Palette`: independent pixels", [*GOLDFISH, "image_model=Unlimited Palette"]),
        ("limited_palette", "`Limited Palette`: few colours, in palettes", [*GOLDFISH, "image_model=Limited Palette", "palettes=6"]),
        ("target_palette", "`target_palette`: the colours of the sunset", [*GOLDFISH, "image_model=Limited Palette", "palettes=6", f"target_palette={INIT}"]),
        ("fourier", "`fourier`: waves instead of pixels", [*GOLDFISH, "image_model=fourier"]),
        ("pyramid", "`pyramid`: coarse and fine at once", [*GOLDFISH, "image_model=pyramid"]),
        ("siren", "`siren`: a small network of sines", [*GOLDFISH, "image_model=siren"]),
        ("cells", "`cells`: hexagons", [*GOLDFISH, "image_model=cells", "cell_size=8"]),
        ("vqgan", "`VQGAN`, with the small included model", [*GOLDFISH, "image_model=VQGAN"]),
    ]),
    ("Losses and cutouts", "", [
        ("palette", "`palette`: four colours, wherever they fit", ["scenes=a volcano", "losses=[{name: palette, colours: ['#264653', '#2a9d8f', '#e9c46a', '#e76f51'], weight: 10}]"]),
        ("symmetry", "`symmetry`: left and right alike", ["scenes=a peacock", "losses=[{name: symmetry, weight: 20}]"]),
        ("few_large", "`cut_pow: 0.5`: large cutouts, one large subject", ["scenes=a strawberry", "cut_pow=0.5"]),
        ("detail", "`cut_pow: 8`: small cutouts, many small ones", ["scenes=a strawberry", "cut_pow=8", "cutout_overviews=0"]),
        ("disco", "`cutout_method: disco`", ["scenes=a jellyfish", "cutout_method=disco"]),
    ]),
]


# What paint makes of words alone: each the first try.
PAINTED = PICTURES / "paint"
PAINT = ["seed=1", "steps_per_scene=110"]
# Prompts whose picture does not show what the words say. The page names them.
FAILED = ["a mountain village in winter", "a white horse on a beach", "a field of sunflowers", "an old steam train in the snow",
          "an astronaut on the moon", "autumn leaves", "portrait of an old man", "a knight in armour"]


def painted():
    """[(prompt, name of its picture)] of those that are shown"""
    prompts = (ROOT / "tools/twenty_four_prompts.txt").read_text().splitlines()
    return [(prompt, prompt.replace(" ", "_")) for prompt in prompts if prompt not in FAILED]


def paint(program, prompt, name):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "paint", prompt, *PAINT, "file_namespace=painted"], cwd=folder, check=True,
                       stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        shutil.copy(Path(folder) / "images_out/painted/painted_1.png", PAINTED / f"{name}.png")


def paint_chapter():
    lines = ["## Words alone", "", f"`./reverie paint \"WORDS\" {' '.join(PAINT)}`, each the first try. Of 24 prompts that are in no list of the",
             f"training or the tests, {len(FAILED)} are not shown, because their pictures do not show the words: {', '.join(FAILED)}.", ""]
    prompts = painted()
    for start in range(0, len(prompts), 4):
        row = prompts[start:start + 4]
        lines += ["| " + " | ".join(f"![{prompt}](pictures/gallery/paint/{name}.png)" for prompt, name in row) + " |", "|" + "---|" * len(row),
                  "| " + " | ".join(prompt for prompt, _ in row) + " |", ""]
    return lines


def write_disc(path):
    """A white disc on black, an 8-bit grey PNG."""
    width, height = 192, 144
    rows = b"".join(
        b"\0" + bytes(255 if (x - 96) ** 2 + (y - 72) ** 2 < 52**2 else 0 for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def settings_of(extra):
    """COMMON without what the picture sets itself, and then that."""
    named = {word.split("=", 1)[0] for word in extra}
    return [word for word in COMMON if word.split("=", 1)[0] not in named] + extra


def render(program, name, settings):
    with tempfile.TemporaryDirectory() as folder:
        # Paths in the settings are relative to the root, where the gallery's commands are typed.
        for needed in ("docs", "examples"):
            (Path(folder) / needed).symlink_to(ROOT / needed)
        subprocess.run([program, "render", *settings, "backups=0"], cwd=folder, check=True, stderr=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        made = sorted((Path(folder) / "images_out").glob("*/*.png"), key=lambda p: int(p.stem.rsplit("_", 1)[1]))
        shutil.copy(made[-1], PICTURES / f"{name}.png")


def page():
    lines = ["# Gallery", "", "Made by `tools/gallery.py` with the included models; do not edit.", "", *paint_chapter(), "## Features", "",
             "Each picture is the last frame of `./reverie render` with these settings and those below it. The preset `paint` is what looks",
             "are based on; the pictures are smaller, with fewer cutouts and steps:", "",
             "    " + " ".join(shlex.quote(word) for word in COMMON), ""]
    for title, introduction, entries in CHAPTERS:
        # A picture that was removed, because it does not show its feature well, is left out until it is made again.
        entries = [entry for entry in entries if (PICTURES / f"{entry[0]}.png").exists()]
        lines += [f"### {title}", ""] + ([introduction, ""] if introduction else [])
        for start in range(0, len(entries), 3):
            row = entries[start:start + 3]
            lines += ["| " + " | ".join(f"![{name}](pictures/gallery/{name}.png)" for name, _, _ in row) + " |",
                      "|" + "---|" * len(row),
                      "| " + " | ".join(what.replace("|", "\\|") for _, what, _ in row) + " |",
                      "| " + " | ".join("<br>".join("`" + word.replace("|", "\\|") + "`" for word in extra) for _, _, extra in row) + " |", ""]
    return "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--program", default=ROOT / "build/release/bin/reverie", type=Path)
    arguments = parser.parse_args()
    PICTURES.mkdir(parents=True, exist_ok=True)
    write_disc(PICTURES / "disc.png")
    PAINTED.mkdir(exist_ok=True)
    for prompt, name in painted():
        if arguments.only is None or name in arguments.only:
            print(prompt, flush=True)
            paint(arguments.program.resolve(), prompt, name)
    for _, _, entries in CHAPTERS:
        for name, _, extra in entries:
            if arguments.only is None or name in arguments.only:
                print(name, flush=True)
                render(arguments.program.resolve(), name, settings_of(extra))
    (ROOT / "docs/gallery.md").write_text(page())


if __name__ == "__main__":
    main()
