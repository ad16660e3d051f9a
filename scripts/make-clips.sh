#!/usr/bin/env bash
# Makes the clips that the benchmarks read, once, in .cache/clips: 10 s of a fractal, a test pattern, a game of life and
# noise blended, x264 medium crf 23, in 1080p and 2160p. Prints their paths.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache/clips
for height in 1080 2160; do
  size=$((height * 16 / 9))x$height
  clip=.cache/clips/h264-${height}p.mp4
  if [ ! -e "$clip" ]; then
    echo "make-clips: drawing $clip (once; some minutes)" >&2
    ffmpeg -v error -nostdin -y -filter_complex "
      mandelbrot=s=960x540:r=30:end_pts=300,scale=$size,format=gbrp[fractal];
      testsrc2=s=$size:r=30,format=gbrp[pattern];
      life=s=480x270:r=30:seed=7:mold=10:life_color=#40c0ff:death_color=#301020:mold_color=#803060,
        scale=$size:flags=neighbor,format=gbrp[life];
      [fractal][pattern]blend=all_mode=average[both];
      [both][life]blend=all_mode=screen:all_opacity=0.4,noise=all_seed=7:alls=6:allf=t,format=yuv420p[v]" \
      -map '[v]' -t 10 -c:v libx264 -preset medium -crf 23 -threads 2 -fflags +bitexact -flags +bitexact \
      -f mp4 "$clip.part"
    mv "$clip.part" "$clip"
  fi
  echo "$PWD/$clip"
done
