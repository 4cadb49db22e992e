#!/bin/sh
# models - what the model lab's exports cost and how fast they run.
#
# 1. Decode and prefill of chimera's ONNX export over torch.onnx's export of the same model (with its cache as inputs and
#    outputs) and over transformers, eager: same token ids, same threads, one process, who begins takes turns. What is
#    inside a window and what is not: models_peers.py. The figure is the median of the ratios of the rounds.
# 2. Export of the 124M model over `cp` of its weights followed by `sync` of the copy, in turn. Inside: a whole
#    `chimera model export`, start of the program, reading, writing and its own fsync; and, in the first pass, the
#    SHA-256 of the source, which later passes find remembered, as every later export of the same files does. So the
#    passes count from the second on, and the first is printed. The digest of what was exported is artefact's (the
#    cache's) and not in it. Peak memory is above the largest tensor, the table of tokens.
# 3. Time to load the export and peak memory of a process that did, over the size of the weights: no bound is set, the
#    numbers are kept.
#
# knobs: BENCH_THREADS, BENCH_ROUNDS, BENCH_PROMPT, BENCH_TOKENS, BENCH_PASSES, BENCH_PYTHON, BENCH_MODELS
set -eu
here=$(dirname "$0")
# shellcheck source=bench/lib
. "$here/lib"
threads=${BENCH_THREADS:-$(nproc)}
rounds=${BENCH_ROUNDS:-9}
prompt=${BENCH_PROMPT:-128}
tokens=${BENCH_TOKENS:-32}
passes=${BENCH_PASSES:-3}
python=${BENCH_PYTHON:-${CHIMERA_PYTHON:-python3}}
big=synth:gpt2/L=12,d=768,h=12
models=${BENCH_MODELS:-"synth:gpt2/L=4,d=256,h=4,vocab=8000 synth:gpt2/L=6,d=512,h=8,vocab=8000
    synth:llama/L=8,d=512,h=8,kv=4,ff=1376,vocab=16000 $big"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CHIMERA_CACHE="$work/cache"

# Ratios of the rounds, one a line: values WHAT OVER, from the JSON of models_peers.py.
ratios() {
    "$python" -c 'import json, sys
r, what, over = json.load(open(sys.argv[1])), *sys.argv[2:]
for x, y in zip(r["chimera"][what], r[over][what]):
    print(f"{x / y:.4f}")' "$work/peers.json" "$1" "$2"
}

speeds() {
    "$python" -c 'import json, statistics, sys
r = json.load(open(sys.argv[1]))
for what in ("prefill", "decode"):
    print("  " + what + ", tokens/s: " + ", ".join(f"{n} {statistics.median(r[n][what]):.1f}"
          for n in ("chimera", "torch.onnx", "transformers")))
worst = max(r["apart"].values())
print(f"  last logits apart by {worst:.1e} of their deviation")
sys.exit(worst > 2e-4)' "$work/peers.json"
}

against_peers() { # model
    echo "$1: $prompt tokens of prompt, $tokens decoded, $threads threads, $rounds rounds"
    "$CHIMERA" -q model synth "$1" -o "$work/hf" >/dev/null
    "$CHIMERA" -q model export "$work/hf" --format onnx --precision fp32 -o "$work/onnx" >/dev/null
    rc=0
    "$python" "$here/models_peers.py" "$work/hf" "$work/onnx" "$work" "$threads" "$prompt" "$tokens" "$rounds" \
        >"$work/peers.json" 2>"$work/peers.err" || rc=$?
    if [ $rc = 77 ]; then
        echo "  skipped: $(tail -n 1 "$work/peers.err") (Debian: python3-onnx, python3-onnxruntime, python3-torch)"
    elif [ $rc != 0 ]; then
        tail -n 3 "$work/peers.err" >&2
        # shellcheck disable=SC2034  # lib's save() reads it
        missed=1
    else
        speeds || missed=1
        for what in decode prefill; do
            for over in torch.onnx transformers; do
                ratios "$what" "$over" >"$work/ratios"
                figure "$what over $over, $1" "" "$(median <"$work/ratios")" at-least 1 "$work/ratios"
            done
        done
    fi
    rm -rf "$work/hf" "$work/onnx" "$work/torch"
}

copy() {
    cp "$work/hf/model.safetensors" "$work/copy"
    sync "$work/copy"
}

export_big() {
    /usr/bin/time -f %M -o "$work/kb" "$CHIMERA" -q model export "$work/hf" --format onnx --precision fp32 -o "$work/onnx"
}

against_cp() {
    "$CHIMERA" -q model synth "$big" -o "$work/hf" >/dev/null
    size=$(stat -c %s "$work/hf/model.safetensors")
    largest=$((50257 * 768 * 4))
    echo "export of $big ($((size / 1000000)) MB of weights) against cp and sync of its weights"
    echo "  first, with the SHA-256 of the source: $(wall_ms export_big) ms"
    i=1
    while [ "$i" -le "$passes" ]; do
        rm -rf "$work/copy" "$work/onnx"
        if [ $((i % 2)) = 1 ]; then
            ours=$(wall_ms export_big)
            theirs=$(wall_ms copy)
        else
            theirs=$(wall_ms copy)
            ours=$(wall_ms export_big)
        fi
        echo "  pass $i: $ours ms, cp and sync $theirs ms"
        echo "$ours $theirs" | awk '{printf "%.3f\n", $1 / $2}' >>"$work/copies"
        tail -n 1 "$work/kb" >>"$work/kbs"
        i=$((i + 1))
    done
    figure "export over cp and sync" "" "$(median <"$work/copies")" at-most 2 "$work/copies"
    above=$(sort -g "$work/kbs" | tail -n 1 | awk -v l=$largest '{printf "%.1f", $1 / 1024 - l / 1048576}')
    figure "peak memory above the largest tensor" MB "$above" at-most 256 "$work/kbs"
}

loading() { # of what against_cp() left
    reply=$(printf '%s\n' "{\"op\":\"load\",\"backend\":\"onnxruntime-cpu\",\"precision\":\"fp32\",\"model\":\"onnx\",\"model_path\":\"$work/onnx\",\"device\":\"cpu\",\"threads\":$threads,\"max_context\":256,\"max_batch\":1,\"seed\":1,\"artefact_sha256\":null,\"options\":{}}" '{"op":"quit"}' |
        /usr/bin/time -f %M -o "$work/kb" "$CHIMERA" worker 3>&1 1>/dev/null 2>/dev/null | head -n 1)
    ms=$(printf '%s' "$reply" | sed -n 's/.*"load_ms":\([0-9.]*\).*/\1/p')
    echo "  loading it: ${ms:-unknown} ms, peak memory $(tail -n 1 "$work/kb" | awk -v s="$size" '{printf "%.2f", $1 * 1024 / s}') of the weights' size"
}

for model in $models; do
    against_peers "$model"
done
against_cp
loading
save models
