#!/bin/sh
# audit_time.sh - the audit's checks of time from outside: the published file whose pooled mean three first samples
# decide, and tables with nothing but latencies in file order. TAP. usage: audit_time.sh CHIMERA SOURCE-ROOT
set -u
chimera=$(realpath "$1") root=$(realpath "$2") status=none
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

audit() { # SOURCE OPTIONS...: into d/audit.json and `flat`, which is audit.json in one line
    rm -rf d
    "$chimera" import "$@" -o d >out 2>err && {
        "$chimera" audit d >out 2>err
        status=$?
        tr -d '\n' <d/audit.json | tr -s ' ' >flat
    }
}
says() { # LABEL PATTERN: in audit.json
    ok "$1" grep -q -- "$2" flat
}
finds() { # LABEL CHECK: a finding of it that is more than info
    ok "$1" grep -qE "\"check\": ?\"$2\", ?\"severity\": ?\"(warn|fail)\"" flat
}
silent() { # LABEL CHECK: no finding of it that is more than info
    # shellcheck disable=SC2016 # sh's own
    ok "$1" sh -c '! grep -qE "\"check\": ?\"$1\", ?\"severity\": ?\"(warn|fail)\"" flat' - "$2"
}

# Means by an independent program from the file's columns: pooled 404.0549 and 389.2239 ms over 273 samples each; without
# the three 388.4316; without all first samples 386.7456 and 388.2852; of the cells' medians 389.5474 and 393.3263.
audit "$root/tests/oracle/chimera/tr117_cold_start_by_file.csv"
ok "a finding of severity fail: exit 1" test "$status" = 1
ok "three cells start cold enough to fail" \
    sh -c 'test "$(grep -oE "\"check\": ?\"cold-start\", ?\"severity\": ?\"fail\"" flat | wc -l)" = 3'
says "who wins, against whom, and why" \
    'transformers-gpu-compile beats transformers-gpu by the pooled mean over 21 shared cells (389.22 against 404.05 ms) because of 3 first samples of transformers-gpu: single_micro/fp32 (first sample 3326 ms, rest 598.9 ms), dual_medium/fp32 (first sample 1062 ms, rest 293.1 ms), dual_short/fp32 (first sample 1043 ms, rest 284.8 ms). Without them transformers-gpu has 388.43 ms and wins'
says "the mean of the winner" '"mean_of_winner_ms": *389.22390'
says "of the loser" '"mean_of_loser_ms": *404.05491'
says "and without them" '"mean_of_loser_without_ms": *388.43157'
says "without any first sample" '"mean_without_any_first_of_loser_ms": *386.74555'
says "of both" '"mean_without_any_first_of_winner_ms": *388.28520'
says "by medians" '"mean_of_cell_medians_of_loser_ms": *389.54744'
says "a p99 of 14 samples" 'the p99 that the source states from 14 samples'

# 120 latencies in file order: a multiplicative congruential generator, so that every awk draws the same.
table() { # EXPRESSION of i and x
    awk "BEGIN { print \"latency_ms\"; s = 12345
        for (i = 0; i < 120; i++) {
            u = 0
            for (k = 0; k < 12; k++) { s = (s * 16807) % 2147483647; u += s / 2147483647 }
            x = 100 * (1 + 0.04 * (u - 6))
            x *= $1
            printf \"%.6f\\n\", x } }" >t.csv
    audit t.csv
}
table 1
ok "clean: exit 0" test "$status" = 0
for check in cold-start not-steady drift bimodal clock-states outlier-driven small-sample autocorrelation; do
    silent "clean: no $check" $check
done
table '(i < 1 ? 6 : 1)'
finds "a cold first sample" cold-start
table '(i < 60 ? 1 : 1.2)'
finds "a step" not-steady
says "at its place" '"last_change_at_sample": *60'
table '(1 + 0.3 * i / 120)'
finds "a ramp" drift
table '(int(i / 15) % 2 ? 1.6 : 1)'
finds "two lasting states" clock-states
table '((i * i * 7919) % 101 < 46 ? 1.5 : 1)'
finds "two modes" bimodal
table '(i % 40 == 20 ? 9 : 1)'
finds "stalls" outlier-driven
ok "a check by name, mistyped" sh -c '"$0" audit d --check bimodel 2>&1 | grep -q "did you mean .bimodal" ' "$chimera"

echo "1..$n"
exit $failed
