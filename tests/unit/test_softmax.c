#include "base/defs.h"
#include "num/softmax.h"
#include "test.h"

static struct softmax_row row_of(const float *x, size_t n)
{
    struct softmax_row r = {};
    CHECK("logits are taken", softmax_row_of(x, n, &r), "refused");
    return r;
}

/* mpmath 1.4.1 with 50 digits, from the same float32 numbers. A naive exp() of 1000 overflows. */
static const float p_logits[] = {1000.5F, 998.25F, 1001.75F, 1000, -3};
static const float q_logits[] = {1000.25F, 998.5F, 1001.5F, 1000.125F, -2};

static void test_probabilities(void)
{
    static const double nll[] = {1.6490956150428761304, 3.8990956150428761304,
                                 0.39909561504287613043, 2.1490956150428761304,
                                 1005.1490956150428761};
    const struct softmax_row p = row_of(p_logits, 5);
    for (size_t i = 0; i < COUNT_OF(nll); i++)
        CHECK_NEAR("-log p", softmax_nll(&p, i), nll[i], 4e-16);
    CHECK("the most likely token", p.top == 2, "%zu", p.top);
    const float tie[] = {1, 3, 3};
    CHECK("of two, the first", row_of(tie, 3).top == 1, "another");
}

static void test_divergence(void)
{
    const struct softmax_row p = row_of(p_logits, 5), q = row_of(q_logits, 5);
    CHECK_NEAR("KL(p || q)", softmax_kl(&p, &q) / 0.010240805934524015363, 1, 1e-13);
    CHECK_NEAR("KL(q || p)", softmax_kl(&q, &p) / 0.011237438708987641062, 1, 1e-13);
    CHECK("KL(p || p)", softmax_kl(&p, &p) == 0, "%g", softmax_kl(&p, &p));

    /* Every third number one float further: mpmath says 2.48e-16, where the plain sum is noise. */
    float x[8], y[8];
    for (int i = 0; i < 8; i++) {
        x[i] = (float)(0.1 * i);
        y[i] = i % 3 == 0 ? nextafterf(x[i], 9) : x[i];
    }
    const struct softmax_row a = row_of(x, 8), b = row_of(y, 8);
    CHECK_NEAR("a divergence below the rounding of its terms",
               softmax_kl(&a, &b) / 2.4763825691268904223e-16, 1, 1e-6);

    /* By hand: p = (1/2, 1/2, 0), q = (1/4, 1/4, 1/2): log 2. The other way it is infinite. */
    const float half[] = {0, 0, -INFINITY}, quarter[] = {0, 0, (float)M_LN2};
    const struct softmax_row h = row_of(half, 3), k = row_of(quarter, 3);
    CHECK_NEAR("a token that the baseline rules out", softmax_kl(&h, &k), M_LN2, 1e-7);
    CHECK("a token that only the candidate rules out", isinf(softmax_kl(&k, &h)), "finite");
    CHECK("its -log p", isinf(softmax_nll(&h, 2)), "finite");
    /* By hand: p = (1, e^-800), q = (e^-800, 1): 800. The term of the second overflows in exp(d).
     */
    const float left[] = {0, -800}, right[] = {-800, 0};
    const struct softmax_row l = row_of(left, 2), r = row_of(right, 2);
    CHECK_NEAR("far apart", softmax_kl(&l, &r), 800 - 1 + 1, 1e-12);
}

static void test_refused(void)
{
    struct softmax_row r;
    const float nan[] = {1, NAN}, inf[] = {1, INFINITY}, none[] = {-INFINITY, -INFINITY};
    CHECK("NaN is no logit", !softmax_row_of(nan, 2, &r), "taken");
    CHECK("+inf is no logit", !softmax_row_of(inf, 2, &r), "taken");
    CHECK("all ruled out is no distribution", !softmax_row_of(none, 2, &r), "taken");
}

int main(void)
{
    test_probabilities();
    test_divergence();
    test_refused();
    return test_done();
}
