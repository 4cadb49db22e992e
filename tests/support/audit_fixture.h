/* audit_fixture.h - results in memory for the checks of the audit: cells are filled sample by
 * sample, then a check looks at them as it does at results that were read. */
#pragma once

#include "analysis/audit_kept.h"
#include "analysis/audit_run.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURE_CELLS = 64, FIXTURE_SAMPLES = 256, FIXTURE_RECORDS = 64 };

struct fixture_sample {
    int32_t replicate, invocation, segment, phase, status, repetition, prompt_index, agent,
        batch_size, n_stops, n_early, n_steps;
    int64_t prompt_tokens, generated_tokens, padding_tokens, submitted_ns, finished_ns;
    double latency_ms, ttft_ms, prefill_ms, decode_ms, peak_rss_mb, overlap_ms, tokens,
        tokens_per_s, power_w, temperature_c, clock_mhz, steal_percent;
};

struct fixture_cell {
    struct results_cell cell;
    struct fixture_sample *samples;
    size_t n;
    struct evidence *records[FIXTURE_RECORDS];
    size_t n_records;
    struct results_row *row;
    struct results_samples columns;
    struct cell_stats stats;
    size_t *rows;
};

struct fixture {
    struct arena *a;
    struct rng rng;
    struct fixture_cell cells[FIXTURE_CELLS];
    size_t n;
    uint32_t n_replicates;
    bool imported;
    const struct evidence_host *hosts; /* of each replicate */
};

static inline void fixture_begin(struct fixture *f, uint64_t seed)
{
    *f = (struct fixture){.a = arena_new((size_t)1 << 30), .n_replicates = 1};
    rng_init(&f->rng, seed);
}

static inline size_t fixture_cell(struct fixture *f, const char *scenario, const char *model,
                                  const char *backend, const char *precision)
{
    struct fixture_cell *const c = &f->cells[f->n];
    c->cell.key = (struct folder_key){scenario, backend, precision, model};
    c->samples = ARENA_ARRAY(f->a, struct fixture_sample, FIXTURE_SAMPLES);
    return f->n++;
}

/* Every field but these is unknown. */
static inline struct fixture_sample *fixture_sample(struct fixture *f, size_t cell,
                                                    int32_t invocation, double latency_ms)
{
    struct fixture_cell *const c = &f->cells[cell];
    if (c->n == FIXTURE_SAMPLES)
        abort();
    struct fixture_sample *const s = &c->samples[c->n++];
    *s = (struct fixture_sample){.invocation = invocation,
                                 .phase = PHASE_MEASURED,
                                 .status = STATUS_OK,
                                 .repetition = (int32_t)c->n - 1,
                                 .prompt_index = INT32_MIN,
                                 .agent = INT32_MIN,
                                 .batch_size = INT32_MIN,
                                 .n_stops = INT32_MIN,
                                 .n_early = INT32_MIN,
                                 .n_steps = INT32_MIN,
                                 .prompt_tokens = INT64_MIN,
                                 .generated_tokens = INT64_MIN,
                                 .padding_tokens = INT64_MIN,
                                 .submitted_ns = INT64_MIN,
                                 .finished_ns = INT64_MIN,
                                 .latency_ms = latency_ms,
                                 .ttft_ms = NOT_MEASURED,
                                 .prefill_ms = NOT_MEASURED,
                                 .decode_ms = NOT_MEASURED,
                                 .peak_rss_mb = NOT_MEASURED,
                                 .overlap_ms = NOT_MEASURED,
                                 .tokens = NOT_MEASURED,
                                 .tokens_per_s = NOT_MEASURED,
                                 .power_w = NOT_MEASURED,
                                 .temperature_c = NOT_MEASURED,
                                 .clock_mhz = NOT_MEASURED,
                                 .steal_percent = NOT_MEASURED};
    return s;
}

