#!/usr/bin/env bash
# Shows the player's way without a copy, on a machine without a GPU: the software VA driver decodes into memory that is
# exported, Mesa's llvmpipe imports it (Debian 13's can, 12's cannot), and weston, a compositor without a screen, shows it.
#
#   scripts/debian13.sh scripts/player/zero-copy.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
if [ -z "${VABUF_NO_BUILD:-}" ]; then swift build --product vabuf --scratch-path .build-debian13 >/dev/null </dev/null; fi
program=$root/.build-debian13/debug/vabuf
export SOFTVA_BUILD=$root/.build-debian13/softva
work=$(mktemp -d)
export XDG_RUNTIME_DIR=$work XDG_CACHE_HOME=$work/cache WAYLAND_DISPLAY=vabuf-test
chmod 700 "$work"
unset DISPLAY
cd "$work"
weston --backend=headless --renderer=gl --socket="$WAYLAND_DISPLAY" --width=1280 --height=800 --idle-time=0 --debug >weston.log 2>&1 &
weston=$!
trap 'kill "$weston"; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -S "$WAYLAND_DISPLAY" ] && break; sleep 0.1; done
[ -S "$WAYLAND_DISPLAY" ] || { echo "zero-copy: weston does not start: $(tail -n 3 weston.log)" >&2; exit 1; }

failed=0
is() { if [ "$2" = "$3" ]; then echo "  ok: $1"; else echo "zero-copy: $1: $2, not $3" >&2; failed=1; fi; }
value() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" "$2.json" | head -n 1; }

reference=(awk -f "$root/scripts/player/color-bars.awk" -v matrix=709 -v range=limited -v bits=8 -v wide=0)
ffmpeg -y -v error -f lavfi -i "nullsrc=s=640x360:r=10,format=yuv420p,$("${reference[@]}" -v what=geq),setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709" -frames:v 600 -c:v libx264 \
  -preset veryfast -qp 4 -profile:v high -color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709 bars.mp4 </dev/null

at() { ffmpeg -v error -i "$1.png" -vf "crop=1:1:$2:$3,format=rgb24" -f rawvideo - </dev/null | od -An -v -tu1 | xargs; }
show() { # name, options
  local name=$1 player status=0
  shift
  "$root/hwtests/with-software-driver" "$program" play bars.mp4 --fullscreen --device /dev/null --json "$@" \
    >"$name.json" 2>"$name.txt" &
  player=$!
  # Until its picture is there: the white bar and the red one.
  for _ in $(seq 30); do
    sleep 1
    rm -f wayland-screenshot*.png
    weston-screenshooter
    mv wayland-screenshot*.png "$name.png"
    read -r white _ <<<"$(at "$name" 80 400)"
    read -r red green _ <<<"$(at "$name" 880 400)"
    if [ "$white" -gt 180 ] && [ "$red" -gt 180 ] && [ "$green" -lt 10 ]; then break; fi
  done
  kill -INT "$player"
  wait "$player" || status=$?
  is "$name: the status after Ctrl-C" "$status" 130
}
show imported --gpu-api opengl
show copied --gpu-api opengl --no-import
show vulkan --gpu-api vulkan
is "frames are drawn from their surfaces" "$(value zero_copy imported)" true
is "all of them" "$(value zero_copy_frames imported)" "$(value presented imported)"
is "decoded by the driver" "$(value backend imported)" vaapi
is "with --no-import none is" "$(value zero_copy_frames copied)" 0
# Where the display dithers, by one level.
is "the same picture, pixel by pixel" "$(ffmpeg -v error -i imported.png -i copied.png -filter_complex \
  '[0]format=rgb24,crop=1280:720:0:40[a];[1]format=rgb24,crop=1280:720:0:40[b];[a][b]blend=all_mode=difference' -f rawvideo -pix_fmt rgb24 - </dev/null | od -An -v -tu1 -w3 \
  | awk '{ for (c = 1; c <= 3; c++) if ($c > worst) worst = $c } END { print worst <= 1 ? "yes" : worst }')" yes
"${reference[@]}" -v what=rgb >want
colors() { # name
  local worst
  # 640x360 fills the width of 1280x800.
  ffmpeg -v error -i "$1.png" -vf crop=1280:1:0:400,format=rgb24 -f rawvideo - </dev/null | od -An -v -tu1 -w3 | awk 'NR % 160 == 80' >got
  worst=$(paste want got | awk '{ for (c = 1; c <= 3; c++) { d = $c - $(c + 3); if (d < 0) d = -d; if (d > worst) worst = d } } END { print int(worst + 0.999) }')
  is "$1: within 2 levels of the reference" "$([ "$worst" -le 2 ] && echo yes || echo "$worst: $(paste want got | tr '\n' ';')")" yes
}
colors imported
is "Vulkan draws" "$(value drawing vulkan)" "Vulkan on the processor"
# Mesa's lavapipe 25.0 takes no DMA-BUF for an image (it has no VK_EXT_image_drm_format_modifier): frames are downloaded.
if [ "$(value zero_copy vulkan)" = true ]; then
  is "all of its frames are drawn from their surfaces" "$(value zero_copy_frames vulkan)" "$(value presented vulkan)"
else
  echo "  Vulkan imports no surfaces here"
fi
colors vulkan
exit "$failed"
