#include "analysis/column_series.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/jsonw.h"

#include <math.h>

static bool is_sorted(const double *x, size_t n)
{
    size_t up = 0, down = 0;
    for (size_t i = 1; i < n; i++) {
        up += x[i] >= x[i - 1];
        down += x[i] <= x[i - 1];
    }
    return up == n - 1 || down == n - 1;
}

struct column_series column_series_of(const struct column_stats *s,
                                      const struct column_stats_group *g, struct arena *a)
{
    constexpr size_t MOST_LAGS = 10; /* and a fifth of n: Hyndman and Athanasopoulos */
    struct column_series c = {.lag1 = NOT_MEASURED,
                              .ljung_box = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED},
                              .n_effective = NOT_MEASURED};
    const size_t n = g->m.n, lags = n / 5 < MOST_LAGS ? n / 5 : MOST_LAGS;
    c.reason = n < COLUMN_SERIES_LEAST ? "fewer than 20 values"
               : !(g->m.sd > 0)        ? "the values do not vary"
               : is_sorted(g->x, n)    ? "the rows are sorted"
                                       : nullptr;
    if (c.reason)
        return c;
    double *const x = ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        x[i] = column_stats_from(s, g->x[i], false);
    c.lag1 = moment_lag1(x, n);
    c.ljung_box = autocorr_ljung_box(x, n, lags, 0, a);
    c.n_effective = fmin((double)n, autocorr_ess_geyer(x, n, a).n_eff);
    return c;
}

bool column_series_depends(const struct column_series *c, size_t n)
{
    constexpr double SURE = 1e-3;
    constexpr double WORTH = 2.0 / 3;
    return c->ljung_box.p < SURE && c->n_effective < WORTH * (double)n;
}

void column_series_json(const struct column_series *c, struct jsonw *w)
{
    jsonw_kobject(w, "series");
    jsonw_kf64(w, "lag1", c->lag1);
    jsonw_kf64(w, "ljung_box_q", c->ljung_box.q);
    jsonw_kf64(w, "ljung_box_lags", c->ljung_box.df);
    jsonw_kf64(w, "ljung_box_p", c->ljung_box.p);
    jsonw_kf64(w, "n_effective", c->n_effective);
    jsonw_kstr(w, "reason", c->reason);
    jsonw_end_object(w);
}
