#!/bin/sh
# Draws images/icon.png from images/icon.svg; needs Chromium.
set -eu
cd "$(dirname "$0")/../images"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --default-background-color=00000000 \
  --window-size=256,256 --screenshot=icon.png "file://$PWD/icon.svg"
