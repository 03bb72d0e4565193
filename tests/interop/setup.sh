#!/usr/bin/env bash
# Installs what the interoperability tests need: mbpoll and socat (Debian packages), and pymodbus in a virtual
# environment below the target folder. What is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/interop
venv="${CARGO_TARGET_DIR:-target}/interop/venv"

missing=()
command -v mbpoll >/dev/null || missing+=(mbpoll)
command -v socat >/dev/null || missing+=(socat)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"
fi

# A copy of the requirements inside says that the installation came to its end.
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/requirements.txt"
fi
