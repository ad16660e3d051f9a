#!/usr/bin/env bash
# Fails where `make format` would change a file, or where a rule of .swift-format is broken.
#   scripts/check-format.sh         look only
#   scripts/check-format.sh --fix   format in place
set -euo pipefail
cd "$(dirname "$0")/.."
places=()
for place in Package.swift Sources Tests hwtests Examples Benchmarks/Package.swift Benchmarks/Benchmarks; do
  if [ -e "$place" ]; then places+=("$place"); fi
done
if [ "${1:-}" = --fix ]; then
  exec swift format format --in-place --parallel --recursive "${places[@]}"
fi
swift format lint --strict --parallel --recursive "${places[@]}" || {
  echo "check-format: the lines above break .swift-format: run 'make format', then mend by hand what it leaves" >&2
  exit 1
}
