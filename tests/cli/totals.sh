#!/bin/sh
# totals.sh - the last line of a test run tells the truth. TAP. usage: totals.sh SOURCE-ROOT
# want: counted by hand from each log.
set -u
root=$1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0 failed=0

expect() { # LABEL LAST-LINE EXIT EXIT-OF-MESON; the log on the standard input
    cat >"$log"
    n=$((n + 1))
    got=$(sh "$root/tests/totals" "$log" "$4")
    code=$?
    last=$(printf '%s\n' "$got" | tail -1)
    if [ "$last" = "$2" ] && [ $code = "$3" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "# got '$last' and exit $code, want '$2' and exit $3"
        failed=1
    fi
}

expect "points are counted" "3 passed, 0 failed" 0 0 <<'EOF'
{"name": "a", "stdout": "ok 1 - x\nok 2 - \"quoted\" \\ y\n1..2\n", "result": "OK"}
{"name": "b", "stdout": "ok 1\n1..1\n# 1 passed\n", "result": "OK"}
EOF
expect "a failed point" "1 passed, 1 failed" 1 1 <<'EOF'
{"name": "a", "stdout": "ok 1 - x\nnot ok 2 - y\n# why\n1..2\n", "result": "FAIL"}
EOF
expect "a crash after good points is a failure" "2 passed, 1 failed" 1 1 <<'EOF'
{"name": "a", "stdout": "ok 1 - x\nok 2 - y\n", "result": "ERROR"}
EOF
expect "a time-out without a word is a failure" "0 passed, 1 failed" 1 1 <<'EOF'
{"name": "a", "stdout": "", "result": "TIMEOUT"}
EOF
expect "a test without points is one" "1 passed, 0 failed" 0 0 <<'EOF'
{"name": "layers", "result": "OK"}
EOF
expect "a skipped point" "1 passed, 0 failed, 1 skipped" 0 0 <<'EOF'
{"name": "a", "stdout": "ok 1 - x\nok 2 - gpu # SKIP no device\n1..2\n", "result": "OK"}
EOF
expect "a skipped program" "1 passed, 0 failed, 1 skipped" 0 0 <<'EOF'
{"name": "a", "stdout": "1..0 # SKIP no engine\n", "result": "SKIP"}
{"name": "b", "result": "OK"}
EOF
expect "only skips is a failure" "0 passed, 1 failed, 1 skipped" 1 0 <<'EOF'
{"name": "a", "stdout": "1..0 # SKIP no engine\n", "result": "SKIP"}
EOF
expect "nothing is a failure" "0 passed, 1 failed" 1 0 <<'EOF'
EOF
expect "meson's own failure is one" "1 passed, 1 failed" 1 1 <<'EOF'
{"name": "b", "result": "OK"}
EOF

echo "1..$n"
exit $failed
