#include "analysis/column_bootstrap.h"

#include "base/arena.h"
#include "base/rng.h"
#include "io/jsonw.h"

#include <math.h>

static const struct bootstrap_statistic statistics[COLUMN_BOOTSTRAP_FIGURES] = {
    [COLUMN_BOOTSTRAP_MEAN] = {.of = BOOTSTRAP_MEAN},
    [COLUMN_BOOTSTRAP_MEDIAN] = {.of = BOOTSTRAP_QUANTILE, .p = 0.5},
    [COLUMN_BOOTSTRAP_SD] = {.of = BOOTSTRAP_SD},
};

struct column_bootstrap *column_bootstrap_of(const struct column_stats *s,
                                             const struct bootstrap_plan *plan, struct arena *a)
{
    struct column_bootstrap *const all = ARENA_ARRAY(a, struct column_bootstrap, s->n_groups);
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct column_stats_group *const g = &s->groups[i];
        struct column_bootstrap *const r = &all[i];
        struct bootstrap_plan own = *plan;
        for (size_t f = 0; f < COLUMN_BOOTSTRAP_FIGURES; f++) {
            own.seed = rng_derive(rng_derive(plan->seed, i), f);
            r->b[f] = bootstrap_of(g->x, g->m.n, &statistics[f], &own, a);
            r->percentile[f] = bootstrap_ends(&r->b[f], BOOTSTRAP_PERCENTILE, s->asked.conf);
            r->basic[f] = bootstrap_ends(&r->b[f], BOOTSTRAP_BASIC, s->asked.conf);
            r->bca[f] = bootstrap_ends(&r->b[f], BOOTSTRAP_BCA, s->asked.conf);
        }
        own.seed = rng_derive(rng_derive(plan->seed, i), COLUMN_BOOTSTRAP_FIGURES);
        r->t = bootstrap_t(g->x, g->m.n, &own, s->asked.conf, a);
    }
    return all;
}

const char *column_bootstrap_name(enum column_bootstrap_figure f)
{
    static const char *const names[] = {[COLUMN_BOOTSTRAP_MEAN] = "mean",
                                        [COLUMN_BOOTSTRAP_MEDIAN] = "median",
                                        [COLUMN_BOOTSTRAP_SD] = "sd"};
    return names[f];
}

static void ends(const char *key, const struct bootstrap_ends *r, struct jsonw *w)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "lower", r->lo);
    jsonw_kf64(w, "upper", r->hi);
    jsonw_kf64(w, "level_lower", r->level_lo);
    jsonw_kf64(w, "level_upper", r->level_hi);
    jsonw_kf64(w, "error_lower", r->error_lo);
    jsonw_kf64(w, "error_upper", r->error_hi);
    if (isnan(r->lo) || isnan(r->hi))
        jsonw_kstr(w, "reason", "too few values, or they do not vary");
    jsonw_end_object(w);
}

static void figure(const struct column_bootstrap *r, enum column_bootstrap_figure f,
                   struct jsonw *w)
{
    const struct bootstrap *const b = &r->b[f];
    jsonw_kobject(w, column_bootstrap_name(f));
    jsonw_kf64(w, "value", b->theta);
    jsonw_kbool(w, "every_resample", b->exact);
    jsonw_ki64(w, "resamples", (int64_t)b->total);
    jsonw_kf64(w, "mean_of_resamples", b->mean);
    jsonw_kf64(w, "se", b->se);
    jsonw_kf64(w, "share_less", b->share_less);
    jsonw_kf64(w, "share_equal", b->share_equal);
    jsonw_kf64(w, "z0", b->z0);
    jsonw_kf64(w, "acceleration", b->acceleration);
    ends("percentile", &r->percentile[f], w);
    ends("basic", &r->basic[f], w);
    ends("bca", &r->bca[f], w);
    if (f == COLUMN_BOOTSTRAP_MEAN)
        ends("bootstrap_t", &r->t, w);
    jsonw_end_object(w);
}

void column_bootstrap_json(const struct column_stats *s, const struct column_bootstrap *b,
                           const struct bootstrap_plan *plan, struct jsonw *w)
{
    jsonw_kobject(w, "bootstrap");
    jsonw_key(w, "seed");
    jsonw_u64(w, plan->seed);
    jsonw_kf64(w, "confidence", s->asked.conf);
    jsonw_karray(w, "groups");
    for (size_t i = 0; i < s->n_groups; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "group", s->groups[i].name);
        jsonw_ki64(w, "n", (int64_t)s->groups[i].m.n);
        for (size_t f = 0; f < COLUMN_BOOTSTRAP_FIGURES; f++)
            figure(&b[i], (enum column_bootstrap_figure)f, w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}
