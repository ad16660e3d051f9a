#!/usr/bin/env bash
# Puts into a folder what run.sh needs on a machine with an NVIDIA GPU that has nothing of it installed:
#
#   hwtests/nvidia/pack.sh VABUF OUT [CLIP...]
#
# VABUF is a release binary (make release). OUT gets run.sh and sys.tar.xz: vabuf, this Debian 12's libraries but glibc,
# Debian's nvidia-vaapi-driver, the stand-in, the clips of ../shared/media or $VABUF_MEDIA, a few that are made here, and
# CLIP... . The driver and libraries of it that are not installed here come from apt-get download.
set -euo pipefail
if (($# < 2)) || [[ $1 == -* ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 64
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
media=${VABUF_MEDIA:-$here/../../../shared/media}
vabuf=$1 out=$2
shift 2
fail() {
  echo "pack: $*" >&2
  exit 1
}
[[ -x $vabuf ]] || fail "$vabuf is no program: make release"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sys=$work/sys
mkdir -p "$sys"/{bin,lib,driver,clips,long} "$work/debs" "$work/deb"

# Its own copy is exact to the version: what the stand-in knows of the driver is that of 0.0.8.
(cd "$work/debs" && apt-get -qq download nvidia-vaapi-driver libgstreamer-plugins-bad1.0-0 libgstreamer1.0-0) \
  2>"$work/log" || fail "$(cat "$work/log")"
ls "$work"/debs/nvidia-vaapi-driver_0.0.8-* >/dev/null 2>&1 || fail "the driver is not 0.0.8: $(ls "$work/debs")"
for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/deb"; done
libraries=$work/deb/usr/lib/x86_64-linux-gnu
cp "$libraries/dri/nvidia_drv_video.so" "$sys/driver/"
cc -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden -o "$sys/driver/standin.so" "$here/standin.c" \
  "$here/../SoftwareDriver/preload.c"
strip -o "$sys/bin/vabuf" "$vabuf"

# The machine's glibc is used, and has to be no older.
LD_LIBRARY_PATH=$libraries ldd "$vabuf" "$sys/driver/nvidia_drv_video.so" >"$work/ldd"
! grep 'not found' "$work/ldd" >&2 || fail "install these libraries (above)"
awk '$3 ~ /^\// { print $3 }' "$work/ldd" | sort -u |
  grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv|libanl|libutil)\.so\.[0-9]+$' >"$work/libraries"
xargs -a "$work/libraries" cp -L -t "$sys/lib"

# A third of the pack would be coders of speech, SVG, HEVC and AV1 and the data of ICU, which nothing uses here. An empty
# library has their names, so that the others load.
for library in "$sys"/lib/{libcodec2,libicudata,librsvg-2,libx265,libSvtAv1Enc,librav1e}.so.*; do
  [[ -e $library ]] || continue
  nm -D --defined-only "$library" | awk '{ print $3 }' | sort -u >"$work/defined"
  mv "$library" "$work/replaced"
  nm -D --undefined-only "$sys"/lib/* 2>/dev/null | awk '{ print $NF }' | sort -u | comm -12 - "$work/defined" |
    sed 's/.*/long &(void) { return 0; }/' |
    cc -x c -w -fno-builtin -shared -fPIC -Wl,-soname,"${library##*/}" -o "$library" -
done

# The clips. Those in long/ are for the measurements only.
picture="testsrc2=s=1920x1080:r=30,trim=end_frame=300,noise=alls=6:allf=t:all_seed=7"
make() { # name, coder and its arguments
  ffmpeg -nostdin -v error -y -f lavfi -i "$picture" "${@:2}" "$sys/clips/$1"
}
make h264-1080p.mp4 -c:v libx264 -preset veryfast -crf 30 -pix_fmt yuv420p
make hevc-1080p.mp4 -c:v libx265 -preset veryfast -crf 30 -pix_fmt yuv420p -tag:v hvc1 -x265-params log-level=error
picture="testsrc2=s=640x360:r=25,trim=end_frame=60,noise=alls=12:allf=t:all_seed=5"
make hevc-main10.mp4 -c:v libx265 -preset veryfast -pix_fmt yuv420p10le -x265-params log-level=error
make h264-mbaff.mp4 -c:v libx264 -preset veryfast -pix_fmt yuv420p -flags +ildct+ilme
make vp8.webm -c:v libvpx -deadline realtime -cpu-used 8 -b:v 500k
for codec in h264 hevc; do
  ffmpeg -nostdin -v error -y -stream_loop 4 -i "$sys/clips/$codec-1080p.mp4" -c copy "$sys/long/$codec-1080p.mp4"
done
for clip in "$media"/files/*.* "$media"/h264/*.* "$@"; do
  [[ -f $clip ]] || fail "no clip $clip"
  [[ ! -e $sys/clips/${clip##*/} ]] || fail "two clips are called ${clip##*/}"
  cp -L "$clip" "$sys/clips/"
done

mkdir -p "$out"
install -m 755 "$here/run.sh" "$out/"
# The dictionary is large enough for the long clips, which repeat themselves.
tar -C "$work" --owner=0 --group=0 -c sys | xz --x86 --lzma2=preset=9 --stdout >"$out/sys.tar.xz"
du -sh --apparent-size "$out"/*
