#!/usr/bin/env bash
# Builds the documentation of the library: .build/docs/VABuf.doccarchive (`swift package preview-documentation` shows it).
# With FrameModel, whose values programs see through VABuf.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .build/docs
swift package --allow-writing-to-directory .build/docs generate-documentation \
  --enable-experimental-combined-documentation --target FrameModel --target VABuf \
  --output-path .build/docs/VABuf.doccarchive --warnings-as-errors </dev/null
