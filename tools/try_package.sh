#!/usr/bin/env bash
# Makes the Debian packages of build/release and tries them in a new, bare Debian 12: they install what they need, the program
# renders, a plugin is built, and removing them leaves nothing. Takes root, debootstrap, the network, 4 GB and some minutes.
#
#   tools/try_package.sh [FOLDER]     FOLDER: what has that space, in place of /var/tmp
#
# DEBIAN_MIRROR names another mirror than deb.debian.org. The system that runs this must be the Debian that it tries, because
# the packages need the libraries of the system that they are made on; SUITE=trixie, on such a system, tries Debian 13.
set -euo pipefail

source=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
suite=${SUITE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# What runs inside.
if [ "${1:-}" = --inside ]; then
  step() { echo "== $*"; }
  fail() { echo "FAILED: $*" >&2; exit 1; }
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
  quietly() { "$@" >/tmp/log 2>&1 </dev/null || { tail -n 30 /tmp/log; fail "$*"; }; }
  # An artist is not root; what the program writes for itself goes into the artist's home.
  as_artist() { su artist -c "cd && $*"; }

  step "installing reverie"
  quietly useradd --create-home artist
  quietly apt-get update
  before=$(dpkg-query -W -f '${Package}\n')
  quietly apt-get install -y --no-install-recommends /packages/reverie_*.deb
  echo "$(dpkg-query -W | wc -l) packages, $(wc -l <<<"$before") of them before; Reverie's own takes" \
    "$(dpkg-query -W -f '${Installed-Size}' reverie) kB"

  step "reverie"
  as_artist reverie --version
  as_artist reverie plugins list >/tmp/plugins || fail "plugins list"
  ! grep -i 'rejected\|warning' /tmp/plugins || fail "not every plugin loads"
  grep -c '\.so' /tmp/plugins | sed 's/$/ plugins, none rejected/'

  step "a picture"
  quietly as_artist 'reverie render scenes="a red heart" width=64 height=64 steps_per_scene=5 save_every=5 file_namespace=heart'
  quietly as_artist 'reverie paint "a castle" steps_per_scene=5'
  quietly as_artist 'reverie render scenes="a red heart" width=64 height=64 steps_per_scene=4 save_every=2 outputs=[video_file] file_namespace=film'
  pictures=$(find /home/artist -name '*.png' -o -name '*.mp4')
  [ "$(grep -c 'png$' <<<"$pictures")" -ge 2 ] || fail "pictures are missing: $pictures"
  grep -q 'mp4$' <<<"$pictures" || fail "the video is missing: $pictures"
  for file in $(grep 'png$' <<<"$pictures"); do
    [ "$(head -c 8 "$file" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || fail "$file is no PNG"
  done
  printf '%s\n' "$pictures"

  step "licences"
  for file in copyright NOTICE libtorch/torch/LICENSE libtorch/torch/NOTICE libtorch/nvidia_cuda_runtime_cu12/License.txt \
      libtorch/nvidia_cuda_cupti_cu12/License.txt; do
    ls "/usr/share/doc/reverie/$file"
  done

  step "a plugin against reverie-dev"
  as_artist reverie plugins new losses warmer | tee /tmp/next
  grep -q 'apt-get install reverie-dev' /tmp/next || fail "plugins new does not name reverie-dev"
  quietly apt-get install -y --no-install-recommends /packages/reverie-dev_*.deb make
  quietly as_artist cmake -S warmer -B warmer/build
  quietly as_artist cmake --build warmer/build
  as_artist reverie plugins test warmer/build/lib/reverie/plugins/losses/warmer.so | tail -n 1

  step "removing them"
  quietly apt-get purge -y reverie reverie-dev
  rest=$(find / -xdev \( -path /proc -o -path /home -o -path /packages \) -prune -o -iname '*reverie*' -print)
  [ -z "$rest" ] || fail "this is left: $rest"
  quietly apt-get autoremove --purge -y
  # make was asked for above.
  more=$(comm -13 <(sort <<<"$before") <(dpkg-query -W -f '${Package}\n' | grep -vx make | sort))
  [ -z "$more" ] || fail "these packages are left: $more"
  echo "nothing is left"
  exit
fi

[ "$(id -u)" = 0 ] || { echo "this takes root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "install debootstrap" >&2; exit 1; }
root=$(mktemp -d "${1:-/var/tmp}/reverie-package.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
chmod 755 "$root" # an artist must be able to enter it

(cd "$source/build/release" && rm -f ./*.deb && time cpack && ls -sh ./*.deb)
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" || { tail "$root.log"; exit 1; }
rm "$root.log"
cat >"$root/etc/apt/sources.list" <<END
deb $mirror $suite main
deb $mirror $suite-updates main
deb ${mirror%/debian}/debian-security $suite-security main
END
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir "$root/packages"
cp "$source"/build/release/reverie*.deb "$root/packages"
cp "$source/tools/try_package.sh" "$root/packages/try"
# A mount of its own that ends with the command: nothing is mounted when the folder is deleted.
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root unshare --mount bash -c \
  'mount -t proc proc "$1/proc" && exec chroot "$1" bash /packages/try --inside' _ "$root"
