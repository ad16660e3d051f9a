#!/usr/bin/env bash
# Runs the tests of the core under a sanitizer, in a build folder of its own.
#   scripts/sanitize.sh thread|address [FILTER]     FILTER: test targets, a regular expression
# VABUF_SHORT=1 asks the tests for their short forms.
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizer=${1:?sanitize: which one: thread or address?}
filter=${2:-FrameModelTests|BufferPolicyTests|FFmpegMediaTests|VAAPITests|DecodingTests|VABufTests}
case $sanitizer in
  thread) scratch=.build-tsan ;;
  address) scratch=.build-asan ;;
  *) echo "sanitize: no such sanitizer: $sanitizer (thread or address)" >&2; exit 64 ;;
esac
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
export ASAN_OPTIONS="detect_leaks=${VABUF_LEAKS:-1}:detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export LSAN_OPTIONS="suppressions=$PWD/scripts/leaks-of-others.txt:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}"
options=(--sanitize="$sanitizer" --scratch-path "$scratch" --disable-xctest)
swift build --build-tests --sanitize="$sanitizer" --scratch-path "$scratch" </dev/null
if [ "$sanitizer" = thread ]; then
  clang -shared -fPIC -O1 -o "$scratch/thread-sanitizer-mutex.so" scripts/thread-sanitizer-mutex.c
  export LD_PRELOAD="$PWD/$scratch/thread-sanitizer-mutex.so${LD_PRELOAD:+:$LD_PRELOAD}"
fi
swift test "${options[@]}" --skip-build --filter "$filter" </dev/null
