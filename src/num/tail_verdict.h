/* tail_verdict.h - is the p-quantile of latency under a limit? The early stopping rule of MLPerf
 * Inference (mlcommons/inference_policies, inference_rules, appendix "Early Stopping"): a binomial
 * test, exact at any n, that cannot be passed by a small sample with luck. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct tail_verdict_rule {
    double p;          /* the percentile that must hold, such as 0.99 */
    double tolerance;  /* d: what p may fall short by; MLPerf: 0 */
    double confidence; /* c; MLPerf: 0.99 */
};

/* The fewest queries under the limit that t queries over it ask for: the smallest h with
 * P(Bin(h + t, 1 - p + d) <= t) <= 1 - c. 0 where p - d is not in (0, 1) or c not in (0, 1). */
[[nodiscard]] size_t tail_verdict_under(const struct tail_verdict_rule *r, size_t over);

enum tail_verdict : uint8_t {
    TAIL_VERDICT_UNKNOWN,
    TAIL_VERDICT_PASS,      /* the percentile is under the limit, at this confidence */
    TAIL_VERDICT_UNDECIDED, /* more queries could still show it */
    TAIL_VERDICT_FAIL,      /* the percentile is over it, at this confidence */
};

struct tail_verdict_result {
    enum tail_verdict verdict;
    size_t queries, over;
    size_t needed; /* queries under the limit that this many over it ask for */
};

/* x[0..n) in any order; over is x > limit. FAIL is the mirrored test: P(Bin(n, 1 - p + d) >= over)
 * <= 1 - c. */
[[nodiscard]] struct tail_verdict_result tail_verdict_of(const struct tail_verdict_rule *r,
                                                         const double *x, size_t n, double limit);

/* The percentile that the rule vouches for: with t the most queries over the limit that n admits,
 * x without its t - 1 largest ends in it. x ascending. NOT_MEASURED where not even t = 1 is
 * admitted (p99: n < 662). */
[[nodiscard]] double tail_verdict_estimate(const struct tail_verdict_rule *r, const double *x,
                                           size_t n);
