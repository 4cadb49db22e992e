#!/bin/sh
# evidence.sh - what run_<n>.json proves of itself, and what the audit makes of it: an artefact that is older than its
# source, what was timed, what was paid. usage: evidence.sh CHIMERA ROOT
set -u
chimera=$1 root=$2
case $chimera in /*) ;; *) chimera=$PWD/$chimera ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export CHIMERA_CACHE="$work/cache"
# shellcheck source=tests/support/tap.sh
. "$root/tests/support/tap.sh"

synth() { "$chimera" -q model synth "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=$1" -o source >"$work/out" 2>"$work/err"; }
measure() { # NAME BACKEND MODEL
    cat >"$1.yaml" <<END
repetitions: 6
invocations: 2
warmup_runs: 1
max_tokens: 4
stop_on_eos: false
prompt_sets: {p: [one prompt of some words]}
scenarios: [{name: chat, prompt_set: p, mode: single}]
models: [{name: "$3"}]
backends: [$2]
quantization: {modes: [fp32]}
END
    "$chimera" run "$1.yaml" -o "$1" >"$work/out" 2>"$work/err"
}
# shellcheck disable=SC2329  # called through ok
audit() { "$chimera" audit "$@" >"$work/out" 2>"$work/err"; }
says() { grep -q "$1" "$work/out"; }
# shellcheck disable=SC2329  # called through ok
not() { ! "$@"; }
# shellcheck disable=SC2329  # called through ok
finds() { # CHECK [SEVERITY]: in audit.json as printed
    tr -d '\n' <"$work/out" | grep -Eq "\"check\": \"$1\", *\"severity\": \"${2:-(warn|fail)}\""
}
# shellcheck disable=SC2329  # called through ok
of_record() { # FOLDER ERE: in the first run record
    tr -d '\n' <"$(find "$1/runs" -name run_0.json | head -1)" | grep -Eq "$2"
}
# shellcheck disable=SC2329  # called through ok
same_digests() { # FOLDER: of the source, when the artefact was made and now
    of_record "$1" '"made_from": *\{ *"path": *"[^"]*/source", *"sha256": *"([0-9a-f]{64})", *"sha256_now": *"\1"'
}

# ---- the source is exchanged after the export

for format in onnx gguf; do
    backend=onnxruntime-cpu
    [ $format = gguf ] && backend=llamacpp-cpu
    rm -rf source
    ok "$format: a source" synth 1
    ok "$format: an export of it" "$chimera" -q model export ./source --format $format -o made.$format
    if ! measure fresh_$format $backend ./made.$format; then
        skip "$format: an exchanged source is found" "$backend does not run here"
        continue
    fi
    ok "$format: the record has source and digests" same_digests fresh_$format
    ok "$format: and when both were modified" of_record fresh_$format \
        '"modified": *"20[^"]*Z", *"made_from": *\{[^}]*"modified": *"20[^"]*Z"'
    ok "$format: a fresh one is silent" audit --json fresh_$format --check stale-artifact
    ok "$format: and was looked at" not says '"checks_not_run": \[ *{'
    rm -rf source
    synth 2
    touch -d '2020-01-01' source/*   # a copy that kept its times: these alone say nothing
    measure stale_$format $backend ./made.$format
    ok "$format: an exchanged source: exit 1" not audit --json stale_$format --check stale-artifact
    ok "$format: an exchanged source is found" finds stale-artifact fail
    ok "$format: and the files that differ are named" says '"source_files_that_differ": ".*model.safetensors"'
    mv source elsewhere
    measure lost_$format $backend ./made.$format
    ok "$format: a source that is gone proves nothing" audit --json lost_$format --check stale-artifact
    ok "$format: and the record says so" of_record lost_$format '"reason": *"its source .* is not there any more"'
    mv elsewhere source
done

# An export that says nothing of its source, but where it lay: times are all there is.
if [ -d fresh_onnx ]; then
    rm -f made.onnx/chimera.json
    sed 's|{|{"_name_or_path": "'"$work/source"'",|' made.onnx/config.json >config && mv config made.onnx/config.json
    touch -d '2021-01-01' made.onnx/*
    touch -d '2022-01-01' source/*
    measure older onnxruntime-cpu ./made.onnx
    ok "an artefact older than its source, without digests" audit --json older --check stale-artifact
    ok "is a warning" finds stale-artifact warn
    touch -d '2023-01-01' made.onnx/*
    measure newer onnxruntime-cpu ./made.onnx
    audit --json newer --check stale-artifact
    ok "a newer one is none" not finds stale-artifact
else
    skip "an artefact older than its source" "onnxruntime-cpu does not run here"
fi

# ---- what was timed

measure timed synthetic synth:gpt2/L=1,d=64,h=1,vocab=300,seed=1
ok "every record says what was timed" of_record timed '"timed_region": *"prompt text to last token on the host'
words=$(sed -n 's/.*"timed_region": "\(.*\)",$/\1/p' timed/runs/*/*/*/*/run_0.json | head -1)
python=$(tr -d '\n' <"$root/workers/transformers/worker.py" | sed 's/.*TIMED_REGION = ("\([^)]*\)").*/\1/; s/" *"//')
check "the Python worker says it in the same words" "$python" "$words"

