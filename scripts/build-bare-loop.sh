#!/usr/bin/env bash
# Builds the reference of the speed claims, and prints where it is.
set -euo pipefail
cd "$(dirname "$0")/.."
source=Benchmarks/BareLoop/bare-loop.c
program=.cache/bare-loop-$(pkg-config --modversion libavcodec)
if [ ! -e "$program" ] || [ $source -nt "$program" ]; then
  mkdir -p .cache
  # shellcheck disable=SC2046  # flags, one a word
  cc -O2 -std=gnu11 -Wall -Wextra -Werror $source -o "$program" $(pkg-config --cflags --libs libavformat libavcodec libavutil)
fi
echo "$PWD/$program"
