#!/usr/bin/env python3
"""Rows of tests/oracle/stats/dist_hard_mpmath.csv: probabilities in hard regions, with mpmath at 80 digits, by
continued fractions and series of its own. usage: dist_rows.py normal|t|F|chi2|beta|binomial|nct
The file holds a sample of these rows, and of rows with parameters drawn log-uniformly over the same ranges."""
import sys, random, mpmath as mp
mp.mp.dps = 80
def ibeta(a, b, x, y):
    """(I_x(a,b), 1 - it); y = 1 - x exactly."""
    if x <= 0: return mp.mpf(0), mp.mpf(1)
    if y <= 0: return mp.mpf(1), mp.mpf(0)
    if x > (a + 1) / (a + b + 2):
        q, p = ibeta(b, a, y, x)
        return p, q
    pre = mp.exp(a * mp.log(x) + b * mp.log(y) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)) / a
    tiny = mp.mpf(10) ** -400
    c, d = mp.mpf(1), 1 - (a + b) * x / (a + 1)
    d = 1 / (d if d else tiny)
    h = d
    m = 1
    while True:
        m2 = 2 * m
        aa = m * (b - m) * x / ((a + m2 - 1) * (a + m2))
        d = 1 + aa * d; d = 1 / (d if d else tiny)
        c = 1 + aa / c; c = c if c else tiny
        h *= d * c
        aa = -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1))
        d = 1 + aa * d; d = 1 / (d if d else tiny)
        c = 1 + aa / c; c = c if c else tiny
        h *= d * c
        if abs(d * c - 1) < mp.mpf(10) ** -45: break
        m += 1
    p = pre * h
    return p, 1 - p
def igamma(a, x):
    if x <= 0: return mp.mpf(0), mp.mpf(1)
    pre = mp.exp(a * mp.log(x) - x - mp.loggamma(a))
    if x < a + 1:
        s = t = 1 / a; n = a
        while abs(t) > abs(s) * mp.mpf(10) ** -45:
            n += 1; t *= x / n; s += t
        return pre * s, 1 - pre * s
    tiny = mp.mpf(10) ** -400
    b = x + 1 - a; c = 1 / tiny; d = 1 / b; h = d; i = 1
    while True:
        an = -i * (i - a); b += 2
        d = an * d + b; d = 1 / (d if d else tiny)
        c = b + an / c; c = c if c else tiny
        h *= d * c
        if abs(d * c - 1) < mp.mpf(10) ** -45: break
        i += 1
    return 1 - pre * h, pre * h
def t(v, x):
    v, x = mp.mpf(v), mp.mpf(x)
    p, _ = ibeta(v / 2, mp.mpf(1) / 2, v / (v + x * x), x * x / (v + x * x))
    q = ibeta(v / 2, mp.mpf(1) / 2, v / (v + x * x), x * x / (v + x * x))[0] / 2
    return (1 - q, q) if x > 0 else (q, 1 - q)
def F(m, n, x):
    m, n, x = map(mp.mpf, (m, n, x))
    return ibeta(m / 2, n / 2, m * x / (m * x + n), n / (m * x + n))
def chi2(v, x): return igamma(mp.mpf(v) / 2, mp.mpf(x) / 2)
def beta(a, b, x):
    x = mp.mpf(x); return ibeta(mp.mpf(a), mp.mpf(b), x, 1 - x)
def binom(n, p, k):
    p = mp.mpf(p); q, r = ibeta(mp.mpf(n - k), mp.mpf(k + 1), 1 - p, p); return q, r
def normal(x):
    x = mp.mpf(x); return mp.erfc(-x / mp.sqrt(2)) / 2, mp.erfc(x / mp.sqrt(2)) / 2
def nct(v, d, x):
    """Trapezoidal rule in u = log s on the density of sqrt(chi2_v / v), s = e^u."""
    v, d, x = map(mp.mpf, (v, d, x))
    with mp.workdps(40):
        lc = mp.log(2) + v / 2 * mp.log(v / 2) - mp.loggamma(v / 2)
        def both(h):
            lo = hi = mp.mpf(0); k = 0; 
            out = [mp.mpf(0), mp.mpf(0)]
            def term(u):
                s = mp.exp(u); w = mp.exp(lc + v * u - v * s * s / 2); z = (x * s - d) / mp.sqrt(2)
                return w * mp.erfc(-z) / 2, w * mp.erfc(z) / 2
            for sign in (1, -1):
                k = 0 if sign == 1 else 1; small = 0; peak=[mp.mpf(0),mp.mpf(0)]
                while True:
                    a, b = term(sign * k * h); out[0] += a; out[1] += b
                    peak[0]=max(peak[0],a,out[0]*0); peak[1]=max(peak[1],b)
                    if a <= out[0] * mp.mpf(10) ** -28 and b <= out[1] * mp.mpf(10) ** -28 and k*h > 0.3: 
                        small += 1
                        if small > 8: break
                    else: small = 0
                    k += 1
                    if k > 200000: break
            return out[0] * h, out[1] * h
        h = mp.mpf(1) / 4 / max(1, mp.sqrt(v) / 3 )
        a = both(h)
        for _ in range(8):
            h /= 2; b = both(h)
            if all(abs(p - q) <= abs(q) * mp.mpf(10) ** -20 for p, q in zip(a, b)): return b
            a = b
        return b
