#include "base/noise.h"

#include "base/rng.h"

#include <math.h>
#include <stddef.h>

static double factor(const struct noise *n, double z)
{
    switch (n->kind) {
    case NOISE_NONE:
        return 1;
    case NOISE_NORMAL:
        return fmax(0, 1 + n->sigma * z);
    case NOISE_LOGNORMAL:
        return exp(n->sigma * z);
    }
    unreachable();
}

double noise_draw(const struct noise *n, struct rng *r)
{
    return n->kind == NOISE_NONE ? 1 : factor(n, rng_normal(r));
}

double noise_next(struct noise_requests *n, struct rng *r)
{
    double f = 1;
    if (n->noise.kind != NOISE_NONE) {
        const double rho = n->begun ? n->persistence : 0; /* the first is of the law itself */
        n->z = rho * n->z + sqrt(1 - rho * rho) * rng_normal(r);
        n->begun = true;
        f = factor(&n->noise, n->z);
    }
    if (n->slow_share > 0 && rng_double(r) < n->slow_share)
        f *= n->slow_factor;
    return f;
}
