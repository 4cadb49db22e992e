#include "lab/logit_diff.h"
#include "test.h"

/* By hand: 1, 2, 3, 4 have the mean 2.5 and the variance (2.25 + 0.25 + 0.25 + 2.25) / 4 = 1.25. */
static void test_deviation(void)
{
    const float x[] = {1, 2, 3, 4};
    CHECK_NEAR("deviation", logit_diff_deviation(x, 4), sqrt(1.25), 1e-12);
    CHECK_NEAR("of nothing", logit_diff_deviation(x, 0), 0, 0);
}

/* Three positions of four tokens, deviation 2, bound 0.25 (= 0.5 in logits). Leads of the
 * reference: 3 - 1 = 2 (checked), 3.25 - 3 = 0.25 (not checked), 5 - 0 = 5 (checked). */
static void test_diff(void)
{
    const float reference[] = {0, 3, 1, 0, /* */ 3, 3.25F, 0, 0, /* */ 5, 0, 0, 0};
    const float x[] = {0, 2.5F, 1, 0, /* */ 3.25F, 3, 0, 0, /* */ 1, 0, 0, 2};
    struct logit_diff d = {};
    logit_diff_add(reference, x, 3, 4, 2, 0.25, &d);
    CHECK_NEAR("largest difference over the deviation", d.worst, 4.0 / 2, 1e-12);
    CHECK("positions", d.positions == 3, "%lld", (long long)d.positions);
    CHECK("a near tie is not checked", d.checked == 2, "%lld", (long long)d.checked);
    CHECK("another choice is seen", d.agreed == 1, "%lld", (long long)d.agreed);

    struct logit_diff same = {};
    logit_diff_add(reference, reference, 3, 4, 2, 0.25, &same);
    CHECK("the same is the same", same.worst == 0 && same.agreed == 2, "%g", same.worst);

    const float broken[] = {0, 3, NAN, 0};
    struct logit_diff nan = {};
    logit_diff_add(reference, broken, 1, 4, 2, 0.25, &nan);
    CHECK("a NaN is no agreement", isinf(nan.worst), "%g", nan.worst);
}

int main(void)
{
    test_deviation();
    test_diff();
    return test_done();
}
