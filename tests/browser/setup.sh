#!/usr/bin/env bash
# Installs what the browser tests need: Chromium (a Debian package). What is there already is left alone.
set -euo pipefail
if command -v chromium >/dev/null; then
  exit 0
fi
as_root=()
((EUID == 0)) || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium
