#!/usr/bin/env bash
# Checks that the arrows of docs/architecture.md point down: what each target may depend on, what each file may import,
# where C may show. The compiler checks the rest (--explicit-target-dependency-import-check error).
#   scripts/check-layers.sh [REPOSITORY]
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

failures=0
complain() { # rule, lines that break it
  [ -n "$2" ] || return 0
  printf 'check-layers: %s\n' "$1" >&2
  printf '%s\n' "$2" | sed 's/^/  /' >&2
  failures=$((failures + 1))
}

# 1. Target -> target. `*` leaves packages of others free; FrameModel has none, BufferPolicy only collections.
arrows='
CVABufShims:  CVA CDRM CAVUtil CAVCodec CAVFormat CSWScale
FrameModel:
BufferPolicy: FrameModel Collections
VAAPI:        FrameModel CVABufShims CVA CDRM *
FFmpegMedia:  FrameModel CVABufShims CAVUtil CAVCodec CAVFormat CSWScale *
Decoding:     FrameModel BufferPolicy CVABufShims FFmpegMedia VAAPI *
VABuf:        FrameModel BufferPolicy Decoding *
PlayerPolicy: FrameModel
VABufPlayer:  FrameModel VABuf PlayerPolicy CSDL2 CPlacebo CEGL *
VABufCLI:     FrameModel VABuf PlayerPolicy VABufPlayer *
'
ours=$(swift package dump-package | jq -r '
  ([.targets[].name]) as $ours | .targets[] | select(.type != "system" and .type != "test")
  | .name as $from | (.path // "") as $path | (.dependencies | if length == 0 then [{}] else . end)[]
  | ((.byName // .target // .product // [""])[0]) as $to
  | [$from, $to, (if $to | IN($ours[]) then "ours" else "theirs" end), $path] | @tsv')
complain "an arrow that docs/architecture.md does not have (or a new target: add it there and to $0)" "$(
  awk -F'\t' -v arrows="$arrows" '
    BEGIN {
      rows = split(arrows, row, "\n")
      for (r = 1; r <= rows; r++) {
        if (split(row[r], words, /:? +|:/) < 1 || words[1] == "") continue
        known[words[1]] = 1
        for (w = 2; w in words; w++) allowed[words[1], words[w]] = 1
      }
    }
    $1 == "VABufTestKit" || $4 ~ /^(hwtests|Examples)\// { if ($2 == "VABufCLI") print $1 " -> " $2; next }
    !($1 in known) { print $1 ": not a target of the design"; next }
    $2 == "" || ($1, $2) in allowed { next }
    $3 == "theirs" && ($1, "*") in allowed { next }
    { print $1 " -> " $2 }' <<<"$ours")"

# 2. File -> module.
imports() { # modules (regular expression), places
  local modules=$1
  shift
  grep -rnE --include='*.swift' "^[^/\"]*\bimport +((struct|class|enum|func|var|let|protocol|typealias) +)?($modules)([. ]|$)" "$@" || true
}
complain "only VAAPI imports libva and libdrm" "$(imports 'CVA|CDRM' Sources | grep -vE '^Sources/(VAAPI|VABufTestKit)/' || true)"
complain "only FFmpegMedia imports FFmpeg" \
  "$(imports 'CAV[A-Za-z]*|CSW[A-Za-z]*' Sources | grep -vE '^Sources/(FFmpegMedia|VABufTestKit)/' || true)"
complain "only VAAPI, FFmpegMedia and Decoding import the C shims" \
  "$(imports 'CVABufShims' Sources | grep -vE '^Sources/(VAAPI|FFmpegMedia|Decoding|VABufTestKit)/' || true)"
complain "FrameModel imports nothing" "$(imports '[A-Za-z]+' Sources/FrameModel)"
complain "BufferPolicy imports FrameModel and collections only: no C, no lock, no clock, no IO" \
  "$(imports '[A-Za-z]+' Sources/BufferPolicy \
    | grep -vE 'import +(FrameModel|Collections|DequeModule|OrderedCollections|HeapModule|HashTreeCollections|BitCollections)$' || true)"
complain "only VABufPlayer imports SDL, libplacebo and EGL" \
  "$(imports 'CSDL2|CPlacebo|CEGL' Sources | grep -v '^Sources/VABufPlayer/' || true)"
complain "PlayerPolicy imports FrameModel only: no C, no lock, no clock, no IO" \
  "$(imports '[A-Za-z]+' Sources/PlayerPolicy | grep -vE 'import +FrameModel$' || true)"
complain "no product imports VABufTestKit" "$(imports 'VABufTestKit' Sources | grep -v '^Sources/VABufTestKit/' || true)"

# 3. C in public signatures. Imports are internal unless said otherwise (InternalImportsByDefault), and the compiler
#    refuses a public signature with a type of an internal import: so it is enough that no C module is imported publicly.
complain "a C module is imported publicly: its types could stand in a public signature" \
  "$(imports 'C[A-Z][A-Za-z]*' Sources | grep -E '(public|@_exported|@inlinable).*import' | grep -v '^Sources/VABufTestKit/' || true)"
complain "a C handle in a public signature" \
  "$(grep -rnE --include='*.swift' '^[^/"]*\bpublic\b.*\b(OpaquePointer|AV(Frame|Packet|Codec|Format|Buffer|HW)[A-Za-z]*|VA(Surface|Display|Image|Context|Config)(ID)?)\b' \
    Sources/FrameModel Sources/BufferPolicy Sources/Decoding Sources/VABuf || true)"

# 4. What the compiler does not prove has its reason beside it.
unexplained() { # regular expression; reads file names
  # shellcheck disable=SC2016  # awk's own $0
  xargs -r awk -v what="$1" '
    FNR == 1 { above = "" }
    { code = $0; sub(/\/\/.*/, "", code) }
    code ~ what && $0 !~ /\/\// && above !~ /^[ \t]*\/\// { print FILENAME ":" FNR ":" $0 }
    { above = $0 }'
}
complain "say why, on the line or the one above, what makes this safe" \
  "$(find Sources -name '*.swift' | sort | unexplained '@unchecked Sendable|nonisolated\\(unsafe\\)|@preconcurrency')"
complain "unsafe memory outside FFmpegMedia, VAAPI, Decoding, VABufPlayer/Window, VABufPlayer/Drawing and VABuf's Memory*, Pool*, FrameLease*: move it there, or say why on the line or the one above" \
  "$(find Sources -name '*.swift' | grep -vE '^Sources/(FFmpegMedia|VAAPI|Decoding|VABufTestKit|VABufPlayer/(Window|Drawing))/|^Sources/VABuf/(Memory|Pool|FrameLease)' | sort \
    | unexplained 'Unsafe(Mutable)?(Raw)?(Buffer)?Pointer|OpaquePointer|Unmanaged|unsafeBitCast|withMemoryRebound')"

[ "$failures" -eq 0 ] || { echo "check-layers: $failures rule(s) broken (above)" >&2; exit 1; }
