#!/usr/bin/env bash
# Sequential decoding through vabuf against the bare loop (Benchmarks/BareLoop): frames per second, and the ratio.
#
#   scripts/bench-ratio.sh [--rounds N] [--threads N] [--at-least RATIO] [CLIP...]
#
# The two run in turn, so that a machine that slows down slows both, and change places each round: whoever follows the
# bare loop finds the kernel's memory in small pages (measured: 0.3 s of system time on 4K). Medians are compared. Without
# The last ratio is that of CPU time (user and system, of the whole process), which other programs disturb less. Without
# CLIP it takes those of scripts/make-clips.sh. With --at-least it fails where a ratio is lower. VABUF names the program.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=5 threads=2 at_least=0 clips=()
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2; shift 2 ;;
    --threads) threads=$2; shift 2 ;;
    --at-least) at_least=$2; shift 2 ;;
    -*) echo "bench-ratio: no such option: $1 (see the top of $0)" >&2; exit 64 ;;
    *) clips+=("$1"); shift ;;
  esac
done
vabuf=${VABUF:-.build/release/vabuf}
[ -x "$vabuf" ] || { echo "bench-ratio: no $vabuf: run 'make release' first" >&2; exit 1; }
bare=$(scripts/build-bare-loop.sh)
if [ "${#clips[@]}" -eq 0 ]; then mapfile -t clips < <(scripts/make-clips.sh); fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TIMEFORMAT='%U %S'
figure() { # file, program and arguments: appends its frames per second, frames and CPU seconds
  local file=$1 line cpu
  shift
  { time "$@" </dev/null >"$scratch/out" 2>&3; } 3>&2 2>"$scratch/time" || true
  line=$(jq -r 'select(.frames > 0) | "\(.frames_per_second) \(.frames)"' "$scratch/out") || line=""
  [ -n "$line" ] || { echo "bench-ratio: this gave no figures: $*" >&2; exit 1; }
  cpu=$(awk 'END { print $1 + $2 }' "$scratch/time")
  echo "$line $cpu" >>"$file"
}
loop() { figure "$scratch/a" "$bare" "$1" --threads "$threads" --workload sequential; }
median() { # file, column
  awk -v c="$2" '{ print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

printf '%-24s %12s %12s %8s %16s %10s\n' "clip ($threads threads)" "bare loop" vabuf ratio "spread, % (both)" "CPU ratio"
status=0
for clip in "${clips[@]}"; do
  rm -f "$scratch"/*
  for ((round = 0; round <= rounds; round++)); do
    if ((round % 2)); then loop "$clip"; fi
    figure "$scratch/b" "$vabuf" bench "$clip" --workload sequential --backend software --threads "$threads" --json
    if ((round % 2 == 0)); then loop "$clip"; fi
    if [ "$round" -eq 0 ]; then rm "$scratch"/*; fi # the first warms the file cache and the CPU
  done
  frames=$(awk '{ print $2 }' "$scratch/a" "$scratch/b" | sort -u | wc -l)
  [ "$frames" -eq 1 ] || { echo "bench-ratio: the two did not give the same number of frames of $clip" >&2; exit 1; }
  spread=$(for f in a b; do sort -n "$scratch/$f" | awk '{ v[NR] = $1 } END { printf "%.0f ", (v[NR] / v[1] - 1) * 100 }'; done)
  awk -v clip="$(basename "$clip")" -v a="$(median "$scratch/a" 1)" -v b="$(median "$scratch/b" 1)" -v spread="$spread" \
    -v cpu_a="$(median "$scratch/a" 3)" -v cpu_b="$(median "$scratch/b" 3)" -v least="$at_least" 'BEGIN {
      printf "%-24s %12.1f %12.1f %8.3f %16s %10.3f\n", clip, a, b, b / a, spread, cpu_a / cpu_b
      exit b / a < least
    }' || status=1
done
[ "$status" -eq 0 ] || { echo "bench-ratio: a ratio is below $at_least (above)" >&2; exit 1; }
