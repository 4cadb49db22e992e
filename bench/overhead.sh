#!/bin/sh
# overhead - what chimera itself costs.
#
# 1. Decode speed of llamacpp-cpu through chimera over llama-bench: the same GGUF (fp16, because llama-bench has no fp32
#    cache), threads, context depth, cache type, flash attention and number of tokens, in turn within one run, so that a
#    drift of the machine meets both. Inside chimera's window:
#    every token after the first, with the choice of the token; llama-bench chooses none. Outside both: loading, the
#    prompt, one warm-up.
# 2. The harness's cost per token and per sample, with the synthetic engine's law set to zero, from runs that differ only
#    in tokens per sample: the slope is the cost of a token, the rest that of a sample. Inside: all that
#    chimera does from one request to the next: stamps, formatting, the pipe, parsing, the line in samples.jsonl.
#
# knobs: BENCH_MODEL, BENCH_TOKENS, BENCH_PASSES, BENCH_THREADS, BENCH_PAIRS
set -eu
# shellcheck source=bench/lib
. "$(dirname "$0")/lib"
model=${BENCH_MODEL:-synth:gpt2/L=8,d=512,h=8,seed=42}
tokens=${BENCH_TOKENS:-256}
passes=${BENCH_PASSES:-3}
threads=${BENCH_THREADS:-$(nproc)}
pairs=${BENCH_PAIRS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

experiment() { # backend, max_tokens, repetitions, model, precision
    cat <<EOF
repetitions: $3
invocations: 1
warmup_runs: 1
threads: $threads
max_tokens: $2
temperature: 0
stop_on_eos: false
seed: 1
enable_resource_monitoring: false
prompt_sets: {one: ["The law of the land is plain."]}
scenarios: [{name: decode, prompt_set: one, mode: single}]
models: [{name: "$4"}]
backends: [$1]
synthetic: "zero"
quantization: {modes: [$5]}
EOF
}

# The values of one key in the measured samples of a results folder.
field() { # folder key
    cat "$1"/runs/*/*/*/*/samples.jsonl | awk -v key="\"$2\":" '
        /"phase":"measured"/ { i = index($0, key); print substr($0, i + length(key)) + 0 }'
}

chimera_speed() { # pair
    "$CHIMERA" run "$work/decode.yaml" -o "$work/run-$1" -q >/dev/null
    depth=$(field "$work/run-$1" prompt_tokens | head -n 1)
    field "$work/run-$1" decode_ms | awk -v n="$tokens" '{ms += $1} END {print n * NR / ms * 1000}' >"$work/ours"
}

llama_bench_speed() {
    llama-bench -m "$work/model.gguf" -p 0 -n "$tokens" -d "$depth" -t "$threads" -r "$passes" -o jsonl 2>/dev/null |
        sed -n 's/.*"avg_ns": *\([0-9]*\).*/\1/p' | awk -v n="$tokens" '{print n / $1 * 1e9}' >"$work/theirs"
}

decode_against_llama_bench() {
    experiment llamacpp-cpu $((tokens + 1)) "$passes" "$work/model.gguf" fp16 >"$work/decode.yaml"
    "$CHIMERA" model export "$model" --format gguf --precision fp16 -o "$work/model.gguf" >/dev/null
    echo "decode of $passes x $tokens tokens, $model, fp16, $threads threads: chimera over llama-bench"
    chimera_speed 0 # not counted: warms the file, and tells the depth of the prompt
    i=1
    while [ "$i" -le "$pairs" ]; do
        if [ $((i % 2)) = 1 ]; then # who is first takes turns
            chimera_speed "$i"
            llama_bench_speed
        else
            llama_bench_speed
            chimera_speed "$i"
        fi
        paste "$work/ours" "$work/theirs" | awk -v i="$i" -v ratios="$work/ratios" '{
            printf "  pair %d: %.1f tok/s, llama-bench %.1f tok/s\n", i, $1, $2
            printf "%.4f\n", $1 / $2 >> ratios}'
        i=$((i + 1))
    done
    figure "median ratio of $pairs pairs" "" "$(median <"$work/ratios")" at-least 0.98 "$work/ratios"
}

short=16
long=1016
samples=200

# Nanosecond stamps pass the 53 bits of awk's numbers only after 104 days of uptime; what is lost there is below 2 ns.
harness() {
    for n in $short $long; do
        experiment synthetic "$n" "$samples" "$model" fp32 >"$work/zero.yaml"
        i=1
        while [ "$i" -le "$pairs" ]; do
            rm -rf "$work/zero"
            "$CHIMERA" run "$work/zero.yaml" -o "$work/zero" -q >/dev/null
            field "$work/zero" submitted_ns | sort -g |
                awk -v s="$samples" 'NR == 1 {a = $1} {b = $1} END {printf "%.3f\n", (b - a) / (s - 1) / 1000}' >>"$work/us-$n"
            field "$work/zero" latency_ms | median | awk '{printf "%.3f\n", $1 * 1000}' >>"$work/window-$n"
            i=$((i + 1))
        done
    done
    echo "harness, the synthetic engine's law set to zero, medians of $pairs runs of $samples samples"
    few=$(median <"$work/us-$short") many=$(median <"$work/us-$long")
    per_token=$(echo "$few $many" | awk -v n=$((long - short)) '{printf "%.4f", ($2 - $1) / n}')
    inside=$(echo "$(median <"$work/window-$short") $(median <"$work/window-$long")" |
        awk -v n=$((long - short)) '{printf "%.4f", ($2 - $1) / n}')
    figure "per token, all that chimera does" us "$per_token" at-most 1 "$work/us-$long"
    echo "  of which between the clock reads of a sample: $inside us"
    echo "  per sample, besides its tokens: $(echo "$few $per_token" | awk -v s=$short '{printf "%.1f", $1 - s * $2}') us"
}

if command -v llama-bench >/dev/null; then
    decode_against_llama_bench
else
    echo "decode against llama-bench: skipped, llama-bench is not here (Debian: llama.cpp-tools)"
fi
harness
save overhead
