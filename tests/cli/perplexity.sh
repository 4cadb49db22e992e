#!/bin/sh
# perplexity.sh - chimera model perplexity and the quality pass of a run, from outside: figures, mistakes, kills,
# resuming. TAP. usage: perplexity.sh CHIMERA
#
# shellcheck disable=SC2038  # no name in these results has a blank in it
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

model='synth:gpt2/L=1,d=64,h=1,vocab=300,ctx=64,seed=1'
i=0
while [ $i -lt 120 ]; do
    echo "Line $i: in the beginning was the word, naïve and brief."
    i=$((i + 1))
done >text.txt
printf 'one \377 two' >broken.txt
: >empty.txt
printf a >a.txt

is() { # LABEL GOT WANT
    ok "$1" sh -c 'echo "got $1, want $2"; [ "$1" = "$2" ]' - "$2" "$3"
}
refuses() { # LABEL EXIT PATTERN ARGS...: that status, and one line that says why
    label=$1 want=$2 pattern=$3
    shift 3
    "$chimera" -q model perplexity "$@" >out 2>err
    got=$?
    ok "$label" sh -c 'cat err; [ "$1" = "$2" ] && [ "$(wc -l <err)" = 1 ] && grep -q -- "$3" err' - \
        "$got" "$want" "$pattern"
}

# ---- mistakes

refuses "no text" 2 "needs --text" "$model"
refuses "no such text" 2 "texd.txt" "$model" --text texd.txt
refuses "a folder" 2 "is a folder" "$model" --text .
refuses "an empty text" 2 "is empty" "$model" --text empty.txt
refuses "no UTF-8" 2 "no UTF-8 text: byte 4" "$model" --text broken.txt
refuses "a mistyped backend" 2 "did you mean 'onnxruntime-cpu'" "$model" --text text.txt -b onxruntime-cpu
refuses "a mistyped precision" 2 "did you mean 'fp32'" "$model" --text text.txt -p fp33
refuses "a baseline without its precision" 2 "want BACKEND:PRECISION" "$model" --text text.txt --baseline onnxruntime-cpu
refuses "a stride that leaves no context" 2 "below the window" "$model" --text text.txt --window 32 --stride 32
refuses "an engine without logits" 3 "synthetic" "$model" --text text.txt -b synthetic

cat >x.yaml <<END
models: ["$model"]
backends: [synthetic]
repetitions: 1
invocations: 1
warmup_runs: 0
max_tokens: 2
threads: 1
scenarios: [{name: a, prompts: hello}]
END
mistake() { # LABEL PATTERN LINE
    { cat x.yaml && printf '%s\n' "$3"; } >bad.yaml
    "$chimera" plan bad.yaml >out 2>err
    got=$?
    ok "$1" sh -c 'cat err; [ "$1" = 2 ] && grep -q -- "bad.yaml:9:.*$2" err' - "$got" "$2"
}
mistake "a key that there is not" "did you mean 'stride'" 'perplexity: {text: text.txt, strid: 8}'
mistake "a text that is not there" "there is no file" 'perplexity: {text: texd.txt}'
mistake "no text at all" "text" 'perplexity: {window: 8}'
mistake "a text that is none" "no UTF-8" 'perplexity: {text: broken.txt}'
mistake "stride and window" "below the window" 'perplexity: {text: text.txt, window: 8, stride: 8}'
mistake "a gate of no precision" "did you mean 'int8'" 'perplexity: {text: text.txt, gates: {int9: 0.1}}'
mistake "a gate that is no number" "0.02 is wanted" 'perplexity: {text: text.txt, gates: {int8: much}}'

