#!/bin/sh
# quality - text metrics against their Python references: the same corpus of seeded, sentence-like pairs, the same
# run, in turn; CPU time, so that other people's work on the machine counts for nobody.
# Inside both windows: the scoring. Of the references it is the call that scores; of ours the CPU time of the process less
# that of the same process when it reads and checks the same files and computes no metric. Start, imports, reading and
# writing are outside of both. Beside it stands the ratio with all of our process inside, and the scoring alone of theirs.
# A reference that is too slow for all pairs is timed on the first of them, and compared by the time per pair.
# Values of those pairs, of the corpus and of every line, must agree to 1e-9, or this fails.
# RapidFuzz is C++ with a Python face: the bound of 50 is for its Python implementation; the ratio to the C++ stands beside it.
#
# knobs: BENCH_PAIRS, BENCH_ROUNDS; PYTHONPATH for sacrebleu, rouge_score, rapidfuzz
set -eu
# shellcheck source=bench/lib
. "$(dirname "$0")/lib"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "skipped: no python3" && exit 77; }

rc=0
python3 "$(dirname "$0")/quality_references.py" "$CHIMERA" "$work" "${BENCH_PAIRS:-100000}" "${BENCH_ROUNDS:-3}" || rc=$?
[ "$rc" -ne 77 ] || { echo "skipped: none of sacrebleu, rouge_score, rapidfuzz is here (pip install them; PYTHONPATH)" && exit 77; }
[ "$rc" -eq 0 ] || { echo "the references could not be compared, or values differ" && exit 1; }

beside() { [ ! -s "$work/$1" ] || echo "    with start, reading and writing of ours alone: $(median <"$work/$1.whole")"; }
for name in bleu chrf chrf++ rouge edit-python; do
    [ ! -s "$work/$name" ] || figure "$name: times the reference's speed" "" "$(median <"$work/$name")" at-least 50 "$work/$name"
    beside "$name"
done
[ ! -s "$work/edit-c++" ] || figure "edit: times the speed of RapidFuzz's C++" "" "$(median <"$work/edit-c++")" at-least 1 "$work/edit-c++"
beside edit-c++
save quality
