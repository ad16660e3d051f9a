#!/usr/bin/env bash
# Drives the player for real: a display without a screen (Xvfb), real keys and mouse events (xdotool), screenshots.
#
#   scripts/check-player.sh [--short] [--keep FOLDER] [PROGRAM]
#
# PROGRAM is .build/release/vabuf by default. --short leaves out what needs long. --keep keeps clips and screenshots.
# Where Xvfb or xdotool is missing it says SKIPPED.
set -euo pipefail
# Keys and screenshots go to Xvfb: the player must not open its window elsewhere.
unset WAYLAND_DISPLAY SDL_VIDEODRIVER
cd "$(dirname "$0")/.."
short='' keep=''
while [ $# -gt 0 ]; do
  case $1 in
    --short) short=1 ;;
    --keep) keep=$2; shift ;;
    -*) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 64 ;;
    *) break ;;
  esac
  shift
done
program=$(realpath "${1:-.build/release/vabuf}")
root=$PWD
for tool in Xvfb xdotool openbox ffmpeg; do
  command -v "$tool" >/dev/null || { printf '\n*** SKIPPED: the player: no %s here ***\n\n' "$tool"; exit 0; }
done
if [[ $(env -u DISPLAY timeout -k 5 60 "$program" play --to 0 2>&1 </dev/null) == *'package trait'* ]]; then
  printf '\n*** SKIPPED: the player: this build has no window ***\n\n'
  exit 0
fi

if [ -n "$keep" ]; then mkdir -p "$keep"; work=$(realpath "$keep"); else work=$(mktemp -d); fi
export XDG_CACHE_HOME=$work/cache
pids=()
# shellcheck disable=SC2317  # the trap calls it
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ -z "$keep" ]; then rm -rf "$work"; fi
}
trap cleanup EXIT
cd "$work"

# How the player is told what to draw with, and what a check then says.
drawing=() with=''
passed=0 failed=0 X=0 Y=0 WIDTH=0 HEIGHT=0
ok() { passed=$((passed + 1)); if [ -n "$keep" ]; then echo "  ok: $1$with"; fi; }
bad() { failed=$((failed + 1)); echo "check-player: $1$with" >&2; }
is() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: $2, not $3"; fi; }                         # what, is, should be
within() { if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then ok "$1"; else bad "$1: $2, not $3 to $4"; fi; }

# --- a display
rm -f number; mkfifo number
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3>number >xvfb.log 2>&1 &
pids+=($!)
read -r -t 20 number <number || { echo "check-player: Xvfb does not start: $(cat xvfb.log)" >&2; exit 1; }
export DISPLAY=:$number

# --- the player
# Starts it and waits for its window: $window, $player.
start() {
  rm -f report.json errors.txt
  "$program" play "$@" "${drawing[@]}" --json >report.json 2>errors.txt &
  player=$!
  pids+=("$player")
  window=''
  for _ in $(seq 200); do
    window=$(xdotool search --name '^vabuf: ' 2>/dev/null | head -n 1 || true)
    if [ -n "$window" ] && visible; then return 0; fi
    kill -0 "$player" 2>/dev/null || break
    sleep 0.1
  done
  bad "no picture: play $*: $(kill -0 "$player" 2>&1 && echo it runs) $(cat errors.txt report.json | head -c 300)"
  # Its window would be taken for the next one's.
  kill -KILL "$player" 2>/dev/null || true
  return 1
}
# Something but black is on the screen.
visible() {
  [ "$(ffmpeg -v error -f x11grab -draw_mouse 0 -video_size 1280x800 -i "$DISPLAY" -frames:v 1 -vf scale=64:40 -f rawvideo -pix_fmt gray - </dev/null \
    | od -An -v -tu1 | grep -c '[1-9][0-9]')" -gt 0 ]
}
shot() { ffmpeg -v error -y -f x11grab -draw_mouse 0 -video_size 1280x800 -i "$DISPLAY" -frames:v 1 -pix_fmt rgb24 "$1.png" </dev/null; }
# Real keys, pressed and let go in the server: those that are sent to a window stay down when it closes.
key() {
  xdotool windowfocus "$window" 2>/dev/null || true
  xdotool key "$@"
}
# What it ended with: its exit status. One that does not end is ended by force: 137.
finish() {
  local limit=$((SECONDS + 60))
  while kill -0 "$player" 2>/dev/null; do
    if [ "$SECONDS" -ge "$limit" ]; then
      bad "the player hangs"
      kill -KILL "$player" 2>/dev/null || true
      break
    fi
    sleep 0.1
  done
  status=0
  wait "$player" 2>/dev/null || status=$?
}
quit() {
  key q
  finish
  is "the status after Q" "$status$(tail -c 300 errors.txt)" 0
}
value() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" report.json | head -n 1; }
geometry() {
  local facts
  facts=$(xdotool getwindowgeometry --shell "$window" 2>/dev/null) || { finish; bad "the window is gone: status $status"; return 0; }
  eval "$(grep -E "^(X|Y|WIDTH|HEIGHT)=" <<<"$facts")"
}
# The colour at a place of the window, from the last screenshot: r g b.
pixel() { # screenshot, x, y
  ffmpeg -v error -i "$1.png" -vf "crop=1:1:$((X + $2)):$((Y + $3)),format=rgb24" -f rawvideo - </dev/null | od -An -v -tu1 | xargs
}

