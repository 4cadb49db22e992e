#!/bin/sh
# quality.sh - chimera quality from outside: figures, several references, two systems, mistakes. TAP.
# usage: quality.sh CHIMERA
set -u
chimera=$(realpath "$1")
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

says() { # TEXT ARGS...: exit 2, nothing on stdout, one line on stderr with TEXT in it
    text=$1
    shift
    "$chimera" quality "$@" >out 2>err </dev/null
    got=$?
    ok "quality $*" sh -c '[ "$1" = 2 ] && ! [ -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qF -- "$2" err' - \
        "$got" "$text"
}
value() { # NAME ARGS...: of the first system
    name=$1
    shift
    "$chimera" --json quality "$@" --bootstrap 0 2>err |
        sed -n "/^ *\"$name\": {/,/}/s/^ *\"value\": \\([^,]*\\),*/\\1/p" | head -1
}
is() { # LABEL GOT WANT
    ok "$1: $2" test "$2" = "$3"
}

printf 'testing\nthe cat sat\nthe cat sat\nx\n\nabc\n' >pred
printf 'testing one two\nthe cat sat\na dog ran\nx\n\nabd\n' >ref
printf 'testing one two\na cat\na dog ran\nx\n\nabd\n' >second
head -5 ref >short
: >empty
printf 'fine\ncaf\351\n' >latin

# want: by hand. rouge1: 0.5, 1, 0, 1, 0, 0; an empty pair has no word. Exact: lines 2, 4 and 5.
is "ROUGE-1 by hand" "$(value rouge1 -p pred -r ref)" 0.4166666666666667
is "exact match by hand" "$(value exact_match -p pred -r ref)" 0.5
is "of two references the best" "$(value exact_match -p pred -r second -r ref)" 0.5
is "Levenshtein by hand: 8, 0, 8, 0, 0, 1" "$(value levenshtein -p pred -r ref)" \
    2.8333333333333335
printf 'The CAT, sat!\nb\nc\nd\ne\nf\n' >loud
printf 'cat  sat\nb\nc\nd\ne\nf\n' >calm
is "as SQuAD compares" "$(value exact_match -p loud -r calm --exact-normalize squad)" 1.0
printf 'caf\303\251\n' >one
printf 'cafe\314\201\n' >two
is "two forms of a letter" "$(value exact_match -p one -r two)" 0.0
is "are one in NFC" "$(value exact_match -p one -r two --unicode nfc)" 1.0
printf 'a b\nc d\0e' >lines
printf 'c d\na b\0e' >turned
is "lines of one text are sentences" "$(value rougeLsum -p lines -r turned --delimiter '\0')" 1.0
is "and its order counts without them" "$(value rougeL -p lines -r turned --delimiter '\0')" 0.75
printf 'a\r\nb\r\n' >crlf
printf 'a\nb\n' >lf
is "a carriage return is no text" "$(value exact_match -p crlf -r lf)" 1.0

"$chimera" quality -p pred -p ref -r ref -m exact >out 2>err
is "two systems" "$?$(grep -c '+0.5000' out)" 01
# want: three of six lines differ, all the same way: of 64 exchanges 2 * 8 reach the difference, p about 1/4.
is "p by hand" "$(awk '/\+0.5000/ { print ($NF > 0.235 && $NF < 0.265) }' out)" 1
"$chimera" quality -p pred -p ref -r ref -m exact >again 2>err
ok "the same twice" cmp out again
"$chimera" quality -p pred -r ref -m semantic --json >out 2>err
ok "without a model no similarity" grep -q '"reason": "no' out

says "needs --pred FILE" -r ref
says "needs --ref FILE" -p pred
says "'pred' has 6 lines, 'short' has 5" -p pred -r short
says "'empty': the file is empty" -p pred -r empty
says "'latin' line 2, byte 4: not UTF-8 (byte 0xe9)" -p pred -r latin
says "did you mean 'rouge'?" -p pred -r ref -m roge
says "did you mean 'rougeLsum'?" -p pred -r ref --rouge-types rougeLsun
says "did you mean 'jaro_winkler'?" -p pred -r ref --edit-types jarowinkler
says "--metric: it is empty" -p pred -r ref -m ,
says "'exp' takes none; floor and add-k do" -p pred -r ref --smooth-value 0.5
says "--tokenize: no such choice '13b'" -p pred -r ref --tokenize 13b
says "it takes options only" pred ref

echo "1..$n"
exit $failed
