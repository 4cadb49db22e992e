#!/bin/sh
# analyze.sh - chimera analyze from outside: what it writes, twice the same, and what it refuses. TAP.
# usage: analyze.sh CHIMERA SOURCE-ROOT
set -u
chimera=$(realpath "$1") root=$2
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

refuses() { # LABEL EXIT PATTERN ARGS...: fails with that status and one line that says why
    label=$1 want=$2 pattern=$3
    shift 3
    "$chimera" analyze "$@" >"$work/out" 2>"$work/err"
    got=$?
    ok "$label" sh -c '[ "$1" = "$2" ] && [ "$(wc -l <"$3")" = 1 ] && grep -q -- "$4" "$3"' - \
        "$got" "$want" "$work/err" "$pattern"
}
fresh() { rm -rf "${work:?}/$1" && cp -r "$root/tests/golden/results/small" "$work/$1"; }
quiet() { "$chimera" analyze "$@" >"$work/out" 2>"$work/err"; }
derived="metrics.csv samples.csv statistical_analysis.json quality_analysis.json"

fresh a
quiet "$work/a"
for f in $derived; do ok "writes $f" test -s "$work/a/$f"; done
ok "the table shows every cell" sh -c '[ "$(grep -c "^[a-z]*-cpu " "$1")" = 7 ]' - "$work/out"
ok "a row for every cell" sh -c '[ "$(wc -l <"$1")" = 8 ]' - "$work/a/metrics.csv"
ok "a row for each of the 32 samples, none for what was left out" \
    sh -c '[ "$(grep -c synth:gpt2 "$1")" = 32 ]' - "$work/a/samples.csv"
ok "a crashed cell has no latency" \
    sh -c 'grep "^single,transformers-cpu,fp32" "$1" | grep -q ",crashed,0,,,,,,,,,,,"' - \
    "$work/a/metrics.csv"
if command -v gnuplot >/dev/null; then
    ok "draws a PNG" sh -c 'head -c 4 "$1" | grep -q PNG' - "$work/a/latency_by_backend.png"
else
    ok "says why there is no figure" grep -q gnuplot "$work/err"
fi

mkdir "$work/first"
for f in $derived; do mv "$work/a/$f" "$work/first/"; done
png=$work/a/latency_by_backend.png
[ -f "$png" ] && mv "$png" "$work/first/"
quiet "$work/a"
for f in "$work"/first/*; do ok "again, the same ${f##*/}" cmp "$f" "$work/a/${f##*/}"; done
quiet "$work/a"
ok "what is derived is no input" cmp "$work/first/statistical_analysis.json" \
    "$work/a/statistical_analysis.json"

PATH=/nowhere "$chimera" analyze "$work/a" >"$work/out" 2>"$work/err"
ok "without gnuplot it is a note, not a failure" test $? = 0
ok "and the note says how to get it" grep -q "gnuplot-nox" "$work/err"

if quiet "$work/a" --format parquet --no-figure || ! grep -q "need DuckDB" "$work/err"; then
    ok "parquet" sh -c 'head -c 4 "$1" | grep -q PAR1' - "$work/a/samples.parquet"
fi
fresh one
if taskset -c "$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')" "$chimera" analyze "$work/one" --no-figure \
    >"$work/out" 2>"$work/err"; then
    for f in $derived; do ok "on one CPU, the same $f" cmp "$work/first/$f" "$work/one/$f"; done
fi
ok "nothing else is left there" sh -c '! find "$1" -name "samples.csv?*" -o -name "*.part" | grep -q .' - "$work/one"
"$chimera" --json analyze "$work/a" --no-figure >"$work/out" 2>/dev/null
ok "--json prints JSON" sh -c 'head -c 1 "$1" | grep -q "{" && grep -q "\"cells\"" "$1"' - "$work/out"

fresh b
quiet "$work/a" "$work/b" -o "$work/both" --no-figure
ok "replicate runs are read together" \
    sh -c 'grep -q "^single,llamacpp-cpu,.*,ok,12,20" "$1"' - "$work/both/metrics.csv"
ok "and told apart" sh -c 'grep -q "^1,single" "$1"' - "$work/both/samples.csv"
sed -i 's/1111/2222/' "$work/b/manifest.json"
refuses "different experiments are no replicates" 2 "different experiments" "$work/a" "$work/b"
refuses "nor is a run of itself" 2 "given twice" "$work/a" "$work/a"
refuses "no such folder" 2 "is no folder" "$work/none"
mkdir "$work/empty"
refuses "no results folder" 2 "is no results folder" "$work/empty"
mkdir "$work/empty/runs"
refuses "an empty one" 2 "is empty" "$work/empty"
run=$(find "$work/b/runs" -name 'run_0.json' | head -n 1)
echo '{"status":' >"$run"
"$chimera" -q analyze "$work/b" -o "$work/broken" >"$work/out" 2>"$work/told"
ok "a broken run record does not refuse the folder" test $? = 0
ok "and is named" grep -q "/run_0.json:2:1: not JSON: " "$work/told"

# Names that mean something to a shell, to SQL or to a pattern are only names.
odd="$work/it's [a] *odd* folder"
cp -r "$root/tests/golden/results/small" "$odd"
quiet "$odd" --no-figure
ok "an odd name is only a name" cmp "$odd/metrics.csv" "$work/first/metrics.csv"

# Nothing was measured: still a table of cells, no figure.
fresh c
find "$work/c/runs" -name '*.json*' -exec rm {} +
quiet "$work/c"
ok "a run that never began is a table of skipped cells" \
    sh -c '[ "$(grep -c ",skipped,0," "$1")" = 6 ]' - "$work/c/metrics.csv"

echo "1..$n"
exit $failed
