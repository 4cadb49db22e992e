#include "analysis/column_fit.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/jsonw.h"

#include <math.h>

/* ---- fits ---- */

static void take_points(const struct column_table *t, size_t group, struct arena *a,
                        struct column_fit_group *g)
{
    double *const x = ARENA_ARRAY(a, double, t->n), *const y = ARENA_ARRAY(a, double, t->n);
    size_t *const row = ARENA_ARRAY(a, size_t, t->n);
    for (size_t i = 0; i < t->n; i++) {
        if (t->group[i] != group)
            continue;
        x[g->n] = t->x[i];
        y[g->n] = t->value[i];
        row[g->n++] = t->row[i];
    }
    g->x = x;
    g->y = y;
    g->row = row;
}

/* The median of all slopes: a few wild points do not move it. */
static struct trend_slope robust(const struct column_fit_asked *asked, struct arena *a,
                                 const struct column_fit_group *g)
{
    const bool logs = asked->form == POWER_LAW;
    double *const x = ARENA_ARRAY(a, double, g->n), *const y = ARENA_ARRAY(a, double, g->n);
    if (asked->form == POWER_LAW_OFFSET)
        return (struct trend_slope){NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, 0,
                                    false};
    for (size_t i = 0; i < g->n; i++) {
        x[i] = logs ? log(g->x[i]) : g->x[i];
        y[i] = logs ? log(g->y[i]) : g->y[i];
    }
    return trend_theil_sen(x, y, g->n, asked->conf, a);
}

static void fit_one(const struct column_fit_asked *asked, struct arena *a,
                    struct column_fit_group *g)
{
    const struct power_law_data d = {.x = g->x,
                                     .y = g->y,
                                     .n = g->n,
                                     .form = asked->form,
                                     .confidence = asked->conf,
                                     .resamples = asked->resamples,
                                     .seed = asked->seed};
    struct err e = {};
    size_t below = 0, above = 0;
    if (power_law_fit(&d, a, &g->law, &e)) {
        g->reason = arena_strdup(a, e.msg);
        return;
    }
    g->robust = robust(asked, a, g);
    for (size_t i = 0; i < g->n; i++) {
        below += g->y[i] < asked->level;
        above += g->y[i] > asked->level;
    }
    g->straddles = below && above;
    g->crossing = power_law_crossover_level(&g->law, asked->level, asked->conf, a);
}

static void meet(const struct column_fit *f, struct column_fit_pair *p, struct arena *a)
{
    const struct column_fit_group *const x = &f->groups[p->a], *const y = &f->groups[p->b];
    struct err e = {};
    if (x->reason || y->reason)
        p->reason = "one of the two has no fit";
    else if (power_law_crossover_pair(&x->law, &y->law, f->asked.conf, a, &p->crossing, &e))
        p->reason = arena_strdup(a, e.msg);
}

enum err_code column_fit_of(const struct column_table *t, const struct column_fit_asked *asked,
                            struct arena *a, struct column_fit *ret, struct err *e)
{
    struct column_fit f = {.table = t,
                           .asked = *asked,
                           .n_groups = t->n_groups,
                           .n_pairs = (size_t)t->n_groups * (t->n_groups - 1) / 2};
    size_t failed = 0, at = 0;
    if (t->n_groups > COLUMN_FIT_MOST_GROUPS)
        return err_set(e, ERR_USAGE, "%u groups: more than %zu", t->n_groups,
                       COLUMN_FIT_MOST_GROUPS);
    f.groups = ARENA_ARRAY(a, struct column_fit_group, f.n_groups);
    f.pairs = ARENA_ARRAY(a, struct column_fit_pair, f.n_pairs + 1);
    for (size_t k = 0; k < f.n_groups; k++) {
        f.groups[k].name = t->groups[k];
        take_points(t, k, a, &f.groups[k]);
        fit_one(asked, a, &f.groups[k]);
        failed += f.groups[k].reason != nullptr;
    }
    if (failed == f.n_groups)
        return err_set(e, ERR_UNSUPPORTED, "%s%s%s", f.n_groups > 1 ? f.groups[0].name : "",
                       f.n_groups > 1 ? ": " : "", f.groups[0].reason);
    for (size_t x = 0; x < f.n_groups; x++)
        for (size_t y = x + 1; y < f.n_groups; y++) {
            f.pairs[at] = (struct column_fit_pair){.a = x, .b = y};
            meet(&f, &f.pairs[at++], a);
        }
    *ret = f;
    return ERR_OK;
}

const char *column_fit_verdict(const struct column_fit_group *g)
{
    return g->reason        ? "no fit"
           : !g->law.usable ? "not usable"
           : g->law.fragile ? "fragile"
                            : "usable";
}

/* ---- JSON ---- */

