#!/usr/bin/env python3
"""Compiles each header of the SDK by itself with clang, whose warnings differ from GCC's.

    headers_test.py INCLUDES LIBTORCH_INCLUDES...

INCLUDES holds reverie/*.h. A plugin may be built by another compiler than the host, and may include any header first.
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
from pathlib import Path

includes, system = Path(sys.argv[1]), sys.argv[2:]
# CLANGXX may name another one.
clang = next(filter(None, map(shutil.which, [os.environ.get("CLANGXX", "clang++"), "clang++-14"])), None)
if not clang:
    sys.exit("there is no clang++; tools/setup_test_python.sh installs it")
headers = sorted(includes.glob("reverie/**/*.h"))
command = [clang, "-std=c++20", "-fsyntax-only", "-x", "c++", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{includes}",
           *(word for folder in system for word in ("-isystem", folder)), "-"]


def compiled(header):
    text = f'#include "{header.relative_to(includes)}"\nint main() {{}}\n'
    return subprocess.run(command, input=text, capture_output=True, text=True)


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    bad = [(header, result) for header, result in zip(headers, pool.map(compiled, headers)) if result.returncode]
for header, result in bad:
    print(f"{header.relative_to(includes)}:\n{result.stderr}")
print(f"{len(headers)} headers, {len(bad)} of them do not compile by themselves")
sys.exit(bool(bad) or len(headers) < 30)
