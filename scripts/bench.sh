#!/usr/bin/env bash
# The benchmarks of Benchmarks/, on the release build.
#   scripts/bench.sh             run and print
#   scripts/bench.sh --check     compare counts with Benchmarks/Thresholds, fail where one is worse
#   scripts/bench.sh --update    write Benchmarks/Thresholds anew: counts only, no times
set -euo pipefail
cd "$(dirname "$0")/../Benchmarks"
exec </dev/null
case ${1:-} in
  "") exec swift package benchmark --no-progress ;;
  --check)
    status=0
    output=$(swift package benchmark thresholds check --no-progress 2>&1) || status=$?
    printf '%s\n' "$output"
    # The plugin fails where a count is better, too, if none is worse.
    if [ "$status" -ne 0 ] && grep -q 'is BETTER than the defined thresholds' <<<"$output"; then
      echo "bench: better than the thresholds: run 'scripts/bench.sh --update' to keep that"
      status=0
    fi
    exit "$status" ;;
  --update)
    rm -rf Thresholds
    swift package --allow-writing-to-package-directory benchmark thresholds update --no-progress
    # Times are of a machine, counts are of the code; references are there to be read.
    rm -f Thresholds/*reference*
    for file in Thresholds/*.json; do
      jq --sort-keys 'with_entries(select(.key | test("^(allocations|allocated bytes|page faults|heap growth|new buffers|copied frames)$")))' \
        "$file" >"$file.new"
      if [ "$(jq length "$file.new")" -gt 0 ]; then mv "$file.new" "$file"; else rm "$file" "$file.new"; fi
    done ;;
  *) echo "bench: no such option: $1 (see the top of $0)" >&2; exit 64 ;;
esac
