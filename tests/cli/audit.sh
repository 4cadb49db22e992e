#!/bin/sh
# audit.sh - chimera audit from outside: a clean run of the synthetic engine, programmed faults, records that were
# tampered with, imported reports, and the document. usage: audit.sh CHIMERA ROOT
set -u
chimera=$1 root=$2
case $chimera in /*) ;; *) chimera=$PWD/$chimera ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export CHIMERA_CACHE="$work/cache"
# shellcheck source=tests/support/tap.sh
. "$root/tests/support/tap.sh"

experiment() { # FILE LAW INVOCATIONS REPETITIONS
    cat >"$1" <<END
repetitions: $4
invocations: $3
warmup_runs: 2
seed: 7
max_tokens: 8
stop_on_eos: false
prompt_sets: {p: [one prompt of some words]}
scenarios: [{name: chat, prompt_set: p, mode: single}]
models: [{name: "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=1"}]
backends: [synthetic]
quantization: {modes: [fp32, fp16]}
synthetic: "prefill_ms=4,decode_ms=1,$2"
END
}
measure() { "$chimera" run "$1.yaml" -o "$1" >"$work/out" 2>"$work/err"; }
audit() { "$chimera" audit "$@" >"$work/out" 2>"$work/err"; }
says() { grep -q "$1" "$work/out"; }
# shellcheck disable=SC2329  # called through ok
not() { ! "$@"; }
# shellcheck disable=SC2329  # called through ok
finds() { # CHECK [SEVERITY]: in audit.json as printed
    tr -d '\n' <"$work/out" | grep -Eq "\"check\": \"$1\", *\"severity\": \"${2:-(warn|fail)}\""
}

# ---- a decent run is silent; another program on this machine may disturb one of three

silent=false
for try in 1 2 3; do
    experiment "clean$try.yaml" noise=lognormal:0.05 3 20
    measure "clean$try"
    if audit "clean$try" && says '^0 fail, 0 warn'; then
        silent=true
        break
    fi
done
ok 'a decent run of 3 invocations of 20 gets no fail and no warn' "$silent"
ok 'audit.json is written' test -s "clean$try/audit.json"
ok 'run has written it too' grep -q '"schema": "chimera.audit/1"' clean1/audit.json

# ---- programmed faults

experiment states.yaml noise=lognormal:0.03,bimodal=0.4:2 3 20
measure states
audit --json states
ok 'two states of the engine are found' finds bimodal
experiment alike.yaml noise=lognormal:0.02,invocation_noise=lognormal:0.5 5 8
measure alike
audit --json alike
ok 'samples of one invocation that are alike, of many that are ours, are said' finds pseudo-replication info
experiment alike2.yaml noise=lognormal:0.02,invocation_noise=lognormal:0.5 2 8
measure alike2
audit --json alike2
ok 'and of two invocations found' finds pseudo-replication
printf 'invocation,latency_ms\n' >alike.csv
awk 'BEGIN { for (i = 0; i < 24; i++) print int(i / 4) "," 50 + 10 * (int(i / 4) % 3) + (7 * i) % 4 * 0.4 }' >>alike.csv
"$chimera" -q import alike.csv -o theirs >"$work/out" 2>"$work/err"
audit --json theirs --check pseudo-replication
ok 'and of six that others measured' finds pseudo-replication
experiment cold.yaml noise=lognormal:0.03,slow_start=12:5 3 20
measure cold
audit --json cold
ok 'a cold start that outlives the warm-ups is found' finds cold-start

# ---- records that contradict their label

cp -r clean1 stale
for f in stale/runs/chat/synthetic/*/*/run_*.json; do
    digest=600d
    case $f in */fp16/*/run_1.json) digest=0bad ;; esac
    tr -d '\n' <"$f" | sed -E "s/\"artefact\": *(null|\{[^{}]*\})/\"artefact\":{\"path\":\"x\",\"bytes\":1,\"sha256\":\"$digest\"}/" >"$f.new"
    mv "$f.new" "$f"
done
ok 'one stale engine: exit 1' not audit --json stale
ok 'one stale engine is found' finds stale-artifact fail
audit stale
ok 'and named with its invocation' says 'invocation 1'
ok '--check runs the one that is asked for' not audit --json stale --check stale-artifact
ok 'and no other' not finds small-sample info
ok 'another check alone finds nothing' audit stale --check padding-counted
cp -r clean1 dressed
for f in dressed/runs/chat/synthetic/fp16/*/run_*.json; do
    sed 's/"evidence": {/&"matmul_by_dtype": {"f32": 1},/' "$f" >"$f.new"
    mv "$f.new" "$f"
done
ok 'fp16 that multiplied in f32: exit 1' not audit --json dressed
ok 'fp16 that multiplied in f32 is found' finds precision-mismatch fail

# ---- reports of others

# shellcheck disable=SC2329  # called through ok
import() { "$chimera" import "$@" >"$work/out" 2>"$work/err"; }
ok 'TR117 is imported' import "$root/tests/oracle/chimera/tr117_cold_start_by_file.csv" -o tr117
ok 'TR117 has findings that block: exit 1' not audit tr117
ok 'TR117: three cold starts' test "$(grep -c 'the first sample is cold' "$work/out")" = 3
ok 'TR117: the winner by the mean rests on three first samples' says 'because of 3 first samples'
ok 'TR117: what could not be looked at is named' says 'power-undersampled (42)'
ok 'TR118 is imported' import "$root/tests/oracle/chimera/tr118_crossover_points.csv" -o tr118 \
    --map params_millions=params:count --map tokens_per_s=ratio --const backend=ort_over_torch
audit --json tr118
ok 'TR118: the exponent' says '"exponent": -0.5057334853'
ok 'TR118: the crossover' says '"crossover_size": 764124'
ok 'TR118: the leverage of the smallest' says '"leverage": 0.8050959'
ok 'TR118: fragile' finds leverage

# ---- words

audit --check lable-mismatch clean1
ok 'a mistyped check is answered with the right one' grep -q "did you mean 'label-mismatch'" "$work/err"
"$chimera" audit >"$work/out" 2>"$work/err"
ok 'without a folder: exit 2' test $? = 2
"$chimera" audit --list >"$work/list"
sed '1,/<!-- checks:begin -->/d; /<!-- checks:end -->/,$d' "$root/docs/AUDIT.md" >"$work/document"
ok 'docs/AUDIT.md holds what --list prints' cmp "$work/document" "$work/list"
"$chimera" audit --list --json >"$work/out"
for word in cold-start not-steady drift order-effect bimodal clock-states outlier-driven small-sample \
    autocorrelation pseudo-replication mixture multiplicity replicate-disagreement unequal-work padding-counted \
    early-stop cache-hit label-mismatch precision-mismatch stale-artifact placeholder timing-boundary \
    environment-mismatch impossible-interval power-undersampled idle-mixture negative-energy fit-not-actionable \
    leverage ratio-mean double-counting missing-cells thermal steal client-bound; do
    says "\"check\": \"$word\"" || echo "$word" >>"$work/missing"
done
ok 'every check that the design names is there' test ! -e "$work/missing"

echo "1..$n"
exit $failed
