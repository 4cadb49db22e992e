#!/bin/sh
# pilot.sh - chimera plan --pilot: counts, time and words, on data whose answer is known. TAP. usage: pilot.sh CHIMERA
#
# The data: four invocations of five repetitions, exp() of a level (4, 4.1, 4.05, 3.95) and of -2 .. 2 steps of 0.02.
# By hand, on the logs: within = 0.02^2 * 10 / 4 = 0.001; the levels' variance is 0.0125 / 3, less 0.001 / 5: between
# = 0.00396667. Invocations for +-5 % with one repetition: the smallest n with t[.975, n-1] sqrt((between + pi/2 within)
# / n) <= log 1.05; R: 12, and for +-20 %: 4.
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

plan() { # ARGS...: sets $rc
    "$chimera" plan "$@" >"$work/out" 2>"$work/err"
    rc=$?
}

data() { # INVOCATIONS: a table of that many
    awk -v n="$1" 'BEGIN {
        split("4 4.1 4.05 3.95", level)
        print "invocation,repetition,phase,latency_ms,backend"
        for (i = 0; i < n; i++)
            for (r = 0; r < 5; r++)
                printf "%d,%d,measured,%.12f,a\n", i, r, exp(level[i + 1] + 0.02 * (r - 2))
    }'
}

value() { # KEY: its last value in out
    sed -n "s/^ *\"$1\": \([^,]*\),\{0,1\}\$/\1/p" out | tail -n 1
}

data 4 >four.csv
data 1 >one.csv
"$chimera" import four.csv -o four >out 2>err || cat err
"$chimera" import one.csv -o one >out 2>err || cat err

plan --pilot four --target-ci 5 --json
check 'spread within invocations' "$rc $(value sd_within_percent | cut -c1-12)" '0 3.1622776601'
check 'spread between invocations' "$(value sd_between_percent | cut -c1-8)" '6.298147'
check 'invocations for 5 %' "$(value invocations)" 12
check '... of one repetition: loading costs nothing here' "$(value repetitions)" 1
plan --pilot four --target-ci 20
check 'invocations for 20 %' "$(grep -c '^median of every cell within +-20 %: invocations: 4, repetitions: 1;' out)" 1
check 'no loading time is said' "$(grep -c 'the time of loading was not recorded' out)" 1
plan --pilot four --target-ci 5 --budget 1s
check 'a budget' "$rc $(grep -c '^in 1 s: ' out)" '0 1'
plan --pilot four --target-ci 0.001 --budget 0.00001
check 'out of reach, and no budget for two' \
    "$(grep -c 'more than 10000 invocations' out) $(grep -c 'not even 2 invocations of every cell' out)" '1 1'
plan --pilot one
check 'one invocation: what it cannot say' "$rc $(grep -c 'one invocation: what differs between invocations is not known' out)" '0 1'

plan --pilot nowhere
check 'no folder' "$rc $(grep -c "'nowhere'" err)" '2 1'
plan --pilot four --budget soon
check 'a budget that is no time' "$rc $(cat err)" "2 chimera: --budget: 'soon' is no time: 90s, 10m, 2h"
plan --pilot four experiment.yaml
check 'an experiment that is not there' "$rc $(grep -c "no such experiment file: 'experiment.yaml'" err)" '2 1'
plan --budget 10m
check 'a budget alone' "$rc $(grep -c -- '--budget goes with --pilot' err)" '2 1'
plan
check 'neither' "$rc $(grep -c 'needs EXPERIMENT or --pilot DIR' err)" '2 1'

# Defect 9 of docs/METHOD.md: batched-bench takes one sample of each cell and states it.
printf 'backend,latency_ms\na,10\nb,12\n' >single.csv
"$chimera" import single.csv -o single >out 2>err
"$chimera" audit single --json >out 2>err
check 'one sample per cell: the audit fails it' \
    "$(grep -c 'from 1 sample; it takes at least' out) $(grep -c '"severity": "fail"' out)" '2 2'
plan --pilot single
check '... and no plan rests on it' "$rc $(grep -c 'fewer than two samples' err)" '3 1'

echo "1..$n"
exit $failed
