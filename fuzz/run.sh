#!/bin/sh
# Builds every fuzz target, then fuzzes each for SECONDS, from its seeds and regressions on.
#
#     fuzz/run.sh SECONDS
#
# Ends with 0 if nothing was found, and if a tool is missing: it says so, and installs nothing.
set -eu
cd "$(dirname "$0")"
seconds=${1:?usage: fuzz/run.sh SECONDS}

skip() {
    echo "skipped: fuzzing needs $1"
    exit 0
}
cargo +nightly --version >/dev/null 2>&1 || skip "nightly Rust (rustup toolchain install nightly)"
cargo +nightly fuzz --version >/dev/null 2>&1 || skip "cargo-fuzz (cargo install cargo-fuzz --locked)"
command -v c++ >/dev/null 2>&1 || skip "a C++ compiler"

cargo +nightly fuzz build
targets=$(cargo +nightly fuzz list)
[ -n "$targets" ] || { echo "there are no targets"; exit 1; }
for target in $targets; do
    mkdir -p "corpus/$target" "regressions/$target"
    log=$(mktemp)
    if ! cargo +nightly fuzz run "$target" "corpus/$target" "seeds/$target" "regressions/$target" -- \
        -max_total_time="$seconds" -timeout=10 -dict=sse.dict -print_final_stats=1 >"$log" 2>&1
    then
        grep -v '^#' "$log" | tail -n 60
        echo "$target: failed; fuzz/README.md says how to replay and minimise the input"
        rm -f "$log"
        exit 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: ${runs:-0} executions in $seconds s"
    rm -f "$log"
    rmdir "regressions/$target" 2>/dev/null || true
done
