#!/usr/bin/env python3
"""Whether an installation's programs and libraries need only themselves and the system.

    self_contained.py PREFIX FORBIDDEN...

Each one's RUNPATH must be relative to it, and nothing that the loader finds for it, LibTorch's own needs included, may lie
in a FORBIDDEN folder: the sources, the build tree, LibTorch as the build found it.
"""
import re
import subprocess
import sys
from pathlib import Path

prefix, forbidden = Path(sys.argv[1]), sys.argv[2:]
files = [path for path in sorted(prefix.rglob("*")) if path.is_file() and "libtorch" not in path.relative_to(prefix).parts
         and path.open("rb").read(4) == b"\x7fELF"]
faults = []
for path in files:
    dynamic = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    for folders in re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", dynamic):
        faults += [f"{path} looks for libraries in '{folder}'" for folder in folders.split(":") if not folder.startswith("$ORIGIN/")]
    loaded = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    faults += [f"{path}: {line.strip()}" for line in loaded.splitlines()
               if "not found" in line or f" {prefix}/" not in line and any(f" {folder}/" in line for folder in forbidden)]
    if "libtorch_cpu" in dynamic and f"libtorch_cpu.so => {prefix}/" not in loaded:
        faults.append(f"{path} has another LibTorch than its installation's:\n{loaded}")
print(*faults, f"{len(files)} programs and libraries looked at", sep="\n")
sys.exit(bool(faults) or len(files) < 40)
