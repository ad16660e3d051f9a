#!/usr/bin/env bash
# Makes every libva call that vabuf uses fail, hang or run out, on the software VA driver, and checks what readers see:
#
#   hwtests/sweep.sh [--short] [--jobs N] [--only PATTERN] [--table FILE] [--keep FOLDER] VABUF
#
# VABUF is the command; beside it lies Examples/SharedSurfaces, which exports surfaces, and uploads what software decoded.
# With --backend auto each run must end with status 0 and ffmpeg's frames; with --backend vaapi likewise, or with status 1,
# one line that says why, and no wrong frame before it. Each must end in time, with nothing left alive in the driver and
# nothing misused. The table has one line a fault; a fault that no run came to is shown as such, and is no pass.
# shellcheck disable=SC2034 # settings reach the runs by their names
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
usage() {
  sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit "$1"
}

# One run: NUMBER POLICY MODE CLIP FAULT, where FAULT is what goes behind SOFTVA_. Prints one line, separated by tabs:
# number, policy, outcome, whether the fault was met, seconds, what is wrong.
run_one() {
  local number=$1 policy=$2 mode=$3 clip=$4 fault=$5
  local out=$SWEEP/run-$number-$policy variable=SOFTVA_${fault%%=*} value=${fault#*=} status=0 wrong="" outcome met
  local -a arguments=(framemd5 "$SWEEP/$clip" --backend "$policy" --device /dev/null)
  [[ $mode != reverse ]] || arguments+=(--reverse)
  [[ $mode != few ]] || arguments+=(--gpu-surfaces 24)
  local program=$SWEEP_VABUF
  case $mode in
    shared) program=$SWEEP_SHARED arguments=("$SWEEP/$clip" "$policy" /dev/null) ;;
    uploads) program=$SWEEP_SHARED arguments=("$SWEEP/$clip" software /dev/null) ;;
  esac
  local start end
  start=$(date +%s%3N)
  env "$variable=$value" VABUF_CACHE_DIR="$out.cache" SOFTVA_LOG="$out.log" timeout -k 5 "$SWEEP_LIMIT" "$root/hwtests/with-software-driver" \
    "$program" "${arguments[@]}" >"$out.out" 2>"$out.err" </dev/null || status=$?
  end=$(date +%s%3N)
  awk -F', *' '!/^#/ {print $5, $6}' "$out.out" >"$out.frames"
  local reference=$SWEEP/$clip.frames
  [[ $mode != reverse ]] || reference=$SWEEP/$clip.reversed
  local frames
  frames=$(wc -l <"$out.frames")
  head -n "$frames" "$reference" | cmp -s - "$out.frames" || wrong+="wrong frames; "
  if ((status == 0)); then
    outcome=exact
    cmp -s "$reference" "$out.frames" || wrong+="$frames frames; "
  elif ((status == 1)) && [[ $policy == vaapi ]]; then
    outcome=error
    # What is logged on the way has its level in front.
    # So have those of a program that does not shape its log, and FFmpeg's.
    local logged='^(vabuf: (warning|error|notice): |softva: '
    [[ $program == "$SWEEP_VABUF" ]] || logged+='|[0-9]{4}-[0-9]{2}-[0-9T:+-]+ |\[[A-Za-z0-9_,]+ @ '
    (($(grep -vcE "$logged)" "$out.err") == 1)) || wrong+="not one line of error; "
    grep -qE '^vabuf: [^:]+: .+: .+' "$out.err" || wrong+="no clear error; "
  else
    outcome="status $status"
    wrong+="status $status; "
  fi
  ! grep -q 'Fatal error' "$out.err" || wrong+="$(grep -m1 'Fatal error' "$out.err"); "
  # A device's failure must not be taken for damage of the stream, which is remembered.
  diff -r "$SWEEP/$clip.cache" "$out.cache" >/dev/null || wrong+="another index; "
  met=no
  if [[ -f $out.log ]]; then
    # A display that hung is never terminated, so it says nothing.
    grep -qvE '"live":\{("[a-z]+":0,?)+\}' "$out.log" && wrong+="alive: $(grep -o '"live":{[^}]*}' "$out.log" | tail -1); "
    grep -qv '"overwritten_references":0,"misuse":\[\]' "$out.log" && wrong+="$(grep -m1 'softva: misuse' "$out.err"); "
    if fault_is_met "$fault" "$out.log"; then met=yes; fi
  fi
  if [[ ! -f $out.log || $fault == HANG=* ]] && grep -qE 'did not return|device was lost' "$out.err" "$out.out"; then met=yes; fi
  if [[ ! -f $out.log ]]; then
    # A display that hangs, or that could not be started, is never terminated.
    if [[ $fault == HANG=* || $fault == FAIL=vaInitialize* ]]; then met=yes; else wrong+="no display was terminated; "; fi
  fi
  printf '%s\t%s\t%s\t%s\t%d.%d\t%s\n' "$number" "$policy" "$outcome" "$met" \
    $(((end - start) / 1000)) $(((end - start) % 1000 / 100)) "$wrong"
}

