#!/usr/bin/env bash
# Fuzzes every target for SECONDS each: `fuzz/run.sh 20` for a glance, `fuzz/run.sh 3600 ledger_facts` by hand.
# Works on the stable toolchain: no sanitizer, since there is no unsafe code of ours to watch. Ends with an error at
# the first input that panics, takes too long or too much memory; the input is left in fuzz/artifacts. Mend it, then
# move the input to fuzz/seeds/<target>, where `cargo test` holds it for good.
set -euo pipefail
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
cd "$(dirname "$0")/.."
targets=("$@")
[ $# -gt 0 ] || targets=(job_text sheet_text meter_answers ledger_facts)
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

# One input may take this long (seconds) and this much memory (MiB). Inputs beyond the length (bytes) find nothing new.
limits=(-timeout=20 -rss_limit_mb=1024 -max_len=16384)
for target in "${targets[@]}"; do
  mkdir -p "fuzz/corpus/$target"
  echo "== $target, $seconds s"
  cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
    "${limits[@]}" -max_total_time="$seconds" -print_final_stats=1
done
