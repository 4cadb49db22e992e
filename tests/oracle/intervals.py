"""Intervals of num/interval.c by another way: numpy and scipy, written from the papers' formulas
(Nyblom 1992; Woodruff 1952; Price and Bonett 2002). Prints the table of tests/unit/test_interval.c.
"""
import numpy as np
from scipy import integrate, stats


def series(n, ar):
    """The test's data: no generator, so that C makes the same."""
    x, last = [], 0.0
    for i in range(n):
        last = ar * last + ((i * i * 7919 + 31 * i) % 1009) / 1009 - 0.5
        x.append(100 + 20 * last)
    return np.array(x)


def rho(x, bias=3, least=0.0):
    n = len(x)
    if n < 20:
        return 0.0
    d = x - x.mean()
    r = (d[1:] * d[:-1]).sum() / (d * d).sum()
    rho = r + (bias + 4 * r) / n
    return np.clip(rho * min(1, abs(rho) * np.sqrt(n) / 2), least, 0.97)


def tau_quantile(x, p, r=None):
    r, z, total, k = rho(x) if r is None else r, stats.norm.ppf(p), 1.0, 1
    while abs(r ** k) > 1e-4:
        joint = integrate.quad(lambda t: np.exp(-z * z / (1 + np.sin(t))) / (2 * np.pi), 0, np.arcsin(r ** k))[0]
        total += 2 * joint / (p * (1 - p))
        k += 1
    return total


def position(xs, at):
    n = len(xs)
    if not 1 <= at <= n:
        return np.nan
    return np.interp(at, np.arange(1, n + 1), xs)


def nyblom(n, p, tail):
    r = max((k for k in range(0, n + 1) if stats.binom.cdf(k - 1, n, p) <= tail), default=0)
    if r < 1:
        return np.nan
    p0, p1 = stats.binom.cdf(r - 1, n, p), stats.binom.cdf(r, n, p)
    return r + 1 / (1 + r * (1 - p) * (p1 - tail) / ((n - r) * p * (tail - p0)))


def order_at(x, p, conf, wider):
    n, tail = len(x), (1 - conf) / 2
    lo, hi, centre = nyblom(n, p, tail), n + 1 - nyblom(n, 1 - p, tail), n * p + 0.5
    return (position(np.sort(x), centre - (centre - lo) * wider),
            position(np.sort(x), centre + (hi - centre) * wider))


def order(x, p):
    n, tau = len(x), tau_quantile(x, p)
    wider = np.sqrt(tau) * stats.t.ppf(0.975, n / tau - 1) / stats.t.ppf(0.975, n - 1) if tau > 1 else 1
    return order_at(x, p, 0.95, wider)


def order_se(x, p):
    of_two = rho(x, 1.5, -1 / np.sqrt(len(x)))
    lo, hi = order_at(x, p, 0.8, np.sqrt(tau_quantile(x, p, of_two)))
    return np.log(hi / lo) / 2 / stats.norm.ppf(0.9)


def mean_one(x):
    r = rho(x)
    ne = len(x) * (1 - r) / (1 + r)
    half = stats.t.ppf(0.975, ne - 1) * x.std(ddof=1) / np.sqrt(ne) / x.mean()
    return x.mean() * np.exp(-half), x.mean() * np.exp(half)


def mean_units(u):
    m, k, n = np.concatenate(u).mean(), len(u), sum(map(len, u))
    v = sum((len(x) / n * (x.mean() - m)) ** 2 for x in u) * k / (k - 1)
    half = stats.t.ppf(0.975, k - 1) * np.sqrt(v) / m
    return m * np.exp(-half), m * np.exp(half)


def unit_medians(u):
    logs, m = np.log([np.median(x) for x in u]), np.median(np.concatenate(u))
    half = stats.t.ppf(0.975, len(u) - 1) * logs.std(ddof=1) / np.sqrt(len(u))
    return m * np.exp(-half), m * np.exp(half)


def unit_medians_se(u):
    return np.log([np.median(x) for x in u]).std(ddof=1) / np.sqrt(len(u))


