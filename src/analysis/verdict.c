#include "analysis/verdict.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/jsonw.h"
#include "num/adjust.h"
#include "num/compare.h"
#include "num/dist.h"
#include "num/equivalence.h"
#include "num/power.h"

#include <math.h>

constexpr double POWER = EQUIVALENCE_POWER;

struct verdict verdict_estimate(double d, double se, double df, double margin)
{
    const struct equivalence e =
        equivalence_of(d, se, df, equivalence_limits_ratio(margin), VERDICT_ALPHA);
    struct verdict v = {.ratio = exp(d),
                        .lo = NOT_MEASURED,
                        .hi = NOT_MEASURED,
                        .se = se,
                        .t = NOT_MEASURED,
                        .df = df,
                        .p = e.p_difference,
                        .p_holm = NOT_MEASURED,
                        .margin = margin,
                        .p_equivalent = e.p,
                        .p_equivalent_holm = NOT_MEASURED,
                        .detectable = NOT_MEASURED,
                        .sd_a = NOT_MEASURED,
                        .sd_b = NOT_MEASURED};
    if (e.outcome == EQUIVALENCE_UNKNOWN) {
        v.reason = isnan(se) || isnan(d) ? "fewer than two values on a side"
                                         : "nothing varies: there is no scale to compare with";
        return v;
    }
    const double wide = dist_t_quantile(1 - VERDICT_ALPHA / 2, df);
    v.t = d / se;
    v.lo = exp(d - wide * se);
    v.hi = exp(d + wide * se);
    return v;
}

/* The variance of the mean of a level, and the degrees of freedom behind it. */
struct spread {
    double v, df;
};

static struct spread spread_of(const struct level *l)
{
    return (struct spread){l->var / l->n_effective, l->n_effective - 1};
}

/* Of one value, so that n of them would have the mean's variance. */
static double sd_of_one(const struct level *l)
{
    return sqrt(l->var * (double)l->n / l->n_effective);
}

struct verdict verdict_compare(const struct level *a, const struct level *b, double margin)
{
    const struct spread x = spread_of(a), y = spread_of(b);
    const double var = x.v + y.v;
    const double df = compare_few_df(x.v, x.df, y.v, y.df);
    struct verdict v = verdict_estimate(b->mean - a->mean, sqrt(var), df, margin);
    v.unit = a->unit > b->unit ? a->unit : b->unit;
    v.n_a = a->n;
    v.n_b = b->n;
    v.sd_a = sd_of_one(a);
    v.sd_b = sd_of_one(b);
    return v;
}

static size_t more_values(const struct verdict *v, double alpha)
{
    const size_t wanted = equivalence_runs(log(v->ratio), v->sd_a, v->sd_b,
                                           equivalence_limits_ratio(v->margin), alpha, POWER);
    const size_t n = v->n_a < v->n_b ? v->n_a : v->n_b;
    return wanted == 0 ? 0 : wanted > n ? wanted - n : 1;
}

/* alpha: of one test where the family has its share of the level each, as Holm's first step. */
static void settle(struct verdict *v, double alpha)
{
    if (isnan(v->p_holm))
        return;
    v->detectable = expm1(power_shift(v->df, POWER, alpha) * v->se);
    switch (equivalence_outcome_of(v->p_holm, v->p_equivalent_holm, VERDICT_ALPHA)) {
    case EQUIVALENCE_EQUIVALENT:
    case EQUIVALENCE_NEGLIGIBLE:
        v->kind = VERDICT_EQUIVALENT;
        break;
    case EQUIVALENCE_DIFFERENT:
        v->kind = v->ratio < 1 ? VERDICT_FASTER : VERDICT_SLOWER;
        break;
    case EQUIVALENCE_UNDECIDED:
    case EQUIVALENCE_UNKNOWN:
        v->more = more_values(v, alpha);
        v->reason = "neither a difference nor equivalence is shown";
        break;
    }
}

