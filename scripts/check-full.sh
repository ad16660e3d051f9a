#!/usr/bin/env bash
# Everything that is too slow for each change. Runs all stages, then says which failed; their output: .cache/check-full/.
# shellcheck disable=SC2317,SC2329  # stage calls the functions
set -euo pipefail
cd "$(dirname "$0")/.."
export VABUF_STRICT=1
logs=.cache/check-full
mkdir -p "$logs"
failed=0 summary=""

stage() { # name, command
  local name=$1 start=$SECONDS result=ok
  shift
  echo "== $name"
  if ! "$@" >"$logs/$name.log" 2>&1 </dev/null; then
    result=FAILED
    failed=1
    tail -n 40 "$logs/$name.log"
  elif grep -q 'SKIPPED: ' "$logs/$name.log"; then
    result=$(grep -m1 -o 'SKIPPED: .*[^ *]' "$logs/$name.log")
  fi
  grep -E 'Test run with|passed, [0-9]+ failed' "$logs/$name.log" | tail -n 2 || true
  summary+=$(printf '%-16s %5d s  %s' "$name" $((SECONDS - start)) "$result")$'\n'
}

lint_scripts() {
  if command -v shellcheck >/dev/null; then shellcheck -x scripts/*.sh hwtests/*.sh hwtests/guest/*.sh hwtests/nvidia/*.sh .ci/run; else echo "SKIPPED: no shellcheck here"; fi
}
release_tests() {
  swift test -c release -Xswiftc -enable-testing --scratch-path .build-release-tests --disable-xctest
}
ratio() {
  swift build -c release --static-swift-stdlib --product vabuf &&
    scripts/bench-ratio.sh --rounds 3 --at-least "${VABUF_RATIO:-0.9}"
}
sweep() {
  swift build -c release --static-swift-stdlib --product vabuf &&
    swift build -c release --static-swift-stdlib --product SharedSurfaces &&
    hwtests/sweep.sh --table "$logs/sweep.txt" "$(swift build -c release --show-bin-path)/vabuf"
}
probe() {
  swift build -c release --static-swift-stdlib --product vabuf &&
    scripts/check-probe.sh "$(swift build -c release --show-bin-path)/vabuf"
}
player() {
  swift build -c release --static-swift-stdlib --product vabuf &&
    scripts/check-player.sh "$(swift build -c release --show-bin-path)/vabuf" &&
    swift build --product vabuf --disable-default-traits --scratch-path .build-server &&
    scripts/debian13.sh scripts/player/zero-copy.sh &&
    ! ldd .build-server/debug/vabuf | grep -E 'SDL|placebo|EGL'
}
guest() {
  swift build -c release --static-swift-stdlib --product vabuf &&
    hwtests/guest/run.sh "$(swift build -c release --show-bin-path)/vabuf"
}
thresholds() {
  if [ -d Benchmarks/Thresholds ]; then scripts/bench.sh --check; else echo "SKIPPED: no Benchmarks/Thresholds yet"; fi
}

stage scripts lint_scripts
stage test scripts/test.sh
stage driver hwtests/SoftwareDriver/test.sh
stage thread scripts/sanitize.sh thread
stage address scripts/sanitize.sh address
stage release-tests release_tests
stage debian13 scripts/debian13.sh
stage new-machine scripts/new-machine.sh
stage sweep sweep
stage probe probe
stage player player
stage guest guest
stage docs scripts/docs.sh
stage thresholds thresholds
stage ratio ratio

printf '\n%s' "$summary"
exit "$failed"
