#!/usr/bin/env bash
# What a change must pass: format, layers, a debug build with warnings as errors, all tests. Arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."
export VABUF_STRICT=1
scripts/check-format.sh
scripts/check-layers.sh
scripts/test-check-layers.sh
swift build --build-tests --explicit-target-dependency-import-check error </dev/null
swift test --skip-build --disable-xctest "$@" </dev/null
# All tests were asked for: so are the faults of the driver, what `probe` writes for programs, and the player.
if (($# == 0)); then
  hwtests/sweep.sh --short "$(swift build --show-bin-path)/vabuf"
  scripts/check-probe.sh --short "$(swift build --show-bin-path)/vabuf"
  scripts/check-player.sh --short "$(swift build --show-bin-path)/vabuf"
fi
