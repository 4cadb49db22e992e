"""How often the 95 % interval of a mean of dependent -log p holds the truth, by the number of blocks. The numbers in
docs/METHOD.md, "Perplexity". Needs numpy and scipy; minutes.

-log p is skewed (gamma); each paragraph has a mean of its own that its neighbour half shares: harder than the texts
that were looked at.
"""

import numpy as np
import scipy.stats as st

rng = np.random.default_rng(1)


def coverage(tokens, stride, paragraph, blocks, repeats=2000):
    hits = dict.fromkeys(blocks, 0)
    windows = tokens // stride
    window = np.minimum(np.arange(tokens) // stride, windows - 1)
    for _ in range(repeats):
        means = rng.normal(0, 0.35, tokens // paragraph + 2)
        means = means[1:] + 0.7 * means[:-1]
        y = 3 + np.repeat(means, paragraph)[:tokens] + rng.gamma(0.7, 2.2, tokens) - 0.7 * 2.2
        for most in blocks:
            g = min(most, windows)
            block = window * g // windows
            total, size = np.bincount(block, y, g), np.bincount(block, minlength=g)
            mean = total.sum() / tokens
            se = np.sqrt(g / (g - 1) * ((total - mean * size) ** 2).sum()) / tokens
            hits[most] += abs(mean - 3) <= st.t.ppf(0.975, g - 1) * se
    return {g: round(n / repeats, 3) for g, n in hits.items()}


for tokens, stride, paragraph in (30000, 128, 120), (30000, 256, 400), (8000, 256, 400), (3000, 64, 200):
    print(tokens, stride, paragraph, coverage(tokens, stride, paragraph, (5, 10, 15, 30, 10**9)))
