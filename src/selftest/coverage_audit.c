#include "selftest/coverage_audit.h"

#include "analysis/audit_kept.h"
#include "analysis/audit_run.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"

static const char *const of_samples[] = {"small-sample", "autocorrelation", "bimodal",
                                         "clock-states", "outlier-driven"};

static int32_t *all_i32(size_t n, int32_t value, struct arena *a)
{
    int32_t *const x = ARENA_ARRAY(a, int32_t, n);
    for (size_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

static int64_t *all_i64(size_t n, int64_t value, struct arena *a)
{
    int64_t *const x = ARENA_ARRAY(a, int64_t, n);
    for (size_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

/* What nobody recorded is NULL, as of an import that knows latencies only. */
static struct results_samples columns(const struct cell_stats *t, struct arena *a)
{
    const size_t n = t->n;
    const int32_t *const zero = all_i32(n, 0, a), *const unknown = all_i32(n, INT32_MIN, a);
    const int64_t *const unknown64 = all_i64(n, INT64_MIN, a);
    double *const nothing = ARENA_ARRAY(a, double, n);
    uint64_t *const seeds = ARENA_ARRAY(a, uint64_t, n);
    const char **const texts = ARENA_ARRAY(a, const char *, n);
    int32_t *const invocation = all_i32(n, 0, a), *const seq = all_i32(n, 0, a);
    int32_t *const repetition = all_i32(n, 0, a);
    for (size_t u = 0; u < t->n_units; u++)
        for (size_t i = t->start[u]; i < t->start[u + 1]; i++) {
            invocation[i] = (int32_t)u;
            seq[i] = repetition[i] = (int32_t)(i - t->start[u]);
        }
    for (size_t i = 0; i < n; i++) {
        nothing[i] = NOT_MEASURED;
        seeds[i] = UINT64_MAX;
    }
    return (struct results_samples){.n = n,
                                    .replicate = zero,
                                    .invocation = invocation,
                                    .segment = zero,
                                    .phase = all_i32(n, PHASE_MEASURED, a),
                                    .status = all_i32(n, STATUS_OK, a),
                                    .repetition = repetition,
                                    .prompt_index = zero,
                                    .agent = zero,
                                    .seq = seq,
                                    .batch_size = all_i32(n, 1, a),
                                    .n_stops = unknown,
                                    .n_early = unknown,
                                    .n_steps = unknown,
                                    .prompt_tokens = unknown64,
                                    .generated_tokens = unknown64,
                                    .padding_tokens = unknown64,
                                    .submitted_ns = unknown64,
                                    .first_token_ns = unknown64,
                                    .finished_ns = unknown64,
                                    .seed = seeds,
                                    .latency_ms = t->x,
                                    .ttft_ms = nothing,
                                    .prefill_ms = nothing,
                                    .decode_ms = nothing,
                                    .cpu_ms = nothing,
                                    .peak_rss_mb = nothing,
                                    .overlap_ms = nothing,
                                    .reason = texts,
                                    .started_at = texts,
                                    .stop = texts};
}

unsigned coverage_audit(const struct cell_stats *t, struct arena *scratch)
{
    static const struct audit_choice choice = {of_samples, COUNT_OF(of_samples)};
    const struct results_cell cell = {
        .key = {"simulated", "synthetic", "fp32", "law"},
        .status = STATUS_OK,
        .load_ms = NOT_MEASURED,
        .compile_ms = NOT_MEASURED,
        .peak_rss_mb = NOT_MEASURED,
        .cpu_percent = NOT_MEASURED,
    };
    struct cell_stats stats = *t;
    stats.cell = &cell;
    const struct results_samples samples = columns(t, scratch);
    size_t *const rows = ARENA_ARRAY(scratch, size_t, t->n);
    for (size_t i = 0; i < t->n; i++)
        rows[i] = i;
    struct audit_cell c = {.key = &cell.key, .stats = &stats, .samples = &samples, .rows = rows};
    c.kept = audit_kept_of(&c, scratch);
    struct audit *const found = audit_new(scratch);
    audit_run_cell(&choice, &c, found);
    unsigned blocked = 0;
    for (size_t i = 0; i < audit_count(found); i++)
        if (audit_at(found, i)->severity != AUDIT_INFO)
            blocked |= audit_at(found, i)->blocks;
    return blocked;
}
