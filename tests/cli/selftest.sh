#!/bin/sh
# selftest.sh - NIST's certified values, by the program itself; files that are not what they were.
# TAP. usage: selftest.sh CHIMERA ROOT
set -u
chimera=$(realpath "$1") data=$(realpath "$2")/data/nist
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

has() { grep -qE -- "$1" out; }

"$chimera" selftest --only nist >out 2>err
ok "every certified set within a digit of its ceiling" test $? = 0
ok "and said so" has '^within one of it\. [0-9]+ passed, 0 failed$'
sets=$(find "$data" -name '*.dat' | wc -l)
"$chimera" selftest --only nist --json >json 2>err
ok "as JSON" sh -c '[ "$(grep -c "\"set\":" json)" = "$1" ] && grep -q "\"failed\": 0," json' - "$sets"
ok "the simulations were left out" sh -c '! grep -q coverage json'

# The ceilings of LRE_ceilings_binary64.txt, which exact fractions gave: sd of NumAcc3 9.5, SSW of SmLs07 4.3,
# coefficients of Pontius 13.5.
ok "NumAcc3's standard deviation: 9.5" sh -c 'grep -A2 "^NumAcc3" out | grep -qE "standard deviation +9\.5 +9\.5  pass"'
ok "SmLs07, within: 4.3" sh -c 'grep -A2 "^SmLs07" out | grep -qE "within +4\.3 +4\.3  pass"'
ok "Pontius' coefficients: 13.5" sh -c 'grep "^Pontius" out | grep -qE "13\.5 +13\.5  pass"'

mkdir -p mine/below/deeper
cp "$data/linear/Norris.dat" mine/below/deeper/
"$chimera" selftest --only nist --data mine >out 2>err
ok "a folder of one's own, and below" has '^below/deeper/Norris\.dat +coefficients .*pass$'

# One digit of the data, one of a certified value.
sed 's/884\.6/884.7/' "$data/linear/Norris.dat" >mine/datum.dat
"$chimera" selftest --only nist --data mine >out 2>err
ok "exit 1 for another datum" test $? = 1
ok "which is told" has '^datum\.dat .*FAIL: the certified value does not follow from the data'
rm mine/datum.dat
sed 's/1\.00211681802045/1.00211681802945/' "$data/linear/Norris.dat" >mine/value.dat
"$chimera" selftest --only nist --data mine >out 2>err
ok "exit 1 for another certified value" test $? = 1
ok "which is told too" has '^value\.dat +coefficients \(worst: B1\).*FAIL'
rm mine/value.dat

printf 'a,b\n1,2\n' >mine/other.dat
"$chimera" selftest --only nist --data mine >out 2>err
ok "exit 1 for a file of another kind" test $? = 1
ok "one line for it" has "^FAIL other\.dat: none of NIST's families"
rm mine/other.dat

# Windows line ends, and a header without its empty lines.
sed 's/$/\r/' "$data/anova/SiRstv.dat" >mine/SiRstv.dat
grep -v '^ *$' "$data/nonlinear/Misra1a.dat" >mine/Misra1a.dat
"$chimera" selftest --only nist --data mine >out 2>err
ok "line ends and empty lines do not matter" test $? = 0

mkdir empty
"$chimera" selftest --only nist --data empty >out 2>err
ok "a folder without such files" sh -c '[ $1 = 2 ] && grep -q "no .dat file" err' - $?
"$chimera" selftest --only nist --data nowhere >out 2>err
ok "no folder" sh -c '[ $1 != 0 ] && grep -q "nowhere" err' - $?
echo "1..$n"
exit $failed
