#!/usr/bin/env python3
"""Every published architecture at full size with random weights, against open_clip. Not part of the ordinary tests, since
it takes some minutes, 16 GB of memory and 5 GB of disk:

    ninja -C build/release clip_parity plugin_clip plugin_siglip
    .deps/python/bin/python tests/perceptors/full_size_parity.py build/release/tests/perceptors/clip_parity [NAME...]
"""
import pathlib
import subprocess
import sys
import tempfile

ALL = ["RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-B-16-plus-240", "ViT-L-14", "ViT-L-14-336",
       "ViT-H-14", "ViT-g-14", "ViT-bigG-14", "EVA02-B-16", "EVA02-L-14", "ViT-B-16-SigLIP", "ViT-SO400M-14-SigLIP"]
program, names = sys.argv[1], sys.argv[2:] or ALL
failed = 0
for name in names:
    siglip = "SigLIP" in name or name.startswith("hf:")
    script = pathlib.Path(__file__).with_name("siglip_files.py" if siglip else "clip_files.py")
    with tempfile.TemporaryDirectory(prefix="reverie_parity_") as folder:
        made = subprocess.run([sys.executable, script, folder, name], check=True, capture_output=True, text=True)
        judged = subprocess.run([program, *made.stdout.rstrip("\n").split("\t")], capture_output=True, text=True)
        failed += judged.returncode != 0
        print(f"{name}: {judged.stdout.strip() or judged.stderr.strip()}", flush=True)
sys.exit(failed > 0)
