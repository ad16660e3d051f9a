#!/usr/bin/env bash
# What the README promises, on a machine where nothing was installed: a clone of HEAD in a fresh Debian 12 that has no more
# than make, git and what swift.org asks for, and in it the two commands, `make play` and `make test`.
#
#   scripts/new-machine.sh              both
#   scripts/new-machine.sh COMMAND...   runs COMMAND in the clone instead
#
# The fresh root is made once, in $VABUF_DEBIAN12_ROOT or .cache/debian12 (0.8 GB); each run begins with it as it was.
# Test media ($VABUF_MEDIA or ../shared/media) is mounted where there is some. Without root rights it says SKIPPED.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/debian-root.sh
. scripts/debian-root.sh
repository=$PWD
root=${VABUF_DEBIAN12_ROOT:-$repository/.cache/debian12}
media=$(realpath -m "${VABUF_MEDIA:-../shared/media}")

# https://www.swift.org/install/linux/: what the toolchain needs on Debian 12.
packages=ca-certificates,git,make,binutils-gold,gnupg2,libc6-dev,libcurl4-openssl-dev,libedit2,libgcc-12-dev
packages+=,libncurses-dev,libpython3-dev,libsqlite3-0,libstdc++-12-dev,libxml2-dev,libz3-dev,tzdata,unzip,zlib1g-dev

if [ "${1:-}" = --inside ]; then
  shift
  # Whatever is installed and written goes with this namespace.
  layers=$root.run
  mkdir -p "$layers"
  mount -t tmpfs -o size=90% tmpfs "$layers"
  mkdir "$layers/upper" "$layers/work" "$layers/root"
  mount -t overlay overlay -o "lowerdir=$root,upperdir=$layers/upper,workdir=$layers/work" "$layers/root"
  root=$layers/root
  debian_root_mount "$root"
  cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  if [ -d "$media" ]; then debian_root_bind "$root" "$media" /root/shared/media; fi
  git clone -q "$repository" "$root/root/vabuf"
  if [ $# -eq 0 ]; then
    # shellcheck disable=SC2016  # it expands inside
    set -- bash -ec '
      echo "new-machine: $(dpkg-query -W | wc -l) packages, $(swift --version 2>/dev/null | head -n 1)"
      make play
      make test
      echo "new-machine: both passed"'
  fi
  debian_root_run "$root" /bin/bash -c 'cd /root/vabuf && exec "$@"' new-machine "$@"
fi

obstacle=$(debian_root_obstacle)
if [ -n "$obstacle" ]; then
  printf '\n*** SKIPPED: the new machine: %s ***\n\n' "$obstacle" >&2
  exit 0
fi
debian_root_make bookworm "$root" "$packages"
exec unshare --mount --pid --fork --kill-child "$0" --inside "$@" </dev/null