# --- clips
# 640x360, 25 frames a second; the number of each frame in ten bits at the top, the lowest first.
numbers() { # frames, encoder options, name
  ffmpeg -y -v error -f lavfi -i "testsrc2=s=640x360:r=25" -f lavfi \
    -i "nullsrc=s=320x32:r=25,format=gray,geq=lum='16+219*mod(floor(N/pow(2\,floor(X/32)))\,2)'" \
    -filter_complex '[0][1]overlay=format=auto,format=yuv420p' -frames:v "$1" $2 "$3" </dev/null
}
# The number that is on the screen.
on_screen() {
  geometry
  shot now
  ffmpeg -v error -i now.png -vf "crop=320:1:$X:$((Y + 16)),format=gray" -f rawvideo - </dev/null \
    | od -An -v -tu1 -w32 | awk '{ if ($17 > 128) sum += 2 ^ (NR - 1) } END { print sum + 0 }'
}
# Waits until a number is on the screen; says the last one that was there.
await() {
  local number=''
  for _ in $(seq 40); do
    number=$(on_screen)
    if [ "$number" = "$1" ]; then break; fi
    sleep 0.1
  done
  echo "$number"
}

numbers 1000 '-c:v libx264 -preset veryfast -g 50' numbers.mp4
size=(--size 640x360)

# --- keys
keys() {
  start numbers.mp4 "${size[@]}" || return 0
  key space
  sleep 0.4
  local at
  at=$(on_screen)
  sleep 0.4
  is "space pauses" "$(on_screen)" "$at"
  key Right Right Right
  is "right steps a frame" "$(await $((at + 3)))" $((at + 3))
  key Left
  is "left steps back" "$(await $((at + 2)))" $((at + 2))
  key s
  for _ in $(seq 50); do [ -s "numbers-$((at + 2)).png" ] && break; sleep 0.1; done
  timeout -k 5 60 "$program" frame numbers.mp4 $((at + 2)) -o same.png 2>/dev/null || true
  if cmp -s same.png "numbers-$((at + 2)).png"; then ok "s saves the frame"; else bad "s does not save frame $((at + 2))"; fi
  key Home
  is "home" "$(await 0)" 0
  key End
  is "end" "$(await 999)" 999
  key 5
  is "5 goes to the half" "$(await 500)" 500
  key 0
  is "0 goes to the start" "$(await 0)" 0
  key 9
  is "9" "$(await 900)" 900
  key 5
  is "5 again" "$(await 500)" 500
  key j
  sleep 1.5
  key k
  sleep 0.3
  at=$(on_screen)
  within "j plays backward" "$at" 440 490
  key l
  sleep 1.5
  key k
  sleep 0.3
  within "l plays forward" "$(on_screen)" $((at + 10)) $((at + 70))
  at=$(on_screen)
  key l l l
  sleep 1.5
  key k
  sleep 0.3
  within "l three times is faster" "$(on_screen)" $((at + 90)) $((at + 260))
  key 2
  await 200 >/dev/null
  key space
  sleep 0.2
  key Right
  sleep 0.6
  key space
  sleep 0.3
  within "right skips 5 s while playing" "$(on_screen)" 325 375
  quit
  is "it says that there was a window" "$(value window)" true
}

