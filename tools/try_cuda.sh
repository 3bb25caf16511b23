#!/usr/bin/env bash
# Compiles the kernels for NVIDIA's cards, which needs neither a card nor root: fetches nvcc (104 MB) into build/cuda-toolkit and
# configures build/cuda.
#
#   tools/try_cuda.sh [CMAKE ARGUMENTS]      such as -DCMAKE_CUDA_ARCHITECTURES=80-real, which takes a fifth of the time
#
# LibTorch must be one for CUDA: REVERIE_LIBTORCH names its folder (torch/ of an environment with torch==2.8.0); otherwise
# .deps/libtorch/torch, where tools/setup.sh put one if there is an NVIDIA driver.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
libtorch=${REVERIE_LIBTORCH:-$root/.deps/libtorch/torch}
[ -e "$libtorch/lib/libtorch_cuda.so" ] ||
  { echo "try_cuda.sh: there is no libtorch_cuda.so in $libtorch/lib; set REVERIE_LIBTORCH to a LibTorch for CUDA" >&2; exit 1; }
toolkit=$root/build/cuda-toolkit
if ! [ "$(cat "$toolkit/installed-from" 2>/dev/null)" = "$(<"$root/tools/cuda-toolkit.txt")" ]; then
  rm -rf "$toolkit"
  python3 -m pip install --quiet --no-deps --only-binary=:all: --require-hashes --target "$toolkit" \
    -r "$root/tools/cuda-toolkit.txt" </dev/null
  ln -s lib "$toolkit/nvidia/cu13/lib64" # where nvcc looks for the runtime
  cp "$root/tools/cuda-toolkit.txt" "$toolkit/installed-from"
fi
cmake -S "$root" -B "$root/build/cuda" -G Ninja -DCMAKE_BUILD_TYPE=Release -DREVERIE_CUDA=ON -DREVERIE_WERROR=ON \
  -DREVERIE_TESTS=OFF -DREVERIE_BENCHMARKS=OFF -DREVERIE_TOOLS=OFF "-DCMAKE_PREFIX_PATH=$libtorch" \
  "-DCMAKE_CUDA_COMPILER=$toolkit/nvidia/cu13/bin/nvcc" "$@"
cmake --build "$root/build/cuda" --target reverie_cuda
