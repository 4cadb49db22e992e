"""What the tests in Python print: TAP, a line per check, as tap.sh does for the shell tests."""

count = failed = 0


def check(label, good, why=""):
    """why is shown where the check fails."""
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {label}", flush=True)
    if not good:
        print(f"# {why}", flush=True)


def skip(label, why):
    global count
    count += 1
    print(f"ok {count} - {label} # SKIP {why}", flush=True)


def done():
    """The plan; what the program ends with: 1 where a check failed."""
    print(f"1..{count}", flush=True)
    return int(failed > 0)
