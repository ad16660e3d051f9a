#!/usr/bin/env bash
# Runs vabuf on an NVIDIA GPU without a render node, from the folder that pack.sh made:
#
#   [OUT=./out] [LIMIT=600] run.sh [PARTS]
#
# PARTS are letters, done in that order (PDABFG):
#   P  what `vabuf probe` finds
#   A  every frame of every clip, forward and backward, against software
#   B  `vabuf bench`: five workloads, on the device and in software
#   F  frames in a shuffled order, against software
#   D  several processes at once: what NVDEC gives to each
#   G  playback
# What is printed is also in OUT/report.txt; OUT has the tables and JSON too. LIMIT is in seconds, for all.
# CLIPS=GLOB takes only those clips in A and F. DEVICE may be another node that is a /dev/null. RUNNER=COMMAND runs vabuf by
# that instead, as by hwtests/with-software-driver, to try this script without a GPU.
# shellcheck disable=SC2046,SC2086,SC2016,SC2013  # options, clips and letters, one a word; $1 of another bash
set -euo pipefail
letters=${1:-PDABFG}
[[ $letters =~ ^[PABFDG]+$ ]] || {
  sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 64
}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LIMIT=${LIMIT:-600} OUT=$(realpath -m "${OUT:-out}") CLIPS=${CLIPS:-*} DEVICE=${DEVICE:-/dev/null}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$OUT" "$work"/{home,scratch}
rm -f "$OUT"/*.jsonl
if command -v xz >/dev/null; then
  tar -C "$work" -xJf "$here/sys.tar.xz"
else
  python3 -m tarfile -e "$here/sys.tar.xz" "$work"
fi
sys=$work/sys

# What sets the environment for vabuf, and for nothing else here. The folder of a library that the linker does not find by
# itself is added: containers have NVIDIA's in one of their own.
paths=$sys/lib
for library in libcuda.so.1 libnvcuvid.so.1; do
  if [[ -n ${RUNNER:-} ]] || ldconfig -p 2>/dev/null | grep "$library " >/dev/null; then continue; fi
  found=$(find /usr/local /usr/lib /opt -name "$library" -print -quit 2>/dev/null || true)
  [[ -n $found ]] || echo "run: this machine has no $library"
  [[ -z $found ]] || paths+=:${found%/*}
done
nvidia="LD_LIBRARY_PATH=$paths${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} LD_PRELOAD=$sys/driver/standin.so \
LIBVA_DRIVERS_PATH=$sys/driver LIBVA_DRIVER_NAME=nvidia NVD_BACKEND=egl NVD_GPU=0"
# Nothing that an earlier run remembered is used.
cat >"$work/vabuf" <<SCRIPT
#!/bin/sh
export HOME=$work/home VABUF_CACHE_DIR="\${VABUF_CACHE_DIR:-$work/cache}"
exec ${RUNNER:-env $nvidia} $sys/bin/vabuf "\$@"
SCRIPT
chmod +x "$work/vabuf"
unset VABUF_BACKEND VABUF_DEVICE VABUF_CACHE_DIR XDG_CACHE_HOME

# vabuf within so many seconds. In the foreground: the end of a part's time reaches it too.
va() { timeout --foreground -k 5 "$1" "$work/vabuf" "${@:2}" </dev/null; }
# Options for one of: device, software, software-2 (with two threads). Hardware or an error, never software instead.
way() {
  case $1 in
    device) echo --backend vaapi --device "$DEVICE" ;;
    software) echo --backend software ;;
    software-2) echo --backend software --threads 2 ;;
  esac
}
field() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p"; }
why() { tail -n 1 "$1" | cut -c 1-100; }
# A line of JSON for FILE, with what the run was.
keep() { printf '{"run": "%s", "result": %s}\n' "$2" "$(tr -d '\n' <"$1")" >>"$OUT/$3"; }

part_P() {
  VABUF_CACHE_DIR=$work/probe va 120 probe --device "$DEVICE" --json -q >"$OUT/probe.json"
  VABUF_CACHE_DIR=$work/probe va 30 probe --device "$DEVICE" --no-decode -q
}

# LIST OTHER: same, or how many lines differ.
compared() {
  awk 'NR == FNR { want[FNR] = $0; n = FNR; next }
    { m = FNR; if ($0 != want[FNR]) wrong++ }
    END { if (n == m && !wrong) print "same"; else print "DIFFERS (" wrong + (m < n ? n - m : 0) " of " n ")" }' "$1" "$2"
}
# One clip: name, frames, forward, backward.
exact() {
  local scratch=$work/scratch/$1 frames direction results=()
  if va 90 framemd5 -q $(way software) "$sys/clips/$1" >"$scratch.all" 2>"$scratch.error"; then
    grep -v '^#' "$scratch.all" >"$scratch.want"
    frames=$(wc -l <"$scratch.want")
  else
    : >"$scratch.want"
    frames="software: $(why "$scratch.error")"
  fi
  for direction in "" --reverse; do
    if va 40 framemd5 -q $(way device) $direction "$sys/clips/$1" >"$scratch.all" 2>"$scratch.error"; then
      grep -v '^#' "$scratch.all" | { if [[ -n $direction ]]; then tac; else cat; fi; } >"$scratch.got"
      results+=("$(compared "$scratch.want" "$scratch.got")")
    else
      results+=("error $?: $(why "$scratch.error")")
    fi
  done
  printf '%s\t%s\t%s\t%s\n' "$1" "$frames" "${results[@]}"
  rm -f "$scratch".*
}
part_A() {
  (cd "$sys/clips" && printf '%s\0' $CLIPS) | xargs -0 -n 1 -P 6 bash -c 'exact "$1"' - >"$OUT/exact.tsv"
}
shown_A() {
  awk -F'\t' '{ clips++; frames += $2 }
    $3 == "same" && $4 == "same" { same++; next }
    { printf "%-44s %s frames; forward %s; backward %s\n", $1, $2, $3, $4 }
    END {
      printf "%d clips, %d frames; %d clips the same forward and backward, the others above\n", clips, frames, same
    }' "$OUT/exact.tsv"
}

# CLIP WAY WORKLOAD [COUNT]: a line.
measured() {
  local json=$work/scratch/bench-$1-$2-$3
  if va 60 bench -q --json --seed 1 --host-memory 512M --workload "$3" ${4:+--count "$4"} $(way "$2") "$sys/clips/$1" \
    >"$json" 2>"$json.error"; then
    keep "$json" "$1 $2 $3" bench.jsonl
    printf '%-16s %-10s %-11s %8s requests a second; %s decoded by %s, %s fallbacks\n' "$1" "$3" "$2" \
      "$(awk -v n="$(field requests <"$json")" -v s="$(field seconds <"$json")" 'BEGIN { printf "%.1f", n / s }')" \
      "$(field decoded_frames <"$json")" "$(field backend <"$json")" "$(field fallbacks <"$json")"
  else
    echo "$1 $3 $2: error $?: $(why "$json.error")"
  fi
}
part_B() {
  local clip way jobs plan=$work/scratch/plan
  for way in device software software-2; do
    # Processes of two threads do not disturb each other on a machine of many cores.
    jobs=1
    [[ $way != software-2 ]] || jobs=$(($(nproc) / 4 > 1 ? $(nproc) / 4 : 1))
    for clip in h264-1080p.mp4 hevc-1080p.mp4; do
      printf '%s\n' "sequential" "random 60" "scrub 300" "range 20" "reverse" | sed "s/^/$clip $way /"
    done >"$plan"
    xargs -a "$plan" -L 1 -P "$jobs" bash -c 'measured "$@"' -
  done
}

# One clip: name, frames asked for, how many were wrong.
shuffled() {
  local scratch=$work/scratch/shuffled-$1 numbers wrong
  va 90 frame -q --md5 --all $(way software) "$sys/clips/$1" >"$scratch.want" 2>"$scratch.error" || {
    printf '%s\t0\t%s\n' "$1" "software: $(why "$scratch.error")"
    return 0
  }
  mapfile -t numbers < <(awk '{ print $1 }' "$scratch.want" | shuf --random-source=<(yes "$1") | head -n 60)
  if va 60 frame -q --md5 $(way device) "$sys/clips/$1" "${numbers[@]}" >"$scratch.got" 2>"$scratch.error"; then
    wrong=$(awk 'NR == FNR { want[$1] = $0; next } $0 != want[$1]' "$scratch.want" "$scratch.got" | wc -l)
    awk '{ print $1 }' "$scratch.got" | cmp -s - <(printf '%s\n' "${numbers[@]}") || wrong="$wrong, and in another order"
  else
    wrong="error $?: $(why "$scratch.error")"
  fi
  printf '%s\t%s\t%s\n' "$1" "${#numbers[@]}" "$wrong"
}
part_F() {
  (cd "$sys/clips" && printf '%s\0' $CLIPS) | xargs -0 -n 1 -P 6 bash -c 'shuffled "$1"' - >"$OUT/shuffled.tsv"
}
shown_F() {
  awk -F'\t' '{ files++; frames += $2 }
    $3 != "0" { printf "%-44s of %s frames wrong: %s\n", $1, $2, $3 }
    END { printf "%d clips, %d frames in a shuffled order; what is wrong is above\n", files, frames }' "$OUT/shuffled.tsv"
}

# How many frames a second each of N processes gets, and all: by the time from the first start to the last end, too.
part_D() {
  local clip way n i start end json
  for way in device software; do
    for clip in h264-1080p.mp4 hevc-1080p.mp4; do
      for n in 1 2 4 6; do
        json=$work/scratch/together-$n
        start=$(date +%s%N)
        for ((i = 1; i <= n; i++)); do
          va 60 bench -q --json --workload sequential --host-memory 512M $(way $way) "$sys/long/$clip" \
            >"$json-$i" 2>"$json-$i.error" &
        done
        wait
        end=$(date +%s%N)
        for ((i = 1; i <= n; i++)); do
          if [[ -s $json-$i ]]; then
            keep "$json-$i" "$clip $way $n processes" together.jsonl
            echo "$(field frames <"$json-$i") $(field frames_per_second <"$json-$i")"
          else
            why "$json-$i.error" >&2
          fi
        done | awk -v clip="$clip" -v way=$way -v n="$n" -v seconds="$((end - start))" '
          { frames += $1; sum += $2; each = each sprintf(" %.0f", $2) }
          END { printf "%-16s %-8s %d at once: %6.0f frames a second in sum, %6.0f with starting and ending; each%s\n",
            clip, way, n, sum, frames / seconds * 1e9, each }'
      done
    done
  done
}

part_G() {
  local clip options json=$work/scratch/play
  for clip in h264-1080p.mp4 hevc-1080p.mp4; do
    for options in "" --reverse "--speed 3"; do
      if va 60 play -q --headless --json --to 149 $options $(way device) "$sys/clips/$clip" >"$json" 2>"$json.error"; then
        keep "$json" "$clip $options" play.jsonl
        printf '%-16s %-9s %s presented, %s late, %s dropped, by %s; %s frames a second\n' "$clip" "${options:-forward}" \
          "$(field presented <"$json")" "$(field late <"$json")" "$(field dropped <"$json")" "$(field backend <"$json")" \
          "$(field frames_per_second <"$json")"
      else
        echo "$clip ${options:-forward}: error $?: $(why "$json.error")"
      fi
    done
  done
}

# The seconds that a part may take.
declare -A most=([P]=120 [A]=200 [B]=200 [F]=90 [D]=180 [G]=60)
export work sys OUT CLIPS DEVICE
export -f $(compgen -A function)
{
  echo "$("$work/vabuf" --version | head -n 1), $(nproc) cores, Linux $(uname -r)"
  nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || echo "no nvidia-smi"
  if ! NVD_LOG=$work/driver.log va 60 framemd5 $(way device) --to 9 "$sys/clips/h264-1080p.mp4" >"$work/first" 2>&1; then
    echo "run: the device does not decode:"
    tail -n 20 "$work/first" "$work/driver.log" 2>&1
    exit 1
  fi
  for part in $(grep -o . <<<"$letters"); do
    left=$((LIMIT - SECONDS)) begun=$SECONDS
    ((left > 0)) || { echo "== $part: no time left" && continue; }
    echo "== $part"
    timeout -k 5 $((left < ${most[$part]} ? left : ${most[$part]})) bash -euo pipefail -c "part_$part" 2>&1 </dev/null ||
      echo "part $part ended with status $? (124: its time was over)"
    # Also of a part that was ended: what it had come to.
    ! declare -F "shown_$part" >/dev/null || "shown_$part"
    echo "-- $part took $((SECONDS - begun)) s"
  done
} | tee "$OUT/report.txt"
