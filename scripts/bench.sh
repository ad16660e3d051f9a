#!/usr/bin/env bash
# The benchmarks of Benchmarks/, on the release build.
#   scripts/bench.sh             run and print
#   scripts/bench.sh --check     compare with Benchmarks/Thresholds, fail where one is worse
#   scripts/bench.sh --update    write Benchmarks/Thresholds anew
set -euo pipefail
cd "$(dirname "$0")/../Benchmarks"
case ${1:-} in
  "") exec swift package benchmark </dev/null ;;
  --check) exec swift package benchmark thresholds check --no-progress </dev/null ;;
  --update) exec swift package --allow-writing-to-package-directory benchmark thresholds update --no-progress </dev/null ;;
  *) echo "bench: no such option: $1 (see the top of $0)" >&2; exit 64 ;;
esac
