#include "analysis/audit_claim.h"

#include "base/defs.h"

#include <math.h>

double audit_claim_rounding(double x)
{
    constexpr int MOST_DECIMALS = 12;
    double unit = 1;
    if (isnan(x))
        return NOT_MEASURED;
    for (int d = 0; d <= MOST_DECIMALS; d++, unit /= 10) {
        const double scaled = fabs(x) / unit;
        if (fabs(scaled - nearbyint(scaled)) <= 1e-9 * scaled)
            return unit / 2;
    }
    return 0;
}

struct audit_claim_side audit_claim_side_of(double n, double mean, double sd, const char *label)
{
    return (struct audit_claim_side){
        .label = label,
        .m = {.n = n >= 1 ? (size_t)n : 0,
              .mean = mean,
              .sd = n >= 2 ? sd : NOT_MEASURED,
              .var = n >= 2 ? sd * sd : NOT_MEASURED},
        .mean_off = audit_claim_rounding(mean),
        .sd_off = sd > 0 ? audit_claim_rounding(sd) / sd : 0,
    };
}

void audit_claim_give(struct audit_claimed *c, const char *as, double value, double off)
{
    if (isfinite(value) && c->n < AUDIT_CLAIM_MOST)
        c->given[c->n++] = (struct audit_claim_value){as, value, isfinite(off) ? off : 0};
}

const struct audit_claim_value *audit_claim_nearest(const struct audit_claimed *c, double tolerance,
                                                    bool *ret_holds)
{
    const struct audit_claim_value *best = nullptr;
    const double stated = fabs(c->stated), own = audit_claim_rounding(c->stated);
    double least = HUGE_VAL;
    *ret_holds = false;
    for (size_t i = 0; i < c->n; i++) {
        const double value = fabs(c->given[i].value), apart = fabs(stated - value),
                     room = tolerance * value + c->given[i].off + own;
        *ret_holds = *ret_holds || apart <= room;
        if (apart < least) {
            least = apart;
            best = &c->given[i];
        }
    }
    return best;
}
