#include "analysis/cell.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/parallel.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "num/stopping.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t SCRATCH = (size_t)64 << 30; /* columns of a cell: some 200 bytes a sample */

/* The median of a column over rows, of those that are there. */
static double median_column(const double *column, const size_t *rows, size_t n, double *scratch)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(column[rows[i]]))
            scratch[kept++] = column[rows[i]];
    return quantile_median(scratch, kept);
}

static double median_of_phase(const struct results_samples *s, enum phase phase, double *scratch)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->phase[i] == (int32_t)phase && s->status[i] == STATUS_OK && !isnan(s->latency_ms[i]))
            scratch[kept++] = s->latency_ms[i];
    return quantile_median(scratch, kept);
}

static bool has_record(const struct results_cell *c, int32_t replicate, int32_t invocation)
{
    if (c->without_records)
        return true;
    for (uint32_t i = 0; i < c->n_runs; i++)
        if (c->runs[i].replicate == replicate && c->runs[i].invocation == invocation)
            return true;
    return false;
}

/* The samples that figures rest on, by their place in the columns. */
static size_t *choose_rows(const struct results_samples *s, struct cell_stats *t, struct arena *a)
{
    const struct results_cell *const c = t->cell;
    size_t *const rows = ARENA_ARRAY(a, size_t, s->n);
    for (size_t i = 0; i < s->n; i++) {
        if (s->phase[i] != PHASE_MEASURED)
            continue;
        t->not_ok[s->status[i]]++;
        if (c->status != STATUS_OK || s->status[i] != STATUS_OK)
            continue;
        if (has_record(c, s->replicate[i], s->invocation[i]))
            rows[t->n++] = i;
        else
            t->unproven++;
    }
    return rows;
}

static bool same_unit(const struct results_samples *s, size_t a, size_t b)
{
    return s->replicate[a] == s->replicate[b] && s->invocation[a] == s->invocation[b];
}

/* The rows come ordered by replicate and invocation. */
static void split_units(const struct results_samples *s, const size_t *rows, struct cell_stats *t,
                        struct arena *a)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += i == 0 || !same_unit(s, rows[i - 1], rows[i]);
    struct cell_unit *const units = ARENA_ARRAY(a, struct cell_unit, n);
    size_t *const start = ARENA_ARRAY(a, size_t, n + 1);
    for (size_t i = 0; i < t->n; i++) {
        if (i > 0 && same_unit(s, rows[i - 1], rows[i]))
            continue;
        start[t->n_units] = i;
        units[t->n_units++] = (struct cell_unit){s->replicate[rows[i]], s->invocation[rows[i]]};
    }
    start[t->n_units] = t->n;
    t->units = units;
    t->start = start;
}

double cell_nominal(const struct cell_stats *t)
{
    return t->sequential ? STOPPING_LEVEL : CELL_CONFIDENCE;
}

/* A percentile of too few samples is none, and has no interval. */
static double percentile(const struct cell_stats *t, double p, struct interval *ret,
                         struct arena *scratch)
{
    const struct nested samples = {t->x, t->start, t->n_units};
    if (t->n >= quantile_least_n(p)) {
        *ret = interval_quantile(&samples, t->sorted, p, cell_nominal(t), scratch);
        return ret->at;
    }
    *ret = (struct interval){.at = NOT_MEASURED,
                             .lo = NOT_MEASURED,
                             .hi = NOT_MEASURED,
                             .log_se = NOT_MEASURED,
                             .reason = "fewer samples than the percentile needs"};
    return NOT_MEASURED;
}

static struct moment of_units(const struct cell_stats *c, struct arena *scratch)
{
    double *const means = ARENA_ARRAY(scratch, double, c->n_units);
    for (size_t u = 0; u < c->n_units; u++)
        means[u] = moment_of(c->x + c->start[u], c->start[u + 1] - c->start[u]).mean;
    return moment_of(means, c->n_units);
}

