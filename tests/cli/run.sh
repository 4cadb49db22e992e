#!/bin/sh
# run.sh - chimera run with the real worker and the synthetic engine: the whole matrix, every kind of failure,
# kills at random moments, Ctrl-C, resuming. TAP. usage: run.sh CHIMERA [KILLS]
#
# shellcheck disable=SC2038,SC2044  # no name in these results has a blank in it
set -u
chimera=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") kills=${2:-12}
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
tag=chimera-run-test-$$
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

run() { # ARGS...: sets $rc; what it says is in err
    CHIMERA_TEST_TAG=$tag "$chimera" run "$@" >"$work/out" 2>"$work/err"
    rc=$?
}

experiment() { # FILE, then lines that are added
    file=$1
    shift
    cat >"$file" <<END
repetitions: 3
warmup_runs: 1
invocations: 2
order: fixed
max_tokens: 4
prompt_sets:
  five: [one, two, three, four, five]
  one: [only]
END
    for line; do printf '%s\n' "$line" >>"$file"; done
}
two_scenarios='scenarios: [{name: large, prompt_set: five}, {name: small, prompt_set: one}]'
four_scenarios='scenarios: [{name: large, prompt_set: five}, {name: pairs, prompt_set: five, mode: batch, batch_size: 2}, {name: both, prompt_set: five, mode: dual}, {name: hard, prompt_set: five, mode: stress, duration_s: 0.1}]'
one_model='models: [{name: "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=1"}]'
two_models='models: [{name: "synth:gpt2/L=1,d=64,h=1,vocab=300,seed=1"}, {name: "synth:gpt2/L=2,d=64,h=1,vocab=300,seed=1"}]'
backends='backends: [synthetic]'

logs() { find "$1/runs" -path "*/$2/*" -name samples.jsonl; } # DIR SCENARIO
lines() { logs "$1" "$2" | xargs cat | grep -c "$3"; }        # DIR SCENARIO PATTERN
records() { find "$1/runs" -path "*/$2/*" -name 'run_*.json' | xargs grep -l "$3" | wc -l; }
# Lines of one cell that claim the same measurement. Failed tries do not claim it.
duplicates() {
    find "$1/runs" -name samples.jsonl | while read -r f; do
        grep -E '"status":"(ok|degraded)"' "$f" | sed -E 's/.*("invocation":[0-9]+),"segment":[0-9]+,("phase":"[a-z]+","repetition":[0-9]+),"prompt_index":[0-9]+,("agent":[0-9]+),"agents":[0-9]+,("seq":[0-9]+).*/\1\2\3\4/' | sort | uniq -d
    done | wc -l
}
living() { # workers that outlived their chimera
    sleep 0.3
    grep -lsz "CHIMERA_TEST_TAG=$tag" /proc/[0-9]*/environ | wc -l
}
torn() { find "$1/runs" -name samples.jsonl -exec sh -c 'test -z "$(tail -c 1 "$1")" || echo torn' x {} \; | wc -l; }

# ---- the matrix

experiment matrix.yaml "$four_scenarios" "$two_models" "$backends" 'synthetic: prefill_ms=12 decode_ms=0.2'
run matrix.yaml -o matrix
check "a 2 x 4 matrix runs" "$rc" 0
check "single: 1 cold, 5 warm-ups, 15 measured, 2 invocations, 2 models" \
    "$(lines matrix large '"cold"') $(lines matrix large '"warmup"') $(lines matrix large '"measured"')" "4 20 60"
check "batch: 3 requests a pass" \
    "$(lines matrix pairs '"cold"') $(lines matrix pairs '"warmup"') $(lines matrix pairs '"measured"')" "4 12 36"
check "batch: two prompts in each" "$(lines matrix pairs '"batch_size":2,')" 52
check "dual: both agents" \
    "$(lines matrix both '"agent":0.*measured\|measured.*"agent":0') $(lines matrix both 'measured.*"agent":1')" "60 60"