# TR118: copies to the device inside for ORT, outside for the others; its text says that all are equal.
# shellcheck disable=SC2329  # called through ok
import() { rm -rf d && "$chimera" import "$@" -o d >"$work/out" 2>"$work/err"; }
samples() { # REGION-OF-ORT REGION-OF-TORCH
    echo "backend,latency_ms,timed_region"
    for i in 1 2 3 4 5 6 7 8; do
        echo "onnxruntime-gpu,1$i.5,$1"
        echo "transformers-gpu,2$i.25,$2"
    done
}
samples 'host to device inside' 'host to device outside' >t.csv
ok "samples that say what was timed are imported" import t.csv
ok "their records say it" grep -q '"timed_region": "host to device inside"' d/runs/imported/onnxruntime-gpu/unknown/unknown/run_0.json
ok "other regions: exit 1" not audit --json d --check timing-boundary
ok "other regions are found" finds timing-boundary fail
samples 'host to device inside' 'Host to device inside' >t.csv
import t.csv
ok "the same region is silent" audit --json d --check timing-boundary
ok "and was looked at" not says '"checks_not_run": \[ *{'
printf 'backend,median_ms,timed_region\na,1,all\nb,2,forward\n' >t.csv
import t.csv
ok "rows of cells say it too" not audit --json d --check timing-boundary
printf 'backend,latency_ms\na,1\na,2\na,3\nb,2\nb,3\nb,4\n' >t.csv
import t.csv --const timed_region=all
ok "a constant is of all" audit --json d --check timing-boundary
ok "and is looked at" not says '"checks_not_run": \[ *{'
printf 'backend,latency_ms,timed_region\na,1,x\na,2,y\n' >t.csv
import t.csv
ok "a cell of two regions" not audit d --check timing-boundary
ok "is found" says "timed in several ways: x | y"

import "$root/tests/fixtures/import/llama-bench-slow.json" --format llama-bench
ok "a tool's format says what it times" grep -rq '"timed_region": "forwards of random tokens' d/runs

# ---- what was paid

