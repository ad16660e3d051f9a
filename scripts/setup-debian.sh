#!/usr/bin/env bash
# Installs what the build and the tests need on Debian 12 or 13, and checks the Swift toolchain.
# Where nothing is missing it asks nothing, needs no network and takes a moment.
set -euo pipefail

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

packages=(
  make git pkg-config g++                                        # the build
  libavcodec-dev libavformat-dev libavutil-dev libswscale-dev    # decode
  libva-dev libdrm-dev vainfo                                    # GPU surfaces, and what a driver says of itself
  ffmpeg                                                         # the reference of the tests, and their clips
  libsdl2-dev libplacebo-dev libegl-dev                          # the player's window
  xvfb xdotool openbox mesa-vulkan-drivers                       # a display for its tests, and Vulkan on the processor
  jq                                                             # scripts/
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null || fail "no apt-get here: install by hand what these Debian packages hold: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "packages are missing and there is no sudo: as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" </dev/null
  }
  echo "setup: installing ${missing[*]}"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  apt update >"$log" 2>&1 || { cat "$log" >&2; fail "apt-get update failed (above): is there a network?"; }
  apt install --no-install-recommends -y "${missing[@]}" >"$log" 2>&1 \
    || { cat "$log" >&2; fail "apt-get install failed (above): ${missing[*]}"; }
fi

need="Swift 6.2 or newer is needed: get it at https://www.swift.org/install/linux/ and put its usr/bin on PATH"
command -v swift >/dev/null || fail "no swift on PATH: $need"
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2/p' | head -n 1)
read -r major minor <<<"$version" || true
if [ -z "${major:-}" ]; then
  fail "swift --version says nothing that can be read (is the toolchain whole?): $need"
elif [ "$((major * 100 + minor))" -lt 602 ]; then
  fail "this is Swift $major.$minor: $need"
fi
