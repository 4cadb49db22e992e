#!/bin/sh
# plan.sh - init and plan as a person uses them. TAP. usage: plan.sh CHIMERA SOURCE-ROOT
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") root=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0 failed=0

# LABEL EXIT-STATUS PATTERN COMMAND...: the command must end like that, and a line of its output or of
# its messages match the extended regular expression.
try() {
    label=$1 want=$2 pattern=$3
    shift 3
    "$@" >out 2>err
    got=$?
    n=$((n + 1))
    if [ "$got" = "$want" ] && cat out err | grep -Eq -e "$pattern"; then
        echo "ok $n - $label"
    else
        echo "not ok $n - $label"
        echo "# exit $got, want $want; want a line like: $pattern"
        cat out err | head -20 | sed 's/^/# /'
        failed=1
    fi
}
edit() { # SED-EXPRESSION: the starter experiment with one mistake
    sed "$1" s/experiment.yaml >wrong.yaml
}

try "init writes an experiment" 0 "wrote s/experiment.yaml" "$chimera" init s
echo mine >>s/experiment.yaml
try "init touches no file that is there" 2 "is there already; nothing was written" "$chimera" init s
try "not even a byte of it" 0 "^mine$" tail -n 1 s/experiment.yaml
rm -r s
try "init makes folders" 0 "wrote a/b/experiment.yaml" "$chimera" init a/b
"$chimera" -q init s >/dev/null
try "the starter is a plan" 0 "^experiment: 24 cells$" "$chimera" plan s/experiment.yaml

try "126 cells" 0 "126 cells" "$chimera" plan "$root/examples/matrix-126.yaml"
try "the seed's study" 0 "567 cells" "$chimera" plan "$root/examples/tr117-tier3.yaml"
try "its missing model says how to get one" 0 "unavailable .*models/tiny-gpt2" "$chimera" plan "$root/examples/tr117-tier3.yaml"
for name in tr117-local demo; do
    try "example $name" 0 "$name: [0-9]+ cells" "$chimera" plan "$root/examples/$name.yaml"
done

edit 's/^repetitions/repetition/'
try "a mistyped key" 2 "^chimera: wrong.yaml:[0-9]+:1: no such key of an experiment: 'repetition'; did you mean 'repetitions'\?" "$chimera" plan wrong.yaml
edit 's/- llamacpp-cpu/- llamacpp-cup/'
try "a mistyped backend" 2 "no backend 'llamacpp-cup'; did you mean 'llamacpp-cpu'\?" "$chimera" plan wrong.yaml
edit 's/prompt_set: long/prompt_set: lnog/'
try "a missing prompt set" 2 "no prompt set 'lnog'; did you mean 'long'\?" "$chimera" plan wrong.yaml
edit 's/L=4,d=256/L=4,e=256/'
try "a model that makes no sense" 2 "wrong.yaml:[0-9]+: models: .*synth" "$chimera" plan wrong.yaml
try "no file" 2 "no such experiment file: .nosuch.yaml" "$chimera" plan nosuch.yaml
try "no operand" 2 "needs EXPERIMENT" "$chimera" plan
try "a mistyped option" 2 "did you mean --repetitions\?" "$chimera" plan s/experiment.yaml --repetition 3

try "--only" 0 "experiment: 1 cells?$" "$chimera" plan s/experiment.yaml --only backend=llama* --only precision=fp32 --only scenario=single_short
try "--only of nothing" 2 "matches no backend of the experiment" "$chimera" plan s/experiment.yaml --only backend=zzz
try "--only with a wrong key" 2 "did you mean 'backend'\?" "$chimera" plan s/experiment.yaml --only backends=x
try "--repetitions" 0 "\(9 repetitions\)" "$chimera" plan s/experiment.yaml --repetitions 9 --only backend=llamacpp-cpu
try "--seed" 0 "\"seed\":7[,}]" "$chimera" plan s/experiment.yaml --seed 7 --json
try "a seed that is none" 2 "^chimera: .*--seed: '-7'" "$chimera" plan s/experiment.yaml --seed -7

"$chimera" plan s/experiment.yaml --json >one.json
"$chimera" plan s/experiment.yaml --json >two.json
# shellcheck disable=SC2329  # called through try
cells() { tr '{' '\n' <"$1" | grep -c '"scenario":'; }
try "--json has every cell" 0 "^24$" cells one.json
order() { tail -n 1 "$1" | sed 's/.*"order"://'; }
order one.json >one.order
order two.json >two.order
# shellcheck disable=SC2329  # called through try
same() { cmp "$1" "$2" && echo same; }
try "the order is the seed's" 0 "^same$" same one.order two.order
"$chimera" plan s/experiment.yaml --json --seed 43 >three.json
order three.json >three.order
try "another seed, another order" 1 "differ" cmp one.order three.order

# A million cells: 500 models x 5 backends x 4 precisions x 100 scenarios.
awk 'BEGIN {
    print "models:"; for (i = 0; i < 500; i++) printf "  - \"synth:gpt2/L=2,d=64,h=2,seed=%d\"\n", i
    print "backends: [onnxruntime-cpu, llamacpp-cpu, synthetic, ollama, openai]\nquantization: {modes: [fp32, fp16, int8, q8_0]}"
    print "prompt_sets: {p: hello}\nscenarios:"; for (i = 0; i < 100; i++) printf "  - {name: s%d, prompt_set: p}\n", i
}' >million.yaml
# shellcheck disable=SC3045  # not in POSIX, but in dash, bash and busybox
limited() { (ulimit -v 500000 && timeout 30 "$@"); }
if limited "$chimera" --version >/dev/null 2>&1; then
    try "a million cells in 500 MB" 0 "1000000 cells" limited "$chimera" plan million.yaml
else
    n=$((n + 1))
    echo "ok $n - a million cells in 500 MB # SKIP a sanitizer's build needs more address space"
fi

echo "1..$n"
exit $failed
