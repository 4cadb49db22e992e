#!/usr/bin/env python3
"""Rows of tests/unit/test_studentized.c: both tails of the studentized range, with mpmath's quadrature (Gauss-Legendre) of
the double integral of Copenhaver and Holland (1988) at 25 digits. The upper tail is integrated by itself."""
import mpmath as mp

mp.mp.dps = 25


def cdf(z):
    return mp.erfc(-z / mp.sqrt(2)) / 2


def inner(w, k, upper):
    def f(z):
        a, b = cdf(z), cdf(z - w)
        if upper:
            r = b / a
            return mp.npdf(z) * a ** (k - 1) * -mp.expm1((k - 1) * mp.log1p(-r))
        d = a - b if z < w / 2 else mp.erfc((z - w) / mp.sqrt(2)) / 2 - mp.erfc(z / mp.sqrt(2)) / 2
        return mp.npdf(z) * d ** (k - 1)
    lo, hi = mp.mpf(-10), w / 2 + 12
    n = int(hi - lo) // 2 + 1
    scale = 1 / f(w / 2)  # mp.quad's tolerance is absolute
    with mp.workdps(18):
        return k / scale * mp.quad(lambda z: scale * f(z), [lo + (hi - lo) * i / n for i in range(n + 1)],
                                   method="gauss-legendre", maxdegree=4)


def outer(q, k, v, upper):
    v = mp.mpf(v)
    c = 2 * (v / 2) ** (v / 2) / mp.gamma(v / 2)
    g = lambda s: c * s ** (v - 1) * mp.exp(-v * s * s / 2) * inner(q * s, k, upper)
    s0 = mp.sqrt(v / (v + q * q / 2)) if upper else mp.mpf(1)
    sd = s0 / mp.sqrt(2 * v)
    pts = [mp.mpf(0)] + [p for p in (s0 + sd * j for j in (-9, -6, -4, -2, 0, 2, 4, 6, 9, 13, 20)) if p > 0]
    scale = 1 / g(s0)
    with mp.workdps(18):
        return mp.quad(lambda s: scale * g(s), pts, method="gauss-legendre", maxdegree=4) / scale


for q, k, v in [(8, 3, 10.5), (15, 4, 30), (30, 10, 12.7), (3.5, 100, 60), (9, 100, 33.3), (2, 20, 5.5), (40, 6, 200), (1, 5, 7)]:
    q = mp.mpf(q)
    print("    {%s, %d, %s, %s, %s}," % (mp.nstr(q, 5), k, v, mp.nstr(outer(q, k, v, False), 14), mp.nstr(outer(q, k, v, True), 14)), flush=True)
