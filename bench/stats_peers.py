"""For bench/stats_bootstrap: times chimera's bootstrap and tests, R's boot and SciPy on the same numbers.

usage: stats_peers.py DRIVER FOLDER PEER_RESAMPLES. Writes FOLDER/figures, "name value at-least|at-most bound unit" a line.
Ends with 1 where results differ: ends of intervals by more than 1 % of their width, p-values by more than 1e-9 of
themselves.
"""

import os
import random
import shutil
import subprocess
import sys
import time

DRIVER, FOLDER, PEER = sys.argv[1], sys.argv[2], int(sys.argv[3])
N, RESAMPLES = 100_000, 10_000
FILES = [os.path.join(FOLDER, name) for name in ("x.txt", "y.txt")]
R_PROGRAM = """
suppressMessages(library(boot))
x <- scan(commandArgs(TRUE)[1], quiet = TRUE); set.seed(1)
t <- system.time(b <- boot(x, function(d, i) mean(d[i]), R = as.integer(commandArgs(TRUE)[2])))[["elapsed"]]
cat(t, quantile(b$t, c(.025, .975)))
"""
figures = []


def ours(*args):
    """{name: [seconds, values...]} of the driver's lines."""
    out = subprocess.run([DRIVER, *args], check=True, capture_output=True, text=True).stdout
    return {line.split()[0]: [float(v) for v in line.split()[1:]] for line in out.splitlines()}


def figure(name, value, how, bound, unit=""):
    figures.append(f"{name.replace(' ', '_')} {value:.3g} {how} {bound} {unit}")


def agree(what, a, b, allowed):
    if abs(a - b) > allowed:
        sys.exit(f"{what}: {a!r} here, {b!r} there")


def check_ends(peer, mine, theirs):
    width = mine[1] - mine[0]
    for a, b in zip(mine, theirs):  # the peer's end errs by some 6 % of the width at 500 resamples
        agree(f"end of the interval beside {peer}", a, b, width * 3 / PEER**0.5)


def main():
    rng = random.Random(20261121)
    for path, mu in zip(FILES, (0.0, 0.01)):
        with open(path, "w", encoding="ascii") as f:
            f.writelines(f"{rng.lognormvariate(mu, 0.5)!r}\n" for _ in range(N))
    seconds, lo, hi, cpu = ours("mean", FILES[0])["mean"]
    alone = ours("mean", FILES[0], "1")["mean"]
    if (lo, hi) != (alone[1], alone[2]):
        sys.exit("one thread and several differ")
    figure("bootstrap of a mean: CPU time of a draw", cpu / (N * RESAMPLES) * 1e9, "at-most", 2, "ns")
    each = seconds / RESAMPLES
    if shutil.which("Rscript"):
        out = subprocess.run(["Rscript", "-e", R_PROGRAM, FILES[0], str(PEER)], capture_output=True, text=True)
        if out.returncode == 0:
            t, a, b = map(float, out.stdout.split())
            check_ends("R", (lo, hi), (a, b))
            figure("bootstrap of a mean: times the speed of R's boot", t / PEER / each, "at-least", 10)
        else:
            print("  skipped: R's boot is not here (r-cran-boot)")
    else:
        print("  skipped: no R")
    try:
        import numpy as np
        from scipy import stats
    except ImportError:
        print("  skipped: no SciPy (pip install scipy; PYTHONPATH)")
    else:
        x, y = (np.loadtxt(path) for path in FILES)
        begin = time.perf_counter()
        got = stats.bootstrap((x,), np.mean, n_resamples=PEER, method="percentile", vectorized=True, batch=50, rng=1)
        t = time.perf_counter() - begin
        check_ends("SciPy", (lo, hi), got.confidence_interval)
        figure("bootstrap of a mean: times the speed of SciPy's bootstrap", t / PEER / each, "at-least", 5)
        mine = ours("tests", *FILES)
        for name, test in (("welch", lambda: stats.ttest_ind(x, y, equal_var=False)),
                           ("mann-whitney", lambda: stats.mannwhitneyu(x, y, method="asymptotic"))):
            test()
            begin = time.perf_counter()
            p = test().pvalue
            t = time.perf_counter() - begin
            agree(name, mine[name][1], p, 1e-9 * p)
            figure(f"{name} of 100,000 and 100,000: times SciPy's speed", t / mine[name][0], "at-least", 0.5)
    figure("200 cells of 50,000: 2,000 hierarchical medians each", ours("cells")["cells"][0], "at-most", 10, "s")
    with open(os.path.join(FOLDER, "figures"), "w", encoding="utf-8") as f:
        f.write("\n".join(figures) + "\n")


main()