void cell_figures(struct cell_stats *t, struct arena *a, struct arena *scratch)
{
    const struct moment m = moment_of(t->x, t->n);
    t->mean = m.mean;
    t->sd = m.sd;
    t->min = m.min;
    t->max = m.max;
    t->by_unit = of_units(t, scratch);
    t->sorted = ARENA_ARRAY(a, double, t->n);
    if (t->n)
        memcpy(t->sorted, t->x, t->n * sizeof *t->x);
    quantile_sort(t->sorted, t->n);
    t->median = quantile_sorted(t->sorted, t->n, 0.5);
    t->q25 = quantile_sorted(t->sorted, t->n, 0.25);
    t->q75 = quantile_sorted(t->sorted, t->n, 0.75);
    t->p95 = percentile(t, 0.95, &t->p95_ci, scratch);
    t->p99 = percentile(t, 0.99, &t->p99_ci, scratch);
    const struct quantile_interval ranks = quantile_interval(t->sorted, t->n, 0.5, CELL_CONFIDENCE);
    t->rank_lo = ranks.lo;
    t->rank_hi = ranks.hi;
    const struct nested samples = {t->x, t->start, t->n_units};
    t->mean_ci = interval_mean(&samples, cell_nominal(t));
    t->median_ci = t->sequential
                       ? interval_median_stopped(&samples, t->sorted, STOPPING_LEVEL, scratch)
                       : interval_quantile(&samples, t->sorted, 0.5, CELL_CONFIDENCE, scratch);
}

struct span {
    int64_t from, to;
};

static int by_start(const void *a, const void *b)
{
    const struct span *const p = a, *const q = b;
    return p->from != q->from ? (p->from > q->from) - (p->from < q->from)
                              : (p->to > q->to) - (p->to < q->to);
}

static double union_ns(struct span *spans, size_t n)
{
    bool in_order = true; /* as requests one after the other are */
    for (size_t i = 1; i < n && in_order; i++)
        in_order = by_start(&spans[i - 1], &spans[i]) <= 0;
    if (!in_order)
        qsort(spans, n, sizeof *spans, by_start);
    double total = 0;
    int64_t reached = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        const int64_t from = spans[i].from > reached ? spans[i].from : reached;
        if (spans[i].to > from) {
            total += (double)(spans[i].to - from);
            reached = spans[i].to;
        }
    }
    return total;
}

/* The time in which at least one request was under way: for two agents at once this is less than
 * the sum of their latencies, for one after the other it is that sum. One segment of an invocation
 * has one clock; another's may have been reset between (a reboot, another machine). */
static double busy_ms(const struct results_samples *s, const size_t *rows,
                      const struct cell_stats *t, struct arena *scratch)
{
    struct span *const spans = ARENA_ARRAY(scratch, struct span, t->n);
    double total_ns = 0, without_stamps_ms = 0;
    for (size_t u = 0; u < t->n_units; u++) {
        size_t n = 0;
        for (size_t i = t->start[u]; i < t->start[u + 1]; i++) {
            const size_t row = rows[i];
            if (i > t->start[u] && s->segment[row] != s->segment[rows[i - 1]]) {
                total_ns += union_ns(spans, n);
                n = 0;
            }
            if (s->submitted_ns[row] == INT64_MIN || s->finished_ns[row] == INT64_MIN)
                without_stamps_ms += s->latency_ms[row];
            else
                spans[n++] = (struct span){s->submitted_ns[row], s->finished_ns[row]};
        }
        total_ns += union_ns(spans, n);
    }
    return total_ns / 1e6 + without_stamps_ms;
}

static void token_figures(const struct results_samples *s, const size_t *rows, struct cell_stats *t,
                          struct arena *scratch)
{
    double decode = 0;
    int64_t steps = 0;
    t->knows_prompt = t->knows_generated = t->knows_stops = t->n > 0;
    for (size_t i = 0; i < t->n; i++) {
        const size_t row = rows[i];
        t->knows_prompt = t->knows_prompt && s->prompt_tokens[row] >= 0;
        t->knows_generated = t->knows_generated && s->generated_tokens[row] >= 0;
        t->knows_stops = t->knows_stops && s->n_early[row] >= 0;
        t->generated_tokens += s->generated_tokens[row] > 0 ? s->generated_tokens[row] : 0;
        t->prompt_tokens += s->prompt_tokens[row] > 0 ? s->prompt_tokens[row] : 0;
        t->early_stops += s->n_early[row] > 0 ? s->n_early[row] : 0;
        if (!isnan(s->decode_ms[row]) && s->n_steps[row] > 1) {
            decode += s->decode_ms[row];
            steps += s->n_steps[row] - 1;
        }
    }
    t->busy_ms = t->n ? busy_ms(s, rows, t, scratch) : NOT_MEASURED;
    /* Where nothing was to be generated (a test of prefill) there is no such rate, not one of 0. */
    t->tokens_per_second = t->knows_generated && t->generated_tokens > 0 && t->busy_ms > 0
                               ? (double)t->generated_tokens / t->busy_ms * 1e3
                               : NOT_MEASURED;
    t->decode_ms_per_token = steps > 0 ? decode / (double)steps : NOT_MEASURED;
}

