#include "cli/summary.h"

#include "analysis/metrics.h"
#include "analysis/pair.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "report/figure.h"
#include "report/number.h"
#include "report/table.h"

#include <math.h>
#include <string.h>

enum {
    BACKEND,
    PRECISION,
    N,
    MEDIAN,
    INTERVAL,
    MEAN,
    TTFT,
    RATE,
    MEMORY,
    ACCURACY,
    STATUS,
    N_COLUMNS
};

static const struct table_column columns[N_COLUMNS] = {
    [BACKEND] = {"backend", false},
    [PRECISION] = {"precision", false},
    [N] = {"n", true},
    [MEDIAN] = {"median ms", true},
    [INTERVAL] = {"95 % interval", true},
    [MEAN] = {"mean ms", true},
    [TTFT] = {"ttft ms", true},
    [RATE] = {"tokens/s", true},
    [MEMORY] = {"peak MB", true},
    [ACCURACY] = {"accuracy", true},
    [STATUS] = {"status", false},
};

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool starts_group(const struct cell_stats *cells, size_t i)
{
    const struct folder_key *const a = &cells[i].cell->key;
    const struct folder_key *const b = i ? &cells[i - 1].cell->key : nullptr;
    return !b || !same(a->scenario, b->scenario) || !same(a->model, b->model);
}

static double most_tokens(const struct cell_stats *cells, size_t i, size_t n)
{
    double most = NOT_MEASURED;
    for (size_t k = i; k < n && (k == i || !starts_group(cells, k)); k++)
        most = fmax(most, pair_tokens(&cells[k]));
    return most;
}

/* The least median of the group that begins at i. Who generated fewer tokens than others is not the
 * fastest. */
static double best_median(const struct cell_stats *cells, size_t i, size_t n)
{
    const double most = most_tokens(cells, i, n);
    double best = HUGE_VAL;
    for (size_t k = i; k < n && (k == i || !starts_group(cells, k)); k++)
        if (!pair_work_differs(pair_tokens(&cells[k]), most))
            best = fmin(best, cells[k].median);
    return best;
}

/* The length guard, in words. */
static void unequal_work(const struct cell_stats *cells, size_t n, struct str *out)
{
    double most = NOT_MEASURED;
    for (size_t i = 0; i < n; i++) {
        const struct folder_key *const k = &cells[i].cell->key;
        if (starts_group(cells, i))
            most = most_tokens(cells, i, n);
        if (pair_work_differs(pair_tokens(&cells[i]), most))
            str_printf(
                out,
                "unequal work: %s %s generated %.4g tokens per sample, others %.4g (%s): not "
                "compared as faster\n",
                k->backend, k->precision, pair_tokens(&cells[i]), most, k->scenario);
    }
}

static const char *interval(const struct cell_stats *c, struct arena *a)
{
    if (isnan(c->median_ci.lo) || isnan(c->median_ci.hi))
        return nullptr;
    return arena_printf(a, "%s to %s", number_short(a, c->median_ci.lo),
                        number_short(a, c->median_ci.hi));
}

static void add_row(struct table *t, const struct cell_stats *c, double best, struct arena *a)
{
    const bool ok = c->cell->status == STATUS_OK;
    struct table_cell row[N_COLUMNS] = {
        [BACKEND] = {c->cell->key.backend},
        [PRECISION] = {c->cell->key.precision},
        [N] = {c->n ? arena_printf(a, "%zu", c->n) : nullptr},
        [MEDIAN] = {number_short(a, c->median), c->median == best ? TABLE_STRONG : TABLE_PLAIN},
        [INTERVAL] = {interval(c, a)},
        [MEAN] = {number_short(a, c->mean)},
        [TTFT] = {number_short(a, c->ttft_ms)},
        [RATE] = {number_short(a, c->tokens_per_second)},
        [MEMORY] = {ok ? number_short(a, c->peak_rss_mb) : nullptr},
        [ACCURACY] = {c->quality && !isnan(c->quality->accuracy)
                          ? arena_printf(a, "%.4f", c->quality->accuracy)
                          : nullptr},
        [STATUS] = {status_name(c->cell->status), ok ? TABLE_GOOD : TABLE_BAD},
    };
    if (c->cell->status == STATUS_UNAVAILABLE || c->cell->status == STATUS_INCOMPATIBLE ||
        c->cell->status == STATUS_SKIPPED)
        row[STATUS].tone = TABLE_WARN;
    table_add(t, row);
}

/* One line per status, configuration and reason, with the scenarios that it holds for. */
static void reasons(const struct cell_stats *cells, size_t n, bool one_model, struct arena *a,
                    struct str *out)
{
    bool *const told = ARENA_ARRAY(a, bool, n);
    for (size_t i = 0; i < n; i++) {
        const struct results_cell *const c = cells[i].cell;
        if (c->status == STATUS_OK || told[i])
            continue;
        str_printf(out, "%s: %s %s", status_name(c->status), c->key.backend, c->key.precision);
        if (!one_model)
            str_printf(out, " %s", c->key.model);
        size_t count = 0;
        for (size_t k = i; k < n; k++) {
            const struct results_cell *const d = cells[k].cell;
            if (d->status != c->status || !same(d->key.backend, c->key.backend) ||
                !same(d->key.precision, c->key.precision) || !same(d->key.model, c->key.model) ||
                !same(d->reason, c->reason))
                continue;
            told[k] = true;
            str_printf(out, "%s%s", count++ ? ", " : " (", d->key.scenario);
        }
        str_printf(out, ")\n    %s\n", c->reason);
    }
}

