#!/usr/bin/env bash
# meterferry as the README's examples call it: commands for real meters go to simulated ones, which the test serves.
set -euo pipefail
has() { [[ " $arguments " == *" $1"* ]]; }
arguments="$*"
more=()
simulated() { has --simulate || has --simulated-gateways; }
case "$arguments" in
  "ledger init"*) more=(--simulated) ;;
  "run "* | "undo "* | "adopt "* | "verify "*)
    if ! simulated; then
      more=(--simulated-gateways "$README_METERS")
      has --state-dir || more+=(--state-dir "$HOME/.local/state/meterferry")
    fi
    ;;
  "plan "* | "read "* | "snapshot "* | "doctor "* | "qualify "*) simulated || more=(--simulated-gateways "$README_METERS") ;;
  "simulate "*)
    # In a terminal of its own: on until the test stops it.
    map=${arguments#*--map-out }
    "$README_PROGRAM" "$@" >simulate.out 2>&1 </dev/null &
    echo $! >>"$README_PIDS"
    for _ in {1..300}; do
      [ -e "${map%% *}" ] && exit
      sleep 0.1
    done
    exit 1
    ;;
esac
exec "$README_PROGRAM" "$@" "${more[@]}"
