#!/bin/sh
# target_ci.sh - chimera run --target-ci with the synthetic engine: it stops when it should, at the cap, goes on
# after an interruption as it would have, and tells. TAP. usage: target_ci.sh CHIMERA
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

run() { # ARGS...: sets $rc; what it says is in err
    "$chimera" run "$@" >"$work/out" 2>"$work/err"
    rc=$?
}

experiment() { # FILE, LAW
    cat >"$1" <<END
repetitions: 2
warmup_runs: 0
invocations: 2
max_tokens: 2
prompts_: x
prompt_sets:
  p: ["one two three", "four five"]
scenarios:
  - {name: short, prompt_set: p, mode: single}
models: ["synth:gpt2/L=1,d=16,h=2,seed=1"]
backends: [synthetic]
quantization: {modes: [fp32, int8]}
synthetic: $2
END
    sed -i '/prompts_/d' "$1"
}

value() { # FILE, KEY: of every line that has it, its value, on one line
    sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | tr '\n' ' '
}

experiment still.yaml 'prefill_ms=2 decode_ms=0.2 request_noise=normal:0.02'
run still.yaml -o still --target-ci 100
check 'a still engine: eight invocations and no more' "$rc $(value still/stopping.json state)" '0 reached reached '
check '... of each cell' "$(find still -name 'run_*.json' | wc -l | tr -d ' ')" 16
check '... the manifest has the record' "$(grep -c '"path": "stopping.json"' still/manifest.json)" 1
check '... and the summary tells' "$(grep -c '^target: 2 of 2 cells reached it' err)" 1

experiment wild.yaml 'prefill_ms=1 decode_ms=0.1 invocation_noise=lognormal:1.5'
run wild.yaml -o wild --target-ci 0.5 --max-invocations 10 --max-repetitions 3
check 'an engine that is never the same: the cap' "$rc $(value wild/stopping.json state)" '0 capped capped '
check '... invocations' "$(find wild -name 'run_*.json' | wc -l | tr -d ' ')" 20
check '... looks after eight and after ten' "$(grep -c half_percent\" wild/stopping.json)" 4

check '... the analysis takes the same interval, at the same level' \
    "$(grep -c '"ci_nominal_level": 0.97' wild/statistical_analysis.json) $(grep -o '"lo_ms": [0-9.]*' wild/stopping.json |
        tail -n 1 | cut -c1-18)" \
    "4 $(grep -o '"median_ci_95_lower": [0-9.]*' wild/statistical_analysis.json | tail -n 1 | sed 's/"median_ci_95_lower"/"lo_ms"/' | cut -c1-18)"

cp wild/stopping.json before.json
run wild.yaml -o wild --target-ci 0.5 --max-invocations 10 --max-repetitions 3 --resume
check 'resumed when all is done: nothing runs, the same is decided' \
    "$rc $(grep -c '^0 samples' err) $(cmp before.json wild/stopping.json && echo same)" '0 1 same'
find wild -name 'run_9.json' -exec rm {} +
find wild -name samples.jsonl -exec sed -i '/"invocation":9,/d' {} +
run wild.yaml -o wild --target-ci 0.5 --max-invocations 10 --max-repetitions 3 --resume
check 'an invocation that is gone is measured again' "$rc $(find wild -name 'run_*.json' | wc -l | tr -d ' ')" '0 20'
check '... with the repetitions that were decided' \
    "$(find wild -name 'run_9.json' -exec grep -h '"repetitions"' {} + | sort -u | tr -d ' ,')" \
    "$(find wild -name 'run_8.json' -exec grep -h '"repetitions"' {} + | sort -u | tr -d ' ,')"
run wild.yaml -o wild --resume
check 'without the target it is another experiment' "$rc $(grep -c 'target_ci_percent: 0.5 there, 0' err)" '2 1'

experiment slow.yaml 'prefill_ms=30 decode_ms=1 invocation_noise=normal:0.05'
"$chimera" run slow.yaml -o slow --target-ci 3 --max-invocations 14 >out 2>err &
pid=$!
tries=0
while [ "$(find slow -name 'run_*.json' 2>/dev/null | wc -l)" -lt 17 ] && [ "$tries" -lt 600 ]; do
    tries=$((tries + 1))
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
done
kill -INT "$pid" 2>/dev/null
wait "$pid"
check 'interrupted after the first look' "$?" 130
run slow.yaml -o slow --target-ci 3 --max-invocations 14 --resume
check '... goes on to the end' "$rc $(value slow/stopping.json cells_running)" '0 0 '

run still.yaml -o none --max-repetitions 4
check 'a cap without a target' "$rc $(cat err)" '2 chimera: --max-repetitions goes with --target-ci'
run still.yaml -o none --target-ci 2 --max-invocations 4
check 'a cap below the first look' "$rc $(grep -c 'max_invocations: 4 is below the 8 invocations' err)" '2 1'
run still.yaml -o none --target-ci 0
check 'a target of 0' "$rc $(grep -c -- '--target-ci' err)" '2 1'
experiment dead.yaml 'fail_load'
run dead.yaml -o dead --target-ci 5
check 'an engine that does not load is no reason to go on' "$rc $(value dead/stopping.json cells_failed)" '1 2 '

echo "1..$n"
exit $failed