mouse() {
  start numbers.mp4 "${size[@]}" || return 0
  key space
  geometry
  # The time line is 16 pixels off each side and 16 above the lower edge, in a window of 360 rows.
  local first
  xdotool mousemove $((X + 160)) $((Y + 346)) mousedown 1
  sleep 0.3
  first=$(on_screen)
  within "a press on the time line goes there" "$first" 190 270
  for x in 200 240 280 320 360 400 440 480; do xdotool mousemove $((X + x)) $((Y + 346)); sleep 0.02; done
  sleep 0.8
  within "a drag ends on the frame below the mouse" "$(on_screen)" 745 770
  shot drag
  xdotool mouseup 1
  local at
  at=$(on_screen)
  sleep 0.3
  is "it stays there, paused" "$(on_screen)" "$at"
  quit
}

overlay() {
  start numbers.mp4 "${size[@]}" || return 0
  key 3 space
  sleep 0.5
  geometry
  shot plain
  key i
  sleep 0.8
  shot overlay
  # In the close-up, 16 dots above the time line, the frame on the screen is in host memory: blue.
  local before after
  before=$(host_blue plain)
  after=$(host_blue overlay)
  if [ "$after" -ge $((before + 16)) ]; then ok "the overlay shows host memory"; else bad "no blue on the overlay: $after places, $before without it"; fi
  key i question
  sleep 0.6
  shot help
  # Its panel is dark.
  before=$(brightness plain)
  after=$(brightness help)
  if [ "$after" -lt $((before * 4 / 5)) ]; then ok "? shows the keys"; else bad "? shows nothing: $after bright, $before without it"; fi
  quit
}
# How many places of the close-up are of the colour of host memory: 77 153 255.
host_blue() {
  ffmpeg -v error -i "$1.png" -vf "crop=640:8:$X:$((Y + 328)),format=rgb24" -f rawvideo - </dev/null | od -An -v -tu1 -w3 \
    | awk 'function off(value, wanted) { return value > wanted ? value - wanted : wanted - value }
      off($1, 77) < 20 && off($2, 153) < 20 && off($3, 255) < 20 { n++ } END { print n + 0 }'
}
# The mean level of the middle.
brightness() {
  ffmpeg -v error -i "$1.png" -vf "crop=200:40:$((X + 220)):$((Y + 160)),format=rgb24" -f rawvideo - </dev/null | od -An -v -tu1 -w3 \
    | awk '{ sum += $1 + $2 + $3 } END { print int(sum / NR / 3) }'
}

sizes() {
  start numbers.mp4 "${size[@]}" || return 0
  key space
  xdotool windowsize --sync "$window" 800 360 2>/dev/null || true
  sleep 0.5
  geometry
  shot wide
  is "a wider window has black at its sides" "$(pixel wide 20 180) / $(pixel wide 780 180)" "0 0 0 / 0 0 0"
  if [ "$(pixel wide 100 300)" != "0 0 0" ]; then ok "and the picture between"; else bad "no picture in a wider window"; fi
  xdotool windowsize --sync "$window" 320 400 2>/dev/null || true
  sleep 0.5
  geometry
  shot high
  is "a higher window has black above and below" "$(pixel high 160 20) / $(pixel high 160 380)" "0 0 0 / 0 0 0"
  xdotool windowunmap --sync "$window" windowmap --sync "$window" 2>/dev/null || true
  sleep 0.5
  shot again
  if [ "$(pixel again 160 250)" != "0 0 0" ]; then ok "it comes back after being hidden"; else bad "black after being hidden"; fi
  quit
}