static inline struct evidence *fixture_record(struct fixture *f, size_t cell, int32_t replicate,
                                              int32_t invocation)
{
    struct fixture_cell *const c = &f->cells[cell];
    struct evidence *const v = ARENA_ARRAY(f->a, struct evidence, 1);
    *v = (struct evidence){
        .replicate = replicate,
        .invocation = invocation,
        .threads = NOT_MEASURED,
        .artefact_bytes = NOT_MEASURED,
        .n_params = NOT_MEASURED,
        .n_layers = NOT_MEASURED,
        .d_model = NOT_MEASURED,
        .compile = {.graphs = NOT_MEASURED, .breaks = NOT_MEASURED, .recompiles = NOT_MEASURED},
        .block = NOT_MEASURED,
        .order_in_block = NOT_MEASURED,
        .order_in_invocation = NOT_MEASURED,
        .batch_size = NOT_MEASURED,
        .max_tokens = NOT_MEASURED,
        .prompts_distinct = NOT_MEASURED,
        .prompts_constant = NOT_MEASURED,
        .temperature = NOT_MEASURED,
        .power_interval_s = NOT_MEASURED,
        .sample_interval_s = NOT_MEASURED,
        .record_us = NOT_MEASURED,
        .transit_us = NOT_MEASURED,
        .machine = evidence_machine_none()};
    c->records[c->n_records++] = v;
    return v;
}

static inline struct results_row *fixture_row(struct fixture *f, size_t cell)
{
    struct fixture_cell *const c = &f->cells[cell];
    c->row = ARENA_ARRAY(f->a, struct results_row, 1);
    *c->row = cell_rows_none();
    c->row->key = c->cell.key;
    return c->row;
}

static inline double fixture_lognormal(struct fixture *f, double median, double sigma)
{
    return median * exp(sigma * rng_normal(&f->rng));
}

/* n samples of a lognormal in each of k invocations. */
static inline void fixture_fill(struct fixture *f, size_t cell, size_t k, size_t n, double median,
                                double sigma)
{
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < n; j++)
            (void)fixture_sample(f, cell, (int32_t)i, fixture_lognormal(f, median, sigma));
}

#define FIXTURE_COLUMN(type, field)                                                                \
    do {                                                                                           \
        type *const column_ = ARENA_ARRAY(f->a, type, c->n);                                       \
        for (size_t i_ = 0; i_ < c->n; i_++)                                                       \
            column_[i_] = c->samples[i_].field;                                                    \
        c->columns.field = column_;                                                                \
    } while (0)

static inline void fixture_columns(struct fixture *f, struct fixture_cell *c)
{
    c->columns.n = c->n;
    FIXTURE_COLUMN(int32_t, replicate);
    FIXTURE_COLUMN(int32_t, invocation);
    FIXTURE_COLUMN(int32_t, segment);
    FIXTURE_COLUMN(int32_t, phase);
    FIXTURE_COLUMN(int32_t, status);
    FIXTURE_COLUMN(int32_t, repetition);
    FIXTURE_COLUMN(int32_t, prompt_index);
    FIXTURE_COLUMN(int32_t, agent);
    FIXTURE_COLUMN(int32_t, batch_size);
    FIXTURE_COLUMN(int32_t, n_stops);
    FIXTURE_COLUMN(int32_t, n_early);
    FIXTURE_COLUMN(int32_t, n_steps);
    FIXTURE_COLUMN(int64_t, prompt_tokens);
    FIXTURE_COLUMN(int64_t, generated_tokens);
    FIXTURE_COLUMN(int64_t, padding_tokens);
    FIXTURE_COLUMN(int64_t, submitted_ns);
    FIXTURE_COLUMN(int64_t, finished_ns);
    FIXTURE_COLUMN(double, latency_ms);
    FIXTURE_COLUMN(double, ttft_ms);
    FIXTURE_COLUMN(double, prefill_ms);
    FIXTURE_COLUMN(double, decode_ms);
    FIXTURE_COLUMN(double, peak_rss_mb);
    FIXTURE_COLUMN(double, overlap_ms);
    FIXTURE_COLUMN(double, tokens);
    FIXTURE_COLUMN(double, tokens_per_s);
    FIXTURE_COLUMN(double, power_w);
    FIXTURE_COLUMN(double, temperature_c);
    FIXTURE_COLUMN(double, clock_mhz);
    FIXTURE_COLUMN(double, steal_percent);
}

/* Not cell.c: its bootstrap would take minutes over thousands of data sets, and no check rests on
 * it. */
