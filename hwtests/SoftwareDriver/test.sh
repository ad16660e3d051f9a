#!/usr/bin/env bash
# Tests the software VA driver: its controls, then every clip against ffmpeg's software decoder,
# frame by frame, then seeks.
#
#   hwtests/SoftwareDriver/test.sh [--short] [FILE...]
#
# Without files: clips that are made here, and those of ../shared/media or $VABUF_MEDIA.
# --short: the controls, the field pictures and one clip a codec. A clip passes when every frame
# has the same bytes, libavcodec took the VA-API path for it, and the driver saw no misuse and
# nothing left alive.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
with=$root/hwtests/with-software-driver
out=${SOFTVA_BUILD:-$root/.build/softva}
media=${VABUF_MEDIA:-$root/../shared/media}
short=no
files=()
for argument in "$@"; do
  case $argument in
    --short) short=yes ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    -*) echo "test.sh: unknown option $argument" >&2; exit 64 ;;
    *) files+=("$argument") ;;
  esac
done
unset "${!SOFTVA_@}"
export SOFTVA_BUILD=$out

"$with" true || exit 70
make --no-print-directory -s -C "$root/hwtests/SoftwareDriver" OUT="$out" tests || exit 70
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

result() {
  case $1 in
    passed) passed=$((passed + 1)) ;;
    FAILED*) failed=$((failed + 1)) ;;
    skipped*) skipped=$((skipped + 1)) ;;
  esac
}

