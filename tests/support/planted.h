/* planted.h - seeded measurements in memory, clean or with a fault, as the audit sees them. */
#pragma once

#include "analysis/audit_kept.h"
#include "analysis/audit_run.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/interval.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum planted_law {
    PLANTED_NORMAL,
    PLANTED_WIDE_NORMAL,
    PLANTED_LOGNORMAL,
    PLANTED_WIDE_LOGNORMAL,
    PLANTED_SKEWED,   /* a base and a gamma tail */
    PLANTED_OUTLIERS, /* normal, one in a hundred up to twice as slow */
    PLANTED_LAWS
};

struct planted_shape { /* of a cell */
    size_t units, repetitions, prompts;
    double own_level; /* sd of the log of an invocation's level */
    bool prompts_known;
    size_t turn; /* the prompts' lengths are rotated by so many */
};

struct planted_at {                         /* where a sample stands */
    size_t unit, repetition, prompt, place; /* place: in its unit */
    size_t units, repetitions, prompts;
};

struct planted_row { /* a sample in the making */
    double latency_ms, prefill_ms, decode_ms, prompt_tokens;
    int32_t phase, prompt_index;
};

/* A fault changes a sample; state belongs to the fault, seeded per data set. */
typedef void planted_fault(struct planted_row *row, const struct planted_at *at, struct rng *g);

static inline double planted_noise(enum planted_law law, struct rng *g)
{
    switch (law) {
    case PLANTED_NORMAL:
        return 1 + 0.03 * rng_normal(g);
    case PLANTED_WIDE_NORMAL:
        return fmax(0.3, 1 + 0.12 * rng_normal(g));
    case PLANTED_LOGNORMAL:
        return exp(0.1 * rng_normal(g));
    case PLANTED_WIDE_LOGNORMAL:
        return exp(0.3 * rng_normal(g));
    case PLANTED_SKEWED:
        return 0.9 - 0.05 * log((1 - rng_double(g)) * (1 - rng_double(g)));
    case PLANTED_OUTLIERS: {
        const double slow = rng_below(g, 100) == 0 ? 1.3 + 0.7 * rng_double(g) : 1;
        return slow * (1 + 0.05 * rng_normal(g));
    }
    case PLANTED_LAWS:
    default:
        return 1;
    }
}

struct planted_columns {
    int32_t *replicate, *invocation, *segment, *phase, *status, *repetition, *prompt_index, *agent,
        *batch_size, *n_stops, *n_early, *n_steps;
    int64_t *prompt_tokens, *generated_tokens, *padding_tokens, *submitted_ns, *finished_ns;
    double *latency_ms, *ttft_ms, *prefill_ms, *decode_ms, *peak_rss_mb, *overlap_ms;
};

static inline struct planted_columns planted_columns_of(size_t n, struct arena *a)
{
    return (struct planted_columns){
        ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n),
        ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n),
        ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n),
        ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n), ARENA_ARRAY(a, int32_t, n),
        ARENA_ARRAY(a, int64_t, n), ARENA_ARRAY(a, int64_t, n), ARENA_ARRAY(a, int64_t, n),
        ARENA_ARRAY(a, int64_t, n), ARENA_ARRAY(a, int64_t, n), ARENA_ARRAY(a, double, n),
        ARENA_ARRAY(a, double, n),  ARENA_ARRAY(a, double, n),  ARENA_ARRAY(a, double, n),
        ARENA_ARRAY(a, double, n),  ARENA_ARRAY(a, double, n)};
}

static inline struct results_samples planted_samples(const struct planted_columns *k, size_t n,
                                                     struct arena *a)
{
    double *const unknown = ARENA_ARRAY(a, double, n + 1);
    int64_t *const unknown_ns = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; i <= n; i++) {
        unknown[i] = NOT_MEASURED;
        unknown_ns[i] = INT64_MIN;
    }
    return (struct results_samples){
        .n = n,
        .replicate = k->replicate,
        .invocation = k->invocation,
        .segment = k->segment,
        .phase = k->phase,
        .status = k->status,
        .repetition = k->repetition,
        .prompt_index = k->prompt_index,
        .agent = k->agent,
        .batch_size = k->batch_size,
        .n_stops = k->n_stops,
        .n_early = k->n_early,
        .n_steps = k->n_steps,
        .prompt_tokens = k->prompt_tokens,
        .generated_tokens = k->generated_tokens,
        .padding_tokens = k->padding_tokens,
        .submitted_ns = k->submitted_ns,
        .finished_ns = k->finished_ns,
        .latency_ms = k->latency_ms,
        .ttft_ms = k->ttft_ms,
        .prefill_ms = k->prefill_ms,
        .decode_ms = k->decode_ms,
        .peak_rss_mb = k->peak_rss_mb,
        .overlap_ms = k->overlap_ms,
        .seq = ARENA_ARRAY(a, int32_t, n + 1),
        .first_token_ns = unknown_ns,
        .seed = ARENA_ARRAY(a, uint64_t, n + 1),
        .cpu_ms = unknown,
        .reason = ARENA_ARRAY(a, const char *, n + 1),
        .started_at = ARENA_ARRAY(a, const char *, n + 1),
        .stop = ARENA_ARRAY(a, const char *, n + 1),
        .tokens = unknown,
        .tokens_per_s = unknown,
        .power_w = unknown,
        .temperature_c = unknown,
        .clock_mhz = unknown,
        .steal_percent = unknown,
    };
}

