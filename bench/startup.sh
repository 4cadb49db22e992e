#!/bin/sh
# How long a person waits before anything is measured: `chimera --version`, and `plan` for 1,000,000 cells.
#
# usage: startup.sh CHIMERA [RUNS]
set -eu
chimera=$1
runs=${2:-11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

median() { sort -n | awk '{x[NR] = $1} END {print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2}'; }

wall_ms() { # command...
    a=$(date +%s%N)
    "$@" >/dev/null
    b=$(date +%s%N)
    echo $(((b - a) / 1000)) | awk '{print $1 / 1000}'
}

i=0
while [ "$i" -lt "$runs" ]; do
    wall_ms "$chimera" --version >>"$work/version"
    wall_ms /bin/true >>"$work/true"
    i=$((i + 1))
done
echo "chimera --version: median $(median <"$work/version") ms of $runs (asked for: 20 or less); /bin/true beside it: $(median <"$work/true") ms"

# 25 models x 8 backends x 5 precisions x 1000 scenarios
{
    echo 'repetitions: 1'
    echo 'prompt_sets: {p: ["Hello"]}'
    echo 'scenarios:'
    awk 'BEGIN {for (i = 0; i < 1000; i++) printf "  - {name: s%d, prompt_set: p, mode: single}\n", i}'
    echo 'models:'
    awk 'BEGIN {for (i = 0; i < 25; i++) printf "  - {name: \"synth:gpt2/L=2,d=64,h=2,seed=%d\"}\n", i}'
    echo 'backends: [transformers-cpu, transformers-cpu-compile, transformers-gpu, transformers-gpu-compile, onnxruntime-cpu, onnxruntime-gpu, llamacpp-cpu, llamacpp-gpu]'
    echo 'quantization: {modes: [fp32, fp16, bf16, int8, int4]}'
} >"$work/million.yaml"
for form in "" --json; do
    : >"$work/plan"
    for i in 1 2 3 4 5; do
        # shellcheck disable=SC2086 # an empty form is no argument
        wall_ms "$chimera" plan $form "$work/million.yaml" >>"$work/plan"
    done
    # shellcheck disable=SC2086
    lines=$(/usr/bin/time -f %M -o "$work/peak" "$chimera" plan $form "$work/million.yaml" | awk 'END {print NR}')
    echo "plan ${form:-(text)} of 1,000,000 cells: median $(median <"$work/plan") ms (asked for: 2000 or less)," \
        "peak $(awk '{print $1 / 1024}' "$work/peak") MB (asked for: 500 or less), $lines lines"
done
