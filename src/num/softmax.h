/* softmax.h - log-probabilities and divergences of rows of logits, in double. Pure.
 *
 * A row is float32, as engines write it. log p_i = (x_i - max) - log(sum_j exp(x_j - max)), so that
 * nothing overflows and a large common offset cancels exactly. -inf is a token that the model rules
 * out; NaN and +inf are no logits.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct softmax_row {
    const float *x;
    size_t n;
    double max, log_sum; /* of exp(x - max) */
    size_t top;          /* the first largest */
};

/* false: a logit is NaN or +inf, or all are -inf. n at least 1. x is borrowed. */
[[nodiscard]] bool softmax_row_of(const float *x, size_t n, struct softmax_row *ret);

/* -log p of a token, in nats; infinite where its logit is -inf. */
[[nodiscard]] double softmax_nll(const struct softmax_row *r, size_t token);

/* Kullback-Leibler divergence KL(p || q) in nats, rows of the same n. Summed as
 * sum p (exp(d) - 1 - d) with d = log q - log p, whose terms are never negative: the plain sum of
 * p (log p - log q) loses a small divergence in the rounding of its large terms of both signs (the
 * two differ by sum q - sum p = 0; it is the Bregman divergence of x log x). */
[[nodiscard]] double softmax_kl(const struct softmax_row *p, const struct softmax_row *q);
