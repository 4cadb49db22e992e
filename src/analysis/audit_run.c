#include "analysis/audit_run.h"

#include "analysis/audit_kept.h"
#include "analysis/audit_label.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "store/results.h"

#include <string.h>

static const struct audit_check *const tables[] = {
    audit_label_checks,
};

const struct audit_check *audit_run_at(size_t i)
{
    for (size_t t = 0; t < COUNT_OF(tables); t++)
        for (const struct audit_check *c = tables[t]; c->name; c++)
            if (i-- == 0)
                return c;
    return nullptr;
}

constexpr size_t MOST_NAMES = 128;

enum err_code audit_run_choice(const char *const *names, size_t n, struct audit_choice *ret,
                               struct err *e)
{
    const char *known[MOST_NAMES];
    size_t n_known = 0;
    for (const struct audit_check *c; n_known < MOST_NAMES && (c = audit_run_at(n_known));)
        known[n_known++] = c->name;
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < n_known; k++)
            found = found || strcmp(names[i], known[k]) == 0;
        const char *const near = found ? nullptr : nearest_word(names[i], known, n_known);
        if (!found)
            return err_set(e, ERR_USAGE, "'%s' is no check%s%s%s; --list shows them", names[i],
                           near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    *ret = (struct audit_choice){names, n};
    return ERR_OK;
}

static bool chosen(const struct audit_choice *choice, const char *name)
{
    for (size_t i = 0; i < choice->n; i++)
        if (strcmp(choice->names[i], name) == 0)
            return true;
    return choice->n == 0;
}

void audit_run_cell(const struct audit_choice *choice, const struct audit_cell *c,
                    struct audit *out)
{
    const struct audit_check *check;
    for (size_t i = 0; (check = audit_run_at(i)); i++)
        if (check->cell && chosen(choice, check->name)) {
            audit_called(out, check->name);
            check->cell(c, out);
        }
}

void audit_run_rest(const struct audit_choice *choice, const struct audit_whole *w,
                    struct audit *out)
{
    const struct audit_check *check;
    for (size_t i = 0; (check = audit_run_at(i)); i++) {
        if (!chosen(choice, check->name))
            continue;
        for (size_t g = 0; check->group && g < w->n_groups; g++) {
            audit_called(out, check->name);
            check->group(&w->groups[g], out);
        }
        if (check->whole) {
            audit_called(out, check->name);
            check->whole(w, out);
        }
    }
}

/* ---- from results ---- */

/* The columns of one cell alone. */
static struct results_samples slice(const struct results_samples *all, size_t first, size_t n)
{
    struct results_samples s = *all;
    const int32_t **const words[] = {&s.cell,      &s.replicate, &s.invocation, &s.segment,
                                     &s.phase,     &s.status,    &s.repetition, &s.prompt_index,
                                     &s.agent,     &s.batch_size, &s.n_stops,   &s.n_early,
                                     &s.n_steps};
    const int64_t **const longs[] = {&s.prompt_tokens, &s.generated_tokens, &s.padding_tokens,
                                     &s.submitted_ns, &s.finished_ns};
    const double **const reals[] = {&s.latency_ms, &s.ttft_ms,     &s.prefill_ms,
                                    &s.decode_ms,  &s.peak_rss_mb, &s.overlap_ms};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        *words[i] = *words[i] ? *words[i] + first : nullptr;
    for (size_t i = 0; i < COUNT_OF(longs); i++)
        *longs[i] = *longs[i] ? *longs[i] + first : nullptr;
    for (size_t i = 0; i < COUNT_OF(reals); i++)
        *reals[i] = *reals[i] ? *reals[i] + first : nullptr;
    s.n = n;
    return s;
}

static void take_evidence(const struct results_cell *cell, struct arena *a, struct audit_cell *ret)
{
    const struct evidence **const list = ARENA_ARRAY(a, const struct evidence *, cell->n_runs);
    for (uint32_t i = 0; i < cell->n_runs; i++)
        if (cell->runs[i].evidence)
            list[ret->n_evidence++] = cell->runs[i].evidence;
    ret->evidence = list;
}

static size_t make_groups(const struct audit_cell *cells, size_t n, struct audit_group *ret)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const struct audit_group *const last = k ? &ret[k - 1] : nullptr;
        if (!last || strcmp(last->scenario, cells[i].key->scenario) != 0 ||
            strcmp(last->model, cells[i].key->model) != 0)
            ret[k++] = (struct audit_group){cells[i].key->scenario, cells[i].key->model, &cells[i],
                                            0};
        ret[k - 1].n++;
    }
    return k;
}

static void look_at_cell(const struct audit_choice *choice, const struct results *r,
                         const struct cell_stats *stats, struct arena *a, struct audit_cell *ret,
                         struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
    const struct results_cell *const cell = stats->cell;
    const struct results_samples own = slice(&r->samples, cell->first, cell->n);
    size_t *const rows = ARENA_ARRAY(scratch, size_t, stats->n);
    for (size_t i = 0; i < stats->n; i++)
        rows[i] = stats->rows[i] - cell->first;
    *ret = (struct audit_cell){
        .key = &cell->key, .stats = stats, .samples = &own, .rows = rows};
    take_evidence(cell, a, ret);
    ret->kept = audit_kept_of(ret, a);
    audit_run_cell(choice, ret, out);
    ret->samples = nullptr;
    ret->rows = nullptr;
}

enum err_code audit_run_results(const struct audit_choice *choice, const struct results *r,
                                const struct cell_stats *stats, struct arena *a,
                                struct audit **ret, struct err *e)
{
    (void)e;
    struct audit *const out = audit_new(a);
    struct audit_cell *const cells = ARENA_ARRAY(a, struct audit_cell, r->n_cells);
    struct audit_group *const groups = ARENA_ARRAY(a, struct audit_group, r->n_cells);
    for (size_t i = 0; i < r->n_cells; i++)
        look_at_cell(choice, r, &stats[i], a, &cells[i], out);
    const struct audit_whole whole = {r, cells, r->n_cells, groups,
                                      make_groups(cells, r->n_cells, groups)};
    audit_run_rest(choice, &whole, out);
    audit_sort(out);
    *ret = out;
    return ERR_OK;
}
