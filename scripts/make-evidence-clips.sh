#!/usr/bin/env bash
# Makes the clips by which `vabuf probe` finds out what a decoder really decodes, and writes them, with the MD5 of each
# of their frames, as Sources/VABuf/Probe/EvidenceClips.swift.
#
#   scripts/make-evidence-clips.sh [FOLDER]     also keeps the clips, in FOLDER
#
# For each codec and profile one clip of 1920x1080 (24 frames) and one of 3840x2160 (12 frames), 4:2:0, one keyframe at
# the start. A mosaic of 120 colours, flat, which is why they cost so little; no two neighbours agree in brightness or
# in either colour, so a plane that is shifted, swapped or missing shows. Over it
#   a patch of waves that moves by fractions of a pixel: interpolation, transforms, and in 10 bits the lowest ones;
#   two bars whose ways cross: references before and behind, and more than one;
#   the frame's number in six binary squares: no two frames are equal.
# B-frames, pyramids and hidden frames are in where the profile has them.
#
# Left out are
#   MPEG-2 in 3840x2160: its highest level, High, ends at 1920x1152 (ISO/IEC 13818-2, table 8-11);
#   interlaced H.264 in 3840x2160: levels from 4.2 on are for frames only (ITU-T H.264, table A-4), and those below end
#   at 8192 macroblocks.
set -euo pipefail
cd "$(dirname "$0")/.."
source=Sources/VABuf/Probe/EvidenceClips.swift
for tool in ffmpeg gzip base64; do
  command -v $tool >/dev/null || { echo "make-evidence-clips: there is no $tool here: install it" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
folder=${1:-$scratch/clips}
mkdir -p "$folder"

# The filter graph that draws: width, frames, bits of a sample. All but the patch is twice as large in twice the width.
picture() {
  local n=$2 s=$(($1 / 1920)) m=1 format=yuv420p overlay=yuv420 k
  if [ "$3" = 10 ]; then m=4 format=yuv420p10 overlay=yuv420p10; fi
  local one="r=30:d=0.04,format=$format" still="loop=-1:1,setpts=N/30/TB"
  local on="eval=frame:shortest=1:format=$overlay"
  echo "
    color=black:s=16x10:$one,
    geq=lum='$m*(40+mod(X*37+Y*61\,160))':cb='$m*(80+mod(X*53+Y*29\,96))':cr='$m*(80+mod(X*31+Y*71\,96))',
    scale=$((2048 * s))x$((1280 * s)):flags=neighbor,crop=$((1920 * s)):$((1080 * s)):0:0,$still,trim=end_frame=${n}[mosaic];
    color=black:s=64x64:r=30:d=10,format=$format,trim=end_frame=$n,
    geq=lum='$m*(128+40*sin((X+1.25*N)/5)*sin((Y-0.75*N)/7))':cb='$m*(128+30*sin((X+2*N)/9))'
    :cr='$m*(128+30*cos((Y+N)/8))'[patch];
    color=0xd03010:s=$((64 * s))x$((192 * s)):$one,${still}[high];
    color=0x1060d0:s=$((192 * s))x$((64 * s)):$one,${still}[wide];
    [mosaic][patch]overlay=x='$s*(512+6*n)':y='$s*(384+4*n)':${on}[a];
    [a][high]overlay=x='$s*(1280-16*n)':y=$((384 * s)):${on}[b];
    [b][wide]overlay=x='$s*(768+10*n)':y='$s*(256+8*n)':$on"
  for ((k = 0; k < 6; k++)); do
    echo ",drawbox=x=$(((1536 - k * 64) * s)):y=$((768 * s)):w=$((32 * s)):h=$((32 * s)):color=white:t=fill:
      enable='mod(floor(n/$((1 << k)))\,2)'"
  done
}

# label, codec, profile, bits, then what the encoder is told. One clip of each size, but not the larger where also is empty.
clips=0
make() {
  local label=$1 codec=$2 profile=$3 bits=$4
  shift 4
  local width height frames drawn name file pixels=yuv420p fields
  if [ "$bits" = 10 ]; then pixels=yuv420p10le; fi
  if [ "$codec" = mjpeg ]; then pixels=yuvj420p; fi
  for height in 1080 ${also-2160}; do
    width=$((height * 16 / 9)) frames=$((height == 1080 ? 24 : 12)) name=$label-${height}p fields=""
    # A JPEG picture says everything anew.
    if [ "$codec" = mjpeg ]; then frames=4; fi
    drawn=$frames
    if [[ $profile == *interlaced ]]; then
      name=${name%p}i drawn=$((2 * frames)) fields=",tinterlace=mode=interleave_top,setpts=N/30/TB"
    fi
    file=$folder/$name.mkv
    local level=()
    if [ "$codec" = h264 ]; then level=(-level:v "$([ "$height" = 1080 ] && echo 4.1 || echo 5.1)"); fi
    ffmpeg -v error -nostdin -y -filter_complex "$(picture $width $drawn "$bits")$fields,format=${pixels}[v]" -map '[v]' \
      -frames:v $frames -r 30 -pix_fmt $pixels "$@" "${level[@]}" -flags:v "+bitexact${flags:-}" -fflags +bitexact \
      -g 240 -f matroska "$file"
    write "$name" "$codec" "$profile" "$width" "$height" "$bits" "$frames" "$file"
    clips=$((clips + 1))
  done
}

write() { # as `make` has them
  local file=$8 md5s
  md5s=$(ffmpeg -nostdin -v error -noautorotate -i "$file" -map 0:v:0 -autoscale 0 -fps_mode passthrough -f framemd5 - \
    | sed -n 's/^0,.*, *\([0-9a-f]\{32\}\)$/\1/p')
  if [ "$(sort -u <<<"$md5s" | wc -l)" -ne "$7" ]; then
    echo "make-evidence-clips: $1 has not $7 frames, each another: $(wc -l <<<"$md5s") lines" >&2
    exit 1
  fi
  # The stream of a gzip file without its header and trailer is plain deflate.
  gzip -9 -n <"$file" | tail -c +11 | head -c -8 >"$scratch/packed"
  {
    printf '    EvidenceClip(\n'
    printf '      name: "%s", codec: "%s", profile: "%s", width: %d, height: %d, bitDepth: %d, frameCount: %d,\n' "${@:1:7}"
    printf '      md5s: [\n'
    # shellcheck disable=SC2086  # the words are the lines
    printf '        "%s",\n' $md5s
    printf '      ],\n      fileExtension: "mkv", byteCount: %d,\n      packed: """\n' "$(stat -c %s "$file")"
    base64 -w 116 "$scratch/packed" | sed 's/^/  /'
    printf '  """),\n'
  } >>"$scratch/clips.swift"
  printf '%-32s %6d bytes, %6d packed\n' "$1" "$(stat -c %s "$file")" "$(stat -c %s "$scratch/packed")"
}

x264=(-c:v libx264 -threads 1 -preset slow -crf 38 -refs 4 -bsf:v "filter_units=remove_types=6")
x265=(-c:v libx265 -preset medium -tune psnr -crf 38 -x265-params "log-level=error:info=0:frame-threads=1")
vpx=(-auto-alt-ref 1 -lag-in-frames 16 -cpu-used 2 -threads 1)
aom=(-c:v libaom-av1 -crf 50 -b:v 0 -cpu-used 5 -lag-in-frames 16)
make h264-constrained-baseline h264 constrained-baseline 8 "${x264[@]}" -profile:v baseline
make h264-main h264 main 8 "${x264[@]}" -profile:v main -bf 3
make h264-high h264 high 8 "${x264[@]}" -profile:v high -bf 3
also="" flags=+ildct+ilme make h264-high-interlaced h264 high-interlaced 8 "${x264[@]}" -profile:v high -bf 3 -top 1
make hevc-main hevc main 8 "${x265[@]}"
make hevc-main10 hevc main10 10 "${x265[@]}"
make vp8 vp8 vp8 8 -c:v libvpx "${vpx[@]}" -qmin 50 -qmax 60 -b:v 200k
make vp9-profile0 vp9 profile0 8 -c:v libvpx-vp9 "${vpx[@]}" -crf 50 -b:v 0
make vp9-profile2 vp9 profile2 10 -c:v libvpx-vp9 "${vpx[@]}" -crf 50 -b:v 0
make av1-main av1 main 8 "${aom[@]}"
make av1-main10 av1 main10 10 "${aom[@]}"
also="" make mpeg2-main mpeg2video main 8 -c:v mpeg2video -q:v 28 -bf 2
make jpeg-baseline mjpeg baseline 8 -c:v mjpeg -q:v 20

{
  cat <<'SWIFT'
// swift-format-ignore-file
// Made by scripts/make-evidence-clips.sh: change that, not this file.

extension EvidenceClip {
  /// All clips, by codec and profile, the smaller one first.
  package static let all: [EvidenceClip] = [
SWIFT
  cat "$scratch/clips.swift"
  printf '  ]\n}\n'
} >"$scratch/EvidenceClips.swift"
mv "$scratch/EvidenceClips.swift" "$source"
echo "$source: $clips clips, $(stat -c %s "$source") bytes"
