#include "selftest/coverage_audit.h"

#include "analysis/audit_kept.h"
#include "analysis/audit_run.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/sample_columns.h"
#include "store/sample_line.h"

static const char *const of_samples[] = {"small-sample", "autocorrelation", "bimodal",
                                         "clock-states", "outlier-driven"};

/* As the lines of an import that knows latencies only: what they lack is NULL. */
static struct results_samples columns(const struct cell_stats *t, struct arena *a)
{
    static const char line[] =
        "{\"scenario\":\"simulated\",\"backend\":\"synthetic\",\"precision\":\"fp32\","
        "\"model\":\"law\",\"invocation\":0,\"phase\":\"measured\",\"status\":\"ok\","
        "\"prompt_index\":0,\"latency_ms\":1}";
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *reader = sample_line_reader_new(SAMPLE_LINE_PLAIN);
    struct sample_columns *const c = sample_columns_new(a, t->n);
    struct results_samples ret = {};
    struct sample_line l;
    if (sample_line_parse(reader, line, sizeof line - 1, &l) != SAMPLE_LINE_GOOD)
        unreachable();
    for (size_t u = 0; u < t->n_units; u++)
        for (size_t i = t->start[u]; i < t->start[u + 1]; i++) {
            l.invocation = (int32_t)u;
            l.seq = l.repetition = (int32_t)(i - t->start[u]);
            l.latency_ms = t->x[i];
            sample_columns_add(c, &l, 0, 0);
        }
    uint64_t twice = 0;
    sample_columns_finish(c, &twice, &ret);
    return ret;
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
    struct cell_unit *const units = ARENA_ARRAY(scratch, struct cell_unit, t->n_units);
    for (size_t u = 0; u < t->n_units; u++)
        units[u] = (struct cell_unit){0, (int32_t)u};
    stats.units = units;
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
