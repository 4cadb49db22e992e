#include "analysis/summary_json.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/jsonw.h"
#include "num/moment.h"
#include "num/quantile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void interval(struct jsonw *w, const char *lo_key, double lo, const char *hi_key, double hi)
{
    jsonw_kf64(w, lo_key, lo);
    jsonw_kf64(w, hi_key, hi);
}

/* An object {lower, upper, reason}; null, as the percentile itself, where there is none. */
static void percentile_interval(struct jsonw *w, const char *key, const struct interval *v,
                                double percentile)
{
    jsonw_key(w, key);
    if (isnan(percentile)) {
        char why[32];
        (void)snprintf(why, sizeof why, "%s_reason", key);
        jsonw_null(w);
        jsonw_kstr(w, why, v->reason ? v->reason : "too few samples for the percentile");
        return;
    }
    jsonw_object(w);
    interval(w, "lower", v->lo, "upper", v->hi);
    jsonw_kstr(w, "reason", v->reason);
    jsonw_end_object(w);
}

static void cell_intervals(struct jsonw *w, const struct cell_stats *c)
{
    const char *const mean = interval_method(&c->mean_ci, c->n_units);
    const char *const median = interval_method(&c->median_ci, c->n_units);
    interval(w, "ci_95_lower", c->mean_ci.lo, "ci_95_upper", c->mean_ci.hi);
    jsonw_kstr(w, mean ? "ci_method" : "ci_reason", mean ? mean : c->mean_ci.reason);
    interval(w, "median_ci_95_lower", c->median_ci.lo, "median_ci_95_upper", c->median_ci.hi);
    if (median)
        jsonw_kstr(w, "median_ci_method", median);
    if (c->median_ci.reason)
        jsonw_kstr(w, "median_ci_reason", c->median_ci.reason);
    else if (c->n_units == 1)
        jsonw_kstr(w, "median_ci_caution",
                   "one invocation: variation between invocations is not in the interval");
    if (c->sequential) {
        jsonw_kf64(w, "ci_nominal_level", cell_nominal(c));
        jsonw_kstr(w, "ci_nominal_level_why",
                   "it was measured until its interval was narrow enough (target_ci_percent), "
                   "which makes an interval cover less than its nominal level");
    }
    percentile_interval(w, "p95_ci_95", &c->p95_ci, c->p95);
    percentile_interval(w, "p99_ci_95", &c->p99_ci, c->p99);
    interval(w, "median_rank_lower", c->rank_lo, "median_rank_upper", c->rank_hi);
    jsonw_kf64(w, "median_rank_level",
               isnan(c->rank_lo)
                   ? NOT_MEASURED
                   : quantile_ranks_level(quantile_ranks(c->n, 0.5, CELL_CONFIDENCE), c->n, 0.5));
}

static void counts_by_status(struct jsonw *w, const size_t *n)
{
    jsonw_kobject(w, "samples_by_status");
    for (unsigned s = 0; s < STATUS_COUNT; s++)
        if (n[s])
            jsonw_ki64(w, status_name((enum status)s), (int64_t)n[s]);
    jsonw_end_object(w);
}

static void spread(struct jsonw *w, double mean, double median, double sd, double min, double max,
                   double q25, double q75, size_t n)
{
    jsonw_kf64(w, "mean", mean);
    jsonw_kf64(w, "median", median);
    jsonw_kf64(w, "std", sd);
    jsonw_kf64(w, "min", min);
    jsonw_kf64(w, "max", max);
    jsonw_kf64(w, "q25", q25);
    jsonw_kf64(w, "q75", q75);
    jsonw_ki64(w, "n", (int64_t)n);
}

static void source(struct jsonw *w, const struct cell_stats *c)
{
    jsonw_kstr(w, "source", c->n_rows ? "imported" : "samples");
}

/* What the source says of a cell without samples; the key n_claimed is its own word for n. */
static void row_summary(struct jsonw *w, const struct cell_stats *c)
{
    static const char why[] = "imported as a row: the source gives no samples";
    spread(w, c->mean, c->median, c->sd, c->min, c->max, c->q25, c->q75, 0);
    source(w, c);
    jsonw_key(w, "n_claimed");
    isfinite(c->row->n_samples) ? jsonw_i64(w, (int64_t)c->row->n_samples) : jsonw_null(w);
    interval(w, "ci_95_lower", NOT_MEASURED, "ci_95_upper", NOT_MEASURED);
    jsonw_kstr(w, "ci_reason", why);
    interval(w, "median_ci_95_lower", NOT_MEASURED, "median_ci_95_upper", NOT_MEASURED);
    jsonw_kstr(w, "median_ci_reason", why);
    jsonw_kf64(w, "p95", c->p95);
    jsonw_kf64(w, "p99", c->p99);
    jsonw_kf64(w, "first_ms", c->row->first_ms);
    jsonw_kf64(w, "mean_excl_first_ms", c->row->mean_excl_first_ms);
    jsonw_kf64(w, "median_rest_ms", c->row->median_rest_ms);
    jsonw_kf64(w, "tokens_per_second", c->tokens_per_second);
    jsonw_kstr(w, "null_because", "the source of the import does not state it");
}

