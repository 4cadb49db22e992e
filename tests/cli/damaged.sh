#!/bin/sh
# damaged.sh - a results folder in which a file other than samples.jsonl is damaged: the samples count, and one line
# says which file, where, and what is unknown now. usage: damaged.sh CHIMERA
set -u
chimera=$1
case $chimera in /*) ;; *) chimera=$PWD/$chimera ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$(dirname "$0")
# shellcheck source=tests/support/tap.sh
. "$here/../support/tap.sh"
cd "$work" || exit 1
export CHIMERA_CACHE="$work/cache"

cat >x.yaml <<END
repetitions: 6
invocations: 2
warmup_runs: 1
max_tokens: 4
prompt_sets: {p: [one prompt, two prompts]}
scenarios: [{name: chat, prompt_set: p, mode: single}]
models: [{name: "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=1"}, {name: "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=2"}]
backends: [synthetic]
quantization: {modes: [fp32]}
END
"$chimera" -q run x.yaml -o whole >/dev/null 2>err || { echo "Bail out! the run failed: $(cat err)"; exit 1; }
cell="d/runs/chat/synthetic/fp32/synth_gpt2_L=1,d=64,h=1,vocab=300,seed=1"
record=$cell/run_1.json

anew() { rm -rf d; cp -r whole d; }
analyze() { "$chimera" analyze d >"$work/out" 2>"$work/err"; }
audit() { "$chimera" audit d --json --check damaged-file >"$work/out" 2>"$work/err"; }
told() { grep -Eq "^chimera: $1" "$work/err"; }
says() { tr -d '\n' <"$work/out" | grep -Eq "$1"; }
lines() { grep -c . "$work/err"; }
# shellcheck disable=SC2329  # called through ok
same_samples() {
    [ "$(cut -d, -f1-12 d/samples.csv | sha256sum)" = "$(cut -d, -f1-12 whole/samples.csv | sha256sum)" ]
}

anew
ok "a whole folder: no finding" audit
ok "and the check looked" says '"check": "damaged-file", *"looked_at": 1, *"findings": 0'

# LABEL, a command that damages d/run_1.json, what is told of it (file, place, expectation)
while IFS='|' read -r label damage where; do
    anew
    eval "$damage"
    ok "$label: analyze goes on" analyze
    ok "$label: one line names file and place" told "$record$where; its samples count"
    check "$label: in one line" "$(lines)" 1
    ok "$label: every sample counts" same_samples
    ok "$label: audit goes on" audit
    ok "$label: the audit has it as a finding of its cell and invocation" says \
        '"check": "damaged-file", *"severity": "warn", *"subject": \{ *"scenario": "chat", *"model": "[^"]*seed=1", *"backend": "synthetic", *"precision": "fp32", *"replicate": 0, *"invocation": 1 *\}'
    ok "$label: and the cell's reason says it" grep -q 'seed=1.*damaged run_<n>.json, of 2: 1' d/metrics.csv
    ok "$label: and the statistics name it" grep -q '"lost": "its samples count; its status' d/statistical_analysis.json
done <<'END'
torn|truncate -s 300 "$record"|:[0-9]+:[0-9]+: not JSON: .*
empty|: >"$record"|:1:1: not JSON: .*
an array|echo '[]' >"$record"|: an object was expected
a status of nobody|sed -i 's/"status": "ok"/"status": "fine"/' "$record"|: 'status' is 'fine', which is none of the contract's
no model|sed -i 's/"model": "synth/"modell": "synth/' "$record"|: 'model' must be text
a word for a number|sed -i 's/"invocation": 1/"invocation": "one"/' "$record"|: 'invocation' must be a whole number from 0 on
END

anew
rm "$cell/samples.jsonl" "$cell/run_0.json"
: >"$record"
ok "no samples beside it: analyze goes on" analyze
ok "and its cell is an error" grep -q '^chat,synthetic,fp32,"synth[^"]*seed=1",.*error' d/metrics.csv
ok "that says why" told "$record:1:1: not JSON: .*; no samples are beside it"

for f in manifest plan env; do
    anew
    truncate -s 200 d/$f.json
    ok "$f.json: analyze goes on" analyze
    ok "$f.json: one line names it" told "d/$f.json:[0-9]+:[0-9]+: not JSON: "
    ok "$f.json: every sample counts" same_samples
    ok "$f.json: audit goes on" audit
    ok "$f.json: a finding" says "\"evidence\": \{ *\"file\": \"$f.json\""
done
anew
truncate -s 200 d/env.json
ok "env.json: compare goes on" "$chimera" compare whole d
anew
truncate -s 200 d/manifest.json
ok "manifest.json: replicates cannot be told" sh -c "! '$chimera' analyze whole d 2>'$work/err' >/dev/null"
ok "and the damage is the reason" told "d/manifest.json:[0-9:]+ not JSON: .*replicates of one experiment"

# Rows of an import: the source's own figures, of which a line is left out.
printf 'model,backend,mean_ms\nm,a,1\nm,b,2\nm,c,3\n' >rows.csv
"$chimera" -q import rows.csv -o d2 >out 2>err
rm -rf d
mv d2 d
sed -i '2s/.*/{"scenario": "imp/' d/cells.jsonl
ok "cells.jsonl: analyze goes on" analyze
ok "cells.jsonl: the line is named" told "d/cells.jsonl:2: a cell's line is .*; 1 line of it is left out"
ok "cells.jsonl: the others stand" sh -c "[ \$(grep -c imported d/metrics.csv) = 2 ]"

echo "1..$n"
exit $failed
