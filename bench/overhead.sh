#!/bin/sh
# What chimera itself costs.
#
# 1. Decode speed of llamacpp-cpu through chimera over llama-bench: the same GGUF, threads, context depth, cache
#    types and length, in turn within one run, so that a drift of the machine meets both.
# 2. The harness's cost per token and per sample, with the synthetic engine's law set to zero: two runs that
#    differ only in tokens per sample; the slope is the cost of a token, the rest that of a sample. It holds
#    all that chimera does: stamps, formatting, the pipe, parsing, the line in samples.jsonl.
#
# usage: overhead.sh CHIMERA [PAIRS]; knobs: BENCH_MODEL, BENCH_TOKENS, BENCH_THREADS
set -eu
chimera=$1
pairs=${2:-5}
model=${BENCH_MODEL:-synth:gpt2/L=8,d=512,h=8,seed=42}
tokens=${BENCH_TOKENS:-128}
threads=${BENCH_THREADS:-$(nproc)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

median() { sort -n | awk '{x[NR] = $1} END {print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2}'; }

experiment() { # backend, max_tokens, repetitions, model
    cat <<EOF
repetitions: $3
invocations: 1
warmup_runs: 1
threads: $threads
max_tokens: $2
temperature: 0
stop_on_eos: false
seed: 1
prompt_sets:
  one: ["The law of the land is plain."]
scenarios:
  - {name: decode, prompt_set: one, mode: single}
models: [{name: "$4"}]
backends: [$1]
synthetic: "zero"
quantization: {modes: [fp32]}
EOF
}

# One figure of the measured samples of a results folder: the sums of two keys, the first over the second.
field() { # folder key
    cat "$1"/runs/*/*/*/*/samples.jsonl | awk -v key="\"$2\":" '
        /"phase":"measured"/ { i = index($0, key); print substr($0, i + length(key)) + 0 }'
}

if command -v llama-bench >/dev/null; then
    experiment llamacpp-cpu $((tokens + 1)) 1 "$model" >"$work/decode.yaml"
    "$chimera" model export "$model" --format gguf -o "$work/model.gguf" >/dev/null
    echo "decode, llamacpp-cpu fp32, $model, $tokens tokens, $threads threads: chimera over llama-bench"
    i=1
    while [ "$i" -le "$pairs" ]; do
        "$chimera" run "$work/decode.yaml" -o "$work/run-$i" -q >/dev/null
        depth=$(field "$work/run-$i" prompt_tokens | head -n 1)
        ours=$(field "$work/run-$i" decode_ms | awk -v n="$tokens" '{print n / $1 * 1000}')
        theirs=$(llama-bench -m "$work/model.gguf" -p 0 -n "$tokens" -d "$depth" -t "$threads" -r 1 \
            -ctk f32 -ctv f32 -fa 0 -o jsonl 2>/dev/null |
            sed -n 's/.*"avg_ts": *\([0-9.]*\).*/\1/p')
        echo "$ours $theirs" | awk -v i="$i" '{printf "  pair %d: %.1f tok/s, llama-bench %.1f tok/s, ratio %.4f\n", i, $1, $2, $1 / $2}'
        echo "$ours $theirs" | awk '{print $1 / $2}' >>"$work/ratios"
        i=$((i + 1))
    done
    echo "  median ratio $(median <"$work/ratios") of $pairs pairs (asked for: 0.98 or more)"
else
    echo "decode against llama-bench: skipped, llama-bench is not here (Debian: llama.cpp-tools)"
fi

short=16
long=1016
samples=200
for n in $short $long; do
    experiment synthetic "$n" "$samples" "$model" >"$work/zero-$n.yaml"
    i=1
    while [ "$i" -le "$pairs" ]; do
        rm -rf "$work/zero"
        "$chimera" run "$work/zero-$n.yaml" -o "$work/zero" -q >/dev/null
        # from the first measured request's submission to the last one's: everything between two samples is in it
        field "$work/zero" submitted_ns | sort -n |
            awk -v s="$samples" 'NR == 1 {a = $1} {b = $1} END {print (b - a) / (s - 1) / 1000}' >>"$work/us-$n"
        field "$work/zero" latency_ms | median | awk '{print $1 * 1000}' >>"$work/window-$n"
        i=$((i + 1))
    done
done
a=$(median <"$work/us-$short") b=$(median <"$work/us-$long")
wa=$(median <"$work/window-$short") wb=$(median <"$work/window-$long")
echo "harness, synthetic engine with a law of zero (medians of $pairs runs of $samples samples):"
echo "$a $b $wa $wb" | awk -v s=$short -v l=$long '{
    t = ($2 - $1) / (l - s); w = ($4 - $3) / (l - s)
    printf "  per token  %.3f us in all (asked for: 1 or less), of which %.3f us between the clock reads\n", t, w
    printf "  per sample %.1f us besides its tokens\n", $1 - s * t }'