# Without a window manager no window fills the screen, and nobody asks one to close.
managed() {
  printf '%s\n' '<openbox_config xmlns="http://openbox.org/3.4/rc"><keyboard><keybind key="A-F4"><action name="Close"/></keybind>' \
    '</keyboard></openbox_config>' >openbox.xml
  openbox --config-file "$PWD/openbox.xml" >openbox.log 2>&1 &
  local manager=$!
  pids+=("$manager")
  sleep 1
  start numbers.mp4 "${size[@]}" || return 0
  key space
  key f
  sleep 1.5
  geometry
  is "f fills the screen" "$WIDTH $HEIGHT" "1280 800"
  key f
  sleep 1.5
  geometry
  is "f again does not" "$WIDTH $HEIGHT" "640 360"
  xdotool windowfocus --sync "$window" key alt+F4 2>/dev/null || true
  finish
  is "the status after closing" "$status" 0
  start numbers.mp4 "${size[@]}" --fullscreen --loop 0 || return 0
  sleep 0.5
  geometry
  is "--fullscreen" "$WIDTH $HEIGHT" "1280 800"
  kill -INT "$player"
  finish
  is "the status after Ctrl-C" "$status" 130
  is "and the report" "$(value workload)" play
  kill "$manager"
}

ends() {
  start numbers.mp4 "${size[@]}" --to 40 || return 0
  finish
  is "the status at the end" "$status" 0
  is "each frame was shown or counted as dropped" "$(($(value presented) + $(value dropped)))" 41
  start numbers.mp4 "${size[@]}" --from 950 --reverse --loop 2 --to 960 || return 0
  finish
  is "the status after two rounds" "$status" 0
  is "two rounds, backward" "$(($(value presented) + $(value dropped)))" 22
}

no_display() {
  local status=0
  env -u DISPLAY timeout -k 5 60 "$program" play numbers.mp4 --to 5 --json >report.json 2>errors.txt || status=$?
  is "without a display it plays headless" "$status $(value window) $(($(value presented) + $(value dropped)))" "0 false 6"
  is "and says so in one line" "$(grep -c 'no window: there is no display' errors.txt) $(wc -l <errors.txt)" "1 1"
  DISPLAY=:9999 timeout -k 5 60 "$program" play numbers.mp4 --to 5 --json >report.json 2>errors.txt || status=$?
  is "with a display that does not answer, too" "$status $(value window) $(wc -l <errors.txt)" "0 false 1"
}

# --- colours
bars() { # matrix, range, bits, wide
  local name=bars-$1-$2-$3-$4 format=yuv420p space=bt709 primaries=bt709 range=tv filter
  if [ "$3" = 10 ]; then format=yuv420p10le; fi
  case $1 in 601) space=smpte170m ;; 2020) space=bt2020nc ;; esac
  if [ "$2" = full ]; then range=pc; fi
  if [ "$4" = 1 ]; then primaries=bt2020; fi
  local reference=(awk -f "$root/scripts/player/color-bars.awk" -v "matrix=$1" -v "range=$2" -v "bits=$3" -v "wide=$4")
  filter=$("${reference[@]}" -v what=geq)
  ffmpeg -y -v error -f lavfi -i "nullsrc=s=640x360:r=10,format=$format,$filter,setparams=range=$range:colorspace=$space:color_primaries=$primaries:color_trc=bt709" -frames:v 10 -c:v ffv1 -pix_fmt "$format" \
    -color_range "$range" -colorspace "$space" -color_primaries "$primaries" -color_trc bt709 "$name.mkv" </dev/null
  start "$name.mkv" "${size[@]}" --loop 0 || return 0
  geometry
  shot "$name"
  quit
  ffmpeg -v error -i "$name.png" -vf "crop=640:1:$X:$((Y + 180)),format=rgb24" -f rawvideo - </dev/null \
    | od -An -v -tu1 -w3 | awk 'NR % 80 == 40' >got
  "${reference[@]}" -v what=rgb >want
  local worst
  worst=$(paste want got | awk '{ for (c = 1; c <= 3; c++) { d = $c - $(c + 3); if (d < 0) d = -d; if (d > worst) worst = d } } END { printf "%.2f", worst }')
  if awk "BEGIN { exit !($worst <= 2) }"; then ok "$name: $worst levels off"; else bad "$name: $worst levels off: $(paste want got | tr '\n' ';')"; fi
}