# The second request leaves a scheduler's tick (4 ms) after the first where the cores are taken.
check "dual: they ran at the same time" "$(lines matrix both '"overlap_ms":\(0\.0*\)*[1-9]')" "$(lines matrix both '"phase"')"
# A period is over with the request that passes 100 ms; each takes about 13 ms.
span() { # of the first period of the first log, in ms
    logs matrix hard | head -1 | xargs grep '"invocation":0.*"measured","repetition":0' |
        sed -E 's/.*"submitted_ns":([0-9]+).*"finished_ns":([0-9]+).*/\1 \2/' |
        awk 'NR == 1 {a = $1} {b = $2} END {print int((b - a) / 1e6)}'
}
ms=$(span)
check "stress: a period lasts as long as it was asked to" "$([ "$ms" -ge 100 ] && [ "$ms" -lt 200 ] && echo yes || echo "$ms")" yes
check "a record for each invocation of a cell" "$(records matrix '*' '"status": "ok"')" 16
check "no measurement is there twice" "$(duplicates matrix)" 0
check "no error.txt" "$(find matrix -name error.txt | wc -l)" 0
check "the experiment is there byte for byte" "$(cmp matrix.yaml matrix/experiment.yaml && echo same)" same
check "the manifest says complete" "$(grep -c '"state": "complete"' matrix/manifest.json)" 1
check "workers ended" "$(living)" 0
run matrix.yaml -o matrix
check "a folder that is not empty is refused" "$rc $(grep -c -- --resume err)" "2 1"
before=$(find matrix/runs -name samples.jsonl | sort | xargs cat | cksum)
run matrix.yaml -o matrix --resume
check "resuming what is complete repeats nothing" "$rc $(find matrix/runs -name samples.jsonl | sort | xargs cat | cksum)" "0 $before"
sed 's/max_tokens: 4/max_tokens: 5/' matrix.yaml >other.yaml
run other.yaml -o matrix --resume
check "another experiment is refused, and the key is named" "$rc $(grep -c 'scenarios\[0\].max_tokens: 4 there, 5 here' err)" "2 1"
sed 's/max_tokens: 4/max_tokens: 4\ntimeout_s: 77/' matrix.yaml >patient.yaml
run patient.yaml -o matrix --resume
check "another time limit is the same experiment" "$rc" 0

# ---- order

experiment order.yaml "$two_scenarios" "$two_models" "$backends" 'synthetic: zero' 'order_: x'
sed -i '/order/d' order.yaml
orders() { for s in 7 7 8 9 10 11; do "$chimera" run order.yaml -o none --dry-run --seed $s | cksum; done; }
check "one seed, one order; other seeds, other orders" \
    "$(orders | head -2 | uniq | wc -l) $([ "$(orders | tail -5 | sort -u | wc -l)" -gt 1 ] && echo more)" "1 more"
check "a dry run writes nothing" "$([ -e none ] && echo there)" ""

# ---- faults. A worker fails at its 8th request; the small cell has no more than 6 and runs in a fresh one.

fault() { # NAME, LAW, STATUS, more lines
    name=$1 law=$2 status=$3
    shift 3
    experiment "$name.yaml" "$two_scenarios" "$one_model" "$backends" "synthetic: prefill_ms=1 decode_ms=0.1 $law" "$@"
    run "$name.yaml" -o "$name"
    check "$name: exit 1" "$rc" 1
    check "$name: the cell is $status in both invocations" "$(records "$name" large "\"status\": \"$status\"")" 2
    check "$name: its 7 finished samples stay" "$(lines "$name" large '"status":"ok"')" 14
    check "$name: the failed request is told, without a latency" \
        "$(lines "$name" large "\"status\":\"$status\".*\"latency_ms\":null")" 2
    check "$name: the rest runs" "$(records "$name" small '"status": "ok"') $(lines "$name" small '"measured"')" "2 6"
    check "$name: error.txt has status and reason" \
        "$(find "$name" -name error.txt | xargs grep -c "^status: $status\$") $(find "$name" -name error.txt | xargs grep -c '^reason: ..*')" "2 2"
}
fault crash crash_at=8 crashed
fault abort abort_at=8 crashed
fault hang hang_at=8 timeout 'timeout_s: 0.5'
fault memory memory_mb_at=8:3000 oom 'memory_limit_mb: 300'
fault fail fail_at=8 error