static void points(const struct column_fit_group *g, struct jsonw *w)
{
    jsonw_karray(w, "points");
    for (size_t i = 0; i < g->n; i++) {
        jsonw_object(w);
        jsonw_ki64(w, "row", (int64_t)g->row[i]);
        jsonw_kf64(w, "x", g->x[i]);
        jsonw_kf64(w, "y", g->y[i]);
        jsonw_kf64(w, "fitted", power_law_at(&g->law, g->x[i]));
        jsonw_kf64(w, "leverage", g->law.leverage[i]);
        jsonw_kf64(w, "b_without", g->law.without_b[i]);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void crossing(const char *key, const struct power_law_crossover *c, struct jsonw *w)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "x", c->x);
    jsonw_kbool(w, "identifiable", c->identifiable);
    jsonw_kstr(w, "reason", c->why);
    jsonw_kf64(w, "fieller_lower", c->fieller_low);
    jsonw_kf64(w, "fieller_upper", c->fieller_high);
    jsonw_kf64(w, "bootstrap_lower", c->boot_low);
    jsonw_kf64(w, "bootstrap_upper", c->boot_high);
    jsonw_ki64(w, "resamples_that_meet", (int64_t)c->met);
    jsonw_ki64(w, "resamples", (int64_t)c->drawn);
    jsonw_kf64(w, "leave_one_out_lower", c->without_low);
    jsonw_kf64(w, "leave_one_out_upper", c->without_high);
    jsonw_kf64(w, "x_min", c->x_min);
    jsonw_kf64(w, "x_max", c->x_max);
    jsonw_end_object(w);
}

static void law(const struct power_law *l, struct jsonw *w)
{
    jsonw_kf64(w, "a", l->a);
    jsonw_kf64(w, "b", l->b);
    if (l->form == POWER_LAW_OFFSET)
        jsonw_kf64(w, "c", l->c);
    jsonw_kobject(w, "b_interval");
    jsonw_kf64(w, "se", l->se);
    jsonw_kf64(w, "p", l->p_value);
    jsonw_kf64(w, "lower", l->low);
    jsonw_kf64(w, "upper", l->high);
    jsonw_kf64(w, "bootstrap_lower", l->boot_low);
    jsonw_kf64(w, "bootstrap_upper", l->boot_high);
    jsonw_ki64(w, "resamples", (int64_t)l->drawn);
    jsonw_ki64(w, "resamples_refused", (int64_t)l->refused);
    jsonw_kf64(w, "leave_one_out_lower", l->without_low);
    jsonw_kf64(w, "leave_one_out_upper", l->without_high);
    jsonw_end_object(w);
    jsonw_kf64(w, "r2", l->r2);
    jsonw_kf64(w, "residual_sd", l->residual_sd);
    jsonw_kf64(w, "x_min", l->x_min);
    jsonw_kf64(w, "x_max", l->x_max);
    jsonw_kf64(w, "highest_leverage", l->leverage[l->pivot]);
    jsonw_kbool(w, "usable", l->usable);
    jsonw_kstr(w, "usable_reason", l->unusable_why);
    jsonw_kbool(w, "fragile", l->fragile);
    jsonw_kstr(w, "fragile_reason", l->fragile_why);
}

static void group(const struct column_fit_group *g, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "group", g->name);
    jsonw_ki64(w, "n", (int64_t)g->n);
    jsonw_kstr(w, "verdict", column_fit_verdict(g));
    jsonw_kstr(w, "reason", g->reason);
    if (!g->reason) {
        law(&g->law, w);
        jsonw_kobject(w, "theil_sen");
        jsonw_kf64(w, "b", g->robust.slope);
        jsonw_kf64(w, "lower", g->robust.lo);
        jsonw_kf64(w, "upper", g->robust.hi);
        jsonw_end_object(w);
        crossing("crosses_level", &g->crossing, w);
        points(g, w);
    }
    jsonw_end_object(w);
}

static void pair(const struct column_fit *f, const struct column_fit_pair *p, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "a", f->groups[p->a].name);
    jsonw_kstr(w, "b", f->groups[p->b].name);
    if (p->reason) {
        jsonw_key(w, "meet");
        jsonw_null(w);
        jsonw_kstr(w, "meet_reason", p->reason);
    } else {
        crossing("meet", &p->crossing, w);
    }
    jsonw_end_object(w);
}

void column_fit_json(const struct column_fit *f, struct jsonw *w)
{
    static const char *const forms[] = {"a x^b, least squares of log y on log x", "a x^b + c",
                                        "a + b x"};
    jsonw_kobject(w, "method");
    jsonw_kstr(w, "fit", forms[f->asked.form]);
    jsonw_kf64(w, "confidence", f->asked.conf);
    jsonw_kf64(w, "level", f->asked.level);
    jsonw_ki64(w, "resamples", (int64_t)f->asked.resamples);
    jsonw_key(w, "seed");
    jsonw_u64(w, f->asked.seed);
    jsonw_kstr(w, "r2_of", f->asked.form == POWER_LAW ? "log y" : "y");
    jsonw_kstr(w, "bootstrap", "pairs, percentile");
    jsonw_kstr(w, "crossing", "Fieller's interval, and that of the resamples that do cross");
    jsonw_kobject(w, "null_because");
    jsonw_kstr(w, "intervals", "too few points, no finite bound, or the form has none");
    jsonw_kstr(w, "reasons", "there is nothing to say against it");
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_karray(w, "fits");
    for (size_t i = 0; i < f->n_groups; i++)
        group(&f->groups[i], w);
    jsonw_end_array(w);
    jsonw_karray(w, "crossovers");
    for (size_t i = 0; i < f->n_pairs; i++)
        pair(f, &f->pairs[i], w);
    jsonw_end_array(w);
}