def woodruff(u, p, conf=0.95):
    x = np.concatenate(u)
    n, k, q = len(x), len(u), np.quantile(x, p)
    share = (x <= q).mean()
    v = sum(((w <= q).sum() - len(w) * share) ** 2 for w in u) / n ** 2 * k / (k - 1)
    half = stats.t.ppf((1 + conf) / 2, k - 1) * np.sqrt(v if p == 0.5 else v * k / (k - 1))
    return position(np.sort(x), n * (p - half) + 0.5), position(np.sort(x), n * (p + half) + 0.5)


def stopped(u, conf=0.97):
    x = np.sort(np.concatenate(u))
    n, k = len(x), len(u)
    ends = woodruff(u, 0.5, conf)
    got = []
    for end, sign in zip(ends, (-1, 1)):
        share = (x <= end).mean()
        v = sum(((w <= end).sum() - len(w) * share) ** 2 for w in u) / n ** 2 * k / (k - 1)
        got.append(position(x, n * (0.5 + sign * stats.t.ppf((1 + conf) / 2, k - 1) * np.sqrt(v)) + 0.5))
    return min(ends[0], got[0]), max(ends[1], got[1])


def woodruff_se(u, p):
    lo, hi = woodruff(u, p, 0.8)
    return np.log(hi / lo) / 2 / stats.t.ppf(0.9, len(u) - 1)


def ratio(b, a):
    """(at, se, df) of each."""
    vb, va = b[1] ** 2, a[1] ** 2
    like = 1 / (b[2] + 1), 1 / (a[2] + 1)
    df = min((v + w) ** 2 / (v ** 2 / (b[2] + more) + w ** 2 / (a[2] + more)) - more
             for v, w, more in ((vb, va, 2), (*like, 0.5)))
    half = stats.t.ppf(0.975, df) * np.sqrt(va + vb)
    return b[0] / a[0] * np.exp(-half), b[0] / a[0] * np.exp(half)


def show(name, got):
    print(f'    {{"{name}", {got[0]:.17g}, {got[1]:.17g}}},')


def cut(x, sizes):
    return np.split(x, np.cumsum(sizes)[:-1])


show('mean of one', mean_one(series(30, 0)))
show('mean of one, dependent', mean_one(series(100, 0.6)))
show('mean of 10', mean_one(series(10, 0)))
show('median of one', order(series(30, 0), 0.5))
show('median of one, dependent', order(series(100, 0.6), 0.5))
show('median of 6', order(series(6, 0), 0.5))
show('p95 of 100', order(series(100, 0), 0.95))
show('p95 of 300, dependent', order(series(300, 0.6), 0.95))
five = cut(series(25, 0.9), [5] * 5)
twelve = cut(series(120, 0.9), [10] * 12)
uneven = cut(series(60, 0.9), [3, 9, 5, 8, 6, 7, 10, 4, 8])
show('mean of 5 units', mean_units(five))
show('mean of 9 uneven units', mean_units(uneven))
show('median of 5 units', unit_medians(five))
show('median of 12 units', woodruff(twelve, 0.5))
show('median of 9 uneven units', woodruff(uneven, 0.5))
many = cut(series(600, 0.3), [20] * 30)
show('p95 of 30 units', woodruff(many, 0.95))
a = (np.median(np.concatenate(five)), unit_medians_se(five), 4)
b = (np.median(np.concatenate(twelve)), woodruff_se(twelve, 0.5), 11)
show('ratio', ratio(b, a))
one = series(100, 0.6)
c = (np.median(one), order_se(one, 0.5), len(one) / tau_quantile(one, 0.5) - 1)
show('ratio to one invocation', ratio(b, c))
zigzag = np.array([100 + (2 if i % 2 else -2) + (i * i * 7919 % 1009) / 1009 for i in range(40)])
d = (np.median(zigzag), order_se(zigzag, 0.5), len(zigzag) / tau_quantile(zigzag, 0.5) - 1)
show('ratio to one that alternates', ratio(b, d))
show('stopped median of 12 units', stopped(twelve))
states = [w * (1.3 if i % 5 in (1, 3) else 1) for i, w in enumerate(cut(series(300, 0.3), [15] * 20))]
show('stopped median of 20 units in two states', stopped(states))
