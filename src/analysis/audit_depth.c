#include "analysis/audit_depth.h"

#include "analysis/audit_shape.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/regress.h"
#include "store/folder.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { SHAPE_P, SHAPE_MODELS, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [SHAPE_P] = {"shape_p", 0.01,
                 "Student's, of the exponent of depth and of that of width, as slope_p"},
    [SHAPE_MODELS] = {"shape_models", 6, "fewer leave under three degrees of freedom"},
};

constexpr size_t SCRATCH = (size_t)1 << 30;
constexpr size_t MOST_MODELS = 256;

/* Latency where there is one, else the source's rate; NOT_MEASURED: neither. */
static double figure_of(const struct audit_cell *c, bool *ret_rate)
{
    *ret_rate = false;
    if (c->stats->n > 0)
        return c->stats->median;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double ms = isnan(r->median_ms) ? r->mean_ms : r->median_ms;
        *ret_rate = isnan(ms);
        if (!isnan(ms) || !isnan(r->tokens_per_s))
            return isnan(ms) ? r->tokens_per_s : ms;
    }
    return NOT_MEASURED;
}

struct points {
    double depth[MOST_MODELS], width[MOST_MODELS], y[MOST_MODELS]; /* logs */
    size_t n;
    bool rate;
};

/* One cell for each model of the configuration in the scenario. */
static void collect(const struct audit_whole *w, const struct folder_key *like, struct points *ret)
{
    *ret = (struct points){};
    for (size_t i = 0; i < w->n_cells && ret->n < MOST_MODELS; i++) {
        const struct audit_cell *const c = &w->cells[i];
        double layers, width;
        bool rate;
        const double y = figure_of(c, &rate);
        if (strcmp(c->key->scenario, like->scenario) != 0 ||
            !folder_key_same_engine(c->key, like) || !audit_shape_of(c, &layers, &width) ||
            !(y > 0 && isfinite(y)) || (ret->n > 0 && rate != ret->rate))
            continue;
        ret->rate = rate;
        ret->depth[ret->n] = log(layers);
        ret->width[ret->n] = log(width);
        ret->y[ret->n++] = log(y);
    }
}

/* ret->coef: intercept, depth, width. False: the shapes do not allow it. */
static bool fit(const struct points *p, struct arena *a, struct regress *ret)
{
    struct err e;
    return (double)p->n >= limits[SHAPE_MODELS].value &&
           regress_fit(
               &(struct regress_data){
                   .y = p->y, .x = (const double *const[]){p->depth, p->width}, .n = p->n, .k = 2},
               a, ret, &e) == ERR_OK;
}

static const char *words_of(const struct regress *r, size_t k, const char *what, struct audit *out)
{
    return audit_text(out, "%s^%.3g [%.3g, %.3g]", what, r->coef[k], r->lower[k], r->upper[k]);
}

static void judge(const struct audit_cell *c, const struct points *p, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    struct regress r;
    const double most = limits[SHAPE_P].value;
    if (!fit(p, a, &r))
        return;
    const bool depth = r.p_value[1] < most, width = r.p_value[2] < most;
    if (depth && width)
        return;
    const struct audit_subject subject = {.scenario = c->key->scenario,
                                          .backend = c->key->backend,
                                          .precision = c->key->precision,
                                          .replicate = -1,
                                          .invocation = -1};
    const struct audit_fact facts[] = {
        audit_number("points", (double)p->n),  audit_number("depth_exponent", r.coef[1]),
        audit_number("depth_low", r.lower[1]), audit_number("depth_high", r.upper[1]),
        audit_number("depth_p", r.p_value[1]), audit_number("width_exponent", r.coef[2]),
        audit_number("width_low", r.lower[2]), audit_number("width_high", r.upper[2]),
        audit_number("width_p", r.p_value[2]), audit_number("r2", r.r2)};
    audit_add(
        out, &(struct audit_finding){
                 .check = "fit-not-actionable",
                 .severity = AUDIT_WARN,
                 .subject = subject,
                 .facts = facts,
                 .n_facts = COUNT_OF(facts),
                 .message = audit_text(
                     out,
                     "%s of %s by shape goes with %s and %s (R2 %.3g, %zu models): the exponent of "
                     "%s may be zero, and no ratio of the two means anything",
                     p->rate ? "tokens/s" : "latency", audit_label(out, c),
                     words_of(&r, 1, "depth", out), words_of(&r, 2, "width", out), r.r2, p->n,
                     !depth && !width ? "either"
                     : depth          ? "width"
                                      : "depth"),
                 .advice = "claim the exponent that is there, with its interval; for the other "
                           "measure more models that differ in it alone",
                 .blocks = AUDIT_FIT});
}

static void look(const struct audit_whole *w, struct audit *out)
{
    struct points p;
    size_t known = 0;
    for (size_t i = 0; i < w->n_cells; i++) {
        double layers, width;
        known += audit_shape_of(&w->cells[i], &layers, &width);
    }
    for (size_t i = 0; (double)known >= limits[SHAPE_MODELS].value && i < w->n_cells; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = strcmp(w->cells[k].key->scenario, w->cells[i].key->scenario) != 0 ||
                    !folder_key_same_engine(w->cells[k].key, w->cells[i].key);
        if (!first)
            continue;
        collect(w, w->cells[i].key, &p);
        judge(&w->cells[i], &p, out);
    }
}

const struct audit_check audit_depth_checks[] = {
    {.name = "fit-not-actionable",
     .rule =
         "warn: over at least shape_models models of known depth and width (n_layers, d_model), "
         "the law by both at once has an exponent whose p is not below shape_p",
     .evidence = "points depth_exponent depth_low depth_high depth_p width_exponent width_low "
                 "width_high width_p r2",
     .blocks = AUDIT_FIT,
     .limits = limits,
     .n_limits = LIMITS,
     .whole = look},
    {},
};
