# tap.sh - TAP for shell tests, sourced. The test sets $work, its own folder, and ends with `exit $failed` after
# its plan "1..$n".
# shellcheck shell=sh
# shellcheck disable=SC2034 # n and failed are read by the test
n=0 failed=0

ok() { # LABEL, then a command that must succeed; what it and the command before it said is shown when it does not
    label=$1
    shift
    n=$((n + 1))
    if "$@" >"$work/check" 2>&1; then
        echo "ok $n - $label"
    else
        echo "not ok $n - $label"
        cat "$work/check" "$work/err" 2>/dev/null | sed 's/^/# /'
        failed=1
    fi
}

skip() { # LABEL REASON
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

check() { # LABEL GOT WANT
    n=$((n + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "# got '$2', want '$3'"
        sed 's/^/# /' "$work/err" 2>/dev/null | tail -5
        failed=1
    fi
}
