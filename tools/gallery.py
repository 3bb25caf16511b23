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
COMMON = ["width=144", "height=108", "pixel_size=2", "steps_per_scene=200", "save_every=200", "cutouts=32", "cut_pow=1.2",
          "smoothing_weight=4", "seed=5"]
INIT = "docs/pictures/first_light.png"
DISC = "docs/pictures/gallery/disc.png"

# name, what it shows, settings besides COMMON. Names are files.
CHAPTERS = [
    ("Where a prompt counts", "A mask after the weight: a letter, a picture, a video or a phrase.", [
        ("everywhere", "no mask: both prompts count everywhere", ["scenes=fire | a night sky with stars", "cut_pow=3"]),
        ("left_right", "`_l` and `_r`: left and right", ["scenes=fire:1_l | a night sky with stars:1_r", "cut_pow=3"]),
        ("up_down", "`_u` and `_d`: up and down", ["scenes=a night sky with stars:1_u | fire:1_d", "cut_pow=3"]),
        ("cutoff", "`_l_0.25`: left of a quarter of the width", ["scenes=fire:1_l_0.25 | a night sky with stars:1_r_0.25", "cut_pow=3"]),
        ("near_far", "`_n` and `_f`: the sunset counts on large cutouts, stars on small ones", ["scenes=a sunset over the sea:1_n | yellow stars:1_f", "cut_pow=2"]),
        ("mask_picture", "`_[disc.png]`: a picture; its white is where the prompt counts", [f"scenes=fire:2_[{DISC}] | a night sky with stars", "cut_pow=3"]),
        ("mask_inverted", "`_[-disc.png]`: where it is black", [f"scenes=fire:2_[-{DISC}] | a night sky with stars", "cut_pow=3"]),
        ("mask_phrase", "`_a tree`: where the perceptors find the phrase, to the same degree", ["scenes=a green tree | fire:1_a tree", "cut_pow=2"]),
        ("mask_phrase_cutoff", "`_a tree_-0.5`: the same with a cutoff, which changes little here", ["scenes=a green tree | fire:1_a tree_-0.5", "cut_pow=2"]),
    ]),
    ("Weights and stops", "", [
        ("negative", "a negative weight pushes away", ["scenes=a red heart | red:-0.5"]),
        ("stop", "with a stop, a prompt that is near enough has no effect any more", ["scenes=fire:2:0.75 | a blue fish"]),
        ("interpolation", "the second scene after 60 of the 120 steps in which it fades in", ["scenes=a sunset over the sea || a green tree", "steps_per_scene=140", "interpolation_steps=120", "save_every=200"]),
    ]),
    ("Pictures as prompts", "", [
        ("init_image", "starts from a picture, without keeping it", [f"init_image={INIT}", "scenes=a night sky with stars", "steps_per_scene=100"]),
        ("init_direct_weak", "`direct_init_weight: 1` keeps it a little", [f"init_image={INIT}", "direct_init_weight=1", "scenes=a night sky with stars", "steps_per_scene=100"]),
        ("init_direct_middle", "`direct_init_weight: 5`", [f"init_image={INIT}", "direct_init_weight=5", "scenes=a night sky with stars", "steps_per_scene=100"]),
        ("init_direct_strong", "`direct_init_weight: 25`", [f"init_image={INIT}", "direct_init_weight=25", "scenes=a night sky with stars", "steps_per_scene=100"]),
        ("init_semantic", "`semantic_init_weight: 2` keeps the meaning, not the pixels", [f"init_image={INIT}", "semantic_init_weight=2", "scenes=a night sky with stars"]),
        ("semantic_picture", "`[first_light.png]`: a picture in place of words", [f"scenes=[{INIT}]"]),
        ("direct_mask", "a direct image prompt that counts only inside the disc", [f"direct_image_prompts={INIT}:20_{DISC}", "scenes=a green tree"]),
    ]),
    ("Image models", "", [
        ("unlimited_palette", "`Unlimited Palette`: independent pixels", ["scenes=a red heart", "image_model=Unlimited Palette"]),
        ("limited_palette", "`Limited Palette`: few colours, in palettes", ["scenes=a red heart", "image_model=Limited Palette", "palettes=6"]),
        ("limited_gamma", "`gamma: 2`, `random_initial_palette: true`", ["scenes=a red heart", "image_model=Limited Palette", "palettes=6", "gamma=2", "random_initial_palette=true"]),
        ("target_palette", "`target_palette`: the colours of the sunset", ["scenes=a green tree", "image_model=Limited Palette", "palettes=6", f"target_palette={INIT}"]),
        ("pixel_size", "`pixel_size: 8`", ["scenes=a red heart", "image_model=Limited Palette", "palettes=6", "width=36", "height=27", "pixel_size=8"]),
        ("vqgan", "`VQGAN`, with the small included model", ["scenes=a red heart", "image_model=VQGAN"]),
        ("fourier", "`fourier`: waves instead of pixels", ["scenes=a red heart", "image_model=fourier"]),
        ("pyramid", "`pyramid`: coarse and fine at once", ["scenes=a red heart", "image_model=pyramid"]),
        ("siren", "`siren`: a small network of sines", ["scenes=a red heart", "image_model=siren"]),
        ("cells", "`cells`: hexagons", ["scenes=a red heart", "image_model=cells", "width=288", "height=216", "pixel_size=1", "cut_pow=0.5", "smoothing_weight=0.02"]),
    ]),
    ("Losses", "", [
        ("palette", "`palette`: four colours, wherever they fit", ["scenes=a sunset over the sea", "losses=[{name: palette, colours: ['#264653', '#2a9d8f', '#e9c46a', '#e76f51'], weight: 10}]"]),
        ("spectrum", "`spectrum`: broad shapes outweigh fine ones", ["scenes=a sunset over the sea", "losses=[{name: spectrum, decay: 3, weight: 0.3}]", "smoothing_weight=0"]),
    ]),
    ("Texture", "", [
        ("deep_fried", "a negative `smoothing_weight`", ["scenes=a red heart", "smoothing_weight=-0.2"]),
        ("detail", "`cut_pow: 3`: small cutouts, much detail", ["scenes=a red heart", "cut_pow=3", "smoothing_weight=0.5"]),
    ]),
]