size_t verdict_holm(struct verdict *v, size_t n, struct arena *a)
{
    double *const p = ARENA_ARRAY(a, double, n), *const equivalent = ARENA_ARRAY(a, double, n);
    size_t members = 0;
    for (size_t i = 0; i < n; i++) {
        p[i] = v[i].p;
        equivalent[i] = v[i].p_equivalent;
        members += (size_t)!isnan(p[i]);
    }
    adjust_holm(p, n, a, p);
    adjust_holm(equivalent, n, a, equivalent);
    for (size_t i = 0; i < n; i++) {
        v[i].p_holm = p[i];
        v[i].p_equivalent_holm = equivalent[i];
    }
    return members;
}

void verdict_family(struct verdict *v, size_t n, struct arena *a)
{
    const size_t members = verdict_holm(v, n, a);
    for (size_t i = 0; i < n; i++)
        settle(&v[i], VERDICT_ALPHA / (double)(members ? members : 1));
}

const char *verdict_name(enum verdict_kind kind)
{
    static const char *const names[] = {[VERDICT_UNDECIDED] = "undecided",
                                        [VERDICT_FASTER] = "faster",
                                        [VERDICT_SLOWER] = "slower",
                                        [VERDICT_EQUIVALENT] = "equivalent"};
    return names[kind];
}

const char *verdict_text(const struct verdict *v, struct arena *a)
{
    static const char *const runs[] = {[LEVEL_INVOCATIONS] = "invocation",
                                       [LEVEL_REPETITIONS] = "repetition",
                                       [LEVEL_SAMPLES] = "sample",
                                       [LEVEL_SCENARIOS] = "scenario"};
    if (v->kind != VERDICT_UNDECIDED || v->more == 0)
        return verdict_name(v->kind);
    const bool over = v->more > VERDICT_MOST_MORE;
    return arena_printf(a, "undecided (%s%zu more %s%s%s)", over ? "over " : "",
                        over ? VERDICT_MOST_MORE : v->more, runs[v->unit], v->more == 1 ? "" : "s",
                        v->unit == LEVEL_SCENARIOS ? "" : " of each");
}

void verdict_json(const struct verdict *v, struct arena *a, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "verdict", verdict_name(v->kind));
    jsonw_kstr(w, "text", verdict_text(v, a));
    jsonw_kstr(w, "reason", v->reason);
    jsonw_kstr(w, "rests_on", level_unit_name(v->unit));
    jsonw_ki64(w, "n_a", (int64_t)v->n_a);
    jsonw_ki64(w, "n_b", (int64_t)v->n_b);
    jsonw_kf64(w, "ratio", v->ratio);
    jsonw_kf64(w, "ratio_ci_95_lower", v->lo);
    jsonw_kf64(w, "ratio_ci_95_upper", v->hi);
    jsonw_kf64(w, "t_statistic", v->t);
    jsonw_kf64(w, "df", isnan(v->t) ? NOT_MEASURED : v->df);
    jsonw_kf64(w, "p_value", v->p);
    jsonw_kf64(w, "p_holm", v->p_holm);
    jsonw_kf64(w, "margin", v->margin);
    jsonw_kf64(w, "p_equivalence", v->p_equivalent);
    jsonw_kf64(w, "p_equivalence_holm", v->p_equivalent_holm);
    jsonw_kbool(w, "negligible", v->kind == VERDICT_EQUIVALENT && v->p_holm < VERDICT_ALPHA);
    jsonw_kf64(w, "smallest_detectable", v->detectable);
    if (isnan(v->detectable))
        jsonw_kstr(w, "smallest_detectable_reason", v->reason);
    jsonw_key(w, "more_runs");
    if (v->kind != VERDICT_UNDECIDED || v->more == 0)
        jsonw_null(w);
    else
        jsonw_i64(w, (int64_t)v->more);
    jsonw_end_object(w);
}
