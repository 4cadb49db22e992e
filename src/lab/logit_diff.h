/* logit_diff.h - how far two engines' logits are apart. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct logit_diff {
    double
        worst; /* largest difference over the reference's standard deviation; infinite for a NaN */
    int64_t positions;
    int64_t checked; /* positions where the reference's two best lie further apart than the bound */
    int64_t agreed;  /* of them, those where the greedy choice is the same */
};

/* Of all n numbers around their mean; 0 where n is 0. */
double logit_diff_deviation(const float *x, size_t n);

/* Add positions [positions][vocab] of both to *sum, which starts as {}. bound is in units of
 * deviation. The greedy choice is the first largest logit. */
void logit_diff_add(const float *reference, const float *x, size_t positions, size_t vocab,
                    double deviation, double bound, struct logit_diff *sum);
