#!/bin/sh
# agreement.sh - outputs against the baseline's, the gate on them, and the length guard, on recorded samples. TAP.
# usage: agreement.sh CHIMERA SOURCE-ROOT
set -u
chimera=$(realpath "$1") root=$2
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

model=synth_gpt2_L=2,d=64,h=2,seed=1
digest=1111111111111111111111111111111111111111111111111111111111111111
fresh() { # NAME EXPERIMENT: the recorded run, of an experiment with these keys
    rm -rf "${work:?}/$1" && cp -r "$root/tests/golden/results/small" "$work/$1"
    printf '{"schema": "chimera.manifest/1", "experiment_sha256": "%s", "experiment": {%s}}\n' $digest "$2" \
        >"$work/$1/manifest.json"
}
log() { echo "$work/$1/runs/single/$2/fp32/$model/samples.jsonl"; }
analyze() { "$chimera" analyze "$work/$1" --no-figure >"$work/out" 2>"$work/err"; }
field() { # NAME SCENARIO BACKEND COLUMN: of the first row of metrics.csv that fits
    awk -F, -v s="$2" -v b="$3" -v c="$4" '
        { gsub(/"[^"]*"/, "TEXT") }
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $1 == s && $2 == b { print $at[c]; exit }' "$work/$1/metrics.csv"
}
is() { # LABEL GOT WANT
    ok "$1: $2" test "$2" = "$3"
}
greedy='"baseline_backend": "llamacpp-cpu", "temperature": 0, "accuracy_threshold": 0.9'

fresh same "$greedy"
analyze same
if grep -q "need DuckDB" "$work/err"; then
    echo "1..0 # SKIP $(cat "$work/err")"
    exit 0
fi
analyze same
is "the same outputs pass" $? 0
is "accuracy" "$(field same single onnxruntime-cpu accuracy)" 1.0
is "its gate" "$(field same single onnxruntime-cpu quality_status)" pass
is "no embedding model: no similarity, and not 0" "$(field same single onnxruntime-cpu output_semantic)" ""
is "the table has a column" "$(grep -c '^backend.*accuracy' "$work/out")" 1
is "where the baseline has no cell that is ok nothing passes" "$(field same batch onnxruntime-cpu quality_status)" \
    "cannot tell"
ok "and the reason is there" grep -q 'outputs: the baseline llamacpp-cpu at fp32 is' "$work/same/metrics.csv"

# want: the baseline's output has 11 characters with its quotes and the new line, "won, to!" 8; their longest common
# subsequence is "on, to", by hand: 2 * 6 / (11 + 8) = 0.63158.
fresh other "$greedy"
sed -i 's/"outputs":\[[^]]*\]/"outputs":["won, to!"]/; s/"output_ids":\[\[1,2\]\]/"output_ids":[[1,3]]/' \
    "$(log other onnxruntime-cpu)"
analyze other
is "other outputs fail the gate" $? 1
is "the cell is" "$(field other single onnxruntime-cpu status)" fail_accuracy
is "it has no latency" "$(field other single onnxruntime-cpu median_latency_ms)" ""
is "accuracy by hand" "$(field other single onnxruntime-cpu accuracy | cut -c1-7)" 0.63157
is "common first tokens" "$(field other single onnxruntime-cpu output_token_prefix)" 0.5
is "exact match" "$(field other single onnxruntime-cpu output_exact_match)" 0.0
ok "the reason is shown" grep -q 'accuracy 0.6316 is below accuracy_threshold 0.9' "$work/out"
ok "and it is compared with nobody" sh -c '! grep -q "\"group_b\": \"onnxruntime" "$1"' - \
    "$work/other/statistical_analysis.json"
"$chimera" --json analyze "$work/other" --no-figure >"$work/out" 2>/dev/null
ok "--json counts it" grep -q '"failed": 1' "$work/out"

fresh mild "$(echo "$greedy" | sed 's/0\.9/0.63/')"
cp "$(log other onnxruntime-cpu)" "$(log mild onnxruntime-cpu)"
analyze mild
is "above the threshold it passes" "$?$(field mild single onnxruntime-cpu quality_status)" 0pass

fresh sampled "$(echo "$greedy" | sed 's/"temperature": 0/"temperature": 0.7/')"
cp "$(log other onnxruntime-cpu)" "$(log sampled onnxruntime-cpu)"
analyze sampled
is "without greedy decoding nothing is compared" "$?$(field sampled single onnxruntime-cpu accuracy)" 0
is "and nothing passes" "$(field sampled single onnxruntime-cpu quality_status)" "cannot tell"
ok "the reason" grep -q 'decoding was not greedy (temperature 0.7)' "$work/sampled/quality_analysis.json"

fresh nobody '"temperature": 0, "accuracy_threshold": 0.9'
analyze nobody
is "without a baseline nothing passes" "$(field nobody single onnxruntime-cpu quality_status)" "cannot tell"

fresh short "$greedy"
sed -i 's/"generated_tokens":5/"generated_tokens":3/; s/"stop":\["length"\]/"stop":["eos"]/' \
    "$(log short llamacpp-cpu)"
analyze short
ok "an engine that stops early is not faster" grep -q \
    'unequal work: llamacpp-cpu fp32 generated 3 tokens per sample, others 5 (single): not compared as faster' \
    "$work/out"
ok "the verdict is withheld" grep -q '"significant": null' "$work/short/statistical_analysis.json"
ok "with the counts" grep -q 'unequal work: 3 and 5 generated tokens per sample; early stops: 6 and 0' \
    "$work/short/statistical_analysis.json"

echo "1..$n"
exit $failed
