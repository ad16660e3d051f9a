#!/usr/bin/env bash
# Checks what `vabuf probe` writes for programs, on this machine and on the software VA driver:
#   --json against docs/probe.schema.json (python's jsonschema, from PyPI into .cache/probe-python), strictly: a key that
#   the schema does not know is an error here, though not to others;
#   --format prometheus by promtool (Debian's package prometheus);
#   --format nfd against the rules of Kubernetes' labels;
#   docs/probe.md: each key and each code of a finding is in it.
#
#   scripts/check-probe.sh [--short] [VABUF]     short: with two of the clips
#
# Where a tool cannot be had it says SKIPPED, and does the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
clips=()
if [ "${1:-}" = --short ]; then
  clips=(--clips "h264-high-1080p,vp8-1080p")
  shift
fi
vabuf=${1:-$(swift build --show-bin-path)/vabuf}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VABUF_CACHE_DIR=$work/cache
unset LIBVA_DRIVER_NAME LIBVA_DRIVERS_PATH VABUF_DEVICE VABUF_BACKEND

skip() { printf '\n*** SKIPPED: %s ***\n\n' "$*" >&2; }

python=.cache/probe-python/bin/python3
have_jsonschema() {
  if [ -x $python ] && $python -c 'import jsonschema' 2>/dev/null; then return; fi
  command -v python3 >/dev/null || return 1
  rm -rf .cache/probe-python
  { python3 -m venv .cache/probe-python && $python -m pip --quiet --disable-pip-version-check install 'jsonschema>=4,<5'; } \
    >/dev/null 2>&1 </dev/null
}

failures=0
check() { # what, command
  local what=$1
  shift
  if "$@"; then return; fi
  echo "check-probe: $what: wrong (above)" >&2
  failures=$((failures + 1))
}

# Each answer in $work/NAME.json, .prom and .nfd. A requirement that is not met (2) is an answer too.
answer() { # name, command that runs vabuf
  local name=$1 status format
  shift
  status=0
  "$@" probe --quiet "${clips[@]}" --json --require h264 --require hevc:main10@3840x2160p60 "$work/clip.mp4" \
    >"$work/$name.json" 2>"$work/$name.err" || status=$?
  if [ $status -ne 0 ] && [ $status -ne 2 ]; then
    cat "$work/$name.err" >&2
    echo "check-probe: $name: vabuf probe ended with $status" >&2
    exit 1
  fi
  for format in prometheus nfd; do "$@" probe --quiet "${clips[@]}" --format $format >"$work/$name.$format"; done
}

# Keys are name=value lines; both are parts of labels (Kubernetes: Labels and Selectors), the value of 63 characters at most.
check_nfd() {
  local bad
  bad=$(grep -vE '^(#.*|[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?=[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)$' "$1" || true)
  if [ -n "$bad" ]; then
    printf '%s: no label: %s\n' "${1##*/}" "$bad" >&2
    return 1
  fi
  bad=$(grep -v '^#' "$1" | cut -d= -f1 | sort | uniq -d)
  if [ -n "$bad" ]; then
    printf '%s: said twice: %s\n' "${1##*/}" "$bad" >&2
    return 1
  fi
  grep -qxE 'vabuf-hardware=(true|false)' "$1"
}

check_words() {
  local word missing=0
  for word in $(jq -r '[.. | objects | .properties? // empty | keys[]] | unique[]' docs/probe.schema.json) \
    $(grep -oE 'rawValue: "[a-z0-9-]+"' Sources/FrameModel/Probe/Finding.swift | cut -d'"' -f2) \
    $(jq -r '."$defs".verdict.oneOf[].const' docs/probe.schema.json); do
    if ! grep -qF "\`$word\`" docs/probe.md; then
      echo "docs/probe.md does not explain \`$word\`" >&2
      missing=1
    fi
  done
  return $missing
}

ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=160x96:r=25 -frames:v 8 -c:v libx264 -threads 1 -pix_fmt yuv420p \
  "$work/clip.mp4"
answer host "$vabuf"
answer driver hwtests/with-software-driver env VABUF_DEVICE=/dev/null "$vabuf"
clips+=(--no-decode)
answer nonsense env LIBVA_DRIVER_NAME=nonsense hwtests/with-software-driver \
  env LIBVA_DRIVER_NAME=nonsense VABUF_DEVICE=/dev/null "$vabuf"

check "docs/probe.md" check_words
for name in host driver nonsense; do check "$name, nfd" check_nfd "$work/$name.nfd"; done
if have_jsonschema; then
  check "json" $python scripts/check-json.py docs/probe.schema.json "$work"/*.json
else
  skip "the JSON of vabuf probe against its schema: python3 and its venv, or jsonschema from PyPI, cannot be had here"
fi
if command -v promtool >/dev/null; then
  for name in host driver nonsense; do check "$name, prometheus" promtool check metrics <"$work/$name.prometheus"; done
else
  skip "the Prometheus textfile of vabuf probe: there is no promtool here (apt install prometheus)"
fi
[ $failures -eq 0 ] || exit 1
echo "check-probe: ok"
