#!/bin/sh
# precision.sh - labels that are true and labels that are not, on the real engines: what is stored, what runs, and that
# a lie leaves the tables. TAP. usage: precision.sh CHIMERA
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
cd "$work" || exit 1
model=synth:gpt2/L=2,d=256,h=4,vocab=700

make() { "$chimera" model "$@" >"$work/out" 2>"$work/err"; }
says() { grep -q -- "$1" "$work/out"; }   # PATTERN in the last command's output
value() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2], {'d': d}))" "$1" "$2"; }

experiment() { # FILE MODEL BACKEND PRECISIONS
    cat >"$1" <<END
models: ["$2"]
backends: [$3]
quantization: {modes: [$4]}
scenarios: [{name: s, prompts: [one two three]}]
repetitions: 2
invocations: 1
warmup_runs: 0
max_tokens: 3
threads: 1
END
}
cell() { # DIR COLUMN, of the only row of metrics.csv
    python3 -c "import csv,sys; r=list(csv.DictReader(open(sys.argv[1]+'/metrics.csv'))); print(r[0][sys.argv[2]])" "$1" "$2"
}

engine() { # BACKEND: can it run here?
    "$chimera" doctor --json 2>/dev/null | python3 -c "
import json,sys
d=json.load(sys.stdin)
sys.exit(not any(b.get('name')==sys.argv[1] and b.get('available') for b in d['backends']))" "$1"
}

# ---- what an export says, and what runs ----
if engine onnxruntime-cpu; then
    ok "int8 is exported" make export $model --precision int8 -o int8
    make inspect int8 --run --json
    ok "the nodes that ran are told" says '"op": "DynamicQuantizeMatMul"\|"op": "MatMulIntegerToFloat"\|"op": "MatMulInteger"'
    ok "all products by weights ran in int8" test "$(value out "d['ran']['matmul_by_dtype']")" = "{'int8': 1.0}"
    ok "and fp32's in f32" make export $model --precision fp32 -o fp32
    make inspect fp32 --run --json
    ok "nothing else" test "$(value out "d['ran']['matmul_by_dtype']")" = "{'f32': 1.0}"

    # fp16 is for GPUs: what a CPU makes of it is fp32, and nothing is called fp16 that ran so.
    ok "fp16 is exported" make export $model --precision fp16 -o fp16
    make inspect fp16 --run --json
    ok "its file is half precision" test "$(value out "list(d['matmul_by_dtype'])")" = "['f16']"
    ok "on a CPU it ran in f32" test "$(value out "d['ran']['matmul_by_dtype']")" = "{'f32': 1.0}"
    experiment half-onnx.yaml $model onnxruntime-cpu fp16
    "$chimera" plan half-onnx.yaml >out 2>err
    ok "so that the label is incompatible, with that reason" grep -q 'does not compute in fp16' out
    ok "int4 is exported" make export $model --precision int4 -o int4
    make inspect int4 --run --json
    ok "and most products are by four-bit weights" test "$(value out "d['ran']['matmul_by_dtype']['int4xint8'] > 0.5")" = True
    ok "int8 with static scales" make export $model --precision int8 --form qdq -o qdq
    ok "says what calibrated it" grep -q '"calibrated_on": "64 sequences of 128 random tokens, seed 42"' qdq/chimera.json
    make inspect qdq --run --json
    ok "QuantizeLinear and DequantizeLinear stand in the file" test "$(value out "d['nodes']['QuantizeLinear'] == 9 and d['nodes']['DequantizeLinear'] == 18")" = True
    ok "and become integer products" test "$(value out "d['ran']['matmul_by_dtype']")" = "{'int8': 1.0}"
    seq 1 2000 >text
    ok "calibrated on a text" make export $model --precision int8 --form qdq --calibrate text -o qdq2
    ok "which is named" grep -q 'tokens of text"' qdq2/chimera.json
    ok "a form without its precision is a mistake" sh -c "! '$chimera' model export $model --form qdq -o no 2>err && grep -q 'int8' err && ! test -e no"
    ok "so is a form as a precision" sh -c "! '$chimera' model export $model -p int8-qdq -o no 2>err && grep -q -- '--form' err && ! test -e no"
    ok "and a text without the form" sh -c "! '$chimera' model export $model -p int8 --calibrate text -o no 2>err && grep -q -- '--form qdq' err"
    ok "nothing is left beside them" sh -c '! ls -d ./*.?????? 2>/dev/null | grep -v "\.yaml$" | grep -q .'
    for f in qdq int4; do
        experiment $f.yaml $f onnxruntime-cpu "$(value $f/chimera.json "d['precision']")"
        "$chimera" run $f.yaml -o r-$f >out 2>err
        ok "$f runs, and its label holds" test "$(cell r-$f status)" = ok
    done

    cp -r fp32 liar
    sed -i 's/"precision": "fp32"/"precision": "int8"/; s/"dtype": "F32"/"dtype": "I8"/' liar/chimera.json
    experiment liar.yaml liar onnxruntime-cpu int8
    "$chimera" run liar.yaml -o r1 >out 2>err
    ok "a folder that says int8 and multiplies in f32 is degraded" test "$(cell r1 status)" = degraded
    ok "with the reason" grep -rq 'precision-mismatch: labelled int8, but 0.0 % of the multiplications by weights are in int8, and 100.0 % in f32' r1/runs
    ok "and leaves the tables" test "$(cell r1 median_latency_ms)" = ""
    experiment true.yaml int8 onnxruntime-cpu int8
    "$chimera" run true.yaml -o r2 >out 2>err
    ok "one that is what it says stays" test "$(cell r2 status)" = ok
    ok "each invocation carries the proof" grep -rq '"matmul_by_dtype": *{' r2/runs
