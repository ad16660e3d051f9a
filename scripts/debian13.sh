#!/usr/bin/env bash
# Builds and tests on Debian 13 (FFmpeg 7.1, libva 2.22), whatever this machine runs.
#
#   scripts/debian13.sh              debug build with warnings as errors, and all tests
#   scripts/debian13.sh COMMAND...   runs COMMAND there, in the repository
#
# The root is made once, in $VABUF_DEBIAN13_ROOT or .cache/debian13 (1.5 GB). The Swift toolchain and the repository
# are mounted into it, in a mount namespace of this script's own: nothing is left mounted, however it ends.
# Without root rights it says SKIPPED and exits 0, or 1 where VABUF_DEBIAN13_REQUIRED=1.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
root=${VABUF_DEBIAN13_ROOT:-$repository/.cache/debian13}
mirror=${VABUF_DEBIAN_MIRROR:-http://deb.debian.org/debian}

# First what the toolchain needs, then what scripts/setup-debian.sh installs.
packages=ca-certificates,git,binutils,g++,libc6-dev,libcurl4t64,libedit2,libncurses6,libsqlite3-0,libxml2,libz3-4,tzdata
packages+=,make,pkg-config,libavcodec-dev,libavformat-dev,libavutil-dev,libswscale-dev,libva-dev,libdrm-dev,vainfo,ffmpeg,jq

fail() {
  printf 'debian13: %s\n' "$*" >&2
  exit 1
}

skip() {
  printf '\n*** SKIPPED: the Debian 13 stage: %s ***\n\n' "$*" >&2
  if [ "${VABUF_DEBIAN13_REQUIRED:-}" = 1 ]; then exit 1; else exit 0; fi
}

make_root() {
  if ! command -v mmdebstrap >/dev/null; then
    echo "debian13: installing mmdebstrap"
    { DEBIAN_FRONTEND=noninteractive apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
      --no-install-recommends install mmdebstrap debian-archive-keyring; } >/dev/null </dev/null \
      || fail "mmdebstrap cannot be installed: is there a network?"
  fi
  echo "debian13: making the root in $root (once; a minute or two)"
  mkdir -p "$(dirname "$root")"
  rm -rf --one-file-system "$root" "$root.new"
  unshare --mount mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$root.new" "$mirror" </dev/null \
    || fail "mmdebstrap failed (above): is $mirror reached from here? VABUF_DEBIAN_MIRROR names another"
  printf '%s\n' "$packages" >"$root.new/.packages"
  mv "$root.new" "$root"
}

# The same remotes as on the host: its git rewrites of addresses, and the folders that they point to.
git_rewrites() {
  git config --get-regexp '^url\..*\.insteadof$' 2>/dev/null || true
}

mount_all() {
  local toolchain=$1 key value folder
  bind() {
    mkdir -p "$root$2"
    mount --rbind "$1" "$root$2"
  }
  bind "$toolchain" /toolchain
  bind "$repository" /repository
  bind /dev /dev
  mount -t proc proc "$root/proc"
  mount -t tmpfs tmpfs "$root/tmp"
  : >"$root/root/.gitconfig"
  git config --file "$root/root/.gitconfig" --add safe.directory '*'
  while read -r key value; do
    [ -n "$key" ] || continue
    git config --file "$root/root/.gitconfig" --add "$key" "$value"
    folder=${key#url.}
    folder=${folder%.insteadof}
    case $folder in file://*) folder=${folder#file://} ;; esac
    if [ -d "$folder" ] && ! mountpoint -q "$root$folder"; then bind "$folder" "$folder"; fi
  done < <(git_rewrites)
}

# Runs in a mount and process namespace of its own (see the end of this file).
inside() {
  local toolchain=$1
  shift
  mount_all "$toolchain"
  if [ $# -eq 0 ]; then
    # shellcheck disable=SC2016  # it expands inside
    set -- bash -ec '
      echo "debian13: $(swift --version 2>/dev/null | head -n 1); libavcodec $(pkg-config --modversion libavcodec), libva $(pkg-config --modversion libva)"
      swift build --build-tests --scratch-path .build-debian13 --explicit-target-dependency-import-check error
      swift test --skip-build --scratch-path .build-debian13'
  fi
  exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" CI="${CI:-}" \
    PATH=/toolchain/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin VABUF_STRICT=1 VABUF_SHORT="${VABUF_SHORT:-}" \
    /bin/bash -c 'cd /repository && exec "$@"' debian13 "$@"
}

if [ "${1:-}" = --inside ]; then
  shift
  inside "$@"
fi

[ "$(id -u)" -eq 0 ] || skip "it needs root rights, to make and to enter a Debian root (sudo $0)"
command -v swift >/dev/null || fail "no swift on PATH: see scripts/setup-debian.sh"
unshare --mount --pid --fork true 2>/dev/null || skip "this machine allows no mount namespaces"
if [ "$(cat "$root/.packages" 2>/dev/null)" != "$packages" ]; then make_root; fi

# swift is TOOLCHAIN/usr/bin/swift, or a link to it.
toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
exec unshare --mount --pid --fork --kill-child "$0" --inside "$toolchain" "$@" </dev/null
