/* By hand; quartiles of type 7. */
#include "base/defs.h"
#include "num/outlier.h"
#include "test.h"

int main(void)
{
    /* median 12; distances 0 0 1 1 2 2 88: their median 1 */
    const double x[] = {10, 11, 12, 12, 13, 14, 100};
    double scratch[7];
    struct outlier_scale s = outlier_scale(x, 7, 0, scratch);
    CHECK_NEAR("median", s.centre, 12, 0);
    CHECK_NEAR("1.4826 MAD", s.spread, 1.482602218505602, 1e-15);
    CHECK_NEAR("z", outlier_z(&s, 100), 88 / 1.482602218505602, 1e-15);
    CHECK_NEAR("the centre", outlier_z(&s, 12), 0, 0);

    /* more than half equal: without a floor every other value would be infinitely far */
    const double ties[] = {5, 5, 5, 5, 5, 5.001, 9};
    s = outlier_scale(ties, 7, 0.001, scratch);
    CHECK("the floor", s.floored, "-");
    CHECK_NEAR("one step of the clock is one", outlier_z(&s, 5.001), 1, 1e-9);
    s = outlier_scale(ties, 7, 0, scratch);
    CHECK("no resolution known", s.floored && isinf(outlier_z(&s, 5.001)), "-");
    CHECK_NEAR("nothing", outlier_scale(ties, 0, 0, scratch).spread, NOT_MEASURED, 0);
    CHECK_NEAR("one value", outlier_scale(ties, 1, 0, scratch).spread, 0, 0);

    const struct outlier_fences f = outlier_fences(x, 7); /* quartiles 11.5 and 13.5 */
    CHECK_NEAR("mild above", f.mild_hi, 16.5, 1e-15);
    CHECK_NEAR("severe above", f.severe_hi, 19.5, 1e-15);
    CHECK_NEAR("mild below", f.mild_lo, 8.5, 1e-15);
    CHECK_NEAR("severe below", f.severe_lo, 5.5, 1e-15);
    CHECK("marks",
          outlier_mark(&f, 100) == OUTLIER_SEVERE_HI && outlier_mark(&f, 17) == OUTLIER_MILD_HI &&
              outlier_mark(&f, 12) == OUTLIER_NONE && outlier_mark(&f, 8) == OUTLIER_MILD_LO &&
              outlier_mark(&f, 5) == OUTLIER_SEVERE_LO,
          "-");
    return test_done();
}