/* Fills row i: a decode of 64 tokens, and a prefill that grows with the prompt. */
static inline void planted_sample(struct planted_columns *k, size_t i, const struct planted_at *at,
                                  const struct planted_shape *shape, enum planted_law law,
                                  double level, planted_fault *fault, struct rng *g, int64_t *clock)
{
    const double tokens = 40 * (double)(1 + ((at->prompt + shape->turn) * 7) % 11);
    struct planted_row row = {
        .prefill_ms = level * (1 + 0.1 * tokens) * planted_noise(law, g),
        .decode_ms = level * 60 * planted_noise(law, g),
        .prompt_tokens = tokens,
        .phase = PHASE_MEASURED,
        .prompt_index = shape->prompts_known ? (int32_t)at->prompt : INT32_MIN,
    };
    row.latency_ms = row.prefill_ms + row.decode_ms;
    if (fault)
        fault(&row, at, g);
    k->replicate[i] = 0;
    k->invocation[i] = (int32_t)at->unit;
    k->segment[i] = 0;
    k->phase[i] = row.phase;
    k->status[i] = STATUS_OK;
    k->repetition[i] = (int32_t)at->repetition;
    k->prompt_index[i] = row.prompt_index;
    k->agent[i] = 0;
    k->batch_size[i] = 1;
    k->n_stops[i] = k->n_early[i] = 0;
    k->n_steps[i] = 64;
    k->prompt_tokens[i] = shape->prompts_known ? (int64_t)row.prompt_tokens : INT64_MIN;
    k->generated_tokens[i] = 64;
    k->padding_tokens[i] = INT64_MIN;
    k->submitted_ns[i] = *clock;
    *clock += (int64_t)(row.latency_ms * 1e6);
    k->finished_ns[i] = *clock;
    *clock += 100000;
    k->latency_ms[i] = row.latency_ms;
    k->prefill_ms[i] = shape->prompts_known ? row.prefill_ms : NOT_MEASURED;
    k->ttft_ms[i] = shape->prompts_known ? row.prefill_ms + 0.3 : NOT_MEASURED;
    k->decode_ms[i] = shape->prompts_known ? row.decode_ms : NOT_MEASURED;
    k->peak_rss_mb[i] = k->overlap_ms[i] = NOT_MEASURED;
}

/* What analysis/cell.c makes of the columns. */
static inline struct cell_stats *planted_stats(const struct results_cell *cell,
                                               const struct results_samples *s, size_t *rows,
                                               struct arena *a)
{
    struct cell_stats *const t = ARENA_ARRAY(a, struct cell_stats, 1);
    struct cell_unit *const units = ARENA_ARRAY(a, struct cell_unit, s->n + 1);
    size_t *const start = ARENA_ARRAY(a, size_t, s->n + 2);
    t->cell = cell;
    t->x = ARENA_ARRAY(a, double, s->n + 1);
    for (size_t i = 0; i < s->n; i++) {
        if (s->phase[i] != PHASE_MEASURED)
            continue;
        if (t->n_units == 0 || units[t->n_units - 1].invocation != s->invocation[i]) {
            start[t->n_units] = t->n;
            units[t->n_units++] = (struct cell_unit){s->replicate[i], s->invocation[i]};
        }
        rows[t->n] = i;
        t->x[t->n++] = s->latency_ms[i];
    }
    start[t->n_units] = t->n;
    t->units = units;
    t->start = start;
    t->sorted = ARENA_ARRAY(a, double, t->n + 1);
    memcpy(t->sorted, t->x, t->n * sizeof *t->x);
    quantile_sort(t->sorted, t->n);
    const struct moment m = moment_of(t->x, t->n);
    t->mean = m.mean;
    t->sd = m.sd;
    t->min = m.min;
    t->max = m.max;
    t->median = quantile_sorted(t->sorted, t->n, 0.5);
    t->q25 = quantile_sorted(t->sorted, t->n, 0.25);
    t->q75 = quantile_sorted(t->sorted, t->n, 0.75);
    t->p95 = t->p99 = NOT_MEASURED;
    t->rank_lo = t->rank_hi = t->ttft_ms = t->prefill_ms = NOT_MEASURED;
    const struct nested nested = {t->x, start, t->n_units};
    t->mean_ci = interval_mean(&nested, CELL_CONFIDENCE);
    t->median_ci = interval_quantile(&nested, t->sorted, 0.5, CELL_CONFIDENCE, a);
    t->tokens_per_second = t->busy_ms = t->decode_ms_per_token = NOT_MEASURED;
    t->cold_latency_ms = t->warmup_latency_ms = t->peak_rss_mb = NOT_MEASURED;
    return t;
}

