# dunnett.py - python3 dunnett.py >stats/dunnett_scipy.json. P(max |T_i| >= t) of Dunnett's statistics:
# both integrals by QUADPACK in SciPy, the product as it stands.
import json
import math
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import norm


def outside(ts, z, lam):
    inside = 1.0
    for l in lam:
        c = math.sqrt(1 - l * l)
        inside *= 1 - norm.sf((ts - l * z) / c) - norm.sf((ts + l * z) / c)
    return 1 - inside


def over_z(ts, lam):
    return 2 * quad(lambda z: norm.pdf(z) * outside(ts, z, lam), 0, 12, epsabs=1e-15, epsrel=1e-12, limit=200)[0]


def upper(t, lam, df):
    if math.isinf(df):
        return over_z(t, lam)
    c = math.log(2) + df / 2 * math.log(df / 2) - gammaln(df / 2)
    f = lambda s: math.exp(c + (df - 1) * math.log(s) - df * s * s / 2) * over_z(t * s, lam) if s > 0 else 0.0
    w = 1 / math.sqrt(2 * df)
    lo, hi = max(0, 1 - 9 * w), 1 + 12 * w
    return quad(f, lo, hi, epsabs=1e-15, epsrel=1e-11, limit=200, points=[p for p in (0.1, 0.5, 1, 1 + 2 * w) if lo < p < hi])[0]


rows = []
for t, n0, n, df in [(1.3315, 10, [10, 10], 27), (1.7725, 10, [10, 10], 27), (2.5, 5, [8, 12, 30], 51), (0.4, 6, [6] * 5, 30),
                     (5, 7, [3, 20], 27), (9, 4, [4, 4, 4], 12), (3, 3, [3, 3], 6), (2.2, 100, [5], 103),
                     (2.5, 10, [10] * 9, math.inf), (2.7, 2, [1, 1], 1.5), (2.4, 30, [30, 30, 30], 1000)]:
    p = upper(t, [math.sqrt(k / (k + n0)) for k in n], df)
    rows.append({"t": t, "n0": n0, "n": n, "df": None if math.isinf(df) else df, "p": p})
print(json.dumps({"origin": "SciPy 1.17.1: dunnett.py", "rows": rows}))
