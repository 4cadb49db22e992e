#!/bin/sh
# semantic.sh - the key `semantic` of an experiment: a run embeds its outputs, an analysis reads the cosines. TAP.
# usage: semantic.sh CHIMERA
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

is() { # LABEL GOT WANT
    ok "$1" sh -c 'echo "got $1, want $2"; [ "$1" = "$2" ]' - "$2" "$3"
}

cat >x.yaml <<END
models: [model]
backends: [onnxruntime-cpu]
quantization: {modes: [fp32, int8]}
repetitions: 1
invocations: 1
warmup_runs: 0
max_tokens: 8
threads: 1
scenarios: [{name: a, prompts: [hello, one, two, three, four, five, six]}]
END
"$chimera" -q model synth synth:gpt2/L=1,d=64,h=1,vocab=300,ctx=64,seed=1 -o model >out 2>err
cp x.yaml plain.yaml
echo 'baseline_backend: onnxruntime-cpu' >>x.yaml
: >e.gguf
: >e.txt
mistake() { # LABEL PATTERN LINE
    { cat x.yaml && printf '%s\n' "$3"; } >bad.yaml
    "$chimera" plan bad.yaml >out 2>err
    got=$?
    ok "$1" sh -c 'cat err; [ "$1" = 2 ] && grep -q -- "bad.yaml:11:.*$2" err' - "$got" "$2"
}
mistake "a key that there is not" "did you mean 'model'" 'semantic: {modell: e.gguf}'
mistake "a model that is not there" "no file or folder" 'semantic: {model: f.gguf}'
mistake "a file of another kind" ".gguf is wanted" 'semantic: {model: e.txt}'
mistake "neither model nor url" "is missing" 'semantic: {name: x}'
mistake "both" "one of them" 'semantic: {model: e.gguf, url: "http://localhost"}'
mistake "no address" "is wanted, not 'localhost'" 'semantic: {url: localhost}'
mistake "a name without a server" "goes with url" 'semantic: {model: e.gguf, name: x}'
{ cat plain.yaml && echo 'semantic: {model: e.gguf}'; } >bad.yaml
"$chimera" plan bad.yaml >out 2>err
ok "no baseline" grep -q "baseline_backend's, and the key is missing" err

"$chimera" -q model synth synth:llama/L=2,d=64,h=4,kv=2,vocab=500,seed=5,ctx=256 -o embedder >out 2>err &&
    "$chimera" -q model export embedder --format gguf -o e.gguf >out 2>err
ok "a model to embed with" test -s e.gguf
{ cat x.yaml && echo 'semantic: {model: e.gguf}'; } >run.yaml
ok "plan tells of it" sh -c '"$1" plan run.yaml | grep -q "semantic similarity.*by .*e.gguf"' - "$chimera"
"$chimera" -q run run.yaml -o whole >out 2>err
got=$?
if [ $got = 3 ]; then # no ONNX Runtime here
    skip "the rest" "$(tail -1 err)"
    echo "1..$n"
    exit $failed
fi
is "a run that compares its outputs" $got 0
log=quality/semantic.jsonl
if grep -q '"status":"unavailable"' whole/$log; then
    skip "the rest" "$(grep -o '"reason":"[^"]*' whole/$log)"
    echo "1..$n"
    exit $failed
fi
pairs() { grep -c '"kind":"pair"' "$1/$log"; }
column() { # FOLDER NAME: of the row of int8
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } /int8/ { if ($at != "") printf "%.5f\n", $at }' "$1/metrics.csv"
}
value=$(column whole output_semantic)
ok "a figure for int8" sh -c 'echo "$1"; awk -v x="$1" "BEGIN { exit !(x != \"\" && x > -1 && x <= 1.000001) }"' - "$value"
ok "its interval" grep -q '"ci_95_lower": 0' whole/quality_analysis.json
ok "the model is named, with its digest" grep -q "\"sha256\": \"$(sha256sum e.gguf | cut -d' ' -f1)\"" whole/quality_analysis.json
ok "each pair of texts once" sh -c 'test "$(grep -o "text_sha256.*cosine" "$1" | sort | uniq -d | wc -l)" = 0' - whole/$log
all=$(pairs whole)
ok "pairs" test "$all" -ge 1 -a "$all" -le 7
"$chimera" -q run run.yaml -o whole --resume >out 2>err
is "resumed: nothing is compared again" "$? $(pairs whole) $(grep -c header whole/$log)" "0 $all 1"

# A pass that was killed: its lines are there in part, the last one torn.
cp -r whole torn
head -c -200 whole/$log | head -3 >torn/$log
printf '{"kind":"pa' >>torn/$log
"$chimera" -q analyze torn >out 2>err
ok "what is missing is said" grep -q '"semantic_reason": ".* pairs of outputs are not in quality/semantic.jsonl"' \
    torn/quality_analysis.json
is "and there is no figure" "$(column torn output_semantic)" ""
"$chimera" -q run run.yaml -o torn --resume >out 2>err
is "resumed: the rest is compared" "$? $(pairs torn) $(column torn output_semantic)" "0 $all $value"
echo '{"kind":"pair"}' >>torn/$log
"$chimera" -q analyze torn >out 2>err
is "a line that is none" "$? $(grep -c 'semantic.jsonl:[0-9]*: this line' err)" "1 1"

# A server that is not there fails no run.
{ cat x.yaml && echo 'semantic: {url: "http://127.0.0.1:1"}'; } >gone.yaml
"$chimera" -q run gone.yaml -o gone >out 2>err
is "nobody answers" "$?" 0
ok "and the reason is told" grep -q '"semantic_reason": "unavailable: no answer from' gone/quality_analysis.json
"$chimera" -q run x.yaml -o none >out 2>err
ok "not asked for" grep -q "\"semantic_reason\": \"no embedding model: the experiment has no key 'semantic'\"" \
    none/quality_analysis.json

echo "1..$n"
exit $failed