static void find_level(const struct results_samples *s, const size_t *rows, struct cell_stats *t,
                       struct arena *a, struct arena *scratch)
{
    int32_t *const repetition = ARENA_ARRAY(scratch, int32_t, t->n);
    for (size_t i = 0; i < t->n; i++)
        repetition[i] = s->repetition[rows[i]];
    t->level = level_of(t->x, t->start, t->n_units, repetition, a);
}

static void compute_one(const struct results_samples *s, struct cell_stats *t, struct arena *a,
                        struct arena *scratch, const size_t **ret_rows)
{
    const struct results_cell *const c = t->cell;
    const size_t *const rows = choose_rows(s, t, scratch);
    *ret_rows = rows;
    split_units(s, rows, t, a);
    t->x = ARENA_ARRAY(a, double, t->n);
    for (size_t i = 0; i < t->n; i++)
        t->x[i] = s->latency_ms[rows[i]];
    cell_figures(t, a, scratch);
    find_level(s, rows, t, a, scratch);
    token_figures(s, rows, t, scratch);
    double *const room = ARENA_ARRAY(scratch, double, s->n);
    t->ttft_ms = median_column(s->ttft_ms, rows, t->n, room);
    t->prefill_ms = median_column(s->prefill_ms, rows, t->n, room);
    t->cold_latency_ms = t->warmup_latency_ms = NOT_MEASURED;
    t->peak_rss_mb = c->peak_rss_mb;
    if (c->status != STATUS_OK)
        return;
    t->cold_latency_ms = median_of_phase(s, PHASE_COLD, room);
    t->warmup_latency_ms = median_of_phase(s, PHASE_WARMUP, room);
    for (size_t i = 0; i < t->n;
         i++) /* telemetry may have missed the peak; the system's own does not */
        t->peak_rss_mb = fmax(t->peak_rss_mb, s->peak_rss_mb[rows[i]]);
}

/* The source's own figures, where it gave no samples. Several rows of a cell (invocations,
 * replicates) are not averaged: nobody knows their weights. */
static void take_row(const struct results *r, struct cell_stats *t)
{
    const struct results_row *row = nullptr;
    for (size_t i = t->cell->first_row; i < t->cell->first_row + t->cell->n_rows; i++)
        if (cell_rows_has_figures(&r->rows[i]) && !(row && r->rows[i].versus)) {
            row = &r->rows[i]; /* comparisons with several others repeat the cell's figures */
            t->n_rows++;
        }
    if (t->n_rows != 1 || t->cell->status != STATUS_OK)
        return;
    t->row = row;
    t->mean = row->mean_ms;
    t->sd = row->std_ms;
    t->median = row->median_ms;
    t->min = row->min_ms;
    t->max = row->max_ms;
    t->q25 = row->q25_ms;
    t->q75 = row->q75_ms;
    t->p95 = row->p95_ms;
    t->p99 = row->p99_ms;
    t->ttft_ms = row->ttft_ms;
    t->prefill_ms = row->prefill_ms;
    t->tokens_per_second = row->tokens_per_s;
    t->mean_ci.reason = "imported as a row: the source gives no samples, so there is no interval";
}

struct pass {
    const struct results *r;
    const struct cell_visitor *visitors;
    struct arena **arenas; /* of each worker, for what stays */
    struct cell_stats *ret;
    struct err *errors; /* of each worker: its first */
    size_t *failed;     /* of each worker: the cell that it failed at */
    atomic_bool stop;
};

