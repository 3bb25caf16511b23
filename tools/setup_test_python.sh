#!/usr/bin/env bash
# Makes .deps/python, the Python that the tests compare with: Debian's PyTorch and Pillow, and the packages of
# tests/python-packages.txt. Also installs the ffmpeg program, which makes the tests' videos, Chromium to look at the
# pages, tmux, a terminal to look into, clang, which must compile the SDK's headers, too, Slurm and Open MPI (15 MB), which
# start runs, and duktape, which runs the job type for Flamenco. Rendering uses none of it.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
target=$root/.deps/python wanted=$root/tests/python-packages.txt

say() { echo "reverie: $*" >&2; }
packages=(python3-torch python3-torchvision python3-numpy python3-pil python3-yaml python3-requests python3-venv python3-selenium chromium chromium-driver ffmpeg librsvg2-bin tmux clang slurmctld slurmd slurm-client munge openmpi-bin duktape)
mkdir -p "$root/build" "$root/.deps"
log=$root/build/test-python.log
if command -v dpkg-query >/dev/null; then
  missing=()
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    sudo=()
    if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null || { say "for the tests, as root run: apt-get install ${missing[*]}"; exit 1; }
      sudo=(sudo)
    fi
    say "installing Debian packages for the tests: ${missing[*]}"
    { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null ||
      { tail -n 20 "$log" >&2; say "installing packages failed; the log is $log"; exit 1; }
  fi
fi
cmp -s "$target/.installed-from" "$wanted" && exit 0
# Debian's own Python, which may not be the first in PATH: only that one sees Debian's PyTorch.
python=/usr/bin/python3
"$python" -c 'import torch' 2>/dev/null ||
  { say "the tests need PyTorch for $python (Debian: python3-torch)"; exit 1; }
say "installing the Python packages that the tests compare with"
rm -rf "$target"
{ "$python" -m venv --system-site-packages "$target" &&
  "$target/bin/python" -m pip install --quiet --no-deps --only-binary=:all: -r "$wanted"; } >"$log" 2>&1 </dev/null ||
  { tail -n 20 "$log" >&2; say "installing failed; the log is $log"; exit 1; }
cp "$wanted" "$target/.installed-from"
