#!/usr/bin/env bash
# Installs the release build of vabuf, with the manual pages and completions that have been made (make man completions).
#   PREFIX=/usr/local DESTDIR= scripts/install.sh
set -euo pipefail
cd "$(dirname "$0")/.."
to=${DESTDIR:-}${PREFIX:-/usr/local}
install -D -s -m 755 .build/release/vabuf "$to/bin/vabuf"
for page in .build/man/*.1; do
  if [ -e "$page" ]; then install -D -m 644 "$page" "$to/share/man/man1/$(basename "$page")"; fi
done
completion() { if [ -e ".build/completions/$1" ]; then install -D -m 644 ".build/completions/$1" "$to/share/$2"; fi; }
completion vabuf.bash bash-completion/completions/vabuf
completion _vabuf zsh/site-functions/_vabuf
completion vabuf.fish fish/vendor_completions.d/vabuf.fish
echo "installed: $to/bin/vabuf"
