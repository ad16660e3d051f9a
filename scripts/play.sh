#!/usr/bin/env bash
# `make play`: plays the embedded 4K clip in a window. Without a display it plays headless, and leaves a contact sheet.
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/vabuf
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then exec "$program" play; fi
"$program" play --headless
sheet=.build/demo-sheet.png
"$program" sheet -o "$sheet" --quiet >/dev/null
echo "There is no display here. What a window would have shown: $PWD/$sheet"
