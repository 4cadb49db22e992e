#!/bin/sh
# startup - how long a person waits before anything is measured: `chimera --version`, and `plan` for 1,000,000 cells.
# Inside the window: starting the process, its work, its end. Outside: writing the experiment.
set -eu
# shellcheck source=bench/lib
. "$(dirname "$0")/lib"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for _ in 1 2 3 4 5 6 7 8 9 10 11; do
    wall_ms "$CHIMERA" --version >>"$work/version"
    wall_ms /bin/true >>"$work/true"
done
figure "chimera --version" ms "$(median <"$work/version")" at-most 20 "$work/version"
echo "  /bin/true beside it: $(median <"$work/true") ms"

# 25 models x 8 backends x 5 precisions x 1000 scenarios
{
    echo 'repetitions: 1'
    echo 'prompt_sets: {p: ["Hello"]}'
    echo 'scenarios:'
    awk 'BEGIN {for (i = 0; i < 1000; i++) printf "  - {name: s%d, prompt_set: p, mode: single}\n", i}'
    echo 'models:'
    awk 'BEGIN {for (i = 0; i < 25; i++) printf "  - {name: \"synth:gpt2/L=2,d=64,h=2,seed=%d\"}\n", i}'
    echo 'backends: [transformers-cpu, transformers-cpu-compile, transformers-gpu, transformers-gpu-compile,'
    echo '           onnxruntime-cpu, onnxruntime-gpu, llamacpp-cpu, llamacpp-gpu]'
    echo 'quantization: {modes: [fp32, fp16, bf16, int8, int4]}'
} >"$work/million.yaml"

for form in "" --json; do
    rm -f "$work/plan"
    for _ in 1 2 3 4 5; do
        # shellcheck disable=SC2086 # an empty form is no argument
        wall_ms "$CHIMERA" plan $form "$work/million.yaml" >>"$work/plan"
    done
    # shellcheck disable=SC2086
    answer=$(/usr/bin/time -f %M -o "$work/peak" "$CHIMERA" plan $form "$work/million.yaml" | grep -c '1000000\|1,000,000' || true)
    [ "$answer" -gt 0 ] || { echo "plan $form does not speak of 1000000 cells" && exit 1; }
    figure "plan ${form:-as text} of 1,000,000 cells" ms "$(median <"$work/plan")" at-most 2000 "$work/plan"
    figure "its peak memory" MB "$(awk '{print $1 / 1024}' "$work/peak")" at-most 500
done
save startup