void summary_json_cell(struct jsonw *w, const struct cell_stats *c)
{
    if (c->row) {
        jsonw_object(w);
        jsonw_kstr(w, "status", status_name(c->cell->status));
        row_summary(w, c);
        jsonw_end_object(w);
        return;
    }
    jsonw_object(w);
    jsonw_kstr(w, "status", status_name(c->cell->status));
    jsonw_kstr(w, "reason", c->cell->reason);
    spread(w, c->mean, c->median, c->sd, c->min, c->max, c->q25, c->q75, c->n);
    jsonw_ki64(w, "n_invocations", (int64_t)c->n_units);
    jsonw_kf64(w, "p95", c->p95);
    jsonw_kf64(w, "p99", c->p99);
    jsonw_kstr(w, "percentiles_reason",
               c->n == 0 ? "it has no ok sample"
               : c->n < quantile_least_n(0.95)
                   ? "too few samples: see method.p95_needs_n, p99_needs_n"
               : c->n < quantile_least_n(0.99) ? "too few samples for p99: see method.p99_needs_n"
                                               : nullptr);
    cell_intervals(w, c);
    source(w, c);
    jsonw_kf64(w, "lag1_autocorrelation", moment_lag1(c->x, c->n));
    jsonw_kf64(w, "tokens_per_second", c->tokens_per_second);
    counts_by_status(w, c->not_ok);
    jsonw_end_object(w);
}

/* ---- the seed's summaries: one per configuration, over all that it ran ---- */

static void pooled_summary(struct jsonw *w, const struct cell_stats *const *cells, size_t n,
                           struct arena *scratch)
{
    size_t total = 0, with = 0, rows = 0, statuses[STATUS_COUNT] = {};
    const struct cell_stats *only = nullptr, *row = nullptr;
    for (size_t i = 0; i < n; i++) {
        row = cells[i]->row ? cells[i] : row;
        rows += (size_t)(cells[i]->row != nullptr);
        total += cells[i]->n;
        with += (size_t)(cells[i]->n > 0);
        only = cells[i]->n > 0 ? cells[i] : only;
        for (size_t s = 0; s < STATUS_COUNT; s++)
            statuses[s] += cells[i]->not_ok[s];
    }
    if (with == 0 && rows == 1) {
        jsonw_object(w);
        row_summary(w, row);
        jsonw_ki64(w, "n_cells", 1);
        jsonw_end_object(w);
        return;
    }
    double *const x = ARENA_ARRAY(scratch, double, total);
    size_t at = 0;
    for (size_t i = 0; i < n; at += cells[i++]->n)
        if (cells[i]->n)
            memcpy(x + at, cells[i]->x, cells[i]->n * sizeof *x);
    const struct moment m = moment_of(x, total);
    jsonw_object(w);
    spread(w, m.mean, quantile_unsorted(x, total, 0.5), m.sd, m.min, m.max,
           quantile_unsorted(x, total, 0.25), quantile_unsorted(x, total, 0.75), total);
    jsonw_ki64(w, "n_cells", (int64_t)with);
    if (with == 1) {
        cell_intervals(w, only);
    } else {
        interval(w, "ci_95_lower", NOT_MEASURED, "ci_95_upper", NOT_MEASURED);
        jsonw_kstr(
            w, "ci_reason",
            rows > 0    ? arena_printf(scratch,
                                       "%zu cells are known from imported rows only, which have "
                                          "no common figure; see groups",
                                       rows)
            : with == 0 ? "no cell of it is ok"
                        : arena_printf(scratch,
                                       "pools %zu cells of different scenarios or models, which "
                                       "are no replicates; see groups",
                                       with));
    }
    counts_by_status(w, statuses);
    jsonw_end_object(w);
}

void summary_json_configurations(struct jsonw *w, const struct results *r,
                                 const struct cell_stats *cells, struct arena *a)
{
    bool *const done = ARENA_ARRAY(a, bool, r->n_cells);
    const struct cell_stats **const mine = ARENA_ARRAY(a, const struct cell_stats *, r->n_cells);
    jsonw_kobject(w, "summaries");
    for (size_t i = 0; i < r->n_cells; i++) {
        if (done[i])
            continue;
        CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
        const struct folder_key *const key = &cells[i].cell->key;
        size_t n = 0;
        for (size_t j = i; j < r->n_cells; j++)
            if (strcmp(cells[j].cell->key.backend, key->backend) == 0 &&
                strcmp(cells[j].cell->key.precision, key->precision) == 0) {
                done[j] = true;
                mine[n++] = &cells[j];
            }
        jsonw_key(w, cell_label(r, cells[i].cell, scratch));
        pooled_summary(w, mine, n, scratch);
    }
    jsonw_end_object(w);
}
