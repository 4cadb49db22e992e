"""Writes src/num/modes_table.h (quantiles of the dip of uniform samples, by simulation) and
stats/dip_reference.json (dips of small samples), both by the package diptest, which is not ours.

python3 tests/oracle/dip.py   # numpy 2.4.6, diptest 0.12.0; some minutes
"""

import json
import os
import sys

import diptest
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = [4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000]
UPPER = [1, 0.99, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005]


def table():
    rng = np.random.Generator(np.random.PCG64(20261121))
    rows = []
    for n in SIZES:
        runs = 400_000 if n <= 50 else 200_000 if n <= 500 else 100_000
        d = np.empty(runs)
        done = 0
        while done < runs:
            x = np.cumsum(rng.standard_exponential((1000, n)), axis=1)  # sorted uniforms, scaled
            for row in x:
                d[done] = diptest.dipstat(row, sort_x=False)
                done += 1
        q = np.sqrt(n) * np.quantile(d, [1 - p for p in UPPER])
        rows.append("    {%s}," % ", ".join("%.5f" % v for v in q))
        print(n, rows[-1], file=sys.stderr, flush=True)
    with open(os.path.join(HERE, "../../src/num/modes_table.h"), "w") as f:
        f.write(
            "/* modes_table.h - sqrt(n) times the dip of n uniform values: upper quantiles. Simulated with\n"
            " * 400,000 samples (n to 50), 200,000 (to 500) and 100,000: tests/oracle/dip.py. */\n"
            "#pragma once\n\n#include <stddef.h>\n\n// clang-format off\n"
            "constexpr size_t MODES_TABLE_ROWS = %d;\nconstexpr size_t MODES_TABLE_COLUMNS = %d;\n"
            "static const size_t MODES_TABLE_N[] = {%s};\nstatic const double MODES_TABLE_P[] = {%s};\n"
            "static const double MODES_TABLE[][%d] = {\n%s\n};\n// clang-format on\n"
            % (len(SIZES), len(UPPER), ", ".join(map(str, SIZES)), ", ".join(map(str, UPPER)), len(UPPER), "\n".join(rows))
        )


def reference():
    rng = np.random.Generator(np.random.PCG64(7))
    cases = []
    for k in range(40):
        n = int(rng.integers(4, 120))
        kind = ["normal", "two", "uniform", "ties", "lognormal"][k % 5]
        x = rng.normal(10, 1, n)
        if kind == "two":
            x[: n // 3] += 6
        elif kind == "uniform":
            x = rng.uniform(0, 1, n)
        elif kind == "ties":
            x = np.round(x * 2) / 2
        elif kind == "lognormal":
            x = np.exp(x / 10)
        x = np.sort(np.round(x, 6))
        d, p = diptest.diptest(x)  # p: interpolated in the table of R's diptest (a million samples)
        cases.append({"kind": kind, "x": x.tolist(), "dip": float(d), "p": float(p)})
    with open(os.path.join(HERE, "stats/dip_reference.json"), "w") as f:
        json.dump({"origin": "diptest 0.12.0 (Python), numpy 2.4.6: tests/oracle/dip.py", "cases": cases}, f, indent=1)


reference()
if "--reference" not in sys.argv:
    table()