# Clips that are turned or stretched: where the white square of the picture's upper left corner is.
shapes() {
  ffmpeg -y -v error -f lavfi -i "color=c=gray:s=320x180:r=10,drawbox=x=0:y=0:w=60:h=60:color=white:t=fill" -frames:v 10 \
    -c:v libx264 -preset veryfast -pix_fmt yuv420p plain.mp4 </dev/null
  ffmpeg -y -v error -i plain.mp4 -c copy -metadata:s:v rotate=90 turned.mp4 </dev/null
  ffmpeg -y -v error -i plain.mp4 -c copy -bsf:v h264_metadata=sample_aspect_ratio=2/1 -aspect 32:9 stretched.mp4 </dev/null
  start turned.mp4 --size 400x400 --loop 0 || return 0
  geometry
  shot turned
  quit
  # 225x400 in the middle; turned counter-clockwise, as ffmpeg turns it, the corner is at the lower left.
  is "a clip that is turned by 90 degrees" "$(bright turned 100 350) $(bright turned 250 100) $(bright turned 20 200)" "white gray black"
  start stretched.mp4 --size 640x360 --loop 0 || return 0
  geometry
  shot stretched
  quit
  # 640x180 in the middle: the square is 120 wide and 60 high.
  is "a clip with wide pixels" "$(bright stretched 110 100) $(bright stretched 140 100) $(bright stretched 20 40)" "white gray black"
}
bright() { # screenshot, x, y
  local r g b
  read -r r g b <<<"$(pixel "$1" "$2" "$3")"
  if [ "$r" -gt 200 ]; then echo white; elif [ "$r" -gt 60 ]; then echo gray; else echo black; fi
}

# HDR: steps of 1, 50, 203, 1000 cd/m2 must come out as a standard picture: dark, mid, bright, brighter.
tone() { # name, transfer, four code values in 10 bits
  ffmpeg -y -v error -f lavfi -i "nullsrc=s=640x360:r=10,format=yuv420p10le,geq=lum='if(lt(X\,160)\,$3\,if(lt(X\,320)\,$4\,if(lt(X\,480)\,$5\,$6)))':cb=512:cr=512,setparams=range=tv:colorspace=bt2020nc:color_primaries=bt2020:color_trc=$2" \
    -frames:v 10 -c:v ffv1 -pix_fmt yuv420p10le -color_range tv -colorspace bt2020nc -color_primaries bt2020 -color_trc "$2" "$1.mkv" </dev/null
  start "$1.mkv" "${size[@]}" --loop 0 || return 0
  geometry
  shot "$1"
  quit
  local levels=() r g b
  for x in 80 240 400 560; do
    read -r r g b <<<"$(pixel "$1" "$x" 180)"
    levels+=("$r")
    if [ $((r > g ? r - g : g - r)) -gt 3 ] || [ $((b > g ? b - g : g - b)) -gt 3 ]; then bad "$1: gray is not gray: $r $g $b"; fi
  done
  if [ "${levels[0]}" -lt 60 ] && [ "${levels[1]}" -gt 80 ] && [ "${levels[2]}" -gt 165 ] \
    && [ "${levels[0]}" -lt "${levels[1]}" ] && [ "${levels[1]}" -lt "${levels[2]}" ] && [ "${levels[2]}" -lt "${levels[3]}" ]; then
    ok "$1: ${levels[*]}"
  else
    bad "$1 is not tone-mapped: ${levels[*]}"
  fi
}