# TR119's rows: throughput and power of its prefill runs (reports), its formulas: infra = price / (3600 tok/s) 1e6,
# energy = W / tok/s 1e6 / 3.6e6 0.20 $/kWh, total = both, at one on-demand price for every backend.
costs() { # PRICE-OF-CPU SHARE-OF-ENERGY-IN-THE-TOTAL FACTOR-OF-THE-THROUGHPUT
    echo 'backend,throughput_tok_s,usd_per_hour,infra_usd,energy_usd,cost_usd,usd_per_million_tokens'
    echo 'onnxruntime-gpu 2246 16.63 1.006
transformers-gpu 1353 18.2 1.006
transformers-gpu-compile 1181 20.1 1.006
onnxruntime-cpu 1037 31.5 PRICE
transformers-cpu 291 33.9 PRICE' | sed "s/PRICE/$1/" | awk -v share="$2" -v factor="$3" '{
        infra = $4 / 3600 / ($2 * factor) * 1e6; energy = $3 / ($2 * factor) * 1e6 / 3.6e6 * 0.20
        printf "%s,%g,%g,%.6f,%.6f,%.6f,%.6f\n", $1, $2, $4, infra, energy, infra + share * energy, infra + share * energy
    }'
}
costs 0.384 0 1 >t.csv
ok "costs are imported by their own names" import t.csv --map tokens_per_s=throughput_tok_s --const pricing=on_demand
ok "and kept" grep -q '"cost_per_million":0.124419' d/cells.jsonl
ok "right ones are silent" audit --json d --check double-counting
ok "without a finding" not finds double-counting
costs 1.006 1 1 >t.csv
import t.csv --map tokens_per_s=throughput_tok_s --const pricing=on_demand
audit --json d --check double-counting
ok "TR119: energy on an on-demand price" says 'of energy: on_demand holds it already'
ok "TR119: one price for CPU and GPU" says 'both cost 1.006 an hour: a CPU priced as a GPU'
ok "TR119: five cells and a price" test "$(grep -c '"severity": "warn"' "$work/out")" = 6
import t.csv --map tokens_per_s=throughput_tok_s --const pricing=on_prem
audit --json d --check double-counting
ok "on an own machine energy is no second time" not says 'of energy'
costs 0.384 0 2 >t.csv
import t.csv --map tokens_per_s=throughput_tok_s
audit --json d --check double-counting
ok "a cost with another throughput" says 'it was computed with another throughput'
costs 0.035 0 1 | sed 's/,1.006,/,0.035,/' >t.csv
import t.csv --map tokens_per_s=throughput_tok_s
audit --json d --check double-counting
ok "the price of no data" says 'every backend costs 0.035 an hour'
# TR117's dual mode: the tokens of two streams over the latency of one, in samples
{
    echo 'scenario,backend,latency_ms,generated_tokens,cost_per_hour_usd,cost_usd,infra_usd,purchase_usd,cost_per_million_tokens_usd'
    awk 'BEGIN { for (i = 0; i < 12; i++) { ms = 90 + 3 * (i % 5); usd = 0.7 / 3.6e6 * ms
        printf "dual,transformers-gpu,%g,64,0.7,%.9f,%.9f,%.9f,%.6f\n", ms, 1.5 * usd, usd, usd / 2, usd / 128 * 1e6 } }'
} >t.csv
import t.csv
audit --json d --check double-counting
ok "two streams over the latency of one" says 'the tokens of 2 streams over the latency of one'
ok "bought and rented" says 'it is paid twice'

# ---- what the prompts were: defect 9 of docs/METHOD.md, a batch of identical token ids

cat >prompts.yaml <<'END'
repetitions: 4
invocations: 1
warmup_runs: 0
max_tokens: 4
stop_on_eos: false
prompt_sets: {apart: [one prompt, another one], alike: [one prompt], token: [zzzzzzzzzzzz, one prompt]}
scenarios:
  - {name: apart, prompt_set: apart, mode: batch, batch_size: 2}
  - {name: alike, prompt_set: alike, mode: batch, batch_size: 3}
  - {name: token, prompt_set: token, mode: batch, batch_size: 2}
models: [{name: "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=1"}]
backends: [synthetic, onnxruntime-cpu, llamacpp-cpu, transformers-cpu]
quantization: {modes: [fp32]}
END
"$chimera" run prompts.yaml -o prompts >"$work/out" 2>"$work/err"
for backend in synthetic onnxruntime-cpu llamacpp-cpu transformers-cpu; do
    if ! grep -q '"status": "ok"' prompts/runs/apart/$backend/fp32/*/run_0.json 2>"$work/err"; then
        skip "$backend: a batch of one prompt is found" "it does not run here"
        continue
    fi
    rm -rf one
    mkdir one
    cp -r prompts/*.json prompts/*.yaml one
    for scenario in apart alike token; do
        mkdir -p one/runs/$scenario
        cp -r prompts/runs/$scenario/$backend one/runs/$scenario
    done
    audit --json one --check placeholder
    ok "$backend: a batch of one prompt is found" says 'the 3 prompts of a batch are the same tokens'
    ok "$backend: a prompt of one token over and over" says '1 of the 2 prompts of a request are one token'
    ok "$backend: and no more" test "$(grep -c '"prompts_distinct": ' "$work/out")" = 2
    rm -r one/runs/alike one/runs/token
    ok "$backend: two prompts are two" of_record one '"distinct_least": 2(\.0)?, *"constant_most": 0'
done

echo "1..$n"
exit $failed
