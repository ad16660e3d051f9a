#!/usr/bin/env bash
# Builds and tests on Debian 13 (FFmpeg 7.1, libva 2.22), whatever this machine runs.
#
#   scripts/debian13.sh              debug build with warnings as errors, and all tests
#   scripts/debian13.sh COMMAND...   runs COMMAND there, in the repository
#
# The root is made once, in $VABUF_DEBIAN13_ROOT or .cache/debian13 (1.5 GB); the repository is mounted into it. Without
# root rights it says SKIPPED and exits 0, or 1 where VABUF_DEBIAN13_REQUIRED=1.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/debian-root.sh
. scripts/debian-root.sh
repository=$PWD
root=${VABUF_DEBIAN13_ROOT:-$repository/.cache/debian13}

# First what the toolchain needs, then what scripts/setup-debian.sh installs.
packages=ca-certificates,git,binutils,g++,libc6-dev,libcurl4t64,libedit2,libncurses6,libsqlite3-0,libxml2,libz3-4,tzdata
packages+=,make,pkg-config,libavcodec-dev,libavformat-dev,libavutil-dev,libswscale-dev,libva-dev,libdrm-dev,vainfo,ffmpeg,jq
packages+=,libsdl2-dev,libplacebo-dev,libegl-dev,xvfb,xdotool,openbox,weston,libgl1-mesa-dri,libegl-mesa0,mesa-vulkan-drivers

skip() {
  printf '\n*** SKIPPED: the Debian 13 stage: %s ***\n\n' "$*" >&2
  if [ "${VABUF_DEBIAN13_REQUIRED:-}" = 1 ]; then exit 1; else exit 0; fi
}

if [ "${1:-}" = --inside ]; then
  shift
  debian_root_mount "$root"
  debian_root_bind "$root" "$repository" /repository
  if [ $# -eq 0 ]; then
    # shellcheck disable=SC2016  # it expands inside
    set -- bash -ec '
      echo "debian13: $(swift --version 2>/dev/null | head -n 1); libavcodec $(pkg-config --modversion libavcodec), libva $(pkg-config --modversion libva)"
      swift build --build-tests --scratch-path .build-debian13 --explicit-target-dependency-import-check error
      swift test --skip-build --scratch-path .build-debian13'
  fi
  export VABUF_STRICT=1
  debian_root_run "$root" /bin/bash -c 'cd /repository && exec "$@"' debian13 "$@"
fi

obstacle=$(debian_root_obstacle)
[ -z "$obstacle" ] || skip "$obstacle (sudo $0)"
command -v swift >/dev/null || { echo "debian13: no swift on PATH: see scripts/setup-debian.sh" >&2; exit 1; }
debian_root_make trixie "$root" "$packages"
exec unshare --mount --pid --fork --kill-child "$0" --inside "$@" </dev/null
