#!/bin/sh
# compare.sh - chimera compare on real runs of the synthetic engine, whose law is known. TAP. usage: compare.sh CHIMERA
set -u
chimera=$(realpath "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

experiment() { # NAME LAW TOKENS
    cat >"$1.yaml" <<END
name: compare
models: [{name: "synth:gpt2/L=1,d=16,h=2,seed=1"}]
backends: [synthetic]
quantization: {modes: [fp32]}
prompt_sets: {two: ["one two three", "four five"]}
scenarios: [{name: first, prompt_set: two, mode: single}, {name: second, prompt_set: two, mode: single}]
repetitions: 5
invocations: 3
warmup_runs: 1
max_tokens: $3
seed: 42
synthetic: "$2"
END
}
run() { "$chimera" run "$1.yaml" -o "$1" >/dev/null 2>"$1.err"; }

experiment base "prefill_ms=4 decode_ms=0.5 noise=normal:0.002" 4
experiment slow "prefill_ms=6 decode_ms=0.75 noise=normal:0.002" 4
experiment less "prefill_ms=4 decode_ms=0.5 noise=normal:0.002" 2
experiment broken "prefill_ms=4 decode_ms=0.5 fail_load" 4
for x in base slow less broken; do run $x; done

"$chimera" compare base slow >out 2>err
ok "a known slowdown ends with 0 unless asked" test $? = 0
ok "both cells are slower" sh -c '[ "$(grep -c " slower$" out)" = 2 ]'
ok "the ratio is near 1.5" awk '/ slower$/ { n += $5 > 1.3 && $5 < 1.6 } END { exit n != 2 }' out
"$chimera" compare base slow --fail-on slower >out 2>err
ok "--fail-on slower: 1" test $? = 1
"$chimera" compare slow base --fail-on slower >out 2>err
ok "the other way round it is faster: 0" sh -c '[ $1 = 0 ] && [ "$(grep -c " faster$" out)" = 2 ]' - $?
"$chimera" compare base base --margin 60 --fail-on slower,faster,lost,cannot-tell >out 2>err # on a busy machine, too
ok "a result is the same as itself" sh -c '[ $1 = 0 ] && [ "$(grep -c " same$" out)" = 2 ]' - $?
"$chimera" compare base less >out 2>err
ok "fewer tokens are not faster" sh -c 'grep -q "unequal work" out && ! grep -q " faster$" out'
"$chimera" compare base broken --fail-on lost >out 2>err
ok "a cell that does not run any more: 1, and why" sh -c '[ $1 = 1 ] && grep -q "^lost: " out' - $?
"$chimera" --json compare base slow >out 2>err
ok "--json is JSON with a verdict per cell" python3 -c '
import json
d = json.load(open("out"))
assert [c["verdict"] for c in d["cells"]] == ["slower", "slower"]
e = d["cells"][0]["evidence"]
assert e["ratio_ci_95_lower"] < e["ratio"] < e["ratio_ci_95_upper"] and e["rests_on"] == "invocations"
assert d["counts"]["slower"] == 2 and d["environment"] == []'

for x in base slow; do
    for seed in 1 2; do "$chimera" run $x.yaml -o $x$seed --seed $seed >/dev/null 2>$x.err; done
done
"$chimera" compare --history base base1 base2 slow slow1 slow2 >out 2>err
ok "the history names the run where it changed" sh -c '[ "$(grep -c " slow  *1\.[345]" out)" = 2 ]'
"$chimera" compare --history base slow base >out 2>err
ok "a run given twice: 2" sh -c '[ $1 = 2 ] && grep -q "given twice" err' - $?
"$chimera" compare --history base slow base1 >out 2>err
ok "three runs are too few, and it says so" grep -q "3 runs have a figure of it; 5 are needed" out

"$chimera" compare base >out 2>err
ok "one folder: usage" sh -c '[ $1 = 2 ] && [ "$(wc -l <err)" = 1 ]' - $?
"$chimera" compare base slow less >out 2>err
ok "three folders: --history is named" sh -c '[ $1 = 2 ] && grep -q -- --history err' - $?
"$chimera" compare base slow --fail-on slowr >out 2>err
ok "a mistyped word is answered with the nearest" sh -c "[ \$1 = 2 ] && grep -q \"did you mean 'slower'\" err" - $?
"$chimera" compare base nowhere >out 2>err
ok "a folder that is not there: 2" sh -c '[ $1 = 2 ] && [ "$(wc -l <err)" = 1 ]' - $?

echo "1..$n"
exit $failed
