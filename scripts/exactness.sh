#!/usr/bin/env bash
# Compares the frames that vabuf gives with those that ffmpeg gives: forward, backward and in a shuffled order.
#
#   scripts/exactness.sh [--quick] [FILE...]
#
# Without files: every generated clip (clips.txt in the clip cache, written by `swift test --filter ClipTests`) and every
# file in ../shared/media or $VABUF_MEDIA. --quick takes every fifth of them and at most 20 shuffled frames of each.
#
# VABUF            the command to test (default: .build/release/vabuf)
# VABUF_TEST_SEED  the order of the shuffled frames
# VABUF_TEST_CACHE where the clips lie
# VABUF_ARGUMENTS  options for vabuf, such as "--backend software --threads 1"
#
# Where the pixel format changes in mid-stream, ffmpeg converts the later frames to the first format and vabuf does not:
# such files (change-10, change-444, change-mjpeg) are asked for the same number of frames and agreement of all ways.
#
# ffmpeg's own list of a damaged file may change from run to run when it decodes with several threads. Such a file is
# compared with ffmpeg's list for one thread; if that changes too, or leaves parts of pictures undecoded, the file is
# only asked for the same number of frames, and for the same bytes on all three ways.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
vabuf=${VABUF:-$root/.build/release/vabuf}
seed=${VABUF_TEST_SEED:-1}
quick=no
files=()
for argument in "$@"; do
  case $argument in
    --quick) quick=yes ;;
    -h | --help) sed -n '2,20s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "exactness.sh: unknown option $argument" >&2; exit 64 ;;
    *) files+=("$argument") ;;
  esac
done
[[ -x $vabuf ]] || { echo "exactness.sh: $vabuf: not there: build it first, or set VABUF" >&2; exit 1; }

if ((${#files[@]} == 0)); then
  cache=${VABUF_TEST_CACHE:-${TMPDIR:-/tmp}/vabuf-clips}
  media=${VABUF_MEDIA:-$root/../shared/media}
  for list in "$cache"/ffmpeg-*/clips.txt; do
    [[ -f $list ]] && mapfile -t -O "${#files[@]}" files < "$list"
  done
  for file in "$media"/files/*.* "$media"/h264/*.*; do
    [[ -f $file ]] && files+=("$file")
  done
  if [[ $quick == yes ]]; then
    some=()
    for ((i = seed % 5; i < ${#files[@]}; i += 5)); do some+=("${files[i]}"); done
    files=("${some[@]}")
  fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Indexes of this run only: one that an older build kept would hide what this one makes.
export VABUF_CACHE_DIR=$work/cache

# Size and MD5 of each frame that ffmpeg gives; $2... are options in front of -i.
reference() {
  local file=$1
  shift
  ffmpeg -nostdin -v error -noautorotate "$@" -i "$file" -map 0:v:0 -noautoscale -fps_mode passthrough -f framemd5 - \
    2>/dev/null | columns
}
columns() { sed '/^#/d; /^$/d' | tr -d ' ' | cut -d, -f5,6; }
# A shuffle that depends on the seed only.
shuffled() { awk -v seed="$seed" 'BEGIN { srand(seed) } { print rand() "\t" $0 }' | sort -n | cut -f2-; }
# The number of the first line in which two files differ.
first_difference() { cmp -s "$1" "$2" || diff "$1" "$2" | sed -n '1s/^\([0-9]*\).*/\1/p'; }

read -r -a extra <<< "${VABUF_ARGUMENTS:-}"
passed=0 failed=0 skipped=0
printf '%-44s %7s  %s\n' file frames verdict
for file in "${files[@]}"; do
  name=$(basename "$file")
  reference "$file" > "$work/default"
  frames=$(wc -l < "$work/default")
  kind=exact
  [[ $name =~ ^change-(10|444|mjpeg)- ]] && kind=self
  if [[ $name =~ ^(cut|flip|hole|lost|spoil)- ]]; then
    reference "$file" -threads 1 > "$work/one"
    reference "$file" -threads 1 > "$work/again"
    reference "$file" > "$work/more"
    cmp -s "$work/default" "$work/more" && cmp -s "$work/default" "$work/one" || kind=one
    cmp -s "$work/one" "$work/again" || kind=self
    [[ $kind == exact ]] || { cp "$work/one" "$work/default"; frames=$(wc -l < "$work/one"); }
  fi
  if ((frames == 0)); then
    printf '%-44s %7d  skipped: ffmpeg gives no frame\n' "${name:0:44}" 0
    skipped=$((skipped + 1))
    continue
  fi

  problem=""
  "$vabuf" framemd5 ${extra[@]+"${extra[@]}"} "$file" > "$work/raw" 2> "$work/errors" < /dev/null ||
    problem="framemd5 ended with $?: $(head -c 120 "$work/errors" | tr '\n' ' ')"
  columns < "$work/raw" > "$work/forward"
  if [[ -z $problem ]]; then
    cp "$work/default" "$work/expected"
    if [[ $(wc -l < "$work/forward") -ne $frames ]]; then
      problem="$(wc -l < "$work/forward") frames"
    elif ! cmp -s "$work/expected" "$work/forward"; then
      if [[ $kind == exact && ! $name =~ ^(cut|flip|hole|lost|spoil)- ]]; then
        problem="frame $(($(first_difference "$work/expected" "$work/forward") - 1)) differs"
      else
        kind=self
        cp "$work/forward" "$work/expected"
      fi
    fi
  fi
  if [[ -z $problem ]]; then
    "$vabuf" framemd5 --reverse ${extra[@]+"${extra[@]}"} "$file" 2> "$work/errors" < /dev/null | columns > "$work/reverse"
    tac "$work/expected" > "$work/backward"
    cmp -s "$work/backward" "$work/reverse" ||
      problem="reverse: line $(first_difference "$work/backward" "$work/reverse") differs $(head -c 80 "$work/errors")"
  fi
  if [[ -z $problem ]]; then
    seq 0 $((frames - 1)) | shuffled > "$work/numbers"
    if [[ $quick == yes ]]; then head -n 20 "$work/numbers" > "$work/few" && mv "$work/few" "$work/numbers"; fi
    mapfile -t numbers < "$work/numbers"
    "$vabuf" frame ${extra[@]+"${extra[@]}"} "$file" "${numbers[@]}" --md5 2> "$work/errors" < /dev/null |
      awk '{ print $1 " " $NF }' > "$work/random"
    awk -F, 'NR == FNR { md5[NR - 1] = $2; next } { print $1 " " md5[$1] }' "$work/expected" "$work/numbers" \
      > "$work/wanted"
    cmp -s "$work/wanted" "$work/random" || {
      line=$(first_difference "$work/wanted" "$work/random")
      problem="random (seed $seed): frame ${numbers[$((${line:-1} - 1))]:-?} differs $(head -c 80 "$work/errors")"
    }
  fi

  if [[ -n $problem ]]; then
    failed=$((failed + 1))
    printf '%-44s %7d  FAILED: %s\n' "${name:0:44}" "$frames" "$problem"
  else
    passed=$((passed + 1))
    case $kind in
      exact) verdict="passed" ;;
      one) verdict="passed (damaged: as ffmpeg with one thread)" ;;
      self) verdict="passed (the same on all ways)" ;;
    esac
    printf '%-44s %7d  %s\n' "${name:0:44}" "$frames" "$verdict"
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
