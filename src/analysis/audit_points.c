#include "analysis/audit_points.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

double audit_points_size(const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_evidence; i++)
        if (c->evidence[i]->n_params > 0)
            return c->evidence[i]->n_params;
    for (size_t i = 0; i < c->n_stated; i++)
        if (c->stated[i].params_millions > 0)
            return 1e6 * c->stated[i].params_millions;
    return NOT_MEASURED;
}

size_t audit_points_models(const struct audit_whole *w)
{
    size_t models = 0;
    for (size_t i = 0; i < w->n_cells; i++) {
        bool first = !isnan(audit_points_size(&w->cells[i]));
        for (size_t k = 0; k < i && first; k++)
            first = strcmp(w->cells[k].key->model, w->cells[i].key->model) != 0;
        models += first;
    }
    return models;
}

static double first_known(double a, double b)
{
    return isnan(a) ? b : a;
}

/* A source's rate where it states one, else the latency. */
static double figure_of(const struct audit_cell *c, bool *ret_rate)
{
    double rate = c->kept->rates_stated ? c->kept->rate_of_totals : NOT_MEASURED, ms = NOT_MEASURED;
    for (size_t i = 0; i < c->n_stated; i++) {
        rate = first_known(rate, c->stated[i].tokens_per_s);
        ms = first_known(ms, first_known(c->stated[i].median_ms, c->stated[i].mean_ms));
    }
    if (c->stats->n > 0)
        ms = c->stats->median;
    *ret_rate = !isnan(rate);
    return *ret_rate ? rate : ms;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static const struct audit_cell *find_in(const struct audit_group *g, const struct folder_key *like)
{
    for (size_t i = 0; i < g->n; i++)
        if (folder_key_same_engine(g->cells[i].key, like))
            return &g->cells[i];
    return nullptr;
}

/* The figures of configuration a in the scenario; divided by those of b where there is one. */
void audit_points_collect(const struct audit_whole *w, const char *scenario,
                          const struct folder_key *a, const struct folder_key *b,
                          struct audit_points *ret)
{
    ret->n = 0;
    ret->rate = false;
    for (size_t i = 0; i < w->n_groups && ret->n < AUDIT_POINTS_MOST; i++) {
        const struct audit_group *const g = &w->groups[i];
        if (!same(g->scenario, scenario))
            continue;
        const struct audit_cell *const c = find_in(g, a), *const other =
                                                              b ? find_in(g, b) : nullptr;
        if (!c || (b && !other))
            continue;
        bool rate = false, other_rate = false;
        double y = figure_of(c, &rate);
        if (b)
            y /= figure_of(other, &other_rate);
        const double x = audit_points_size(c);
        if (!(x > 0 && y > 0 && isfinite(y)) || (b && rate != other_rate) ||
            (ret->n > 0 && rate != ret->rate))
            continue;
        ret->rate = rate;
        ret->x[ret->n] = x;
        ret->y[ret->n] = y;
        ret->cell[ret->n] = c;
        ret->model[ret->n++] = c->key->model;
    }
}
