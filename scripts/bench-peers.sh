#!/usr/bin/env bash
# vabuf beside other libraries: the same clips, the same requests, the same threads, rounds in turn, medians, and every
# frame checked. Prints tables in Markdown (docs/benchmarks.md shows and explains them).
#
#   scripts/bench-peers.sh [--short] [--rounds N] [--threads N] [--seed N] [--peers NAMES] [--clips NAMES]
#                         [--check-only | --speed-only | --first-only | --sequential-only] [--part N] [--backend B] [--device D]
#   scripts/bench-peers.sh --work-only [--backend B] [--device D] [--seed N] [--clips NAMES]
#   scripts/bench-peers.sh --hand-only [--pace MS] [--lists N] [--part N] [--peers NAMES] [--clips NAMES]
#
# With --part N libraries that keep no frames are asked for the first N frames of each list: they take as long for the rest.
# With --check-only: wrong frames alone, of the hard clips or of those that --clips names.
# With --first-only: milliseconds until a file is open and its first frame is there.
# With --sequential-only: all frames in order, as ratios to the bare loop of the same round, with quartiles.
# With --work-only: how many frames vabuf decodes for how many, beside the offline bound, and what it holds. Counts, which
# do not depend on the machine's speed.
#
# With --hand-only: how long scrubbing waits, N lists with the seeds from 1, each in turn with the bare LRU and those peers
# that --peers names: they keep no frames, and take minutes for each list. A request comes
# no sooner than --pace milliseconds after the one before: 16.7 is a hand on a display of 60 frames a second.
#
# Needs python3 with venv; installs PyAV, TorchCodec, decord and OpenCV from PyPI into .cache/peers, and FFMS2 from apt with
# its binding from PyPI. A peer that cannot be had here is left out, loudly. VABUF names the program (.build/release/vabuf).
set -euo pipefail
cd "$(dirname "$0")/.."
home=.cache/peers
vabuf=${VABUF:-.build/release/vabuf}
[ -x "$vabuf" ] || { echo "bench-peers: no $vabuf: run 'make release' first" >&2; exit 1; }
mkdir -p "$home"

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
if [ ! -x "$home/python/bin/pip" ]; then
  python3 -m venv "$home/python" || {
    echo "bench-peers: python3 has no venv here: apt install python3-venv" >&2
    exit 1
  }
fi
have() { "$home/python/bin/python" -c "import $1" 2>/dev/null; }
want() { # module, packages
  local module=$1
  shift
  have "$module" || "$home/python/bin/pip" install -q "$@" >"$home/pip-$module.log" 2>&1 || true
  have "$module" || echo "bench-peers: *** SKIPPED: $module cannot be had here (see $home/pip-$module.log) ***" >&2
}
want numpy numpy
want av av
want cv2 opencv-python-headless
want decord decord
want torch torch
want torchcodec torchcodec
ldconfig -p | grep -q libffms2 \
  || as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install libffms2-5 >/dev/null </dev/null || true
want ffms2 ffms2

export VABUF="$vabuf" BARE_LOOP VABUF_CACHE_DIR=$PWD/$home/index
BARE_LOOP=$(scripts/build-bare-loop.sh)
exec "$home/python/bin/python" scripts/peers/compare.py --home "$home" "$@"
