"""The widest gap of num/modes_gap.c by another way: NumPy, from the words of its header. Prints
what tests/unit/test_modes.c expects."""
import numpy as np


def series(n, step):
    """The test's data: no generator, so that C makes the same."""
    i = np.arange(n)
    return 0.05 * ((i * i * 7919 + 31 * i) % 1009) / 1009 + np.where(i * 7 % 10 < 3, step, 0)


def widest(z, df, least):
    s = np.sort(z)
    best = (-1, None)
    for k in range(least, len(s) - least + 1):
        a, b = s[:k], s[k:]
        sd = np.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / df)
        best = max(best, ((b[0] - a[-1]) / sd, (a[-1] + b[0]) / 2))
    return best


def gap(x, units):
    n, least = len(x), max(3, int(np.ceil(0.08 * len(x))))
    of = np.repeat(np.arange(units), n // units)
    if units == 1:
        z, c = x, widest(x, n - 2, least)
    else:
        z, c = x, widest(x, n - 2, least)
        for _ in range(3):
            part = np.where(z > c[1], z[z > c[1]].mean(), z[z <= c[1]].mean())
            level = np.array([(x - part)[of == u].mean() for u in range(units)])
            z = x - level[of]
            c = widest(z, n - units - 1, least)
    high = z > c[1]
    mixed = np.mean([0 < high[of == u].sum() < (of == u).sum() for u in range(units)])
    return c[0], c[1], high.mean(), z[high].mean(), z[~high].std(ddof=1), mixed


for label, x, units in (("30 values", series(30, 0.2), 1),
                        ("5 units of 10", series(50, 0.2) + np.repeat([0, 0.06, -0.05, 0.03, 0.08], 10), 5),
                        ("units that differ, one mode", series(50, 0) + np.repeat([0, 0, 0.5, 0, 0.5], 10), 5)):
    print(f'    {{"{label}", ' + ", ".join(f"{v:.16g}" for v in gap(x, units)) + "},")

levels = np.log([10.1, 13.2, 10.3, 9.9, 10.2, 13.0, 10.0, 9.8])
gap, cut = widest(levels, len(levels) - 2, 2)
print(f'    groups: {gap * np.sqrt(len(levels) - 2):.16g}, {cut:.16g}')
