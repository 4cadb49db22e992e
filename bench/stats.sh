#!/bin/sh
# stats - the whole of `chimera analyze` and `chimera audit` on many samples in 200 cells: time, peak memory, growth.
# Inside the window: the process from its start to its end, every file written but the figure (gnuplot is not ours).
# Outside: writing the results folders, which lie in BENCH_WORK (else in the system's folder for temporary files) and are
# in the page cache when they are read. 1 and 10 million samples; 100 million with BENCH_LARGE=1, which takes 27 GB of
# disk and some minutes. Compact lines are those of `chimera import` (170 bytes), full ones those of the lab (870 bytes).
# Beside it in the same run: what two processes take to read and digest (SHA-256) the same bytes and do nothing else.
set -eu
# shellcheck source=bench/lib
. "$(dirname "$0")/lib"
# shellcheck source=bench/stats_bootstrap
. "$(dirname "$0")/stats_bootstrap"
make="$(dirname "$CHIMERA")/bench/stats_make"
[ -x "$make" ] || ninja -C "$(dirname "$CHIMERA")" bench/stats_make >/dev/null
work=$(mktemp -d "${BENCH_WORK:-${TMPDIR:-/tmp}}/chimera-stats.XXXXXX")
trap 'rm -rf "$work"' EXIT
cells=200
export LC_ALL=C

# measured NAME COMMAND...: wall s, CPU s and peak MB of it, into $work/NAME
measured() {
    name=$1
    shift
    rc=0
    /usr/bin/time -q -f '%e %U %S %M' -o "$work/$name" "$@" >"$work/out" 2>"$work/err" || rc=$?
    [ $rc -le 1 ] || { tail -3 "$work/err" && exit 1; } # 1: the audit found something
    awk '{printf "%s %.2f %.0f\n", $1, $2 + $3, $4 / 1024}' "$work/$name" >"$work/$name.row"
}
field() { awk -v i="$2" '{print $i}' "$work/$1.row"; }

run() { # KIND MILLIONS
    samples=$(($2 * 1000000)) tag=$1_$2
    "$make" "$work/data" $samples $cells "$1"
    bytes=$(find "$work/data" -name samples.jsonl -size +0 -exec cat {} + | wc -c)
    measured "digest_$tag" sh -c \
        'find "$1" -name samples.jsonl -print0 | xargs -0 -n 8 -P 2 openssl dgst -sha256' - "$work/data"
    measured "analyze_$tag" "$CHIMERA" analyze "$work/data" --no-figure
    [ $rc = 0 ] || { tail -3 "$work/err" && exit 1; }
    rows=$(wc -l <"$work/data/samples.csv")
    [ "$rows" = $((samples + 1)) ] || { echo "$tag: samples.csv has $rows lines" && exit 1; }
    rm "$work/data/samples.csv"
    measured "audit_$tag" "$CHIMERA" audit "$work/data"
    echo "  $2 million $1 lines, $((bytes / 1000000)) MB:"
    for what in digest analyze audit; do
        echo "    $what: $(field "${what}_$tag" 1) s, $(field "${what}_$tag" 2) s of CPU, $(field "${what}_$tag" 3) MB"
    done
    rm -rf "$work/data"
}

"$make" "$work/warm" 1000 $cells compact && "$CHIMERA" analyze "$work/warm" --no-figure >/dev/null 2>&1
run compact 1
run compact 10
run full 10
large=10
[ "${BENCH_LARGE:-0}" != 1 ] || { run compact 100 && large=100; }

# The exponent of the time's growth, of CPU time: 1 is linear, n log n is 1.06 to 1.08 here.
for what in analyze audit; do
    figure "growth of $what from 1 to $large million, exponent" "" \
        "$(echo "$(field ${what}_compact_1 2) $(field ${what}_compact_$large 2)" |
            awk -v n=$large '{print log($2 / $1) / log(n)}')" at-most 1.1
done
for kind in compact full; do
    figure "analyze, 10 million $kind lines" s "$(field analyze_${kind}_10 1)" at-most 20
    figure "audit, 10 million $kind lines" s "$(field audit_${kind}_10 1)" at-most 20
    figure "peak memory of both, 10 million $kind lines" MB \
        "$(cat "$work/analyze_${kind}_10.row" "$work/audit_${kind}_10.row" | awk '$3 > m {m = $3} END {print m}')" at-most 2000
done
bootstrap_figures "$work"
save stats
