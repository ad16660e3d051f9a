#!/usr/bin/env bash
# Shows that check-layers can fail: breaks each rule in a copy of the repository and expects the complaint.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
passed=0 failed=0

check() { # what, the complaint's words
  local output
  if output=$(scripts/check-layers.sh "$copy" 2>&1); then
    echo "not noticed: $1" >&2
    failed=$((failed + 1))
  elif ! grep -qF "$2" <<<"$output"; then
    printf 'noticed for another reason: %s\n%s\n' "$1" "$output" >&2
    failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
}
fresh() {
  rm -rf "${copy:?}"/*
  cp -r Package.swift Sources Tests Modules Examples "$copy/"
}
line() { # a line added to a file; the complaint's words
  fresh
  printf '%s\n' "$2" >>"$copy/Sources/$1"
  check "$1: $2" "$3"
}
arrow() { # target, what it shall depend on; the complaint's words
  fresh
  sed -i "/^  targets:/,\$ {
    /name: \"$1\"/,/swiftSettings/ s/dependencies: \[/dependencies: [\"$2\", /
    s/target(name: \"$1\", swift/target(name: \"$1\", dependencies: [\"$2\"], swift/
  }" "$copy/Package.swift"
  check "$1 -> $2" "$3"
}

arrow FrameModel VAAPI "FrameModel -> VAAPI"
arrow BufferPolicy Decoding "BufferPolicy -> Decoding"
arrow FFmpegMedia VAAPI "FFmpegMedia -> VAAPI"
arrow VAAPI CAVUtil "VAAPI -> CAVUtil"
arrow VAAPI BufferPolicy "VAAPI -> BufferPolicy"
arrow VABuf VABufTestKit "VABuf -> VABufTestKit"
arrow VABufCLI Decoding "VABufCLI -> Decoding"
line Decoding/New.swift "import CVA" "only VAAPI imports"
line VABuf/New.swift "package import CAVUtil" "only FFmpegMedia imports"
line VABufCLI/New.swift "import struct CAVCodec.AVPacket" "only FFmpegMedia imports"
line VABuf/New.swift "import CVABufShims" "C shims"
line FrameModel/New.swift "import Foundation" "FrameModel imports nothing"
line BufferPolicy/New.swift "import Synchronization" "BufferPolicy imports"
line VABufCLI/New.swift "@testable import VABufTestKit" "no product imports"
line FFmpegMedia/New.swift "public import CAVUtil" "imported publicly"
line VABuf/New.swift "public func handle() -> OpaquePointer { fatalError() }" "C handle"
line VABuf/New.swift "final class Box: @unchecked Sendable {}" "say why"
line Decoding/New.swift "nonisolated(unsafe) var shared = 0" "say why"
line VABuf/New.swift "func f(_ p: UnsafeRawPointer) {}" "unsafe memory"

# And what is right is left alone.
fresh
printf '%s\n' "// Safe: nothing in it changes." "final class Box: @unchecked Sendable {}" "/// See VASurface and UnsafeRawPointer." \
  "package import CAVUtil" "func f(_ p: UnsafeRawPointer) {}" >"$copy/Sources/FFmpegMedia/New.swift"
if scripts/check-layers.sh "$copy"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi

echo "check-layers: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