# FAULT LOG: the call was made often enough.
fault_is_met() {
  local call after=0 counted
  case $1 in
    LOST=*)
      after=${1#*=}
      call=vaEndPicture after=$((${after%%:*} - 1))
      ;;
    SLOW=*) call=${1#*=} call=${call%%=*} ;;
    MAX_SURFACES=*) return 0 ;;
    *)
      call=${1#*=}
      [[ $call != *:after=* ]] || { after=${call#*:after=}; after=${after%%:*}; }
      call=${call%%:*}
      ;;
  esac
  counted=$(grep -oE "\"$call\":[0-9]+" "$2" | awk -F: '{n += $2} END {print n + 0}')
  ((counted > after))
}

if [[ ${1:-} == --one ]]; then
  shift
  run_one "$@"
  exit
fi

short=0 jobs=$(nproc) only=. table=/dev/null keep=""
while [[ ${1:-} == -* ]]; do
  case $1 in
    --short) short=1 ;;
    --jobs) jobs=${2:?} && shift ;;
    --only) only=${2:?} && shift ;;
    --keep) keep=${2:?} && shift ;;
    --table) table=${2:?} && shift ;;
    -h | --help) usage 0 ;;
    *) usage 64 >&2 ;;
  esac
  shift
done
(($# == 1)) || usage 64 >&2
SWEEP_VABUF=$(realpath "$1")
[[ -x $SWEEP_VABUF ]] || {
  echo "sweep: $1 is no program: build it (swift build)" >&2
  exit 64
}
SWEEP_SHARED=$(dirname "$SWEEP_VABUF")/SharedSurfaces
[[ -x $SWEEP_SHARED ]] || {
  echo "sweep: $SWEEP_SHARED is not there: build it (swift build)" >&2
  exit 64
}
SWEEP=${keep:-$(mktemp -d)}
mkdir -p "$SWEEP"
[[ -n $keep ]] || trap 'rm -rf "$SWEEP"' EXIT
# Sanitizers are slow, and so is a loaded machine; a run that never ends is what this is to find.
SWEEP_LIMIT=${VABUF_SWEEP_LIMIT:-60}
export SWEEP SWEEP_VABUF SWEEP_SHARED SWEEP_LIMIT VABUF_CACHE_DIR=$SWEEP/cache VABUF_DEVICE_DEADLINE=${VABUF_DEVICE_DEADLINE:-1}
unset VABUF_BACKEND VABUF_DEVICE

"$root/hwtests/with-software-driver" true || {
  echo "SKIPPED: the sweep: the software VA driver does not build here"
  exit 0
}

# The clips: frames of several kinds, seek points every 24.
picture="testsrc2=s=160x96:r=25,trim=end_frame=90,noise=alls=12:allf=t:all_seed=5"
make_clip() { # name, coder and its arguments
  local name=$1
  shift
  ffmpeg -nostdin -v error -y -f lavfi -i "$picture" "$@" "$SWEEP/$name"
  ffmpeg -nostdin -v error -i "$SWEEP/$name" -map 0:v:0 -fps_mode passthrough -f framemd5 - |
    awk -F', *' '!/^#/ {print $5, $6}' >"$SWEEP/$name.frames"
  tac "$SWEEP/$name.frames" >"$SWEEP/$name.reversed"
  VABUF_CACHE_DIR=$SWEEP/$name.cache "$SWEEP_VABUF" framemd5 "$SWEEP/$name" --backend software </dev/null |
    awk -F', *' '!/^#/ {print $5, $6}' | cmp - "$SWEEP/$name.frames"
}
make_clip h264.mp4 -c:v libx264 -threads 1 -preset fast -pix_fmt yuv420p -x264-params keyint=24:bframes=3
make_clip vp9.webm -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 24 -b:v 200k
clips=(h264.mp4)
((short)) || clips+=(vp9.webm)

# Which calls there are, and how often: what a run without faults makes.
declare -A made
calls() {
  local log=$SWEEP/clean.log
  SOFTVA_LOG=$log "$root/hwtests/with-software-driver" "$SWEEP_VABUF" framemd5 "$SWEEP/h264.mp4" --backend vaapi \
    --device /dev/null >/dev/null </dev/null
  grep -o '"calls":{[^}]*}' "$log" | grep -oE '"(va[A-Za-z0-9]+|decode)":[0-9]+' | tr -d '"' | sort
}
calls=()
while IFS=: read -r call count; do calls+=("$call") made[$call]=$count; done < <(calls)
((${#calls[@]} > 15)) || {
  echo "sweep: a run without faults makes only these calls: ${calls[*]}" >&2
  exit 1
}

number=0 plan=$SWEEP/plan
add() { # mode, clip, fault
  [[ "$2 $3 $1" =~ $only ]] || return 0
  number=$((number + 1))
  printf '%s\t%s\t%s\t%s\n' "$number" "$1" "$2" "$3" >>"$plan"
}
: >"$plan"
for clip in "${clips[@]}"; do
  for call in "${calls[@]}"; do
    for after in 0 1 39; do
      # Forever at once, once later: the two that differ most.
      if ((!short)) || { ((after == 39)) && ((${made[$call]} > 39)); }; then add forward "$clip" "FAIL=$call:after=$after:count=1"; fi
      if ((!short)) || ((after == 0)); then add forward "$clip" "FAIL=$call:after=$after"; fi
      if ((!short)) || { ((after == 0)) && [[ $call =~ ^(vaInitialize|vaCreateContext|vaEndPicture|vaSyncSurface)$ ]]; }
      then add forward "$clip" "HANG=$call:after=$after"; fi
    done
  done
  for lost in 0 1 40; do
    add forward "$clip" "LOST=$lost"
    ((short)) || add reverse "$clip" "LOST=$lost"
    ((short)) || add forward "$clip" "LOST=$lost:count=9"
  done
  # Exports of what was decoded on the device, and of what was uploaded.
  for call in vaExportSurfaceHandle vaDeriveImage vaMapBuffer vaUnmapBuffer vaSyncSurface vaCreateSurfaces vaInitialize; do
    if ((short)) && [[ $call != vaExportSurfaceHandle && $call != vaMapBuffer ]]; then continue; fi
    for after in 0 1 39; do
      if ((short && after != 1)); then continue; fi
      for mode in shared uploads; do
        add "$mode" "$clip" "FAIL=$call:after=$after:count=1"
        ((short)) || add "$mode" "$clip" "FAIL=$call:after=$after"
        add "$mode" "$clip" "HANG=$call:after=$after"
      done
    done
  done
  # Slow is not hung.
  add forward "$clip" SLOW=decode=15
  for most in 1 12 24; do add forward "$clip" "MAX_SURFACES=$most"; done
  if ((!short)); then
    add few "$clip" "MAX_SURFACES=22"
    for call in vaEndPicture vaSyncSurface vaGetImage vaMapBuffer decode; do
      for after in 1 39; do
        add reverse "$clip" "FAIL=$call:after=$after:count=1"
        add reverse "$clip" "FAIL=$call:after=$after"
        add few "$clip" "FAIL=$call:after=$after:count=1"
      done
    done
  fi
done

# Auto and vaapi, several at once.
while IFS=$'\t' read -r n mode clip fault; do
  for policy in auto vaapi; do printf '%s\0' "$n" "$policy" "$mode" "$clip" "$fault"; done
done <"$plan" | xargs -0 -r -n 5 -P "$jobs" "${BASH_SOURCE[0]}" --one >"$SWEEP/results"

awk -F'\t' '
  FILENAME ~ /plan$/ { mode[$1] = $2; clip[$1] = $3; fault[$1] = $4; last = $1; next }
  {
    result[$1, $2] = $3 " " $5 " s" ($6 == "" ? "" : " WRONG: " $6)
    if ($4 == "yes") met[$1] = 1
    if ($6 != "") wrong++
    runs++
    if ($5 > longest) longest = $5
    outcome[$2 " " $3]++
  }
  END {
    printf "%-9s %-8s %-44s %-28s %s\n", "clip", "reading", "fault", "auto", "vaapi"
    for (n = 1; n <= last; n++) {
      if (!met[n]) missed++
      printf "%-9s %-8s %-44s %-28s %s%s\n", clip[n], mode[n], fault[n], result[n, "auto"], result[n, "vaapi"],
        met[n] ? "" : "   (not met)"
    }
    printf "\n%d faults, %d of them not met; %d runs, %d wrong; the longest took %.1f s\n", last, missed, runs, wrong, longest
    for (o in outcome) printf "  %s: %d\n", o, outcome[o] | "sort"
    close("sort")
    exit wrong > 0 || runs != 2 * last || missed > last / 2
  }' "$SWEEP/plan" "$SWEEP/results" | tee "$table"