cp -r crash crash2
before=$(find crash2/runs -name samples.jsonl | sort | xargs cat | cksum)
run crash.yaml -o crash2 --resume
check "a cell that crashed is finished: it is not tried again" "$rc $(find crash2/runs -name samples.jsonl | sort | xargs cat | cksum)" "1 $before"
run crash.yaml -o crash2 --resume --retry-failed
check "unless asked: what is missing is tried again, in a further segment" \
    "$rc $(lines crash2 large '"segment":[1-9].*"phase":"measured"') $(duplicates crash2)" "1 4 0"

experiment load.yaml "$two_scenarios" "$two_models" "$backends" 'synthetic: fail_load'
run load.yaml -o load
check "an engine that fails at load: exit 1" "$rc" 1
check "its cells are errors, each invocation" "$(records load '*' '"status": "error"')" 8
check "with the reason in error.txt" "$(find load -name error.txt | xargs grep -l 'reason: .*fails to load' | wc -l)" 4
check "and no latency in any file" "$(grep -rlE '(latency|ttft)_ms\"?:? ?[0-9]' load | wc -l) $(find load -name samples.jsonl | wc -l)" "0 0"
check "metrics.csv has no number for them" "$(sed 's/"[^"]*"//g' load/metrics.csv | grep -c ',error,0,\{13\}0,')" 4

experiment late.yaml "$two_scenarios" "$one_model" "$backends" 'synthetic: load_ms=5000' 'load_timeout_s: 0.4'
run late.yaml -o late
check "an engine that loads too long: its cells are timeouts, with the reason" \
    "$rc $(records late '*' '"status": "timeout"') $(find late -name error.txt | xargs grep -c 'no answer within 0.4 s' | grep -c ':1$')" "1 4 2"

experiment none.yaml "$two_scenarios" "$one_model" 'backends: [tensorrt]'
run none.yaml -o none3
check "nothing can run: exit 3" "$rc" 3

# ---- a worker killed from outside

experiment slow.yaml "$two_scenarios" "$one_model" "$backends" 'synthetic: prefill_ms=40 decode_ms=1'
CHIMERA_TEST_TAG=$tag "$chimera" run slow.yaml -o killed >out 2>err &
pid=$!
until [ "$(cat killed/runs/large/*/*/*/samples.jsonl 2>/dev/null | wc -l)" -ge 3 ]; do sleep 0.02; done
worker=$(cat /proc/$pid/task/$pid/children)
kill -9 $worker
wait $pid
check "kill -9 of a worker: exit 1" $? 1
check "that cell is crashed, once; its other invocation and the other cell are ok" \
    "$(records killed large '"status": "crashed"') $(records killed large '"status": "ok"') $(records killed small '"status": "ok"')" "1 1 2"

# ---- Ctrl-C

for signal in INT TERM; do
    CHIMERA_TEST_TAG=$tag "$chimera" run slow.yaml -o stop$signal >out 2>err &
    pid=$!
    until [ "$(cat stop$signal/runs/large/*/*/*/samples.jsonl 2>/dev/null | wc -l)" -ge 4 ]; do sleep 0.02; done
    # A shell starts what is in the background with SIGINT ignored; chimera reads it from a descriptor all the same.
    kill -$signal $pid
    wait $pid
    check "SIG$signal: exit 130" $? 130
    check "SIG$signal: says how to go on" "$(grep -c -- '--resume' err)" 1
    check "SIG$signal: no worker is left, no line is torn" "$(living) $(torn stop$signal)" "0 0"
    "$chimera" analyze stop$signal --no-figure >out 2>err
    check "SIG$signal: analyze says that the run did not come to its end" \
        "$(grep -c 'did not come to its end' err) $(grep -c '"run_complete": false' stop$signal/statistical_analysis.json)" "1 1"
    run slow.yaml -o stop$signal --resume
    check "SIG$signal: resumed to the end" \
        "$rc $(lines stop$signal large '"measured"') $(lines stop$signal small '"measured"') $(duplicates stop$signal)" "0 30 6 0"
done
run hang.yaml -o twice --only scenario=small
CHIMERA_TEST_TAG=$tag "$chimera" run hang.yaml -o stuck >out 2>err &
pid=$!
until [ "$(cat stuck/runs/large/*/*/*/samples.jsonl 2>/dev/null | wc -l)" -ge 7 ]; do sleep 0.02; done
kill -INT $pid
kill -INT $pid
wait $pid
check "a second Ctrl-C does not wait for a worker that hangs" "$? $(living)" "130 0"

# ---- kill -9 of chimera, at random moments, until it is through

random_ms() { od -An -N2 -tu2 /dev/urandom | awk -v m="$1" '{print $1 % m}'; }
experiment random.yaml "$four_scenarios" "$one_model" "$backends" 'synthetic: prefill_ms=2 decode_ms=0.3'
sed -i 's/^repetitions: 3/repetitions: 12/' random.yaml
survived=0 lost=0
while [ $survived -lt "$kills" ]; do
    CHIMERA_TEST_TAG=$tag "$chimera" run random.yaml -o random --resume >out 2>err &
    pid=$!
    ms=$((200 + $(random_ms 500))) # it looks at the machine first
    sleep "0.$(printf %03d $ms)"
    kill -9 $pid 2>/dev/null || { wait $pid; break; }
    wait $pid 2>/dev/null
    survived=$((survived + 1))
    for f in $(find random/runs -name samples.jsonl 2>/dev/null); do # whole lines never go away
        grep -E '^\{.*\}$' "$f" >whole.new
        if [ -e "$(echo "$f" | tr / _).whole" ]; then
            size=$(wc -c <"$(echo "$f" | tr / _).whole")
            head -c "$size" whole.new | cmp -s - "$(echo "$f" | tr / _).whole" || lost=$((lost + 1))
        fi
        cp whole.new "$(echo "$f" | tr / _).whole"
    done
done
echo "# killed $survived times"
run random.yaml -o random --resume
check "kill -9 of chimera, many times: resumed to the end" "$rc" 0
check "nothing that was written went away" "$lost" 0
check "nothing is there twice" "$(duplicates random)" 0
check "nothing is missing" \
    "$(lines random large '"measured"') $(lines random pairs '"measured"') $(lines random both '"measured"') $(records random hard '"status": "ok"')" "120 72 240 2"
check "no worker outlived it, no line is torn, nothing is half-written" \
    "$(living) $(torn random) $(find random -name '*.json.*' -o -name '*.txt.*' | wc -l)" "0 0 0"

# ---- a full disk

if mkdir disk && mount -t tmpfs -o size=200k tmpfs disk 2>/dev/null; then
    experiment full.yaml 'scenarios: [{name: large, prompt_set: five}]' "$one_model" "$backends" 'synthetic: zero' 'repetitions: 200'
    sed -i '/^repetitions: 3/d' full.yaml
    run full.yaml -o disk/r
    check "a full disk: exit 1, one clear line" "$rc $(grep -c 'No space left.*--resume' err)" "1 1"
    check "a full disk: nothing is half-written" "$(torn disk/r)" 0
    mount -o remount,size=4m disk
    run full.yaml -o disk/r --resume
    check "a full disk: resumed when there is room" "$rc $(lines disk/r large '"measured"') $(duplicates disk/r)" "0 2000 0"
    umount disk
else
    n=$((n + 1))
    echo "ok $n - a full disk # SKIP mounting needs root"
fi

echo "1..$n"
exit $failed
