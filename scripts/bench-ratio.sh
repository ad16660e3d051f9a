#!/usr/bin/env bash
# Sequential decoding through vabuf against the bare loop (Benchmarks/BareLoop): frames per second, and the ratio.
#
#   scripts/bench-ratio.sh [--rounds N] [--threads N] [--at-least RATIO] [CLIP...]
#
# The two run in turn, so that a machine that slows down slows both, and change places each round: whoever follows the
# bare loop finds the kernel's memory in small pages (measured: 0.3 s of system time on 4K). The ratio is the median of
# the rounds' own ratios, because a shared machine changes its speed from minute to minute more than between two runs side
# by side; behind it stand the quartiles of these: half of the rounds lay between. The last ratio is that of CPU time (user
# and system, of the whole process), in the same way. Without CLIP it takes those of scripts/make-clips.sh. With --at-least
# it fails where a ratio is lower. VABUF names the program.
set -euo pipefail
export LC_ALL=C # numbers have points
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
quantile() { # of the numbers on standard input, between 0 and 1
  sort -n | awk -v q="$1" '{ v[NR] = $1 } END { i = 1 + q * (NR - 1); k = int(i); print v[k] + (i - k) * (v[k < NR ? k + 1 : k] - v[k]) }'
}
column() { awk -v c="$1" '{ print $c }' "$2"; }
ratios() { # column, file above, file below: of each round
  paste <(column "$1" "$2") <(column "$1" "$3") | awk '{ print $1 / $2 }'
}

printf '%-24s %12s %12s %8s %16s %10s\n' "clip ($threads threads)" "bare loop" vabuf ratio quartiles "CPU ratio"
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
  ratio=$(ratios 1 "$scratch/b" "$scratch/a" | quantile 0.5)
  cpu=$(ratios 3 "$scratch/a" "$scratch/b" | quantile 0.5)
  printf '%-24s %12.1f %12.1f %8.3f %16s %10.3f\n' "$(basename "$clip")" \
    "$(column 1 "$scratch/a" | quantile 0.5)" "$(column 1 "$scratch/b" | quantile 0.5)" "$ratio" \
    "$(for q in 0.25 0.75; do printf '%.3f ' "$(ratios 1 "$scratch/b" "$scratch/a" | quantile $q)"; done)" \
    "$cpu"
  awk -v ratio="$ratio" -v least="$at_least" 'BEGIN { exit ratio < least }' || status=1
done
[ "$status" -eq 0 ] || { echo "bench-ratio: a ratio is below $at_least (above)" >&2; exit 1; }