rows = []
def row(dist, params, x, pq):
    p, q = pq
    rows.append((dist, ",".join(params), repr(x), mp.nstr(p, 20), mp.nstr(q, 20)))
if __name__ == "__main__":
    which = sys.argv[1]
    small = mp.mpf(10) ** -307
    def ok(pq): return min(pq) > small
    if which == "normal":
        for x in [-38, -37.5, -30, -26.7, -12.25, -1e-5, -1e-300, 1e-12, 0.3, 0.6744897501960817, 1.25, 4.999, 8.3, 17, 37.6]:
            row("normal", [], x, normal(x))
    if which == "t":
        for v in [0.01, 0.1, 0.5, 1, 1.5, 2.7, 3, 9.3, 47.1, 300.25, 12345.5, 1e6, 1e8, 1e10, 1e15]:
            for x in [1e-10, 1e-3, 0.1, 0.7, 1, 1.96, 3.3, 8, 20, 35, 100, 1e4, 1e10, 1e50, 1e100, 1e140, -0.2, -2.5, -1e3, -36]:
                if v > 1e6 and abs(x) > 40: continue
                pq = t(v, x)
                if ok(pq): row("t", [repr(v)], x, pq)
    if which == "F":
        D = [0.1, 0.5, 1, 2, 3.7, 10, 100, 31622.7, 1e6, 1e9]
        for m in D:
            for n in D:
                for x in [1e-6, 1e-3, .1, .5, .9, 1, 1.001, 1.1, 2, 5, 30, 1e3, 1e8]:
                    pq = F(m, n, x)
                    if ok(pq): row("F", [repr(m), repr(n)], x, pq)
    if which == "chi2":
        for v in [1e-4, 0.01, .3, 1, 2, 7.5, 100, 1e4, 1e6, 1e8]:
            xs = [1e-20, 1e-3, .1, 1, 3.84, 10, 50, 300, 1380] + [float(v) + k * (2 * v) ** .5 for k in (-20, -6, -3, -1, 0, .5, 2, 5, 12, 30)]
            for x in xs:
                if x <= 0: continue
                if v > 1e5 and abs(x - v) > 60 * (2 * v) ** .5: continue
                pq = chi2(v, x)
                if ok(pq): row("chi2", [repr(v)], x, pq)
    if which == "beta":
        D = [1e-10, 1e-5, 1e-3, .1, .5, 1, 2.5, 30, 1e3, 1e6]
        for a in D:
            for b in D:
                for x in [1e-300, 1e-20, 1e-5, .01, .3, .5, .9, .999, 1 - 1e-10]:
                    pq = beta(a, b, x)
                    if ok(pq): row("beta", [repr(a), repr(b)], x, pq)
                x = a / (a + b)
                pq = beta(a, b, x)
                if ok(pq): row("beta", [repr(a), repr(b)], x, pq)
    if which == "binomial":
        for n in [1, 5, 30, 1000, 10**6, 10**9]:
            for p in [1e-10, .01, .3, .5, .95, .999]:
                sd = (n * p * (1 - p)) ** .5
                ks = sorted({k for k in [0, 1, n // 10, n // 2, n - 1] + [int(n * p + j * sd) for j in (-20, -5, -1, 0, 2, 6, 25)] if 0 <= k < n})
                for k in ks:
                    if n > 10**5 and abs(k - n * p) > 40 * sd + 40: continue
                    pq = binom(n, p, k)
                    if ok(pq): row("binomial", [str(n), repr(p)], k, pq)
    if which == "nct":
        for v in [1, 2, 3.5, 8, 25.3, 100, 1000, 1e5]:
            for d in [-3, 0, 0.1, 1, 2.5, 7, 20, 38.5, 60]:
                xs = sorted({round(z, 3) for z in [-5, -1, 0, 0.5, 2, d, d * 0.5, d * 0.9, d * 1.1 + .3, d * 1.5 + 2, d * 2 + 6, d * 3 + 20]})
                for x in xs:
                    pq = nct(v, d, x)
                    if ok(pq): row("nct", [repr(v), repr(d)], x, pq)
    for r in rows: print('%s,"%s",%s,%s,%s' % r)