# What paint makes of words alone, as it comes: each the first try.
PAINTED = PICTURES / "paint"
PAINT = ["seed=1", "steps_per_scene=110"]


def painted():
    """[(prompt, name of its picture)]"""
    prompts = (ROOT / "tools/twenty_four_prompts.txt").read_text().splitlines()
    return [(prompt, prompt.replace(" ", "_")) for prompt in prompts]


def paint(program, prompt, name):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "paint", prompt, *PAINT, "file_namespace=painted"], cwd=folder, check=True,
                       stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        shutil.copy(Path(folder) / "images_out/painted/painted_1.png", PAINTED / f"{name}.png")


def paint_chapter():
    lines = ["## Words alone", "", f"`./reverie paint \"WORDS\" {' '.join(PAINT)}`: 24 prompts that are in no list of the training or the tests, each the",
             "first try, failures included.", ""]
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
    """COMMON with what the picture sets itself in its place."""
    named = {word.split("=", 1)[0] for word in extra}
    return extra + [word for word in COMMON if word.split("=", 1)[0] not in named]


def render(program, name, settings):
    with tempfile.TemporaryDirectory() as folder:
        # Paths in the settings are relative to the root, where the gallery's commands are typed.
        (Path(folder) / "docs").symlink_to(ROOT / "docs")
        subprocess.run([program, "render", *settings, "backups=0"], cwd=folder, check=True, stderr=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        made = sorted((Path(folder) / "images_out/default").glob("*.png"), key=lambda p: int(p.stem.rsplit("_", 1)[1]))
        shutil.copy(made[-1], PICTURES / f"{name}.png")


def page():
    lines = ["# Gallery", "", "Made by `tools/gallery.py` with the included models; do not edit.", "", *paint_chapter(), "## Features", "",
             "Each picture is the last frame of `./reverie render` with the settings below it, and otherwise with",
             "these. They are small, and use the two default perceptors:", "",
             "    " + " ".join(shlex.quote(word) for word in COMMON), ""]
    for title, introduction, entries in CHAPTERS:
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