# --- on the software driver
driver() {
  local plain=$program
  program=$work/on-driver
  printf '#!/bin/sh\nexec "%s/hwtests/with-software-driver" "%s" "$@"\n' "$root" "$plain" >"$program"
  chmod +x "$program"
  start numbers.mp4 "${size[@]}" --device /dev/null --overlay || { program=$plain; return 0; }
  key 3 space
  sleep 0.8
  geometry
  shot gpu
  local green
  green=$(ffmpeg -v error -i gpu.png -vf "crop=640:40:$X:$((Y + 300)),format=rgb24" -f rawvideo - </dev/null | od -An -v -tu1 -w3 \
    | awk '$2 > 180 && $1 < 140 && $2 - $1 > 80 { n++ } END { print n + 0 }')
  within "the overlay shows frames on the GPU" "$green" 50 100000
  quit
  is "the driver decoded" "$(value backend)" vaapi
  # Lost again and again: the buffer gives up on it, in mid-play.
  SOFTVA_LOST=100:count=1000 start numbers.mp4 "${size[@]}" --device /dev/null --to 400 || { program=$plain; return 0; }
  # Each number that is seen on the way is one of the frames that are due: none comes twice after a later one.
  local last=-1 number falls=0 limit=$((SECONDS + 120))
  while kill -0 "$player" 2>/dev/null && [ "$SECONDS" -lt "$limit" ]; do
    number=$(on_screen 2>/dev/null || echo 0)
    if [ "$number" -lt "$last" ] && [ "$number" != 0 ]; then falls=$((falls + 1)); fi
    last=$number
  done
  finish
  is "after a loss of the device it ends well" "$status" 0
  within "it fell back to software" "$(value fallbacks)" 1 100
  is "no frame out of order" "$falls" 0
  is "all frames are accounted for" "$(($(value presented) + $(value dropped)))" 401
  program=$plain
}

# Formats that are no textures are drawn as RGB: red, and half of green.
packed() {
  ffmpeg -y -v error -f lavfi -i "color=c=0xff0000:s=320x360:r=10,format=rgb24[a];color=c=0x008000:s=320x360:r=10,format=rgb24[b];[a][b]hstack" \
    -frames:v 10 -c:v qtrle -pix_fmt rgb24 packed.mov </dev/null
  start packed.mov "${size[@]}" --loop 0 || return 0
  geometry
  shot packed
  quit
  is "a clip of packed RGB" "$(pixel packed 160 180) / $(pixel packed 480 180)" "255 0 0 / 0 128 0"
}

# --- the same with Vulkan
vulkan() {
  drawing=(--gpu-api vulkan) with=' (Vulkan)'
  local reason
  reason=$("$program" play numbers.mp4 --to 0 --json "${drawing[@]}" 2>&1 >report.json </dev/null || true)
  if [ "$(value window)" != true ]; then
    printf '\n*** SKIPPED: the player on Vulkan: %s ***\n\n' "${reason:-no window}"
    return 0
  fi
  bars 709 limited 8 0
  is "what draws" "$(value drawing | cut -d ' ' -f 1)" Vulkan
  if [ -z "$short" ]; then
    keys
    overlay
    sizes
    managed
    bars 601 full 8 0
    bars 2020 limited 10 1
    tone pq smpte2084 195 450 573 723
    shapes
    packed
  fi
}

no_display
keys
mouse
bars 709 limited 8 0
is "what draws" "$(value drawing | cut -d ' ' -f 1)" OpenGL
if [ -z "$short" ]; then
  overlay
  sizes
  ends
  managed
  for matrix in 601 709 2020; do
    for range in limited full; do
      for bits in 8 10; do
        if [ "$matrix$range$bits" != 709limited8 ]; then bars "$matrix" "$range" "$bits" 0; fi
      done
    done
  done
  bars 2020 limited 10 1
  shapes
  tone pq smpte2084 195 450 573 723
  tone hlg arib-std-b67 100 400 721 940
  packed
  driver
fi
vulkan
echo "check-player: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
