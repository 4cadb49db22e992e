#!/bin/sh
# newcomer.sh - what somebody who is new meets: files that are not there, folders without rights, files that were cut,
# an output that is closed or full, and what a null in a file means. TAP. usage: newcomer.sh CHIMERA
set -u
chimera=$(realpath "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1

says() { # LABEL EXIT PATTERN ARGS...: one line that says it
    label=$1 want=$2 pattern=$3
    shift 3
    "$chimera" "$@" >out 2>err
    got=$?
    # shellcheck disable=SC2016 # sh's own
    ok "$label" sh -c '[ "$1" = "$2" ] && grep -q -- "$3" err && [ "$(wc -l <err)" = 1 ]' - "$got" "$want" "$pattern"
}

cat >base.yaml <<'END'
models: [{name: "synth:gpt2/L=1,d=16,h=2,seed=1"}]
backends: [synthetic]
quantization: {modes: [fp32]}
scenarios: [{name: one, prompts: ["one two three", "four five"], mode: single}]
repetitions: 3
invocations: 2
warmup_runs: 1
max_tokens: 4
END
"$chimera" run base.yaml -o base >out 2>err

# ---- words

says "a command that is not there yet is no mistyped one" 2 "no command 'report' yet" report base
printf 'a\n1\n' | gzip >z.csv.gz
says "stats of a compressed table" 1 "compressed with gzip; unpack it first" stats z.csv.gz --value a
for i in 1 2 3 4; do echo "{\"run\": {\"engine\": \"a\"}, \"time.s\": $i, \"time\": {\"all\": $i.5}}"; done >nested.jsonl
if "$chimera" stats nested.jsonl --value time.all --group run.engine --json >out 2>err; then
    ok "stats of a key inside a key" grep -q '"value": 3.0' out # (1.5 + 2.5 + 3.5 + 4.5) / 4
    "$chimera" stats nested.jsonl --value time.s --json >out 2>err
    ok "a key with a point in its name" grep -q '"value": 2.5' out
    says "a key that is nowhere" 2 "has no column 'tine.all'" stats nested.jsonl --value tine.all
else
    skip "stats of a key inside a key" "$(head -c 100 err)"
fi
says "stats of no file" 2 "no such file: 'none.csv'" stats none.csv --value x
says "import of no file" 2 "no such file: 'none.csv'" import none.csv -o d
says "quality of no file" 2 "no such file: 'none.txt'" quality --pred none.txt --ref none.txt --metric exact
says "quality of a folder" 1 "Is a directory" quality --pred base --ref base --metric exact
says "a mistyped check" 2 "no such check: 'cold-strat'; did you mean 'cold-start'?" audit base --check cold-strat
says "audit of nothing" 2 "needs DIR" audit
mkdir locked && chmod 000 locked
if ls locked >/dev/null 2>&1; then
    skip "a folder without rights is told as that" "this user may read everything"
else
    says "a folder without rights is told as that" 1 "Permission denied" analyze locked
fi

# ---- lost samples

copy() { rm -rf cut && cp -r base cut; }
samples() { find cut/runs -name samples.jsonl; }
copy
rm "$(samples)"
"$chimera" analyze cut --no-figure >out 2>err
ok "a samples.jsonl that is gone is missed" grep -q "samples.jsonl: left out 18 lines: the run_<n>.json beside it count them" err
copy
lines=$(wc -l <"$(samples)")
head -4 "$(samples)" >few && mv few "$(samples)"
"$chimera" analyze cut --no-figure >out 2>err
ok "one that was cut at a line is, too" grep -q "left out $((lines - 4)) lines: " err
ok "and the analysis says so" grep -q '"reason": "the run_<n>.json beside it count them, and they are gone"' cut/statistical_analysis.json
"$chimera" analyze base --no-figure >out 2>err
ok "a whole one is not" sh -c '! grep -q "left out" err'

"$chimera" -q analyze base --no-figure >out
cut -d, -f1-16 base/metrics.csv >whole
mkdir alone
(cd base && find runs -name samples.jsonl | tar cf - -T -) | (cd alone && tar xf -)
"$chimera" analyze alone --no-figure >out 2>err
cut -d, -f1-16 alone/metrics.csv >rest
ok "samples alone give the same figures" cmp whole rest
ok "and it is said that nothing proves what ran" grep -q "1 cell without any run_<n>.json" err
copy
find cut -name 'run_*.json' -delete
sed 's/"state": "complete"/"state": "interrupted"/' base/manifest.json >cut/manifest.json
"$chimera" analyze cut --no-figure >out 2>err
ok "those of a run that was interrupted are of an invocation that never ended" grep -q ",skipped,0," cut/metrics.csv

# ---- where the output goes

if [ -w /dev/full ]; then
    "$chimera" audit cut >/dev/full 2>err
    ok "an audit that fails and cannot be written says both" sh -c '[ "$1" = 1 ] && grep -q "standard output" err' - $?
    "$chimera" --help >/dev/full 2>err
    ok "help that cannot be written fails" test $? = 1
else
    skip "an output that is full" "/dev/full is not there"
fi
ok "a reader that leaves is no failure" sh -c '"$1" audit base | head -1 | grep -q .' - "$chimera"
rm -rf cut
mkdir -p cut/runs
printf 'x' >cut/plan.json
"$chimera" compare base cut --fail-on slower >out 2>err
ok "compare ends with 1 for a regression alone" test $? = 3

# ---- a null has its reason beside it, here and in an import

printf 'backend,mean_ms,n_samples\na,1.5,7\nb,2.5,7\n' >rows.csv
"$chimera" -q import rows.csv -o rows >out && "$chimera" -q analyze rows --no-figure >out
"$chimera" -q analyze base --no-figure >out
cat >nulls.py <<'END'
"""Every null of a results folder has a reason: KEY_reason, KEY_why, or reason, why or null_because beside or above it."""
import json, pathlib, sys
words = ("reason", "why", "null_because")
bad = []


def reasons(v, key):
    own = [k for k in v if any(k.endswith(w) for w in words)]
    return [k for k in own if v[k]] or [k for k in own if k.startswith(key)]


def walk(v, path, above):
    if isinstance(v, dict):
        for k, x in v.items():
            here = above + [v]
            if x is None and not k.endswith(words):
                if not any(reasons(a, k) for a in here):
                    bad.append(path + "." + k)
            walk(x, path + "." + k, here)
    elif isinstance(v, list):
        for x in v:
            walk(x, path + "[]", above)


for folder in sys.argv[1:]:
    for file in pathlib.Path(folder).rglob("*.json"):
        v = json.loads(file.read_text())
        for key in ("schema", "chimera_version", "generated_from"):
            if key not in v:
                bad.append(f"{file}: no {key}")
        walk(v, str(file), [])
print("\n".join(sorted(set(bad))))
sys.exit(bool(bad))
END
ok "every JSON file says what it is, and why a null is one" python3 nulls.py base rows
python3 - >out <<'END'
import json
s = json.load(open("rows/statistical_analysis.json"))
print(s["anova"]["significant"], s["anova"]["p_value"])
END
check "what was not tested is not called insignificant" "$(cat out)" "None None"

echo "1..$n"
exit $failed