# --- controls and misuse, through libva
if ((${#files[@]} == 0)); then
  LIBVA_DRIVERS_PATH=$out LIBVA_DRIVER_NAME=softva "$out/controls_test" 2>"$work/errors" || {
    failed=$((failed + 1))
    grep -v '^softva: misuse' "$work/errors" | tail -n 20
  }
  "$out/h264_test" || failed=$((failed + 1))
  if command -v vainfo >/dev/null; then
    profiles=$("$with" vainfo --display drm --device /dev/null 2>/dev/null | grep -c VAEntrypointVLD)
    echo "vainfo: $profiles profiles"
    ((profiles >= 7)) || failed=$((failed + 1))
  else
    echo "vainfo: skipped: not installed"
    skipped=$((skipped + 1))
  fi
fi

# --- damaged pictures
if ((${#files[@]} == 0)); then
  "$out/fuzz" $([[ $short == yes ]] && echo 3000) 2>"$work/errors" || {
    failed=$((failed + 1))
    head -n 20 "$work/errors"
  }
fi

# --- clips
# make NAME CODEC SOURCE OPTIONS...: a clip, if ffmpeg has the encoder.
make_clip() {
  local name=$1 encoder=$2 source=$3
  shift 3
  if ffmpeg -nostdin -v error -f lavfi -i "$source" "$@" -c:v "$encoder" -y "$work/$name" \
    >"$work/errors" 2>&1; then
    # x265 4.1 (Debian 13) writes broken slices, of which FFmpeg 7.1 makes other pictures in each run.
    if [[ "$encoder $*" == libx265*slices=* ]] &&
      ffmpeg -nostdin -v error -i "$work/$name" -f null - 2>&1 | head -n 1 | grep . >"$work/errors"; then
      echo "$name: skipped: the encoder's slices are broken: $(cat "$work/errors")"
      skipped=$((skipped + 1))
      return
    fi
    files+=("$work/$name")
  else
    echo "$name: skipped: ffmpeg does not make it: $(head -n 1 "$work/errors")"
    skipped=$((skipped + 1))
  fi
}

make_clips() {
  local p='testsrc2=s=352x288:r=25:d=2' i='testsrc2=s=352x288:r=25:d=3,tinterlace=interleave_top'
  local noise='testsrc2=s=352x288:r=25:d=4,noise=alls=20:allf=t'
  local interlaced='-flags +ildct+ilme'
  for codec in h264 mpeg2; do
    "$out/field_clip" $codec >"$work/fields-$codec.${codec/h264/264}" &&
      files+=("$work/fields-$codec.${codec/h264/264}")
  done
  make_clip h264-main.mp4 libx264 "$p" -bf 3 -x264-params b-pyramid=normal:weightp=2:weightb=1:ref=4
  make_clip mpeg2-progressive.mpg mpeg2video "$p" -bf 2 -q:v 4
  make_clip vp8.webm libvpx "$p" -b:v 400k
  make_clip mjpeg.avi mjpeg "$p" -pix_fmt yuvj420p -q:v 4
  make_clip hevc.mkv libx265 "$p" -x265-params log-level=0
  # CRA pictures, which keep their picture order count, and a size that is cropped.
  make_clip hevc-cra.mp4 libx265 'testsrc2=s=322x182:r=25:d=2' \
    -x265-params log-level=0:open-gop=1:keyint=12:min-keyint=12:scenecut=0:bframes=4
  make_clip hevc-10.mkv libx265 "$p" -pix_fmt yuv420p10le -x265-params log-level=0
  make_clip vp9.webm libvpx-vp9 "$p" -b:v 300k -cpu-used 6 -deadline realtime
  make_clip vp9-10.webm libvpx-vp9 "$p" -pix_fmt yuv420p10le -profile:v 2 -b:v 300k -cpu-used 6 \
    -deadline realtime
  make_clip av1.mkv libaom-av1 "$p" -frames:v 16 -cpu-used 8 -usage realtime -b:v 200k
  [[ $short == yes ]] && { make_random_hevc 3; return; }
  make_hevc_and_vp9
  make_av1
  make_clip h264-baseline.mp4 libx264 "$p" -profile:v baseline
  make_clip h264-cavlc-slices.mp4 libx264 "$p" -coder 0 -bf 2 -slices 4
  make_clip h264-many-slices.mp4 libx264 "$p" -x264-params slice-max-mbs=3:bframes=2
  make_clip h264-mbaff.mp4 libx264 "$i" $interlaced -x264-params tff=1:bframes=3:ref=4
  make_clip h264-mbaff-cavlc.mp4 libx264 "$i" $interlaced -coder 0 \
    -x264-params bff=1:bframes=3:direct=temporal:weightb=1
  make_clip h264-temporal.mp4 libx264 "$noise" -x264-params direct=temporal:weightb=1:bframes=5:ref=5
  make_clip h264-open-gop.mkv libx264 "$noise" \
    -x264-params open-gop=1:keyint=15:min-keyint=15:bframes=5:b-pyramid=normal:ref=5:scenecut=0
  make_clip h264-intra-refresh.mp4 libx264 "$p" -x264-params intra-refresh=1:keyint=20:bframes=0
  make_clip h264-scaling.mp4 libx264 "$p" -x264-params cqm=jvt:8x8dct=1:bframes=2
  make_clip h264-4x4.mp4 libx264 "$p" -x264-params cqm=jvt:8x8dct=0:deadzone-inter=4
  make_clip h264-constrained-intra.mp4 libx264 "$p" -x264-params constrained-intra=1:deblock=-3,2
  make_clip h264-qp-offset.mp4 libx264 "$p" -x264-params chroma-qp-offset=5:qpmin=0:crf=8
  make_clip h264-fade.mp4 libx264 "$p,fade=in:0:40" -x264-params weightp=2:bframes=3:ref=6
  make_clip h264-odd.mp4 libx264 'testsrc2=s=322x242:r=25:d=1' -bf 2
  make_clip h264-high-1080.mp4 libx264 'testsrc2=s=1920x1080:r=25:d=1' -preset veryfast
  make_clip h264-full-range.mp4 libx264 "$p" -pix_fmt yuvj420p
  make_clip h264-grey.mp4 libx264 "$p" -pix_fmt gray
  make_clip mpeg2-15-rows.mpg mpeg2video 'testsrc2=s=320x240:r=25:d=2' -bf 2 -q:v 4
  make_clip mpeg2-interlaced.mpg mpeg2video "$i" $interlaced -bf 2 -q:v 4 -alternate_scan 1 -intra_vlc 1
  make_clip mpeg2-interlaced-15-rows.mpg mpeg2video \
    'testsrc2=s=320x240:r=25:d=2,tinterlace=interleave_top' $interlaced -bf 2 -q:v 4
  make_clip mpeg2-matrices.mpg mpeg2video "$p" -q:v 3 -dc 10 \
    -intra_matrix "$(seq -s, 8 71)" -inter_matrix "$(seq -s, 16 79)"
  make_clip mpeg2-non-linear.mpg mpeg2video "$p" -non_linear_quant 1 -qmax 28 -q:v 4
  make_clip vp8-partitions.webm libvpx "$noise" -b:v 300k -slices 4 -error-resilient partitions
  make_clip vp8-alt-ref.webm libvpx "$p" -b:v 300k -auto-alt-ref 1 -lag-in-frames 16 -arnr-maxframes 5
  make_clip vp8-odd.webm libvpx 'testsrc2=s=321x241:r=25:d=1' -b:v 300k
  make_clip mjpeg-huffman.mkv mjpeg "$p" -pix_fmt yuvj420p -q:v 4 -huffman optimal
  make_clip mjpeg-odd.mkv mjpeg 'testsrc2=s=321x241:r=25:d=1' -pix_fmt yuvj420p
  # The size changes in mid-stream, at a keyframe.
  for size in 352x288 176x144 320x240; do
    ffmpeg -nostdin -v error -f lavfi -i "testsrc2=s=$size:r=25:d=1" -c:v libx264 -bf 2 -f h264 - 2>/dev/null
  done >"$work/h264-sizes.264"
  [[ -s $work/h264-sizes.264 ]] && files+=("$work/h264-sizes.264")
}

# Streams that use what x265 leaves out, by seed.
make_random_hevc() {
  local seed
  if ! command -v python3 >/dev/null; then
    echo "random HEVC: skipped: there is no python3"
    skipped=$((skipped + 1))
    return
  fi
  for ((seed = 1; seed <= $1; seed++)); do
    python3 "$root/hwtests/SoftwareDriver/tests/random_hevc.py" $seed "$work/hevc-random-$seed.hevc" &&
      files+=("$work/hevc-random-$seed.hevc")
  done
}

make_av1() {
  local p='testsrc2=s=352x198:r=25:d=2.4,noise=alls=12:allf=t+u,fade=in:0:15' name options
  while read -r name options; do
    make_clip "av1-$name.mkv" libaom-av1 "$p" -frames:v 24 -cpu-used 6 $options
  done <<'END'
plain -b:v 300k
lossless -g 10 -aom-params lossless=1
resilient -b:v 300k -aom-params error-resilient=1
real-time -usage realtime -b:v 200k -aom-params aq-mode=3
tiles -b:v 400k -aom-params tile-columns=1:tile-rows=1:sb-size=64
segments -b:v 300k -aom-params aq-mode=1
delta-q -b:v 300k -aom-params deltaq-mode=1:delta-lf-mode=1
matrices -b:v 300k -aom-params enable-qm=1:qm-min=2:qm-max=10
no-order-hints -b:v 300k -aom-params enable-order-hint=0:enable-ref-frame-mvs=0
screen -crf 20 -b:v 0 -aom-params tune-content=screen
10-bit -b:v 300k -pix_fmt yuv420p10le
END
  make_clip av1-rotating.mkv libaom-av1 'testsrc=s=352x288:r=25,rotate=a=t/4:ow=352:oh=288' \
    -frames:v 24 -cpu-used 3 -b:v 300k -pix_fmt yuv420p
  make_clip av1-tile-sizes.mkv libaom-av1 'testsrc2=s=1296x1080:r=25,noise=alls=12:allf=t+u' \
    -frames:v 6 -cpu-used 8 -b:v 2M -aom-params tile-width=3,7,5:tile-height=4,2
  export SVT_LOG=1
  make_clip av1-svt.mkv libsvtav1 "$p" -preset 8 -g 20
  make_clip av1-svt-low-delay.mkv libsvtav1 "$p" -preset 9 -svtav1-params pred-struct=1
  make_clip av1-svt-open-gop.mkv libsvtav1 "$p" -preset 8 -g 17 -svtav1-params irefresh-type=1
  make_clip av1-grain.mkv libsvtav1 "$p" -preset 8 -svtav1-params film-grain=20
  make_clip av1-grain-10.mkv libaom-av1 "$p" -frames:v 24 -cpu-used 6 -b:v 400k -pix_fmt yuv420p10le \
    -denoise-noise-level 30
  make_clip av1-svt-10.mkv libsvtav1 "$p" -preset 8 -pix_fmt yuv420p10le
  # Super-resolution, other sizes within a sequence, hidden keyframes, switch frames.
  if ! command -v aomenc >/dev/null; then
    echo "av1-aomenc: skipped: there is no aomenc"
    skipped=$((skipped + 1))
    return
  fi
  ffmpeg -nostdin -v error -f lavfi -i "$p" -pix_fmt yuv420p "$work/source.y4m" 2>/dev/null
  while read -r name options; do
    # shellcheck disable=SC2086  # options are words
    aomenc "$work/source.y4m" --limit=50 --cpu-used=6 -q $options -o "$work/av1-$name.webm" \
      >/dev/null 2>&1 && files+=("$work/av1-$name.webm")
  done <<'END'
superres --target-bitrate=200 --superres-mode=1 --superres-denominator=13
sizes --target-bitrate=200 --resize-mode=2 --superres-mode=2
hidden-keys --target-bitrate=300 --enable-fwd-kf=1 --kf-max-dist=24 --lag-in-frames=25 --fwd-kf-dist=12
switches --target-bitrate=300 --sframe-dist=8 --sframe-mode=1 --lag-in-frames=0
still --full-still-picture-hdr --limit=1
END
}

make_hevc_and_vp9() {
  local p='testsrc2=s=352x198:r=25:d=2.4,noise=alls=12:allf=t+u,fade=in:0:15,fade=out:45:15'
  local name options
  while read -r name options; do
    make_clip "hevc-$name.mkv" libx265 "$p" -pix_fmt yuv420p -x265-params "log-level=0:$options"
  done <<'END'
open-gop open-gop=1:keyint=15:min-keyint=5:bframes=4:b-pyramid=1
weights weightp=1:weightb=1:ref=5:bframes=4
scaling scaling-list=default:keyint=20
lossless lossless=1:keyint=30
cu-lossless cu-lossless=1:crf=8:tskip=1
partitions tskip=1:crf=12:rect=1:amp=1:rd=6:tu-intra-depth=4:tu-inter-depth=4
layers temporal-layers=1:bframes=7:b-pyramid=1:keyint=40
unfiltered deblock=0:sao=0:signhide=0:strong-intra-smoothing=0:temporal-mvp=0
deblocking deblock=3,2:cbqpoffs=5:crqpoffs=-4
slices slices=4:wpp=1
ctu16 ctu=16:min-cu-size=8:max-tu-size=16:qg-size=16
constrained-intra constrained-intra=1:ctu=32:qg-size=8:aq-mode=3
intra-refresh intra-refresh=1:keyint=20:bframes=0
short-lsb log2-max-poc-lsb=4:keyint=250:bframes=3
radl radl=3:keyint=15:open-gop=0:bframes=4
END
  while read -r name options; do
    make_clip "hevc-10-$name.mkv" libx265 "$p" -pix_fmt yuv420p10le -x265-params "log-level=0:$options"
  done <<'END'
open-gop open-gop=1:keyint=15:bframes=4:weightb=1:weightp=1:ref=4
lossless lossless=1:keyint=30
scaling scaling-list=default:slices=3:tskip=1
END
  make_random_hevc 25
  make_clip vp9-alt-ref.webm libvpx-vp9 "$p" -b:v 400k -cpu-used 4 -auto-alt-ref 6 \
    -lag-in-frames 25 -arnr-maxframes 7
  make_clip vp9-resilient.webm libvpx-vp9 "$p" -b:v 200k -deadline realtime -cpu-used 7 \
    -error-resilient 1 -aq-mode 3
  make_clip vp9-parallel.webm libvpx-vp9 "$p" -b:v 400k -cpu-used 4 -frame-parallel 1 -g 20
  make_clip vp9-lossless.webm libvpx-vp9 "$p" -cpu-used 4 -lossless 1 -g 20
  make_clip vp9-10-alt-ref.webm libvpx-vp9 "$p" -pix_fmt yuv420p10le -profile:v 2 -b:v 500k \
    -cpu-used 4 -auto-alt-ref 1 -lag-in-frames 20
  make_clip vp9-odd.webm libvpx-vp9 'testsrc2=s=175x143:r=25:d=1.6,noise=alls=12:allf=t+u' -b:v 200k
  make_clip vp9-tiles.webm libvpx-vp9 'testsrc2=s=1280x720:r=25:d=0.8' -b:v 800k -cpu-used 6 \
    -tile-columns 2 -tile-rows 1
  # References of another size: only vpxenc makes them.
  if command -v vpxenc >/dev/null; then
    ffmpeg -nostdin -v error -f lavfi -i 'testsrc2=s=640x360:r=30:d=6,noise=alls=40:allf=t+u' \
      -pix_fmt yuv420p -f yuv4mpegpipe - 2>/dev/null |
      vpxenc --codec=vp9 --rt --cpu-used=7 --resize-allowed=1 --end-usage=cbr --target-bitrate=60 \
        --min-q=2 --max-q=52 --buf-sz=1000 --buf-initial-sz=500 --buf-optimal-sz=600 --drop-frame=0 \
        --lag-in-frames=0 --kf-max-dist=9999 -q --webm -o "$work/vp9-resized.webm" - 2>/dev/null
    [[ -s $work/vp9-resized.webm ]] && files+=("$work/vp9-resized.webm")
  else
    echo "vp9-resized.webm: skipped: there is no vpxenc"
    skipped=$((skipped + 1))
  fi
}

frames_of() { sed '/^#/d; /^$/d' | tr -d ' ' | cut -d, -f5,6; }

# compare FILE: sets `verdict` and `frames`.
compare() {
  local file=$1 format codec download problem
  format=$(ffprobe -v error -select_streams v:0 -show_entries stream=pix_fmt -of csv=p=0 "$file" |
    head -n 1 | tr -d ', ')
  frames=0
  codec=$(ffprobe -v error -select_streams v:0 -show_entries stream=codec_name -of csv=p=0 "$file" |
    head -n 1 | tr -d ', ')
  if [[ $codec == av1 ]] && ! grep -q AV1 <<<"${advertised:=$("$with" vainfo --display drm --device \
    /dev/null 2>/dev/null)}"; then
    verdict="skipped: the driver has no AV1"
    return
  fi
  case $format in
    yuv420p | yuvj420p | gray) download=nv12 ;;
    yuv420p10le) download=p010le ;;
    *) verdict="skipped: $format is not decoded by the driver"; return ;;
  esac
  # The decoder that libavcodec prefers for AV1 drives no device.
  local decoder=()
  [[ $codec == av1 ]] && decoder=(-c:v av1)
  local common=(-map 0:v:0 -noautoscale -fps_mode passthrough -f framemd5 -)
  ffmpeg -nostdin -v error -noautorotate -flags unaligned -i "$file" "${common[@]}" 2>/dev/null |
    frames_of >"$work/software"
  rm -f "$work/log"
  SOFTVA_LOG=$work/log "$with" ffmpeg -nostdin -v error -noautorotate -hwaccel vaapi \
    -hwaccel_flags allow_profile_mismatch -hwaccel_device /dev/null -hwaccel_output_format vaapi \
    "${decoder[@]}" -i "$file" -vf "hwdownload,format=$download,format=$format" "${common[@]}" 2>"$work/errors" |
    frames_of >"$work/hardware"
  frames=$(wc -l <"$work/software")
  problem=$(jq -r 'select(.misuse != [] or .overwritten_references != 0 or ([.live[]] | add) != 0)
    | "misuse: \(.misuse[0]), live: \(.live | tojson)"' "$work/log" 2>/dev/null | head -n 1)
  local pictures
  pictures=$(jq -r '.calls.vaEndPicture // 0' "$work/log" 2>/dev/null | head -n 1)
  if ((frames == 0)); then
    verdict="FAILED: ffmpeg gives no frame in software"
  elif ! cmp -s "$work/software" "$work/hardware"; then
    verdict="FAILED: $(wc -l <"$work/hardware") frames, $(diff "$work/software" "$work/hardware" |
      grep -c '^<') differ; $(grep -v 'libva info' "$work/errors" | head -n 1)"
  elif [[ -n $problem ]]; then
    verdict="FAILED: $problem"
  elif ((${pictures:-0} < frames / 2)); then
    verdict="FAILED: ${pictures:-0} pictures were decoded by the driver"
  else
    verdict=passed
  fi
}

if ((${#files[@]} == 0)); then
  make_clips
  if [[ $short == no ]]; then
    if [[ -d $media ]]; then
      for file in "$media"/h264/*.* "$media"/files/*.*; do files+=("$file"); done
    else
      echo "real clips: skipped: there is no $media (VABUF_MEDIA)"
      skipped=$((skipped + 1))
    fi
  fi
fi
seekable=()
printf '%-44s %7s  %s\n' file frames verdict
for file in "${files[@]}"; do
  compare "$file"
  result "$verdict"
  name=$(basename "$file")
  printf '%-44s %7d  %s\n' "${name:0:44}" "$frames" "$verdict"
  [[ $verdict == passed && $name =~ \.(mp4|mkv|webm|mov|avi|mpg)$ ]] && seekable+=("$file")
done

# --- seeks
if ((${#seekable[@]} > 0)); then
  seeks=12
  [[ $short == yes ]] && seeks=4
  "$with" "$out/seek_test" -n $seeks "${seekable[@]}" 2>"$work/errors" || failed=$((failed + 1))
  if grep -q '^softva: misuse' "$work/errors"; then
    grep '^softva: misuse' "$work/errors" | sort | uniq -c | head -n 5
    failed=$((failed + 1))
  fi
fi
echo "$passed clips passed, $failed failed, $skipped skipped"
((failed == 0))
