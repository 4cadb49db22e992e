#!/bin/sh
# machine.sh - what the machine does during a run: recorded in the journal and in run_<n>.json, found by the audit when
# other processes burn the processors, asked for in an import's columns. usage: machine.sh CHIMERA ROOT
set -u
chimera=$1 root=$2
case $chimera in /*) ;; *) chimera=$PWD/$chimera ;; esac
work=$(mktemp -d)
burners=
trap 'for p in $burners; do kill "$p" 2>/dev/null; done; rm -rf "$work"' EXIT
cd "$work" || exit 1
export CHIMERA_CACHE="$work/cache"
# shellcheck source=tests/support/tap.sh
. "$root/tests/support/tap.sh"

experiment() { # MONITORING; an invocation of 1.5 s or more: what the engine waits is in its law
    cat <<END
repetitions: 15
invocations: 1
warmup_runs: 1
seed: 7
max_tokens: 8
stop_on_eos: false
enable_resource_monitoring: $1
prompt_sets: {p: [one prompt of some words]}
scenarios: [{name: chat, prompt_set: p, mode: single}]
models: [{name: "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=1"}]
backends: [synthetic]
quantization: {modes: [fp32]}
synthetic: "prefill_ms=30,decode_ms=10,noise=lognormal:0.05"
END
}
record() { cat "$1"/runs/*/*/*/*/run_0.json; }
number() { # KEY: its value in the record's "machine"
    sed -n '/"machine": {/,/^  }/p' "$work/record" | sed -n "s/^ *\"$1\": \([-0-9.e+]*\),*\$/\1/p"
}
at_least() { echo "$1 $2" | awk '{exit !($1 != "" && $1 >= $2)}'; }

if [ -r /proc/stat ]; then
    experiment true >busy.yaml
    i=0
    while [ $i -lt $(($(getconf _NPROCESSORS_ONLN) + 1)) ] && [ $i -lt 16 ]; do # each takes a CPU, whatever else runs
        (while :; do :; done) &
        burners="$burners $!"
        i=$((i + 1))
    done
    "$chimera" run busy.yaml -o busy >"$work/out" 2>"$work/err"
    for p in $burners; do kill "$p" 2>/dev/null; done
    burners=
    record busy >"$work/record"
    few=$(getconf _NPROCESSORS_ONLN | awk '{print $1 <= 16 ? 10 : 0}')
    ok 'the measured window was watched' at_least "$(number window_s)" 1
    ok 'the processors were busy' at_least "$(number busy_percent)" "$few"
    ok 'with other processes' at_least "$(number others_percent)" "$few"
    ok 'where it is read stands beside it' grep -q '"cpu_time": "/proc/stat"' "$work/record"
    cat busy/telemetry/*.jsonl >"$work/journal"
    check 'the journal says its sources once' "$(grep -c '"event":"machine"' "$work/journal")" 1
    ok 'and how busy the machine was at its readings' grep -q '"busy_percent":[0-9]' "$work/journal"
    ok 'each quantity has a source or a reason' sh -c "
        for q in cpu_time pressure temperature clock throttle; do
            grep -q \"\\\"\$q\\\": \\\"..*\\\"\" '$work/record' || exit 1
        done"
    "$chimera" audit --check steal busy >"$work/out" 2>"$work/err"
    if [ "$few" -gt 0 ]; then
        ok 'the audit names them, and the invocation' grep -q 'other processes took .* during invocation 0' "$work/out"
    else
        skip 'the audit names them, and the invocation' 'too many CPUs to keep busy'
    fi
else
    skip 'a busy machine' 'no /proc/stat'
fi

experiment false >blind.yaml
"$chimera" run blind.yaml -o blind >"$work/out" 2>"$work/err"
record blind >"$work/record"
ok 'without monitoring nothing is claimed, and it is said why' \
    sh -c "grep -q '\"others_percent\": null' '$work/record' && grep -q 'nobody watched the machine' '$work/record'"

# ---- other people's columns

{
    echo 'backend,repetition,latency_ms,gpu_temp_c,sm_clock_mhz,steal_pct'
    awk 'BEGIN {for (i = 0; i < 40; i++) {
        mhz = 2400 - 12 * i; printf "trt,%d,%.3f,%d,%d,%.1f\n", i, 20 * 2400 / mhz + (i * 7 % 5) / 20, 60 + i, mhz, 3}}'
} >hot.csv
"$chimera" import hot.csv -o hot --format csv >"$work/out" 2>"$work/err"
"$chimera" audit --check thermal --check steal hot >"$work/out" 2>"$work/err"
ok 'heat at the limit' grep -q 'the device was at 99 C' "$work/out"
ok 'latency that goes with the clock' grep -q 'latency goes with the clock within invocations' "$work/out"
ok 'guests' grep -q 'other guests took 3.0 %' "$work/out"

{
    echo 'backend,started_at,latency_ms,generated_tokens'
    awk 'BEGIN {for (i = 0; i < 30; i++) {
        ms = 12 + i * 7 % 5; printf "vllm,%.6f,%.3f,32\n", t, ms; t += (ms + 9 + i * 3 % 4) / 1000}}'
} >slow.csv
"$chimera" import slow.csv -o slow --format csv --map started_at=started_at:s >"$work/out" 2>"$work/err"
"$chimera" audit --check client-bound slow >"$work/out" 2>"$work/err"
tr -s '\n ' ' ' <"$work/out" >"$work/words"
ok 'a client that was the limit' grep -q 'the client was the limit' "$work/words"

echo "1..$n"
exit $failed
