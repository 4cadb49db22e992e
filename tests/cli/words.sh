#!/bin/sh
# words.sh - every mistake that a person makes at the keyboard is answered with one line that helps, and the
# promised exit status. TAP. usage: words.sh CHIMERA
set -u
chimera=$(realpath "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

says() { # EXIT TEXT ARGS...: nothing on stdout, one line on stderr with TEXT in it
    want=$1 text=$2
    shift 2
    "$chimera" "$@" >out 2>err </dev/null
    got=$?
    ok "chimera $*" sh -c '[ "$1" = "$2" ] && ! [ -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qF -- "$3" err' - \
        "$got" "$want" "$text"
}

cat >study.yaml <<'END'
name: it's a "study" of größe
repetitions: 2
invocations: 2
prompt_sets:
  p: ["one two three", "four five"]
scenarios:
  - {name: single, prompt_set: p, mode: single}
  - {name: "größe und mehr", prompt_set: p, mode: single}
models:
  - {name: "synth:gpt2/L=1,d=16,h=2,vocab=300,ctx=128,seed=1"}
backends: [synthetic]
quantization: {modes: [fp32]}
baseline_backend: synthetic
max_tokens: 4
END
mkdir folder results
cp study.yaml results/experiment.yaml
echo text >file
: >nothing.yaml

says 2 "no such command: 'pln'; did you mean 'plan'?" pln
says 2 "no such command: ''" ''
says 2 "no such option: --clor; did you mean --color?" --clor auto plan
says 2 "plan: no such option: --jsn; did you mean --json?" plan --jsn study.yaml
says 2 "--color: no such choice 'sometimes' (auto|always|never)" --color sometimes plan study.yaml
says 2 "--color needs WHEN" --color
says 2 "--json takes no value" --json=1 doctor
says 2 "no such command: 'model sinth'; did you mean 'model synth'?" model sinth
says 2 "model needs a command" model
says 2 "model export: needs MODEL" model export
says 2 "plan: needs EXPERIMENT" plan
says 2 "'b' is one operand too many" plan study.yaml b
says 2 "it takes options only" doctor x
says 2 "no such experiment file: 'studdy.yaml'; did you mean 'study.yaml'?" plan studdy.yaml
says 2 "did you mean '$work/study.yaml'?" plan "$work/stdy.yaml"
says 2 "no such experiment file: ''" plan ''
says 2 "'results' is a folder; did you mean 'results/experiment.yaml'?" plan results
says 2 "'folder' is a folder; an experiment is a YAML file" plan folder
says 2 "the file is empty" plan nothing.yaml
says 2 "a map of keys is wanted" plan file
says 2 "run: needs -o DIR" run study.yaml
says 2 "--output needs DIR" run study.yaml -o
says 2 "'results' is not empty" run study.yaml -o results
says 1 "'file' is in the way: it is not a folder" run study.yaml -o file
says 1 "cannot make the folder '/proc/x': No such file or directory" run study.yaml -o /proc/x
says 2 "matches no backend of the experiment; it has synthetic" run study.yaml -o o --only backend=nix --dry-run
says 2 "no key 'backnd'; did you mean 'backend'?" plan study.yaml --only backnd=x
says 2 "0 is outside 1..1000000" plan study.yaml --repetitions 0
says 2 "'abc' is no whole number" plan study.yaml --seed abc
says 2 "'nowhere' is no folder" analyze nowhere
says 2 "'folder' is no results folder" analyze folder
says 2 "did you mean 'csv'? (csv|parquet)" analyze --format cvs results
says 3 "no file or folder 'nowhere'; put" model inspect nowhere
says 3 "no file or folder 'nowhere'; put" model export nowhere
says 2 "is no multiple of heads" model synth synth:gpt2/L=1,d=63,h=2
says 2 "it is a folder, and a file is wanted" env -o folder
says 2 "nothing was written" init results

"$chimera" help plan >a 2>err && "$chimera" plan --help >b 2>>err
ok "help plan is plan --help" cmp a b
"$chimera" version >a 2>err && "$chimera" --version >b 2>>err
ok "version is --version" cmp a b

for words in --help "plan study.yaml" "env -o -"; do
    # shellcheck disable=SC2086
    "$chimera" $words >/dev/full 2>err </dev/null
    ok "a full disk behind '$words >' is told" sh -c '[ "$1" = 1 ] && grep -q "cannot write to standard output" err' - $?
    # shellcheck disable=SC2086
    "$chimera" $words >&- 2>err </dev/null
    ok "a closed output of '$words' is told" sh -c '[ "$1" = 1 ] && grep -q "cannot write to standard output" err' - $?
done
ln -s /proc/self/fd/1 stdout # of its own: /dev/stdout must survive a broken chimera
"$chimera" env -o stdout >piped 2>err
ok "env -o on a link to the output writes there" sh -c 'grep -q chimera.env piped && [ -L stdout ]'
"$chimera" env -o stdout 2>err | cat >piped2
ok "and into a pipe" sh -c 'grep -q chimera.env piped2 && [ -L stdout ]'
ln -s target.json link.json
echo old >target.json
"$chimera" env -o link.json 2>err
ok "a link stays, what it points to is replaced" sh -c 'grep -q chimera.env target.json && [ -L link.json ]'

# ---- names with blanks and letters beyond ASCII; every --json is JSON; no HOME

if command -v python3 >/dev/null; then
    valid() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1]))
assert d["schema"].startswith("chimera.") and d["schema"].endswith("/1"), d["schema"]
assert d["chimera_version"] and isinstance(d["generated_from"], dict)' "$1"; }
    json() { # ARGS...
        "$chimera" --json "$@" >json 2>err </dev/null
        ok "--json $* is JSON and nothing else" valid json
    }
    json plan study.yaml
    json doctor
    json env
    json run study.yaml -o 'my größe' --dry-run
    json run study.yaml -o 'my größe'
    json analyze 'my größe'
    answers() { # ARGS...: of no file, so without generated_from
        "$chimera" --json "$@" >json 2>err </dev/null
        ok "--json $* is JSON and nothing else" python3 -c 'import json; assert json.load(open("json"))["schema"]'
    }
    export CHIMERA_CACHE="$work/cache of größe"
    answers init new
    answers model inspect synth:gpt2/L=1,d=64,h=2,vocab=300,ctx=64
    answers model synth synth:gpt2/L=1,d=64,h=2,vocab=300,ctx=64
    answers model export synth:gpt2/L=1,d=64,h=2,vocab=300,ctx=64 -f gguf -o 'my model.gguf'
    find 'my größe' -name '*.json' >files
    while IFS= read -r f; do ok "$f" valid "$f"; done <files
fi
env -u HOME -u XDG_CACHE_HOME -u CHIMERA_CACHE "$chimera" run study.yaml -o homeless -q >out 2>err </dev/null
ok "no HOME: an engine that keeps nothing runs" test $? = 0
ok "--no-figure is no warning" sh -c '"$1" analyze homeless --no-figure >out 2>err && ! [ -s err ]' - "$chimera"
echo no folder >notfolder
CHIMERA_CACHE=$work/notfolder "$chimera" model synth synth:gpt2/L=1,d=16,h=2,vocab=300 >out 2>err
ok "a cache that is a file is told" sh -c '[ "$1" = 1 ] && grep -q "cannot make the folder.*notfolder" err' - $?
before=$(ls)
"$chimera" run study.yaml --dry-run >out 2>err
ok "a dry run needs no folder" sh -c '[ "$1" = 0 ] && [ "$(wc -l <out)" = 4 ]' - $?
ok "and makes none" test "$before" = "$(ls)"

echo "1..$n"
exit $failed