{ cat x.yaml && echo 'perplexity: {text: text.txt}'; } >none.yaml
"$chimera" -q run none.yaml -o none >out 2>err
is "an engine without logits does not fail the run" $? 0
ok "its log says why" grep -q '"kind":"end","status":"incompatible"' none/quality/synthetic/fp32/*/perplexity.jsonl
ok "and so does the analysis" grep -q '"perplexity_reason": "incompatible' none/quality_analysis.json

# ---- with an engine

"$chimera" -q --json model perplexity "$model" --text text.txt -b onnxruntime-cpu -p fp32 -p int8 --window 32 \
    --stride 16 >report.json 2>err
case $? in
0 | 1) ;;
*)
    skip "the rest" "$(tail -1 err)"
    echo "1..$n"
    exit $failed
    ;;
esac
is "two configurations" "$(grep -c '"status": "ok"' report.json)" 2
refuses "a window over the context" 3 "over the model's context of 64" "$model" --text text.txt -b onnxruntime-cpu --window 65
"$chimera" -q model perplexity "$model" --text a.txt -b onnxruntime-cpu >out 2>err
is "a text of one token" "$? $(grep -c '2 are the least' out)" "1 1"
"$chimera" -q model perplexity "$model" --text text.txt -b onnxruntime-cpu -p fp32 -p int8 --max-tokens 40 >out 2>err
ok "one window has no interval, and cannot tell" grep -q "an interval needs two blocks" out

sed -e 's/synthetic/onnxruntime-cpu/' x.yaml >run.yaml
cat >>run.yaml <<END
quantization: {modes: [fp32, int8]}
baseline_backend: onnxruntime-cpu
perplexity: {text: text.txt, window: 32, stride: 4, gates: {int8: 0.5}}
END
"$chimera" -q run run.yaml -o whole >out 2>err
is "a run with a quality pass" $? 0
log=quality/onnxruntime-cpu/int8/synth_gpt2_L=1,d=64,h=1,vocab=300,ctx=64,seed=1/perplexity.jsonl
windows() { grep -c '"kind":"window"' "$1/$log"; }
all=$(windows whole)
ok "many windows" test "$all" -gt 100
ok "the experiment's gate" grep -q '"limit": 0.5' whole/quality_analysis.json
ok "it passes" grep -q '"verdict": "pass"' whole/quality_analysis.json
ok "the manifest knows the log" grep -q "$log" whole/manifest.json
ok "plan tells of it" sh -c '"$1" plan run.yaml | grep -q perplexity' - "$chimera"

# Killed in the middle of the scoring, more than once; then to the end.
kills=0
for patience in 0.2 0.5 0.9 1.4; do
    "$chimera" -q run run.yaml -o killed --resume >out 2>err &
    pid=$!
    sleep "$patience"
    kill -9 $pid 2>/dev/null && kills=$((kills + 1))
    wait $pid 2>/dev/null
done
echo "# killed $kills times, $(windows killed 2>/dev/null || echo 0) of $all windows then"
"$chimera" -q run run.yaml -o killed --resume >out 2>err
is "goes on after kill -9" $? 0
is "every window once" "$(windows killed) $(grep -o '"kind":"window","window":[0-9]*' killed/"$log" | sort -u | wc -l)" "$all $all"
figures() { sed -n '/"configurations"/,$p' "$1/quality_analysis.json" | grep -v 'bytes"\|sha256'; }
figures whole >one
figures killed >two
ok "the same figures as in one go" cmp one two
"$chimera" -q run run.yaml -o killed --resume >out 2>err
is "nothing is scored again" "$(windows killed)" "$all"

# Ctrl-C lets the windows that are asked for finish, and stops.
"$chimera" run run.yaml -o stopped >out 2>err &
pid=$!
while kill -0 $pid 2>/dev/null && ! grep -q '^perplexity' err; do sleep 0.05; done
kill -INT $pid 2>/dev/null
wait $pid
is "Ctrl-C while scoring" $? 130
"$chimera" -q run run.yaml -o stopped --resume >out 2>err
is "and on from there" "$? $(windows stopped)" "0 $all"

# A text that changed since is not mixed in.
head -c 900 "killed/$log" | sed '$d' >"$work/part"
cp "$work/part" "killed/$log"
echo more >>text.txt
"$chimera" -q run run.yaml -o killed --resume >out 2>err
ok "another text under the same name is told" grep -q 'begun with another text' "killed/$log"
"$chimera" -q run run.yaml -o killed --resume --retry-failed >out 2>err
ok "--retry-failed begins anew" sh -c 'grep -q "\"kind\":\"end\",\"status\":\"ok\"" "$1" && ! grep -q another "$1"' - "killed/$log"

echo "1..$n"
exit $failed