static void compute_cell(void *context, size_t i, size_t worker)
{
    struct pass *const p = context;
    if (atomic_load(&p->stop))
        return;
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct cell_stats *const t = &p->ret[i];
    struct results_samples s;
    const size_t *rows;
    *t = (struct cell_stats){.cell = &p->r->cells[i], .sequential = p->r->sequential};
    if (results_load(p->r, i, scratch, &s, &p->errors[worker])) {
        p->failed[worker] = i;
        atomic_store(&p->stop, true);
        return;
    }
    compute_one(&s, t, p->arenas[worker], scratch, &rows);
    if (t->cell->has_row)
        take_row(p->r, t);
    for (const struct cell_visitor *v = p->visitors; v; v = v->next)
        v->visit(v->context, &(struct cell_view){i, t, &s, rows, scratch});
}

/* Twice the CPUs, because one that writes its cell waits for its turn; no more, because each holds
 * the columns of a cell. */
static size_t most_threads(void)
{
    constexpr size_t MOST = 8;
    const size_t wanted = 2 * parallel_cpus();
    return wanted < MOST ? wanted : MOST;
}

enum err_code cell_compute(const struct results *r, const struct cell_visitor *visitor,
                           struct arena *a, struct cell_stats *ret, struct err *e)
{
    const size_t most = most_threads(), workers = parallel_width(r->n_cells, most);
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct pass p = {.r = r,
                     .visitors = visitor,
                     .arenas = ARENA_ARRAY(scratch, struct arena *, workers),
                     .ret = ret,
                     .errors = ARENA_ARRAY(scratch, struct err, workers),
                     .failed = ARENA_ARRAY(scratch, size_t, workers)};
    for (const struct cell_visitor *v = visitor; v; v = v->next)
        if (v->begin && v->begin(v->context, r, e))
            return e->code;
    for (size_t w = 0; w < workers; w++)
        p.arenas[w] = arena_child(a, SCRATCH);
    parallel_run(r->n_cells, most, compute_cell, &p);
    const struct err *first = nullptr;
    size_t at = SIZE_MAX;
    for (size_t w = 0; w < workers; w++)
        if (p.errors[w].code && p.failed[w] < at) {
            first = &p.errors[w];
            at = p.failed[w];
        }
    if (first)
        *e = *first;
    return first ? e->code : ERR_OK;
}

void cell_settle(const struct results *r, struct cell_stats *cells)
{
    for (size_t i = 0; i < r->n_cells; i++) {
        struct cell_stats *const t = &cells[i];
        const bool was_ok = t->cell->status == STATUS_OK;
        t->cell = &r->cells[i];
        if (!was_ok || t->cell->status == STATUS_OK)
            continue;
        CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
        struct cell_stats none = {.cell = t->cell};
        const struct results_samples no_samples = {};
        const size_t *rows;
        compute_one(&no_samples, &none, scratch, scratch, &rows);
        memcpy(none.not_ok, t->not_ok, sizeof none.not_ok);
        none.n_rows = t->n_rows;
        /* arrays of nothing: any place will do that lives as long */
        none.x = t->x;
        none.sorted = t->sorted;
        none.units = t->units;
        none.start = t->start;
        none.level.y = t->level.y;
        *t = none;
    }
}

enum err_code cell_identify(const struct results *r, const struct cell_stats *c,
                            const size_t *places, size_t n, struct cell_sample *ret, struct err *e)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct results_samples s;
    if (n == 0)
        return ERR_OK;
    if (results_load(r, (size_t)(c->cell - r->cells), scratch, &s, e))
        return e->code;
    struct cell_stats again = {.cell = c->cell};
    const size_t *const rows = choose_rows(&s, &again, scratch);
    if (again.n != c->n)
        return err_set(e, ERR_IO, "the samples of %s, %s, %s, %s changed while they were read",
                       c->cell->key.scenario, c->cell->key.backend, c->cell->key.precision,
                       c->cell->key.model);
    for (size_t i = 0; i < n; i++) {
        const size_t row = rows[places[i]];
        ret[i] = (struct cell_sample){s.replicate[row],    s.invocation[row], s.repetition[row],
                                      s.prompt_index[row], s.agent[row],      s.latency_ms[row]};
    }
    return ERR_OK;
}

const char *cell_label(const struct results *r, const struct results_cell *c, struct arena *a)
{
    for (size_t i = 0; i < r->n_cells; i++)
        if (strcmp(r->cells[i].key.precision, c->key.precision) != 0)
            return arena_printf(a, "%s/%s", c->key.backend, c->key.precision);
    return c->key.backend;
}