else
    skip "labels of ONNX folders" "ONNX Runtime is not here"
fi

# ---- GGUF ----
if engine llamacpp-cpu; then
    ok "a file in half precision" make export $model --format gguf --precision fp16 -o half.gguf
    cp half.gguf model-Q8_0.gguf
    experiment gguf.yaml model-Q8_0.gguf llamacpp-cpu q8_0
    "$chimera" run gguf.yaml -o r3 >out 2>err
    ok "a file that is called q8_0 and holds F16 is degraded" test "$(cell r3 status)" = degraded
    ok "with the reason in F16" grep -rq "precision-mismatch: labelled q8_0, but 0.0 % .*most are in F16" r3/runs
    ok "and leaves the tables too" test "$(cell r3 median_latency_ms)" = ""
    experiment half.yaml half.gguf llamacpp-cpu q8_0
    "$chimera" plan half.yaml >out 2>err
    ok "a file that claims nothing false is incompatible instead" grep -q 'incompatible' out
    for p in q8_0 q6_k q4_k_m q4_0 iq4_nl q2_k bf16 int4; do
        ok "quantize to $p" make quantize half.gguf -p $p -o "q-$p.gguf"
    done
    ok "what is quantised already is not quantised again" sh -c "! '$chimera' model quantize q-q8_0.gguf -p q4_0 -o again.gguf 2>err && grep -q 'quantised already' err && ! test -e again.gguf"
    experiment named.yaml $model llamacpp-cpu "q4_k_m, q6_k, int4, bf16"
    "$chimera" run named.yaml -o r4 >out 2>err
    ok "types of llama.cpp's as precisions" test "$(python3 -c "
import csv; print(sorted({(r['quantization'], r['status']) for r in csv.DictReader(open('r4/metrics.csv'))}))")" = "[('bf16', 'ok'), ('int4', 'ok'), ('q4_k_m', 'ok'), ('q6_k', 'ok')]"
    ok "their work by type is evidence" grep -rq '"q4_k":' r4/runs/s/llamacpp-cpu/q4_k_m
    narrow=synth:gpt2/L=2,d=96,h=2,vocab=700
    ok "rows that no block divides are refused" sh -c "! '$chimera' model quantize $narrow -p q4_k_m -o x.gguf 2>err && grep -q 'do not divide' err && ! test -e x.gguf"
else
    skip "labels of GGUF files" "libllama is not here"
fi
ok "a mistyped type is answered" sh -c "! '$chimera' model quantize $model -p q4km 2>err && grep -q \"did you mean 'q4_k_m'\" err"
ok "a type that needs more than weights says so" sh -c "! '$chimera' model quantize $model -p iq2_xs 2>err && grep -q 'importance matrix' err"

echo "1..$n"
exit "$failed"