static void counts_line(const struct results *r, const struct significance_counts *counts,
                        struct str *out)
{
    size_t by_status[STATUS_COUNT] = {};
    for (size_t i = 0; i < r->n_cells; i++)
        by_status[r->cells[i].status]++;
    str_printf(out, "%zu cell%s:", r->n_cells, r->n_cells == 1 ? "" : "s");
    bool first = true;
    for (unsigned s = 0; s < STATUS_COUNT; s++)
        if (by_status[s]) {
            str_printf(out, "%s %zu %s", first ? "" : ",", by_status[s],
                       status_name((enum status)s));
            first = false;
        }
    if (counts->comparisons)
        str_printf(out, "; %zu comparison%s, %zu significant after Holm's correction",
                   counts->comparisons, counts->comparisons == 1 ? "" : "s", counts->significant);
    if (counts->ranks_differ)
        str_printf(out, ", %zu where mean and median disagree on which is faster",
                   counts->ranks_differ);
    str_putc(out, '\n');
}

void summary_table(const struct results *r, const struct cell_stats *cells,
                   const struct significance_counts *counts, bool colour, struct arena *a,
                   struct str *out)
{
    bool one_model = true, all_ok = true;
    for (size_t i = 0; i < r->n_cells; i++) {
        one_model = one_model && same(cells[i].cell->key.model, cells[0].cell->key.model);
        all_ok = all_ok && cells[i].cell->status == STATUS_OK;
    }
    struct table t;
    table_init(&t, a, columns, N_COLUMNS);
    double best = HUGE_VAL;
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct folder_key *const key = &cells[i].cell->key;
        if (starts_group(cells, i)) {
            best = best_median(cells, i, r->n_cells);
            table_heading(&t, one_model ? key->scenario
                                        : arena_printf(a, "%s · %s", key->scenario, key->model));
        }
        add_row(&t, &cells[i], best, a);
    }
    if (one_model && r->n_cells)
        str_printf(out, "model %s\n", cells[0].cell->key.model);
    table_print(&t, colour, out);
    str_putc(out, '\n');
    if (!all_ok)
        reasons(cells, r->n_cells, one_model, a, out);
    unequal_work(cells, r->n_cells, out);
    counts_line(r, counts, out);
}

/* ---- the figure ---- */

struct rows { /* the configurations: rows of every panel */
    const char **labels;
    const struct folder_key **keys;
    unsigned *colors;
    size_t n;
};

static struct rows find_rows(const struct results *r, struct arena *a)
{
    struct rows c = {ARENA_ARRAY(a, const char *, r->n_cells),
                     ARENA_ARRAY(a, const struct folder_key *, r->n_cells),
                     ARENA_ARRAY(a, unsigned, r->n_cells), 0};
    unsigned backends = 0;
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct folder_key *const key = &r->cells[i].key;
        bool known = false;
        unsigned color = backends;
        for (size_t k = 0; k < c.n; k++) {
            if (!same(c.keys[k]->backend, key->backend))
                continue;
            color = c.colors[k];
            known = known || same(c.keys[k]->precision, key->precision);
        }
        if (known)
            continue;
        backends += (unsigned)(color == backends);
        c.colors[c.n] = color;
        c.keys[c.n] = key;
        c.labels[c.n++] = arena_printf(a, "%s %s", key->backend, key->precision);
    }
    return c;
}

static size_t row_of(const struct rows *c, const struct folder_key *key)
{
    size_t k = 0;
    while (!same(c->keys[k]->backend, key->backend) || !same(c->keys[k]->precision, key->precision))
        k++;
    return k;
}

enum err_code summary_figure(const struct results *r, const struct cell_stats *cells,
                             const char *path, struct arena *a, bool *ret_drawn, struct err *e)
{
    const struct rows c = find_rows(r, a);
    struct figure_panel *const panels = ARENA_ARRAY(a, struct figure_panel, r->n_cells);
    struct figure_row *rows = nullptr;
    size_t n_panels = 0, samples = 0;
    bool one_model = true;
    for (size_t i = 0; i < r->n_cells; i++)
        one_model = one_model && same(cells[i].cell->key.model, cells[0].cell->key.model);
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct folder_key *const key = &cells[i].cell->key;
        if (starts_group(cells, i)) {
            rows = ARENA_ARRAY(a, struct figure_row, c.n);
            panels[n_panels++] = (struct figure_panel){
                one_model ? key->scenario : arena_printf(a, "%s · %s", key->scenario, key->model),
                rows};
        }
        rows[row_of(&c, key)] = (struct figure_row){
            .why_empty = cells[i].n == 0 ? status_name(cells[i].cell->status) : nullptr,
            .x = cells[i].sorted,
            .n = cells[i].n,
            .median = cells[i].median,
            .lo = cells[i].median_ci.lo,
            .hi = cells[i].median_ci.hi};
        samples += cells[i].n;
    }
    *ret_drawn = samples > 0;
    if (samples == 0)
        return ERR_OK;
    const char *const title =
        one_model ? arena_printf(a, "Latency by backend · %s", cells[0].cell->key.model)
                  : "Latency by backend";
    const struct figure f = {.title = title,
                             .axis = "latency of one request in ms",
                             .labels = c.labels,
                             .colors = c.colors,
                             .n_labels = c.n,
                             .panels = panels,
                             .n_panels = n_panels};
    return figure_draw(&f, path, e);
}