static inline struct audit_cell planted_cell(const char *scenario, const char *backend,
                                             const struct planted_shape *shape,
                                             enum planted_law law, planted_fault *fault,
                                             struct rng *g, struct arena *a)
{
    const size_t per_unit = shape->repetitions * shape->prompts, n = shape->units * per_unit;
    struct planted_columns k = planted_columns_of(n + 1, a);
    int64_t clock = 1000000000;
    size_t i = 0;
    for (size_t u = 0; u < shape->units; u++) {
        const double level = exp(shape->own_level * rng_normal(g));
        for (size_t place = 0; place < per_unit; place++) {
            const struct planted_at at = {u,
                                          place / shape->prompts,
                                          place % shape->prompts,
                                          place,
                                          shape->units,
                                          shape->repetitions,
                                          shape->prompts};
            planted_sample(&k, i++, &at, shape, law, level, fault, g, &clock);
        }
    }
    struct results_cell *const cell = ARENA_ARRAY(a, struct results_cell, 1);
    cell->key = (struct folder_key){
        .scenario = scenario, .backend = backend, .precision = "fp32", .model = "m"};
    cell->status = STATUS_OK;
    struct results_samples *const s = ARENA_ARRAY(a, struct results_samples, 1);
    *s = planted_samples(&k, n, a);
    size_t *const rows = ARENA_ARRAY(a, size_t, n + 1);
    struct audit_cell c = {
        .key = &cell->key, .stats = planted_stats(cell, s, rows, a), .samples = s, .rows = rows};
    c.kept = audit_kept_of(&c, a);
    return c;
}

/* Cells without samples, of which a source states figures. */
static inline struct audit_cell planted_stated(const struct results_row *row, struct arena *a)
{
    struct results_cell *const cell = ARENA_ARRAY(a, struct results_cell, 1);
    cell->key = row->key;
    cell->status = STATUS_OK;
    struct cell_stats *const t = ARENA_ARRAY(a, struct cell_stats, 1);
    t->cell = cell;
    return (struct audit_cell){.key = &cell->key,
                               .stats = t,
                               .samples = ARENA_ARRAY(a, struct results_samples, 1),
                               .stated = row,
                               .n_stated = 1,
                               .kept = ARENA_ARRAY(a, struct audit_kept, 1)};
}

/* Every check in `choice`, on cells of one model whose scenarios follow each other. */
static inline struct audit *planted_audit(struct audit_cell *cells, size_t n,
                                          const struct audit_choice *choice, struct arena *a)
{
    struct audit *const out = audit_new(a);
    struct audit_group *const groups = ARENA_ARRAY(a, struct audit_group, n + 1);
    struct results_cell *const of = ARENA_ARRAY(a, struct results_cell, n + 1);
    struct results *const r = ARENA_ARRAY(a, struct results, 1);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        audit_run_cell(choice, &cells[i], out);
        of[i] = *cells[i].stats->cell;
        if (k == 0 || strcmp(groups[k - 1].scenario, cells[i].key->scenario) != 0)
            groups[k++] = (struct audit_group){cells[i].key->scenario, "m", &cells[i], 0};
        groups[k - 1].n++;
    }
    r->cells = of;
    r->n_cells = n;
    r->n_replicates = 1;
    for (size_t i = 0; i < n; i++) {
        cells[i].samples = nullptr;
        cells[i].rows = nullptr;
    }
    audit_run_rest(choice,
                   &(struct audit_whole){
                       .results = r, .cells = cells, .n_cells = n, .groups = groups, .n_groups = k},
                   out);
    return out;
}

static inline bool planted_found(const struct audit *x, const char *check)
{
    for (size_t i = 0; i < audit_count(x); i++)
        if (audit_at(x, i)->severity > AUDIT_INFO && strcmp(audit_at(x, i)->check, check) == 0)
            return true;
    return false;
}