static inline void fixture_stats(struct fixture *f, struct fixture_cell *c)
{
    struct cell_stats *const t = &c->stats;
    struct cell_unit *const units = ARENA_ARRAY(f->a, struct cell_unit, c->n + 1);
    size_t *const start = ARENA_ARRAY(f->a, size_t, c->n + 2);
    c->rows = ARENA_ARRAY(f->a, size_t, c->n + 1);
    *t = (struct cell_stats){.cell = &c->cell, .units = units, .start = start};
    t->x = ARENA_ARRAY(f->a, double, c->n + 1);
    t->sorted = ARENA_ARRAY(f->a, double, c->n + 1);
    double busy = 0;
    bool counted = c->n > 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct fixture_sample *const s = &c->samples[i];
        if (s->phase != PHASE_MEASURED)
            continue;
        t->not_ok[s->status]++;
        if (s->status != STATUS_OK || c->cell.status != STATUS_OK)
            continue;
        const struct cell_unit u = {s->replicate, s->invocation};
        if (t->n_units == 0 || memcmp(&u, &units[t->n_units - 1], sizeof u) != 0) {
            start[t->n_units] = t->n;
            units[t->n_units++] = u;
        }
        busy += s->latency_ms;
        counted = counted && s->generated_tokens >= 0;
        t->generated_tokens += s->generated_tokens > 0 ? s->generated_tokens : 0;
        t->prompt_tokens += s->prompt_tokens > 0 ? s->prompt_tokens : 0;
        c->rows[t->n] = i;
        t->x[t->n++] = s->latency_ms;
    }
    start[t->n_units] = t->n;
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
    t->p95 = quantile_sorted(t->sorted, t->n, 0.95);
    t->p99 = quantile_sorted(t->sorted, t->n, 0.99);
    t->busy_ms = t->n ? busy : NOT_MEASURED;
    t->tokens_per_second =
        counted && busy > 0 ? (double)t->generated_tokens / busy * 1e3 : NOT_MEASURED;
    t->ttft_ms = t->decode_ms_per_token = NOT_MEASURED;
    double *const prefill = ARENA_ARRAY(f->a, double, t->n + 1);
    size_t known = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!isnan(c->samples[c->rows[i]].prefill_ms))
            prefill[known++] = c->samples[c->rows[i]].prefill_ms;
    quantile_sort(prefill, known);
    t->prefill_ms = known ? quantile_sorted(prefill, known, 0.5) : NOT_MEASURED;
}

/* The cells in the order in which they were made; those of one scenario and model side by side. */
static inline struct audit *fixture_audit(struct fixture *f, const char *check)
{
    struct audit *const out = audit_new(f->a);
    const struct audit_choice choice = {&check, check ? 1 : 0};
    struct audit_cell *const cells = ARENA_ARRAY(f->a, struct audit_cell, f->n);
    struct audit_group *const groups = ARENA_ARRAY(f->a, struct audit_group, f->n);
    struct results_cell *const own = ARENA_ARRAY(f->a, struct results_cell, f->n);
    struct results *const r = ARENA_ARRAY(f->a, struct results, 1);
    *r = (struct results){.cells = own,
                          .n_cells = f->n,
                          .imported = f->imported,
                          .hosts = f->hosts,
                          .n_replicates = f->n_replicates};
    size_t n_groups = 0;
    for (size_t i = 0; i < f->n; i++) {
        struct fixture_cell *const c = &f->cells[i];
        fixture_columns(f, c);
        fixture_stats(f, c);
        cells[i] = (struct audit_cell){.key = &c->cell.key,
                                       .stats = &c->stats,
                                       .samples = &c->columns,
                                       .rows = c->rows,
                                       .stated = c->row,
                                       .n_stated = c->row ? 1 : 0,
                                       .evidence = (const struct evidence *const *)c->records,
                                       .n_evidence = c->n_records,
                                       .imported = f->imported};
        cells[i].kept = audit_kept_of(&cells[i], f->a);
        audit_run_cell(&choice, &cells[i], out);
        cells[i].samples = nullptr;
        cells[i].rows = nullptr;
        own[i] = c->cell;
        const struct audit_group *const last = n_groups ? &groups[n_groups - 1] : nullptr;
        if (!last || strcmp(last->scenario, c->cell.key.scenario) != 0 ||
            strcmp(last->model, c->cell.key.model) != 0)
            groups[n_groups++] =
                (struct audit_group){c->cell.key.scenario, c->cell.key.model, &cells[i], 0};
        groups[n_groups - 1].n++;
    }
    audit_run_rest(
        &choice,
        &(struct audit_whole){
            .results = r, .cells = cells, .n_cells = f->n, .groups = groups, .n_groups = n_groups},
        out);
    audit_sort(out);
    return out;
}

static inline void fixture_end(struct fixture *f)
{
    f->a = arena_free(f->a);
}
