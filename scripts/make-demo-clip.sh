#!/usr/bin/env bash
# Draws the clip that `vabuf play` shows when it is given no file, and writes it as Sources/VABufCLI/DemoClip.swift.
#
#   scripts/make-demo-clip.sh [CLIP.mp4]     also keeps the clip itself
#
# 3840x2160, 30 frames/s, 180 frames, H.264 High, two B-frames between P-frames, keyframes at 0, 60 and 120; about 100 KB.
# Everything is drawn here, on a grid of 16 pixels (a macroblock), which is why so large a picture costs so few bytes.
# Each frame shows its number twice: in digits, and in binary in the row of squares at the bottom (lowest bit right).
set -euo pipefail
cd "$(dirname "$0")/.."
W=3840 H=2160 N=180
ink=0xf2e9d8 dim=0x1d2747 film=0x070a16 hole=0xc9b98f
source=Sources/VABufCLI/DemoClip.swift

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
clip=${1:-$scratch/demo.mp4}

boxes=""
box() { # x y width height color [expression: drawn where it is not 0]
  # shellcheck disable=SC2016  # the quotes are the filter graph's
  boxes+=",drawbox=x=$1:y=$2:w=$3:h=$4:color=$5:t=fill${6:+:enable='$6'}"
}
lamp() { # x y width height expression
  box "$1" "$2" "$3" "$4" "$dim"
  box "$1" "$2" "$3" "$4" "$ink" "$5"
}
bit() { printf 'mod(floor((%s)/%s)\,2)' "$1" "$2"; }

letter() { # x, five rows of five dots
  local x=$1 y=160 row i
  shift
  for row in "$@"; do
    for ((i = 0; i < 5; i++)); do
      if [ "${row:i:1}" = 1 ]; then box $((x + i * 32)) $y 32 32 $ink; fi
    done
    y=$((y + 32))
  done
}
letter 240 00000 10001 10001 01010 00100
letter 432 01110 00001 01111 10001 01111
letter 624 10000 11110 10001 10001 11110
letter 816 00000 10001 10001 10001 01111
letter 1008 00110 01000 11110 01000 01000

digit() { # x, expression of the digit
  local x=$1 d=$2 y=448
  segment() { lamp "$1" "$2" "$3" "$4" "$(bit "$5" "pow(2\,$d)")"; } # the last: bit d is set where digit d has it
  segment $((x + 48)) $y 192 48 1005
  segment $((x + 240)) $((y + 48)) 48 208 927
  segment $((x + 240)) $((y + 304)) 48 208 1019
  segment $((x + 48)) $((y + 512)) 192 48 877
  segment "$x" $((y + 304)) 48 208 325
  segment "$x" $((y + 48)) 48 208 881
  segment $((x + 48)) $((y + 256)) 192 48 892
}
digit 240 'floor(n/100)'
digit 624 'mod(floor(n/10)\,10)'
digit 1008 'mod(n\,10)'

# A strip of film that fills up as the frames go by: below, the full strip; above the cover that moves off, its frames.
box 0 1264 $W 512 $film
for ((i = 0; i < 32; i++)); do
  box $((32 + i * 120)) 1296 48 32 $hole
  box $((32 + i * 120)) 1712 48 32 $hole
done
box 0 1360 $W 240 0x2b7f9f
box 0 1600 $W 80 0x1f5a73
below=$boxes
boxes=""
for ((i = 0; i <= 8; i++)); do box $((i * 480 - 16)) 1360 32 320 $film; done
for ((k = 0; k < 16; k++)); do lamp $((3472 - k * 208)) 1904 128 128 "$(bit n $((1 << k)))"; done

still="format=yuv420p,loop=-1:1,setpts=N/30/TB"
disc="floor(X/32)-6\,floor(Y/32)-6"
graph="
color=c=black:s=64x$H:r=30:d=0.04,format=yuv420p,
geq=lum='26+30*floor(Y/16)*16/$H':cb='150-4*floor(Y/8)*16/$H':cr='122+18*floor(Y/8)*16/$H',
scale=${W}x$H:flags=neighbor,$still,trim=end_frame=$N${below}[strip];
color=c=0x1b2f4a:s=${W}x320:r=30:d=0.04,${still}[cover];
[strip][cover]overlay=x='16*floor((n+1)*$W/$N/16)':y=1360:eval=frame:shortest=1${boxes}[scene];
color=c=black:s=480x480:r=30:d=0.04,format=rgba,geq=r=250
:g='178-42*gt(hypot($disc)\,5.2)':b='92-30*gt(hypot($disc)\,5.2)'
:a='255*lt(hypot(floor(X/32)-7\,floor(Y/32)-7)\,7.3)',loop=-1:1,setpts=N/30/TB[sun];
[scene][sun]overlay=x='1360+16*floor(n*2000/$N/16)':y='16*floor((96+560*pow(n/90-1\,2))/16)':eval=frame:shortest=1,
format=yuv420p,setsar=1[v]"

ffmpeg -v error -nostdin -y -filter_complex "$graph" -map '[v]' -frames:v $N -r 30 -c:v libx264 -threads 2 \
  -profile:v high -preset slower -crf 26 -bf 2 -b_strategy 0 -g 60 -keyint_min 60 -sc_threshold 0 \
  -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv \
  -flags +bitexact -fflags +bitexact -movflags +faststart -f mp4 "$clip"

{
  cat <<SWIFT
// swift-format-ignore-file
// Made by scripts/make-demo-clip.sh: change that, not this file.

import VABuf

/// The clip that \`vabuf play\` shows when it is given no file: an MP4 of our own drawing.
enum DemoClip {
  static let width = $W
  static let height = $H
  static let frames = $N
  /// The size of the file.
  static let byteCount = $(stat -c %s "$clip")

  /// The bytes of the file.
  static func bytes() -> [UInt8] { EmbeddedFile.bytes(base64: base64) }

  private static let base64: StaticString = """
SWIFT
  base64 -w 116 "$clip" | sed 's/^/    /'
  printf '    """\n}\n'
} >"$scratch/DemoClip.swift"
mv "$scratch/DemoClip.swift" "$source"
echo "$source: a clip of $(stat -c %s "$clip") bytes"
